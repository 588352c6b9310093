// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/report/report.h"

#include <QCoreApplication>
#include <QDateTime>
#include <QLocale>
#include <QSaveFile>

#include <algorithm>
#include <map>
#include <memory>

#include "app/language/core_text.h"
#include "app/models/rule_table_model.h"
#include "app/models/run_table_model.h"
#include "app/models/tensor_table_model.h"
#include "app/models/worst_token_model.h"
#include "app/panels/model/model_panel.h"
#include "app/panels/tradeoff/tradeoff_panel.h"
#include "app/report/svg_chart.h"
#include "app/session/session.h"
#include "app/widgets/number_text.h"

namespace halftone::app {

namespace {

constexpr int kMostWords = 40;

/// Gives the texts of the page a context of their own.
class Report {
    Q_DECLARE_TR_FUNCTIONS(Report)
};

QString section(const QString& title, const QString& content) {
    return content.isEmpty()
               ? QString()
               : QStringLiteral("<section><h2>%1</h2>\n%2</section>\n").arg(title.toHtmlEscaped(), content);
}

QString paragraph(const QString& text, const QString& kind = {}) {
    return QStringLiteral("<p%1>%2</p>\n")
        .arg(kind.isEmpty() ? QString() : QStringLiteral(" class=\"%1\"").arg(kind), text.toHtmlEscaped());
}

/// Columns of a model, its first rows; numbers stand at the right as they do in the window.
QString table(const QAbstractItemModel& model, const QList<int>& columns, int mostRows) {
    const int rows = std::min(model.rowCount(), mostRows);
    if (rows == 0) return {};
    const auto side = [&](int column) {
        const auto alignment = model.headerData(column, Qt::Horizontal, Qt::TextAlignmentRole).value<Qt::Alignment>();
        return alignment & Qt::AlignRight ? QStringLiteral(" class=\"n\"") : QString();
    };
    QString html = QStringLiteral("<div class=\"wide\"><table>\n<thead><tr>");
    for (const int column : columns)
        html += QStringLiteral("<th%1>%2</th>")
                    .arg(side(column),
                         model.headerData(column, Qt::Horizontal, Qt::DisplayRole).toString().toHtmlEscaped());
    html += QStringLiteral("</tr></thead>\n<tbody>\n");
    for (int row = 0; row < rows; ++row) {
        html += QStringLiteral("<tr>");
        for (const int column : columns)
            html += QStringLiteral("<td%1>%2</td>")
                        .arg(side(column), model.index(row, column).data().toString().toHtmlEscaped());
        html += QStringLiteral("</tr>\n");
    }
    return html + QStringLiteral("</tbody></table></div>\n");
}

QString totals(Session& session) {
    const auto& totals = session.recipe().resolved().totals;
    QStringList parts{
        Report::tr("%1 bits per weight").arg(numberText(totals.bitsPerWeight())),
        Report::tr("%1 of %2").arg(bytesText(double(totals.bytes)), bytesText(double(totals.sourceBytes)))};
    if (const auto& memory = session.memory().estimate())
        parts << Report::tr("runs in %1 at %2 tokens")
                     .arg(bytesText(double(memory->total())), countText(session.memory().contextLength()));
    if (const auto* run = session.evaluation().ofRecipe(); run && !session.evaluation().isStale(*run)) {
        const auto& result = run->result;
        parts
            << Report::tr("perplexity %1").arg(perplexityText(result.perplexity.mean, result.perplexity.standardError));
        if (result.reference)
            parts << Report::tr("KL divergence %1 nats")
                         .arg(significantEstimateText(result.reference->kld.mean, result.reference->kld.standardError));
    }
    return paragraph(parts.join(QStringLiteral(" · ")), QStringLiteral("totals"));
}

QString recipeSection(Session& session) {
    const auto& recipe = session.recipe().recipe();
    QString html = totals(session);
    html += paragraph(recipe.defaultFormat ? Report::tr("Default: %1, %2.")
                                                 .arg(QString::fromStdString(recipe.defaultFormat->displayName()),
                                                      methodName(recipe.defaultMethod))
                                           : Report::tr("Tensors that no rule speaks of stay as they are stored."));
    const RuleTableModel rules(session.recipe());
    html += table(rules,
                  {RuleTableModel::Roles, RuleTableModel::Blocks, RuleTableModel::Names, RuleTableModel::FormatColumn,
                   RuleTableModel::MethodColumn},
                  rules.rowCount());
    for (const auto& problem : session.recipe().resolved().problems)
        html += paragraph(coreText(problem.message), QStringLiteral("muted"));
    return html + QStringLiteral("<details><summary>%1</summary><pre>%2</pre></details>\n")
                      .arg(Report::tr("The recipe as text").toHtmlEscaped(),
                           QString::fromStdString(recipe.toText()).toHtmlEscaped());
}

QString runSection(Session& session) {
    using Column = RunTableModel::Column;
    const RunTableModel runs(session.evaluation());
    if (runs.rowCount() == 0) return paragraph(Report::tr("Nothing has been measured yet."), QStringLiteral("muted"));
    QString html = table(runs,
                         {Column::Name, Column::Perplexity, Column::Kld, Column::KldP99, Column::Agreement,
                          Column::Bits, Column::Size, Column::ProtocolColumn, Column::Text, Column::Device},
                         runs.rowCount());
    html += paragraph(
        Report::tr("◷: measured with another recipe than the one of this report. Figures of different texts or "
                   "protocols cannot be compared."),
        QStringLiteral("muted"));
    const auto data = TradeoffPanel::dataOf(session);
    if (data.points.isEmpty()) return html;
    return html + paragraph(data.caption, QStringLiteral("muted")) +
           scatterSvg(data.points, {data.xLabel, data.yLabel, data.floor, data.original});
}

/// The error of each layer by its block, a line for each role.
QString errorLines(const Session& session, const MatrixLayout& layout) {
    std::map<TensorRole, ChartLine> byRole;
    for (int row = 0; row < int(layout.rows().size()); ++row) {
        const int block = layout.rows()[size_t(row)].block;
        for (int column = 0; block >= 0 && column < int(layout.columns().size()); ++column) {
            const auto& cell = layout.cell({column, row});
            const auto error = session.meanValue(Measure::RelativeError, cell.tensors);
            if (!error || !(*error > 0)) continue;
            auto& line = byRole[cell.role];
            line.name = shortRoleName(cell.role);
            line.points << QPointF(block, *error);
        }
    }
    QList<ChartLine> lines;
    for (const auto& [role, line] : byRole) lines << line;
    return linesSvg(lines, Report::tr("block"), measureLabel(Measure::RelativeError));
}

QString layerSection(Session& session) {
    const MatrixLayout layout(session.checkpoint()->tensors());
    const auto matrixOf = [&](Measure measure) {
        return matrixSvg(
            layout, [&](QPoint cell) { return session.meanValue(measure, layout.cell(cell).tensors); }, measure);
    };
    QString html = matrixOf(Measure::Bits) + matrixOf(Measure::RelativeError) + errorLines(session, layout);
    if (const QString sensitivity = matrixOf(Measure::Sensitivity); !sensitivity.isEmpty()) html += sensitivity;
    using Column = TensorTableModel::Column;
    const TensorTableModel tensors(session);
    QList<int> columns{Column::Name, Column::Role, Column::Shape,         Column::FormatColumn, Column::MethodColumn,
                       Column::Bits, Column::Size, Column::RelativeError, Column::Sqnr};
    bool isMeasured = false;
    for (int tensor = 0; tensor < session.tensorCount(); ++tensor)
        isMeasured |= session.value(Measure::Sensitivity, tensor).has_value();
    if (isMeasured) columns << Column::KldAlone;
    return html + table(tensors, columns, tensors.rowCount());
}

QString wordSection(Session& session) {
    if (!session.damage().run()) return {};
    using Column = WorstTokenModel::Column;
    const WorstTokenModel words(session.damage());
    return table(words, {Column::Context, Column::Token, Column::Before, Column::After, Column::Divergence},
                 kMostWords);
}

QString styleSheet() {
    return QStringLiteral(
               ":root{color-scheme:light dark;--window:#f3f4f5;--surface:#fff;--text:#1d2125;--muted:#6b7680;"
               "--line:#d3d6d9;--accent:#2864b4;--second:#d05f0a}"
               "@media (prefers-color-scheme:dark){:root{--window:#1f2326;--surface:#181b1e;--text:#dde1e4;"
               "--muted:#8d979f;--line:#3d4347;--accent:#4f8fdd;--second:#ff9d4d}}"
               "body{margin:0;background:var(--window);color:var(--text);font:13px/1.45 system-ui,sans-serif}"
               "main{max-width:1080px;margin:0 auto;padding:24px 16px}"
               "h1{font-size:22px;margin:0}h2{font-size:15px;margin:0 0 8px}h3{font-size:13px;margin:8px 0}"
               "section{background:var(--surface);border:1px solid var(--line);border-radius:4px;padding:16px;"
               "margin:16px 0;overflow-x:auto}"
               "p{margin:4px 0}.muted{color:var(--muted)}.totals{font-size:15px;font-weight:600}"
               ".wide{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums}"
               ".wide table{width:100%}th,td{text-align:left;padding:2px 8px;white-space:nowrap}"
               "th{color:var(--muted);font-weight:400;border-bottom:1px solid var(--line)}"
               ".n{text-align:right}.wide tbody tr:nth-child(even){background:var(--window)}"
               "pre{background:var(--window);padding:8px;overflow-x:auto}summary{cursor:pointer;color:var(--muted)}"
               "@media print{section{break-inside:avoid-page}}") +
           chartStyle();
}

}  // namespace

QString reportHtml(Session& session) {
    const QString name = QString::fromStdString(session.checkpoint()->name());
    const QString recipe = QString::fromStdString(session.recipe().recipe().name);
    const QString title = recipe.isEmpty() ? name : Report::tr("%1, %2").arg(name, recipe);
    const QString made = Report::tr("Halftone %1, %2")
                             .arg(QCoreApplication::applicationVersion(),
                                  QDateTime::currentDateTime().toString(QStringLiteral("yyyy-MM-dd HH:mm")));
    QString html = QStringLiteral(
                       "<!DOCTYPE html>\n<html lang=\"%1\">\n<head><meta charset=\"utf-8\"/>"
                       "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>"
                       "<title>%2</title>\n<style>%3</style></head>\n<body><main>\n")
                       .arg(QLocale().bcp47Name().toHtmlEscaped(), title.toHtmlEscaped(), styleSheet());
    html += QStringLiteral("<h1>%1</h1>\n").arg(title.toHtmlEscaped()) + paragraph(made, QStringLiteral("muted"));
    html += section(Report::tr("Recipe"), recipeSection(session));
    html += section(Report::tr("Measured"), runSection(session));
    html += section(Report::tr("Layers"), layerSection(session));
    html += section(Report::tr("Words that the recipe hurts most"), wordSection(session));
    html += section(Report::tr("Model"), ModelPanel::card(session, ModelPanel::Reader::Report));
    return html + QStringLiteral("</main></body>\n</html>\n");
}

Status writeReport(Session& session, const QString& path) {
    QSaveFile file(path);
    const QByteArray bytes = reportHtml(session).toUtf8();
    if (file.open(QIODevice::WriteOnly) && file.write(bytes) == bytes.size() && file.commit()) return {};
    return makeError(
        ErrorCode::kIo,
        Report::tr("%1 cannot be written: %2. Choose another place.").arg(path, file.errorString()).toStdString());
}

}  // namespace halftone::app
