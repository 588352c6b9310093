// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/panels/compare/compare_panel.h"

#include <QDoubleSpinBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSpinBox>
#include <QSplitter>
#include <QVBoxLayout>

#include "app/panels/compare/text_column.h"
#include "app/session/session.h"
#include "app/widgets/state_stack.h"

namespace halftone::app {

namespace {

QDoubleSpinBox* realSpin(QWidget* parent, const QString& name, const QString& tip, double high, double value) {
    auto* spin = new QDoubleSpinBox(parent);
    spin->setRange(0, high);
    spin->setSingleStep(0.05);
    spin->setDecimals(2);
    spin->setValue(value);
    spin->setPrefix(name + ' ');
    spin->setToolTip(tip);
    spin->setAccessibleName(name);
    return spin;
}

QSpinBox* wholeSpin(QWidget* parent, const QString& name, const QString& tip, int high, int value) {
    auto* spin = new QSpinBox(parent);
    spin->setRange(0, high);
    spin->setValue(value);
    spin->setPrefix(name + ' ');
    spin->setToolTip(tip);
    spin->setAccessibleName(name);
    return spin;
}

}  // namespace

ComparePanel::ComparePanel(Session& session, QWidget* parent) : QWidget(parent), m_session(session) {
    setObjectName(QStringLiteral("comparePanel"));
    createPrompt();
    createSampling();
    createLayout();
    connectSession();
    refresh();
}

void ComparePanel::createPrompt() {
    m_prompt = new QPlainTextEdit(this);
    m_prompt->setObjectName(QStringLiteral("comparePrompt"));
    m_prompt->setAccessibleName(tr("Prompt"));
    m_prompt->setPlaceholderText(tr("Prompt that both models continue"));
    m_prompt->setPlainText(tr("Once upon a time"));
    m_prompt->setTabChangesFocus(true);
    m_prompt->setFixedHeight(m_prompt->fontMetrics().lineSpacing() * 2 + 16);
    m_run = new QPushButton(tr("Generate"), this);
    m_run->setObjectName(QStringLiteral("generate"));
    m_status = mutedLabel({}, this);
}

void ComparePanel::createSampling() {
    m_temperature = realSpin(this, tr("temp"), tr("Temperature; 0 takes the most likely token always"), 5, 0.7);
    m_topP = realSpin(this, tr("top-p"),
                      tr("Keeps the most likely tokens that together have this probability; 1 is off"), 1, 1);
    m_minP = realSpin(this, tr("min-p"),
                      tr("Drops tokens less likely than this share of the most likely one; 0 is off"), 1, 0);
    m_repeat = realSpin(this, tr("repeat"), tr("Penalty on tokens of the last 64; 1 is off"), 5, 1.1);
    m_topK = wholeSpin(this, tr("top-k"), tr("Keeps the k most likely tokens; 0 is off"), 1000, 0);
    m_seed = wholeSpin(this, tr("seed"), tr("The same seed gives the same text on every machine"), 2'000'000'000, 1);
    m_length = wholeSpin(this, tr("length"), tr("At most so many tokens"), 100'000, 128);
    m_length->setMinimum(1);
}

void ComparePanel::createLayout() {
    auto* sampling = new QHBoxLayout;
    sampling->setSpacing(4);
    for (QWidget* widget :
         std::initializer_list<QWidget*>{m_temperature, m_topK, m_topP, m_minP, m_repeat, m_seed, m_length})
        sampling->addWidget(widget);
    sampling->addStretch();
    sampling->addWidget(m_run);
    auto* top = new QVBoxLayout;
    top->setContentsMargins(8, 8, 8, 4);
    top->setSpacing(4);
    top->addWidget(m_prompt);
    top->addLayout(sampling);
    top->addWidget(m_status);
    m_original = new TextColumn(tr("original"), this);
    m_original->setObjectName(QStringLiteral("originalColumn"));
    m_quantized = new TextColumn(tr("recipe"), this);
    m_quantized->setObjectName(QStringLiteral("quantizedColumn"));
    auto* columns = new QSplitter(Qt::Horizontal, this);
    columns->addWidget(m_original);
    columns->addWidget(m_quantized);
    columns->setChildrenCollapsible(false);
    columns->setHandleWidth(1);
    columns->setSizes({1000, 1000});
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addLayout(top);
    layout->addWidget(columns, 1);
}

void ComparePanel::connectSession() {
    auto& compare = m_session.compare();
    connect(m_run, &QPushButton::clicked, this, [this] {
        if (m_session.compare().isRunning()) {
            m_session.compare().stop();
        } else {
            start();
        }
    });
    connect(&compare, &CompareService::started, this, [this] {
        const QString prompt = m_session.compare().prompt();
        m_original->begin(prompt);
        m_quantized->begin(prompt);
    });
    connect(&compare, &CompareService::tokenAdded, this, &ComparePanel::showTokens);
    connect(&compare, &CompareService::stateChanged, this, &ComparePanel::refresh);
    connect(&m_session.jobs(), &JobManager::jobsChanged, this, &ComparePanel::refresh);
    connect(&m_session, &Session::modelChanged, this, &ComparePanel::refresh);
    connect(&m_session, &Session::sessionRestored, this, [this] {
        const auto& prompts = m_session.preferences().prompts;
        if (!prompts.empty()) setPrompt(QString::fromStdString(prompts.front()));
    });
}

void ComparePanel::setPrompt(const QString& prompt) {
    m_prompt->setPlainText(prompt);
}

CompareOptions ComparePanel::options() const {
    CompareOptions options;
    options.prompt = m_prompt->toPlainText();
    options.generate.maxTokens = m_length->value();
    auto& sampling = options.generate.sampling;
    sampling.temperature = m_temperature->value();
    sampling.topK = m_topK->value();
    sampling.topP = m_topP->value();
    sampling.minP = m_minP->value();
    sampling.repeatPenalty = m_repeat->value();
    sampling.seed = uint64_t(m_seed->value());
    return options;
}

void ComparePanel::start() {
    const auto chosen = options();
    m_session.preferences().prompts = {chosen.prompt.toStdString()};
    m_session.compare().start(chosen);
}

void ComparePanel::showTokens(CompareService::Side) {
    const auto& compare = m_session.compare();
    m_original->showColumn(compare.column(CompareService::Original), compare.divergence());
    m_quantized->showColumn(compare.column(CompareService::Quantized), compare.divergence());
    m_status->setText(divergenceText());
}

QString ComparePanel::divergenceText() const {
    const auto& compare = m_session.compare();
    if (compare.column(CompareService::Original).tokens.isEmpty()) return {};
    if (compare.divergence() >= 0) return tr("The texts part at token %1.").arg(compare.divergence() + 1);
    return compare.isRunning() ? tr("No difference so far.") : tr("Both texts are the same.");
}

void ComparePanel::refresh() {
    const auto& compare = m_session.compare();
    const QString why = m_session.modelJobs().whyNot();
    const bool running = compare.isRunning();
    m_run->setText(running ? tr("Stop") : tr("Generate"));
    m_run->setEnabled(running || why.isEmpty());
    const QString name = QString::fromStdString(m_session.recipe().recipe().name);
    m_quantized->setTitle(name.isEmpty() ? tr("recipe") : name, compare.isStale());
    m_original->showColumn(compare.column(CompareService::Original), compare.divergence());
    m_quantized->showColumn(compare.column(CompareService::Quantized), compare.divergence());
    m_status->setText(why.isEmpty() ? divergenceText() : why);
    if (why.isEmpty() && m_session.recipe().changesNothing() && m_status->text().isEmpty()) {
        m_status->setText(tr("The recipe changes nothing yet, so both columns will be the same."));
    }
}

}  // namespace halftone::app
