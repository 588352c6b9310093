// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/models/run_table_model.h"

#include <QFileInfo>
#include <QFont>
#include <QLocale>

#include "app/language/core_text.h"
#include "app/session/evaluation_service.h"
#include "app/widgets/number_text.h"

namespace halftone::app {

namespace {
constexpr size_t kP99 = 5;  // place of 99 % in kKldPercentiles
static_assert(kKldPercentiles[kP99] == 99);

QVariant alignmentOf(int column) {
    const bool isText = column == RunTableModel::Name || column == RunTableModel::ProtocolColumn ||
                        column == RunTableModel::Text || column == RunTableModel::Device;
    return QVariant::fromValue(Qt::Alignment((isText ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter));
}

/// What a figure means; empty for the rest.
QString meaningOf(int column) {
    if (column == RunTableModel::Perplexity)
        return RunTableModel::tr(
            "exp of the mean negative log-likelihood, with its standard error. Only figures of one protocol and "
            "one text can be compared.");
    if (column == RunTableModel::Kld)
        return RunTableModel::tr(
            "Mean Kullback-Leibler divergence from the original's distribution, in nats. It resolves differences "
            "that perplexity cannot.");
    if (column == RunTableModel::KldP99) return RunTableModel::tr("99 % of the tokens diverge less than this.");
    if (column == RunTableModel::KldMax)
        return RunTableModel::tr("Divergence at the token that the recipe hurts most; the text damage panel shows it.");
    if (column == RunTableModel::Size)
        return RunTableModel::tr("Bytes of all weights: on disk, and in memory while they run.");
    if (column == RunTableModel::Speed)
        return RunTableModel::tr(
            "Tokens of the text evaluated a second. Runs that took parts over from an earlier one have none.");
    if (column == RunTableModel::Agreement)
        return RunTableModel::tr("Share of tokens where the most likely token is the original's.");
    if (column == RunTableModel::Bleu || column == RunTableModel::RougeL)
        return RunTableModel::tr(
            "How much of the original's texts is in the recipe's, from 0 to 1, over the prompts of the comparison: "
            "Measure "
            "on all prompts there. BLEU counts 1 to 4 tokens in a row over all texts, ROUGE-L the longest common "
            "subsequence, mean over the texts.");
    return {};
}

}  // namespace

RunTableModel::RunTableModel(EvaluationService& evaluation, QObject* parent)
    : QAbstractTableModel(parent), m_evaluation(evaluation), m_count(int(evaluation.runs().size())) {
    connect(&m_evaluation, &EvaluationService::runAdded, this, [this](int index) {
        beginInsertRows({}, index, index);
        m_count = index + 1;
        endInsertRows();
    });
    connect(&m_evaluation, &EvaluationService::runsReset, this, [this] {
        beginResetModel();
        m_count = int(m_evaluation.runs().size());
        endResetModel();
    });
    connect(&m_evaluation, &EvaluationService::stateChanged, this, [this] {
        if (m_count > 0) emit dataChanged(index(0, 0), index(m_count - 1, ColumnCount - 1));
    });
}

int RunTableModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : m_count;
}

int RunTableModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : int(ColumnCount);
}

QVariant RunTableModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid() || index.row() >= m_count) return {};
    const auto& run = m_evaluation.runs()[index.row()];
    const bool isInWork = m_evaluation.isOfRecipeInWork(run);
    switch (role) {
        case Qt::DisplayRole:
            return text(run, index.column());
        case InWorkRole:
            return isInWork;
        case Qt::TextAlignmentRole:
            return alignmentOf(index.column());
        case Qt::FontRole:
            if (QFont font; isInWork) {
                font.setBold(true);
                return font;
            }
            return {};
        case Qt::ToolTipRole:
            if (index.column() == Name && !run.note.isEmpty())
                return QStringLiteral("<p>%1</p>").arg(run.note.toHtmlEscaped());
            if (index.column() == Text) return run.options.textPath;
            if (index.column() == Name && run.target == EvaluationTarget::Recipe)
                return isInWork ? tr("The recipe in work.")
                                : tr("Another recipe than the one in work. Double-click to take it back.");
            if (index.column() == Kld && run.storeError > 0)
                return tr("Below %1 a divergence means nothing: of the unlikely tokens the reference keeps a sample.")
                    .arg(numberText(run.storeError));
            if ((index.column() == Bleu || index.column() == RougeL) && run.overlap && run.overlap->prompts > 0)
                return tr("Over %n prompts", nullptr, run.overlap->prompts);
            if (index.column() == When) return QLocale().toString(run.when.toLocalTime());
            return {};
        default:
            return {};
    }
}

