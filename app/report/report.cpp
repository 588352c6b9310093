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
#include "app/plots/matrix_layout.h"
#include "app/session/session.h"
#include "app/widgets/number_text.h"
#include "core/project/html_page.h"
#include "core/project/svg_chart.h"

namespace halftone::app {

namespace {

/// A name of its own: lupdate takes a function that begins with std:: for one of that namespace.
using Html = std::string;

constexpr int kMostWords = 40;

/// Gives the texts of the page a context of their own.
class Report {
    Q_DECLARE_TR_FUNCTIONS(Report)
};

/// Columns of a model, its first rows; numbers stand at the right as they do in the window.
Html table(const QAbstractItemModel& model, const QList<int>& columns, int mostRows) {
    std::vector<HtmlPage::Column> titles;
    for (const int column : columns) {
        const auto alignment = model.headerData(column, Qt::Horizontal, Qt::TextAlignmentRole).value<Qt::Alignment>();
        titles.push_back({model.headerData(column, Qt::Horizontal, Qt::DisplayRole).toString().toStdString(),
                          bool(alignment & Qt::AlignRight)});
    }
    std::vector<HtmlPage::Row> rows;
    for (int row = 0; row < std::min(model.rowCount(), mostRows); ++row) {
        auto& cells = rows.emplace_back();
        for (const int column : columns) cells.push_back(model.index(row, column).data().toString().toStdString());
    }
    return HtmlPage::table(titles, rows);
}

Html paragraph(const QString& text, std::string_view kind = {}) {
    return HtmlPage::paragraph(text.toStdString(), kind);
}

Html totals(Session& session) {
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
    return paragraph(parts.join(QStringLiteral(" · ")), "totals");
}

Html recipeSection(Session& session) {
    const auto& recipe = session.recipe().recipe();
    std::string html = totals(session);
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
        html += paragraph(coreText(problem.message), "muted");
    return html + HtmlPage::folded(Report::tr("The recipe as text").toStdString(), recipe.toText());
}

Html runSection(Session& session) {
    using Column = RunTableModel::Column;
    const RunTableModel runs(session.evaluation());
    if (runs.rowCount() == 0) return paragraph(Report::tr("Nothing has been measured yet."), "muted");
    std::string html =
        table(runs,
              {Column::Name, Column::Perplexity, Column::Kld, Column::KldP99, Column::Agreement, Column::Bleu,
               Column::RougeL, Column::Bits, Column::Size, Column::ProtocolColumn, Column::Text, Column::Device},
              runs.rowCount());
    html += paragraph(
        Report::tr("◷: measured with another recipe than the one of this report. Figures of different texts or "
                   "protocols cannot be compared."),
        "muted");
    const auto data = TradeoffPanel::dataOf(session);
    if (data.points.isEmpty()) return html;
    std::vector<ChartPoint> points;
    for (const auto& point : data.points)
        points.push_back({point.name.toStdString(), point.x, point.y, point.yError, point.isCurrent});
    return html + paragraph(data.caption, "muted") +
           scatterSvg(points, {data.xLabel.toStdString(), data.yLabel.toStdString(), data.floor, data.original});
}

/// The error of each layer by its block, a line for each role.
Html errorLines(const Session& session, const MatrixLayout& layout) {
    std::map<TensorRole, ChartLine> byRole;
    for (int row = 0; row < int(layout.rows().size()); ++row) {
        const int block = layout.rows()[size_t(row)].block;
        for (int column = 0; block >= 0 && column < int(layout.columns().size()); ++column) {
            const auto& cell = layout.cell({column, row});
            const auto error = session.meanValue(Measure::RelativeError, cell.tensors);
            if (!error || !(*error > 0)) continue;
            auto& line = byRole[cell.role];
            line.name = shortRoleName(cell.role).toStdString();
            line.points.emplace_back(block, *error);
        }
    }
    std::vector<ChartLine> lines;
    for (const auto& [role, line] : byRole) lines.push_back(line);
    return linesSvg(lines, Report::tr("block").toStdString(), measureLabel(Measure::RelativeError).toStdString());
}

/// The layer by role matrix in the colours of a measure.
Html matrixOf(const Session& session, const MatrixLayout& layout, Measure measure) {
    ChartMatrix matrix;
    matrix.label = measureLabel(measure).toStdString();
    matrix.logarithmic = measureInfo(measure).logScale;
    matrix.text = [measure](double value) { return measureText(measure, value).toStdString(); };
    for (const auto& column : layout.columns()) matrix.columns.push_back(column.toStdString());
    for (int row = 0; row < int(layout.rows().size()); ++row) {
        const auto& label = layout.rows()[size_t(row)].label;
        matrix.rows.push_back(label.toStdString());
        for (int column = 0; column < int(layout.columns().size()); ++column) {
            const auto& cell = layout.cell({column, row});
            const auto value = session.meanValue(measure, cell.tensors);
            auto& place = matrix.cells.emplace_back();
            if (value) place = {*value, QStringLiteral("%1 %2").arg(label, shortRoleName(cell.role)).toStdString()};
        }
    }
    return matrixSvg(matrix);
}

Html layerSection(Session& session) {
    const MatrixLayout layout(session.checkpoint()->tensors());
    std::string html = matrixOf(session, layout, Measure::Bits) + matrixOf(session, layout, Measure::RelativeError) +
                       errorLines(session, layout);
    html += matrixOf(session, layout, Measure::Sensitivity);
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

Html wordSection(Session& session) {
    if (!session.damage().run()) return {};
    using Column = WorstTokenModel::Column;
    const WorstTokenModel words(session.damage());
    return table(words, {Column::Context, Column::Token, Column::Before, Column::After, Column::Divergence},
                 kMostWords);
}

}  // namespace

QString reportHtml(Session& session) {
    const QString name = QString::fromStdString(session.checkpoint()->name());
    const QString recipe = QString::fromStdString(session.recipe().recipe().name);
    const QString title = recipe.isEmpty() ? name : Report::tr("%1, %2").arg(name, recipe);
    const QString made = Report::tr("Halftone %1, %2")
                             .arg(QCoreApplication::applicationVersion(),
                                  QDateTime::currentDateTime().toString(QStringLiteral("yyyy-MM-dd HH:mm")));
    HtmlPage page(title.toStdString(), made.toStdString(), QLocale().bcp47Name().toStdString());
    const auto add = [&page](const QString& heading, const std::string& content) {
        page.addSection(heading.toStdString(), content);
    };
    add(Report::tr("Recipe"), recipeSection(session));
    add(Report::tr("Measured"), runSection(session));
    add(Report::tr("Layers"), layerSection(session));
    add(Report::tr("Words that the recipe hurts most"), wordSection(session));
    add(Report::tr("Model"), ModelPanel::card(session, ModelPanel::Reader::Report).toStdString());
    return QString::fromStdString(page.text());
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
