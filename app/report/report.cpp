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
#include "core/project/report_page.h"

namespace halftone::app {

namespace {

constexpr int kMostWords = 40;

/// Gives the texts of the page a context of their own.
class Report {
    Q_DECLARE_TR_FUNCTIONS(Report)
};

/// Columns of a model, its first rows; numbers stand at the right as they do in the window.
ReportTable table(const QAbstractItemModel& model, const QList<int>& columns, int mostRows) {
    ReportTable table;
    for (const int column : columns) {
        const auto alignment = model.headerData(column, Qt::Horizontal, Qt::TextAlignmentRole).value<Qt::Alignment>();
        table.columns.push_back({model.headerData(column, Qt::Horizontal, Qt::DisplayRole).toString().toStdString(),
                                 bool(alignment & Qt::AlignRight)});
    }
    for (int row = 0; row < std::min(model.rowCount(), mostRows); ++row) {
        auto& cells = table.rows.emplace_back();
        for (const int column : columns) cells.push_back(model.index(row, column).data().toString().toStdString());
    }
    return table;
}

std::vector<std::string> totals(Session& session) {
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
    std::vector<std::string> texts;
    for (const auto& part : parts) texts.push_back(part.toStdString());
    return texts;
}

void fillRecipe(Session& session, ReportContent& content) {
    const auto& recipe = session.recipe().recipe();
    content.totals = totals(session);
    const QString sentence =
        recipe.defaultFormat
            ? Report::tr("Default: %1, %2.")
                  .arg(QString::fromStdString(recipe.defaultFormat->displayName()), methodName(recipe.defaultMethod))
            : Report::tr("Tensors that no rule speaks of stay as they are stored.");
    content.defaultSentence = sentence.toStdString();
    const RuleTableModel rules(session.recipe());
    content.rules = table(rules,
                          {RuleTableModel::Roles, RuleTableModel::Blocks, RuleTableModel::Names,
                           RuleTableModel::FormatColumn, RuleTableModel::MethodColumn},
                          rules.rowCount());
    for (const auto& problem : session.recipe().resolved().problems)
        content.remarks.push_back(coreText(problem.message).toStdString());
    content.recipeText = recipe.toText();
}

void fillRuns(Session& session, ReportContent& content) {
    using Column = RunTableModel::Column;
    const RunTableModel runs(session.evaluation());
    content.runs =
        table(runs,
              {Column::Name, Column::Perplexity, Column::Kld, Column::KldP99, Column::Agreement, Column::Bleu,
               Column::RougeL, Column::Bits, Column::Size, Column::ProtocolColumn, Column::Text, Column::Device},
              runs.rowCount());
    const auto data = TradeoffPanel::dataOf(session);
    for (const auto& point : data.points)
        content.points.push_back({point.name.toStdString(), point.x, point.y, point.yError, point.isCurrent});
    content.chartCaption = data.caption.toStdString();
    content.axes = {data.xLabel.toStdString(), data.yLabel.toStdString(), data.floor, data.original};
}

/// The error of each layer by its block, a line for each role.
std::vector<ChartLine> errorLines(const Session& session, const MatrixLayout& layout) {
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
    return lines;
}

/// The layer by role matrix in the colours of a measure.
ChartMatrix matrixOf(const Session& session, const MatrixLayout& layout, Measure measure) {
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
    return matrix;
}

void fillLayers(Session& session, ReportContent& content) {
    const MatrixLayout layout(session.checkpoint()->tensors());
    for (const auto measure : {Measure::Bits, Measure::RelativeError, Measure::Sensitivity})
        content.matrices.push_back(matrixOf(session, layout, measure));
    content.errorLines = errorLines(session, layout);
    content.errorLineX = Report::tr("block").toStdString();
    content.errorLineY = measureLabel(Measure::RelativeError).toStdString();
    using Column = TensorTableModel::Column;
    const TensorTableModel tensors(session);
    QList<int> columns{Column::Name, Column::Role, Column::Shape,         Column::FormatColumn, Column::MethodColumn,
                       Column::Bits, Column::Size, Column::RelativeError, Column::Sqnr};
    bool isMeasured = false;
    for (int tensor = 0; tensor < session.tensorCount(); ++tensor)
        isMeasured |= session.value(Measure::Sensitivity, tensor).has_value();
    if (isMeasured) columns << Column::KldAlone;
    content.tensors = table(tensors, columns, tensors.rowCount());
}

void fillWords(Session& session, ReportContent& content) {
    if (!session.damage().run()) return;
    using Column = WorstTokenModel::Column;
    const WorstTokenModel words(session.damage());
    content.words =
        table(words, {Column::Context, Column::Token, Column::Before, Column::After, Column::Divergence}, kMostWords);
}

ReportWords reportWords() {
    ReportWords words;
    words.recipe = Report::tr("Recipe").toStdString();
    words.measured = Report::tr("Measured").toStdString();
    words.layers = Report::tr("Layers").toStdString();
    words.words = Report::tr("Words that the recipe hurts most").toStdString();
    words.model = Report::tr("Model").toStdString();
    words.recipeAsText = Report::tr("The recipe as text").toStdString();
    words.nothingMeasured = Report::tr("Nothing has been measured yet.").toStdString();
    words.aboutRuns =
        Report::tr("●: runs of this recipe. Figures of different texts or protocols cannot be compared.").toStdString();
    return words;
}

}  // namespace

QString reportHtml(Session& session) {
    ReportContent content;
    const QString name = QString::fromStdString(session.checkpoint()->name());
    const QString recipe = QString::fromStdString(session.recipe().recipe().name);
    content.title = (recipe.isEmpty() ? name : Report::tr("%1, %2").arg(name, recipe)).toStdString();
    content.made = Report::tr("Halftone %1, %2")
                       .arg(QCoreApplication::applicationVersion(),
                            QDateTime::currentDateTime().toString(QStringLiteral("yyyy-MM-dd HH:mm")))
                       .toStdString();
    content.language = QLocale().bcp47Name().toStdString();
    fillRecipe(session, content);
    fillRuns(session, content);
    fillLayers(session, content);
    fillWords(session, content);
    content.modelHtml = ModelPanel::card(session, ModelPanel::Reader::Report).toStdString();
    return QString::fromStdString(composeReport(content, reportWords()));
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