QString RunTableModel::text(const EvaluationRun& run, int column) const {
    const auto& result = run.result;
    const auto& against = result.reference;
    switch (column) {
        case Name: {
            QString name = run.name.isEmpty() ? tr("recipe") : run.name;
            if (!run.note.isEmpty()) name.prepend(QStringLiteral("▲ "));
            return m_evaluation.isOfRecipeInWork(run) ? QStringLiteral("● ") + name : name;
        }
        case Perplexity:
            return perplexityText(result.perplexity.mean, result.perplexity.standardError);
        case Kld:
            return against ? significantEstimateText(against->kld.mean, against->kld.standardError) : noValue();
        case KldP99:
            return against ? numberText(against->kldPercentiles[kP99]) : noValue();
        case KldMax:
            return against && against->kldMax > 0 ? numberText(against->kldMax) : noValue();
        case Agreement:
            return against ? percentText(against->top1Agreement.mean, 4) : noValue();
        case Bleu:
            return run.overlap ? fixedText(run.overlap->bleu, 3) : noValue();
        case RougeL:
            return run.overlap ? fixedText(run.overlap->rougeL, 3) : noValue();
        case Bits:
            return numberText(run.bitsPerWeight);
        case Size:
            return bytesText(double(run.bytes));
        case Speed:
            return run.tokensPerSecond ? numberText(*run.tokensPerSecond) : noValue();
        case ProtocolColumn:
            return QString::fromStdString(result.conditions());
        case Text:
            return QFileInfo(run.options.textPath).fileName();
        case Device:
            return coreText(result.device);
        case Seconds:
            return durationText(result.seconds);
        case When:
            return momentText(run.when);
        default:
            return {};
    }
}

QVariant RunTableModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal) return {};
    if (role == Qt::TextAlignmentRole) return alignmentOf(section);
    if (role == Qt::ToolTipRole) return meaningOf(section);
    if (role != Qt::DisplayRole) return {};
    switch (section) {
        case Name:
            return tr("run");
        case Perplexity:
            return tr("perplexity");
        case Kld:
            return tr("KLD");
        case KldP99:
            return tr("KLD p99");
        case KldMax:
            return tr("KLD max");
        case Agreement:
            return tr("same top-1");
        case Bleu:
            return QStringLiteral("BLEU");
        case RougeL:
            return QStringLiteral("ROUGE-L");
        case Bits:
            return tr("bits");
        case Size:
            return tr("size");
        case Speed:
            return tr("tokens/s");
        case ProtocolColumn:
            return tr("protocol");
        case Text:
            return tr("text");
        case Device:
            return tr("device");
        case Seconds:
            return tr("time");
        case When:
            return tr("at");
        default:
            return {};
    }
}

QString RunTableModel::csv() const {
    QString lines = QStringLiteral(
        "run,perplexity,perplexity_stderr,kld_mean,kld_stderr,kld_p99,kld_max,top1_agreement,bleu,rouge_l,bits_per_"
        "weight,bytes,"
        "tokens_per_second,protocol,text,device,seconds,when\n");
    for (const auto& run : m_evaluation.runs()) {
        const auto& against = run.result.reference;
        const auto number = [](double value) { return QString::number(value, 'g', 9); };
        const auto text = [](QString cell) { return '"' + cell.replace('"', QStringLiteral("\"\"")) + '"'; };
        const QStringList cells{text(run.name),
                                number(run.result.perplexity.mean),
                                number(run.result.perplexity.standardError),
                                against ? number(against->kld.mean) : QString(),
                                against ? number(against->kld.standardError) : QString(),
                                against ? number(against->kldPercentiles[kP99]) : QString(),
                                against ? number(against->kldMax) : QString(),
                                against ? number(against->top1Agreement.mean) : QString(),
                                run.overlap ? number(run.overlap->bleu) : QString(),
                                run.overlap ? number(run.overlap->rougeL) : QString(),
                                number(run.bitsPerWeight),
                                QString::number(run.bytes),
                                run.tokensPerSecond ? number(*run.tokensPerSecond) : QString(),
                                text(QString::fromStdString(run.result.conditions())),
                                text(run.options.textPath),
                                text(QString::fromStdString(run.result.device)),
                                number(run.result.seconds),
                                run.when.toString(Qt::ISODate)};
        lines += cells.join(',') + '\n';
    }
    return lines;
}

}  // namespace halftone::app
