// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/panels/memory/memory_panel.h"

#include <QComboBox>
#include <QDoubleSpinBox>
#include <QGridLayout>
#include <QLabel>
#include <QScrollArea>
#include <QSettings>
#include <QSignalBlocker>
#include <QSpinBox>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

#include "app/plots/memory_bar.h"
#include "app/session/session.h"
#include "app/widgets/number_text.h"
#include "app/widgets/state_stack.h"
#include "app/widgets/theme.h"

namespace halftone::app {

namespace {
constexpr double kGigabyte = 1e9;

QString typeName(DType type) {
    const auto name = dtypeInfo(type).name;
    return QString::fromLatin1(name.data(), qsizetype(name.size()));
}
}  // namespace

MemoryPanel::MemoryPanel(Session& session, QWidget* parent) : QWidget(parent), m_session(session) {
    setObjectName(QStringLiteral("memoryPanel"));
    createControls();
    createLayout();
    restoreOptions();
    connect(&m_session.memory(), &MemoryService::changed, this, &MemoryPanel::refresh);
    for (auto* spin : {m_context, m_batch}) connect(spin, &QSpinBox::valueChanged, this, &MemoryPanel::takeOptions);
    for (auto* types : {m_keys, m_values}) connect(types, &QComboBox::activated, this, &MemoryPanel::takeCache);
    connect(&m_session.runChoice(), &RunChoice::changed, this, &MemoryPanel::showCache);
    connect(m_budget, &QDoubleSpinBox::valueChanged, this, &MemoryPanel::takeOptions);
    refresh();
}

QComboBox* MemoryPanel::createTypes(const QString& name, const QString& meaning) {
    auto* types = new QComboBox(this);
    types->setObjectName(name);
    types->setAccessibleName(meaning);
    types->setToolTip(meaning);
    for (const DType type : cacheTypes()) types->addItem(typeName(type), int(type));
    types->setProperty("followsView", true);
    return types;
}

void MemoryPanel::createControls() {
    m_context = new QSpinBox(this);
    m_context->setObjectName(QStringLiteral("memoryContext"));
    m_context->setAccessibleName(tr("Context length"));
    m_context->setToolTip(
        tr("Tokens that the cache has room for; the runtime takes them in steps of %1").arg(kCacheStep));
    m_context->setSuffix(tr(" tokens"));
    m_context->setSingleStep(int(kCacheStep));
    m_context->setRange(1, 1 << 24);
    m_batch = new QSpinBox(this);
    m_batch->setObjectName(QStringLiteral("memoryBatch"));
    m_batch->setAccessibleName(tr("Batch"));
    m_batch->setToolTip(tr("Tokens of a prompt that are computed together: what the scratch memory grows with"));
    m_batch->setSuffix(tr(" tokens"));
    m_batch->setRange(1, 65536);
    m_keys = createTypes(QStringLiteral("memoryKeys"), tr("Type of the cached keys, the more sensitive half"));
    m_values = createTypes(QStringLiteral("memoryValues"), tr("Type of the cached values"));
    m_budget = new QDoubleSpinBox(this);
    m_budget->setObjectName(QStringLiteral("memoryBudget"));
    m_budget->setAccessibleName(tr("Budget"));
    m_budget->setToolTip(tr("Memory that the model may take, to hold it against"));
    m_budget->setRange(0, 100'000);
    m_budget->setDecimals(2);
    m_budget->setSingleStep(0.5);
    m_budget->setSuffix(QStringLiteral("\u00a0GB"));
    m_budget->setSpecialValueText(tr("none"));
}

QLayout* MemoryPanel::createGrid(QWidget* content) {
    auto* grid = new QGridLayout;
    grid->setHorizontalSpacing(8);
    grid->setVerticalSpacing(4);
    const auto add = [&](int row, int column, const QString& text, QWidget* widget) {
        grid->addWidget(new QLabel(text, content), row, 2 * column);
        grid->addWidget(widget, row, 2 * column + 1);
    };
    add(0, 0, tr("Context"), m_context);
    add(0, 1, tr("Keys"), m_keys);
    add(1, 0, tr("Batch"), m_batch);
    add(1, 1, tr("Values"), m_values);
    add(2, 0, tr("Budget"), m_budget);
    grid->setColumnStretch(1, 1);
    grid->setColumnStretch(3, 1);
    return grid;
}

void MemoryPanel::createLayout() {
    auto* content = new QWidget(this);
    m_total = new QLabel(content);
    m_total->setObjectName(QStringLiteral("memoryTotal"));
    m_total->setTextFormat(Qt::RichText);
    m_bar = new MemoryBar(content);
    m_verdicts = new QVBoxLayout;
    m_verdicts->setSpacing(6);
    m_note = mutedLabel({}, content);
    auto* layout = new QVBoxLayout(content);
    layout->setContentsMargins(8, 8, 8, 8);
    layout->setSpacing(8);
    m_cacheNote = mutedLabel({}, content);
    m_cacheNote->setObjectName(QStringLiteral("memoryCacheNote"));
    layout->addLayout(createGrid(content));
    layout->addWidget(m_cacheNote);
    layout->addWidget(m_total);
    layout->addWidget(m_bar);
    layout->addLayout(m_verdicts);
    layout->addWidget(m_note);
    layout->addStretch();
    auto* scroll = new QScrollArea(this);
    scroll->setWidgetResizable(true);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setWidget(content);
    m_stack = new StateStack(scroll, this);
    auto* outer = new QVBoxLayout(this);
    outer->setContentsMargins(0, 0, 0, 0);
    outer->addWidget(m_stack);
}

/// How people run models is theirs and not a checkpoint's: it is kept with the window's settings.
void MemoryPanel::restoreOptions() {
    const QSettings settings;
    MemoryOptions options;
    options.contextLength =
        std::clamp(settings.value(QStringLiteral("memory/context"), 4096).toInt(), 1, m_context->maximum());
    options.batchTokens =
        std::clamp(settings.value(QStringLiteral("memory/batch"), 512).toInt(), 1, m_batch->maximum());
    options.budgetBytes = std::max<int64_t>(0, settings.value(QStringLiteral("memory/budget"), 0).toLongLong());
    m_context->setValue(int(options.contextLength));
    m_batch->setValue(int(options.batchTokens));
    m_budget->setValue(double(options.budgetBytes) / kGigabyte);
    m_session.memory().setOptions(options);
    showCache();
}

void MemoryPanel::takeCache() {
    m_session.runChoice().setCache({DType(m_keys->currentData().toInt()), DType(m_values->currentData().toInt())});
}

/// The types that recipes are run with; where evaluations keep all of the cache, those of a runtime.
void MemoryPanel::showCache() {
    const auto stored = m_session.runChoice().storedCache();
    m_keys->setCurrentIndex(m_keys->findData(int(stored.key)));
    m_values->setCurrentIndex(m_values->findData(int(stored.value)));
    m_cacheNote->setText(m_session.runChoice().format().cache == stored
                             ? tr("Evaluations run the recipe with this cache: it is one choice.")
                             : tr("Evaluations keep the cache in F32, of which a runtime stores F16. Another type here "
                                  "holds for both."));
}

void MemoryPanel::takeOptions() {
    MemoryOptions options;
    options.contextLength = m_context->value();
    options.batchTokens = m_batch->value();
    options.budgetBytes = std::llround(m_budget->value() * kGigabyte);
    QSettings settings;
    settings.setValue(QStringLiteral("memory/context"), int(options.contextLength));
    settings.setValue(QStringLiteral("memory/batch"), int(options.batchTokens));
    settings.setValue(QStringLiteral("memory/budget"), qlonglong(options.budgetBytes));
    m_session.memory().setOptions(options);
}

void MemoryPanel::refresh() {
    const auto& memory = m_session.memory();
    if (!m_session.checkpoint())
        return m_stack->showSentence(tr("Open a checkpoint to see what running it takes in memory."));
    if (!m_session.model()) {
        const QString why = memory.problem();
        return m_stack->showSentence(why.isEmpty() ? tr("Reading the model…") : why);
    }
    m_stack->showContent();
    const bool isShorter = memory.contextLength() < memory.options().contextLength;
    m_note->setText(
        (isShorter ? tr("The model's context ends at %1 tokens; so many are counted.")
                             .arg(countText(memory.contextLength())) +
                         QStringLiteral(" ")
                   : QString()) +
        tr("As llama.cpp runs the exported file with flash attention and all layers on one device. Scratch is an "
           "estimate."));
    m_bar->setVisible(memory.estimate().has_value());
    if (!memory.estimate()) {
        m_total->setText(memory.problem().toHtmlEscaped());
        return refreshVerdicts();
    }
    const auto& estimate = *memory.estimate();
    m_total->setText(
        tr("<b>%1</b> at %2 tokens").arg(bytesText(double(estimate.total())), countText(memory.contextLength())));
    m_bar->setData(estimate, memory.limits());
    refreshVerdicts();
}

void MemoryPanel::refreshVerdicts() {
    const auto& memory = m_session.memory();
    const auto limits = memory.estimate() ? memory.limits() : QList<MemoryLimit>();
    while (m_verdictLabels.size() < limits.size()) {
        auto* label = new QLabel(this);
        label->setObjectName(QStringLiteral("memoryVerdict%1").arg(m_verdictLabels.size()));
        label->setTextFormat(Qt::RichText);
        label->setWordWrap(true);
        m_verdicts->addWidget(label);
        m_verdictLabels.append(label);
    }
    for (int i = 0; i < int(m_verdictLabels.size()); ++i) {
        m_verdictLabels[i]->setVisible(i < limits.size());
        if (i < limits.size()) m_verdictLabels[i]->setText(verdictText(limits[i]));
    }
}

QString MemoryPanel::verdictText(const MemoryLimit& limit) const {
    const auto verdict = m_session.memory().verdict(limit);
    const auto theme = themeColors(palette());
    const auto sentence = [&](const QString& text) {
        const QString mark =
            QStringLiteral("<span style='color:%1'>●</span> ").arg((verdict.fits() ? theme.ok : theme.failed).name());
        return mark + tr("<b>%1</b> %2: %3").arg(limit.name.toHtmlEscaped(), bytesText(double(limit.bytes)), text);
    };
    if (verdict.fits()) {
        const bool whole = verdict.longestContext == m_session.memory().longestContext();
        const QString context =
            whole ? tr("The model's whole context would fit.")
                  : tr("The context can grow to %1 tokens.").arg(countText(verdict.longestContext.value_or(0)));
        return sentence(tr("fits, %1 left. %2").arg(bytesText(double(verdict.freeBytes)), context));
    }
    QStringList ways;
    if (verdict.bitsThatFit > 0)
        ways << tr("weights of at most %1 bits").arg(fixedText(std::floor(verdict.bitsThatFit * 100) / 100, 2));
    if (verdict.longestContext) ways << tr("a context of at most %1 tokens").arg(countText(*verdict.longestContext));
    const QString way = ways.isEmpty() ? tr("Cache and scratch alone take more: shorten the context.")
                                       : tr("It fits with %1.").arg(ways.join(tr(", or ")));
    return sentence(tr("%1 must go. %2").arg(bytesText(double(-verdict.freeBytes)), way));
}

}  // namespace halftone::app
