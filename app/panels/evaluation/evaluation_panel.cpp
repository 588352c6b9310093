// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/panels/evaluation/evaluation_panel.h"

#include <QApplication>
#include <QCheckBox>
#include <QClipboard>
#include <QComboBox>
#include <QFileDialog>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QMenu>
#include <QPushButton>
#include <QSaveFile>
#include <QSpinBox>
#include <QTableView>
#include <QVBoxLayout>

#include <algorithm>
#include <utility>

#include "app/models/run_table_model.h"
#include "app/session/resources.h"
#include "app/session/session.h"
#include "app/widgets/number_text.h"
#include "app/widgets/path_edit.h"
#include "app/widgets/run_format_button.h"
#include "app/widgets/state_stack.h"

namespace halftone::app {

namespace {

constexpr int kLiveDelayMs = 250;

struct ProtocolChoice {
    const char* label;
    const char* meaning;
    ProtocolKind kind;
    int contextLength;
};
constexpr ProtocolChoice kProtocols[] = {
    {QT_TRANSLATE_NOOP("EvaluationPanel", "p512, half scored"),
     QT_TRANSLATE_NOOP("EvaluationPanel", "llama.cpp's: windows of 512 tokens, the second half of each scored"),
     ProtocolKind::kHalfScored, 512},
    {QT_TRANSLATE_NOOP("EvaluationPanel", "p2048"),
     QT_TRANSLATE_NOOP("EvaluationPanel", "GPTQ's: consecutive windows of 2048 tokens"), ProtocolKind::kFullWindow,
     2048},
    {QT_TRANSLATE_NOOP("EvaluationPanel", "p4096"),
     QT_TRANSLATE_NOOP("EvaluationPanel", "Consecutive windows of 4096 tokens"), ProtocolKind::kFullWindow, 4096},
    {QT_TRANSLATE_NOOP("EvaluationPanel", "BOS windows"),
     QT_TRANSLATE_NOOP("EvaluationPanel", "Each window begins with BOS; every token of the text is scored once"),
     ProtocolKind::kBosWindow, 512},
    {QT_TRANSLATE_NOOP("EvaluationPanel", "plain windows"),
     QT_TRANSLATE_NOOP("EvaluationPanel", "Consecutive windows without BOS, the last one may be short"),
     ProtocolKind::kPlainWindow, 512},
};

QString translated(const char* text) {
    return QCoreApplication::translate("EvaluationPanel", text);
}

/// As wide as the widest of the texts that it will show, so that its neighbours stay where they are.
void keepWidest(QPushButton& button, const QStringList& texts) {
    const QString shown = button.text();
    int widest = 0;
    for (const auto& text : texts) {
        button.setText(text);
        widest = std::max(widest, button.sizeHint().width());
    }
    button.setText(shown);
    button.setMinimumWidth(widest);
}

}  // namespace

EvaluationPanel::EvaluationPanel(Session& session, QWidget* parent)
    : QWidget(parent), m_session(session), m_model(new RunTableModel(session.evaluation(), this)) {
    setObjectName(QStringLiteral("evaluationPanel"));
    createControls();
    createTable();
    createLayout();
    connectSession();
    refresh();
}

void EvaluationPanel::createControls() {
    m_text = new PathEdit(tr("Evaluation text"), tr("Texts (*.txt *.raw);;All files (*)"), this);
    m_text->setPath(resourcePath(QStringLiteral("texts/evaluation.txt")));
    m_text->setMinimumWidth(140);
    m_protocol = new QComboBox(this);
    m_protocol->setAccessibleName(tr("Protocol"));
    for (const auto& choice : kProtocols) {
        m_protocol->addItem(translated(choice.label));
        m_protocol->setItemData(m_protocol->count() - 1, translated(choice.meaning), Qt::ToolTipRole);
    }
    m_protocol->setToolTip(
        tr("How the text is cut and which positions count. Figures of different protocols cannot be compared."));
    m_context = new QSpinBox(this);
    m_context->setRange(8, 131072);
    m_context->setValue(512);
    m_context->setPrefix(tr("ctx "));
    m_context->setToolTip(tr("Tokens per window"));
    m_context->setAccessibleName(tr("Tokens per window"));
    m_chunks = new QSpinBox(this);
    m_chunks->setObjectName(QStringLiteral("evaluationChunks"));
    m_chunks->setRange(0, 1'000'000);
    m_chunks->setSpecialValueText(tr("all windows"));
    m_chunks->setSuffix(tr(" windows"));
    m_chunks->setAccessibleName(tr("Windows of the text"));
    m_chunks->setToolTip(tr("How many windows of the text to run; fewer are faster and less certain"));
    m_runFormat = new RunFormatButton(m_session.runChoice(), this);
    m_runOriginal = new QPushButton(tr("Run original"), this);
    m_runOriginal->setObjectName(QStringLiteral("runOriginal"));
    m_runRecipe = new QPushButton(tr("Run recipe"), this);
    m_runRecipe->setObjectName(QStringLiteral("runRecipe"));
    keepWidest(*m_runOriginal, {m_runOriginal->text(), tr("Cancel")});
    keepWidest(*m_runRecipe, {m_runRecipe->text(), tr("Cancel")});
    m_live = new QCheckBox(tr("live"), this);
    m_live->setObjectName(QStringLiteral("liveEvaluation"));
    m_live->setChecked(true);
    m_live->setToolTip(tr(
        "Once a recipe has been run, every edit is measured on the same text, from the first layer that it changes"));
    m_liveTimer.setSingleShot(true);
    m_liveTimer.setInterval(kLiveDelayMs);
    connect(&m_liveTimer, &QTimer::timeout, this, &EvaluationPanel::followEdit);
    m_status = mutedLabel({}, this);
    connect(m_protocol, &QComboBox::activated, this, &EvaluationPanel::onProtocolChosen);
}

void EvaluationPanel::createTable() {
    m_table = new QTableView(this);
    m_table->setObjectName(QStringLiteral("runTable"));
    m_table->setAccessibleName(tr("Measured runs"));
    m_table->setModel(m_model);
    m_table->setShowGrid(false);
    m_table->setAlternatingRowColors(true);
    m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_table->verticalHeader()->hide();
    m_table->verticalHeader()->setDefaultSectionSize(22);
    m_table->horizontalHeader()->setHighlightSections(false);
    m_table->setWordWrap(false);
    const std::pair<int, int> widths[] = {
        {RunTableModel::Name, 180},  {RunTableModel::Perplexity, 120}, {RunTableModel::Kld, 172},
        {RunTableModel::KldP99, 72}, {RunTableModel::KldMax, 72},      {RunTableModel::Agreement, 80},
        {RunTableModel::Bleu, 60},   {RunTableModel::RougeL, 72},      {RunTableModel::Bits, 56},
        {RunTableModel::Size, 76},   {RunTableModel::Speed, 76},       {RunTableModel::ProtocolColumn, 130},
        {RunTableModel::Text, 110},  {RunTableModel::Device, 190},     {RunTableModel::Seconds, 64},
        {RunTableModel::When, 72}};
    for (const auto& [column, width] : widths) m_table->horizontalHeader()->resizeSection(column, width);
    m_table->setContextMenuPolicy(Qt::CustomContextMenu);
    connect(m_table, &QTableView::doubleClicked, this,
            [this](const QModelIndex& index) { m_session.evaluation().takeBack(index.row()); });
    connect(m_table, &QWidget::customContextMenuRequested, this, &EvaluationPanel::showTableMenu);
}

void EvaluationPanel::showTableMenu(const QPoint& position) {
    QMenu menu(this);
    const auto index = m_table->indexAt(position);
    menu.addAction(tr("Take this recipe back"), this, [this, index] { m_session.evaluation().takeBack(index.row()); })
        ->setEnabled(index.isValid());
    menu.addAction(tr("Compare it with the recipe in work…"), this,
                   [this, index] { emit comparisonWanted(index.row()); })
        ->setEnabled(index.isValid() && m_session.evaluation().runs()[index.row()].target == EvaluationTarget::Recipe);
    menu.addAction(tr("Copy all runs as CSV"), this, [this] { QApplication::clipboard()->setText(m_model->csv()); });
    menu.addAction(tr("Save all runs as CSV…"), this, &EvaluationPanel::saveRuns);
    menu.exec(m_table->viewport()->mapToGlobal(position));
}

void EvaluationPanel::saveRuns() {
    const QString path =
        QFileDialog::getSaveFileName(this, tr("Save the runs"), QStringLiteral("runs.csv"), tr("Tables (*.csv)"));
    QSaveFile file(path);
    if (path.isEmpty()) return;
    const bool written = file.open(QIODevice::WriteOnly) && file.write(m_model->csv().toUtf8()) >= 0 && file.commit();
    if (written) return;
    m_session.messages().warn(
        [path, why = file.errorString()] { return tr("%1 cannot be written: %2.").arg(path, why); });
}

void EvaluationPanel::createLayout() {
    auto* bar = new QHBoxLayout;
    bar->setContentsMargins(8, 6, 8, 4);
    bar->setSpacing(6);
    bar->addWidget(m_text, 1);
    bar->addWidget(m_protocol);
    bar->addWidget(m_context);
    bar->addWidget(m_chunks);
    bar->addWidget(m_runFormat);
    bar->addWidget(m_live);
    bar->addWidget(m_runOriginal);
    bar->addWidget(m_runRecipe);
    m_status->setContentsMargins(8, 0, 8, 4);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addLayout(bar);
    layout->addWidget(m_status);
    layout->addWidget(m_table, 1);
    setTabOrder(m_chunks, m_runFormat);
    setTabOrder(m_runFormat, m_live);
    setTabOrder(m_live, m_runOriginal);
}

void EvaluationPanel::connectSession() {
    auto& evaluation = m_session.evaluation();
    const auto startOrCancel = [this](EvaluationTarget target) {
        if (m_session.evaluation().isRunning()) {
            m_missesEdit = false;
            m_session.evaluation().cancel();
        } else {
            start(target);
        }
    };
    connect(m_runOriginal, &QPushButton::clicked, this, [startOrCancel] { startOrCancel(EvaluationTarget::Original); });
    connect(m_runRecipe, &QPushButton::clicked, this, [startOrCancel] { startOrCancel(EvaluationTarget::Recipe); });
    const auto follow = [this] {
        if (!m_live->isChecked()) return;
        m_missesEdit = m_session.evaluation().isRunning();
        m_liveTimer.start();
    };
    connect(m_live, &QCheckBox::toggled, this, [this](bool isLive) {
        if (!isLive) m_liveTimer.stop();
    });
    connect(&m_session.runChoice(), &RunChoice::changed, this, [this, follow] {
        refresh();
        follow();
    });
    connect(&m_session.recipe(), &RecipeEditor::changed, this, follow);
    connect(&m_session.calibration(), &CalibrationService::changed, this, follow);
    connect(&evaluation, &EvaluationService::stateChanged, this, &EvaluationPanel::refresh);
    // While the original runs no edit can overtake: it is measured after that.
    connect(&evaluation, &EvaluationService::stateChanged, this, [this] {
        if (!m_session.evaluation().isRunning() && std::exchange(m_missesEdit, false) && m_live->isChecked())
            m_liveTimer.start();
    });
    connect(&evaluation, &EvaluationService::runAdded, m_table, &QTableView::scrollToBottom, Qt::QueuedConnection);
    connect(&m_session.jobs(), &JobManager::jobsChanged, this, &EvaluationPanel::refresh);
    connect(&m_session, &Session::modelChanged, this, [this] {
        if (const auto& model = m_session.model())
            m_context->setValue(int(std::min<int64_t>(512, model->graph->config.contextLength)));
        refresh();
    });
    connect(&m_session, &Session::sessionRestored, this, &EvaluationPanel::restoreSession);
}

void EvaluationPanel::restoreSession() {
    const auto& saved = m_session.preferences();
    if (!saved.evaluationText.empty()) m_text->setPath(QString::fromStdString(saved.evaluationText.string()));
    const auto protocol = Protocol::parse(saved.protocol);
    if (!protocol) return;
    for (int i = 0; i < int(std::size(kProtocols)); ++i) {
        if (kProtocols[i].kind == protocol->kind) {
            m_protocol->setCurrentIndex(i);
            break;
        }
    }
    m_context->setValue(int(protocol->contextLength));
}

void EvaluationPanel::onProtocolChosen() {
    const auto& choice = kProtocols[m_protocol->currentIndex()];
    int64_t length = choice.contextLength;
    if (const auto& model = m_session.model()) length = std::min(length, model->graph->config.contextLength);
    m_context->setValue(int(length));
}

EvaluationOptions EvaluationPanel::options() const {
    EvaluationOptions options;
    options.textPath = m_text->path();
    options.protocol = {kProtocols[m_protocol->currentIndex()].kind, m_context->value()};
    options.maxWindows = m_chunks->value();
    options.format = m_session.runChoice().format();
    return options;
}

void EvaluationPanel::setChunks(int chunks) {
    m_chunks->setValue(chunks);
}

void EvaluationPanel::start(EvaluationTarget target) {
    const auto chosen = options();
    m_session.preferences().evaluationText = chosen.textPath.toStdString();
    m_session.preferences().protocol = chosen.protocol.name();
    m_session.evaluation().start(target, chosen);
}

void EvaluationPanel::startSeries(const QList<Recipe>& recipes) {
    m_session.evaluation().startSeries(recipes, options());
}

void EvaluationPanel::startSensitivity() {
    m_session.sensitivity().start(options());
}

/// Edits that come quickly one after the other are measured once, and one in work gives way to a newer one.
void EvaluationPanel::followEdit() {
    const auto chosen = options();
    if (!m_session.modelJobs().whyNot().isEmpty() || !m_session.evaluation().wantsFollowUp(chosen)) return;
    m_session.evaluation().start(EvaluationTarget::Recipe, chosen);
}

QString EvaluationPanel::runningText() const {
    const auto& running = m_session.evaluation().running();
    if (!running) return tr("Preparing…");
    const auto& result = running->result;
    QStringList parts;
    parts << tr("%1: window %2 of %3")
                 .arg(result.reference ? tr("recipe") : tr("original"))
                 .arg(result.windows)
                 .arg(running->totalWindows)
          << tr("perplexity %1").arg(perplexityText(result.perplexity.mean, result.perplexity.standardError));
    if (result.reference) {
        const auto& kld = result.reference->kld;
        parts << tr("KLD %1").arg(significantEstimateText(kld.mean, kld.standardError));
    }
    // What changed since the last run is known long before the figures themselves are.
    if (running->kldChange && running->projectedKld) {
        const auto& projected = *running->projectedKld;
        parts << tr("in the end about %1").arg(significantEstimateText(projected.mean, projected.standardError));
    }
    return parts.join(QStringLiteral(" · "));
}

void EvaluationPanel::refresh() {
    const auto& evaluation = m_session.evaluation();
    const QString why = m_session.modelJobs().whyNot();
    const bool running = evaluation.isRunning();
    const auto& model = m_session.model();
    m_runFormat->setConditions(model ? std::optional(model->graph->config) : std::nullopt,
                               m_session.modelJobs().calibration() != nullptr);
    const bool noRecipe = m_session.recipe().changesNothing() && m_session.runChoice().format().isFull();
    const bool originalRuns = running && evaluation.runningTarget() == EvaluationTarget::Original;
    const bool recipeRuns = running && !originalRuns;
    m_runOriginal->setText(originalRuns ? tr("Cancel") : tr("Run original"));
    m_runOriginal->setEnabled(originalRuns || (why.isEmpty() && !running));
    m_runRecipe->setText(recipeRuns ? tr("Cancel") : tr("Run recipe"));
    m_runRecipe->setEnabled(recipeRuns || (why.isEmpty() && !running && !noRecipe));
    m_runRecipe->setToolTip(noRecipe ? tr("The recipe changes nothing yet: choose a format first.")
                                     : tr("Measures the recipe against the original"));
    const auto& runs = evaluation.runs();
    const bool hasOverlap =
        std::any_of(runs.begin(), runs.end(), [](const auto& run) { return run.overlap.has_value(); });
    for (const int column : {RunTableModel::Bleu, RunTableModel::RougeL}) m_table->setColumnHidden(column, !hasOverlap);
    m_status->setProperty("role", "muted");
    if (!why.isEmpty()) {
        m_status->setText(why);
    } else if (running) {
        m_status->setText(runningText());
    } else if (!evaluation.problem().isEmpty()) {
        m_status->setText(evaluation.problem());
    } else if (evaluation.runs().isEmpty()) {
        m_status->setText(
            tr("Run the original and a recipe on the text: perplexity with its error, and how far the recipe's "
               "predictions diverge from the original's."));
    } else {
        // The line stays, so that the table does not jump with every run.
        m_status->setText(tr("Double-click a run to take its recipe back."));
    }
}

}  // namespace halftone::app
