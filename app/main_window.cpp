// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/main_window.h"

#include <QActionGroup>
#include <QApplication>
#include <QCloseEvent>
#include <QDockWidget>
#include <QFileInfo>
#include <QHash>
#include <QLabel>
#include <QMenuBar>
#include <QMimeData>
#include <QScreen>
#include <QSettings>
#include <QStackedWidget>
#include <QStatusBar>
#include <QToolButton>
#include <QUndoStack>
#include <QVBoxLayout>

#include "app/dialogs/allocate_dialog.h"
#include "app/dialogs/export_dialog.h"
#include "app/dialogs/preferences_dialog.h"
#include "app/dialogs/rotate_dialog.h"
#include "app/leaving.h"
#include "app/panels/calibration/calibration_panel.h"
#include "app/panels/candidates/candidate_panel.h"
#include "app/panels/channels/channel_map_panel.h"
#include "app/panels/channels/channel_panel.h"
#include "app/panels/compare/compare_panel.h"
#include "app/panels/damage/damage_panel.h"
#include "app/panels/distribution/distribution_panel.h"
#include "app/panels/evaluation/evaluation_panel.h"
#include "app/panels/groups/group_panel.h"
#include "app/panels/matrix/matrix_panel.h"
#include "app/panels/memory/memory_panel.h"
#include "app/panels/messages/message_panel.h"
#include "app/panels/model/model_panel.h"
#include "app/panels/ranges/range_panel.h"
#include "app/panels/recipe/recipe_panel.h"
#include "app/panels/tensors/tensor_panel.h"
#include "app/panels/tradeoff/tradeoff_panel.h"
#include "app/session/resources.h"
#include "app/session/session.h"
#include "app/tour.h"
#include "app/widgets/elided_label.h"
#include "app/widgets/empty_page.h"
#include "app/widgets/field_state.h"
#include "app/widgets/jobs_strip.h"
#include "app/widgets/missing_checkpoint_bar.h"
#include "app/widgets/number_text.h"
#include "app/widgets/style_sheet_pause.h"
#include "core/recipe/hardware_target.h"

namespace halftone::app {

namespace {
constexpr int kMostRecent = 10;
constexpr int kRemarkMs = 10'000;
constexpr int kDefaultWidth = 1440, kDefaultHeight = 900;
}  // namespace

MainWindow::MainWindow(Session& session, Begin begin, QWidget* parent) : QMainWindow(parent), m_session(session) {
    const StyleSheetPause pause;
    setObjectName(QStringLiteral("mainWindow"));
    setAcceptDrops(true);
    createPanels();
    createCentral();
    createMenus();
    createCorner();
    createStatusBar();
    connectSession();
    m_tour = new Tour(m_session, *this);
    restoreState();
    if (begin == Begin::FromSettings) takeSettings();
    showCheckpoint();
    showMissingCheckpoint();
}

MainWindow::~MainWindow() = default;

void MainWindow::createPanels() {
    m_docks = new DockArea(this);
    m_matrix = new MatrixPanel(m_session);
    m_tensors = new TensorPanel(m_session);
    m_distribution = new DistributionPanel(m_session);
    m_channels = new ChannelPanel(m_session);
    m_recipe = new RecipePanel(m_session);
    m_evaluation = new EvaluationPanel(m_session);
    m_calibration = new CalibrationPanel(m_session);
    m_compare = new ComparePanel(m_session);
    m_docks->addPanel(QStringLiteral("matrix"), tr("Matrix"), m_matrix);
    m_docks->addPanel(QStringLiteral("model"), tr("Model"), new ModelPanel(m_session));
    m_docks->addPanel(QStringLiteral("tensors"), tr("Tensors"), m_tensors);
    m_docks->addPanel(QStringLiteral("distribution"), tr("Distribution"), m_distribution);
    m_candidates = new CandidatePanel(m_session);
    m_docks->addPanel(QStringLiteral("candidates"), tr("Formats"), m_candidates);
    m_groups = new GroupPanel(m_session);
    m_docks->addPanel(QStringLiteral("groups"), tr("Groups"), m_groups);
    m_docks->addPanel(QStringLiteral("channels"), tr("Channels"), m_channels);
    m_channelMap = new ChannelMapPanel(m_session);
    m_docks->addPanel(QStringLiteral("channelMap"), tr("Channel map"), m_channelMap);
    m_ranges = new RangePanel(m_session);
    m_docks->addPanel(QStringLiteral("ranges"), tr("Activation ranges"), m_ranges);
    m_docks->addPanel(QStringLiteral("calibration"), tr("Calibration"), m_calibration);
    m_docks->addPanel(QStringLiteral("recipe"), tr("Recipe"), m_recipe);
    m_docks->addPanel(QStringLiteral("memory"), tr("Memory"), new MemoryPanel(m_session));
    m_docks->addPanel(QStringLiteral("evaluation"), tr("Evaluation"), m_evaluation);
    m_tradeoff = new TradeoffPanel(m_session);
    m_docks->addPanel(QStringLiteral("tradeoff"), tr("Size and divergence"), m_tradeoff);
    m_docks->addPanel(QStringLiteral("compare"), tr("Compare"), m_compare);
    m_damage = new DamagePanel(m_session);
    m_docks->addPanel(QStringLiteral("damage"), tr("Text damage"), m_damage);
    m_docks->addPanel(QStringLiteral("messages"), tr("Messages"), new MessagePanel(m_session));
}

void MainWindow::createCentral() {
    m_empty = new EmptyPage(this);
    m_pages = new QStackedWidget(this);
    m_pages->addWidget(m_empty);
    m_pages->addWidget(m_docks);
    m_jobs = new JobsStrip(m_session.jobs(), this);
    auto* central = new QWidget(this);
    m_central = new QVBoxLayout(central);
    m_central->setContentsMargins(0, 0, 0, 0);
    m_central->setSpacing(0);
    m_central->addWidget(m_pages, 1);
    m_central->addWidget(m_jobs);
    setCentralWidget(central);
    connect(m_empty, &EmptyPage::openSampleRequested, this, &MainWindow::openSample);
    connect(m_empty, &EmptyPage::openFileRequested, this, &MainWindow::openFileDialog);
    connect(m_empty, &EmptyPage::openFolderRequested, this, &MainWindow::openFolderDialog);
    connect(m_empty, &EmptyPage::openRequested, this, &MainWindow::openPath);
}

void MainWindow::setNotice(QWidget* notice) {
    if (m_notice) {
        m_notice->hide();
        m_notice->deleteLater();  // a button of it may have asked for this
    }
    m_notice = notice;
    if (notice) m_central->insertWidget(0, notice);
}

/// Asks where the checkpoint of a session went, until it is found or not wanted any more.
void MainWindow::showMissingCheckpoint() {
    const QString missing = m_session.missingCheckpoint();
    if (missing.isEmpty()) {
        if (qobject_cast<MissingCheckpointBar*>(m_notice)) setNotice(nullptr);
        return;
    }
    auto* bar = new MissingCheckpointBar(missing);
    setNotice(bar);
    connect(bar, &MissingCheckpointBar::fileWanted, this, [this] {
        if (const QString path = askForFile(); !path.isEmpty()) openMissingFrom(path);
    });
    connect(bar, &MissingCheckpointBar::folderWanted, this, [this] {
        if (const QString path = askForFolder(); !path.isEmpty()) openMissingFrom(path);
    });
    connect(bar, &MissingCheckpointBar::dismissed, &m_session, &Session::forgetMissing);
}

void MainWindow::createStatusBar() {
    m_status = new ElidedLabel(this);
    m_message = new QToolButton(this);
    m_message->setObjectName(QStringLiteral("lastMessage"));
    m_message->setToolTip(tr("The last message; click for all of them"));
    m_message->hide();
    m_totals = new QLabel(this);
    m_totals->setObjectName(QStringLiteral("totals"));
    statusBar()->setSizeGripEnabled(false);
    statusBar()->setContentsMargins(8, 0, 8, 0);
    statusBar()->addWidget(m_status, 1);
    statusBar()->addPermanentWidget(m_message);
    statusBar()->addPermanentWidget(m_totals);
    m_messageTimer.setSingleShot(true);
    connect(&m_messageTimer, &QTimer::timeout, m_message, &QWidget::hide);
    connect(m_message, &QToolButton::clicked, this, [this] {
        auto* dock = m_docks->panelDock(QStringLiteral("messages"));
        if (dock->isVisible()) return dock->hide();
        m_docks->showPanel(dock);
        m_pages->setCurrentWidget(m_docks);
        m_message->hide();  // the log has it
    });
}

void MainWindow::connectSession() {
    connect(&m_session, &Session::checkpointChanged, this, &MainWindow::onCheckpointChanged);
    connect(&m_session, &Session::sessionRestored, this, &MainWindow::restoreUiState);
    connect(&m_session, &Session::openingChanged, this, [this] { m_empty->setOpening(m_session.isOpening()); });
    connect(&m_session, &Session::openFailed, this, [this](const QString&, const QString& message) {
        m_empty->setProblem(message);
        m_tellsOfOpening = true;
    });
    connect(&m_session, &Session::missingCheckpointChanged, this, &MainWindow::showMissingCheckpoint);
    connect(&m_session.messages(), &MessageLog::added, this, &MainWindow::showMessage);
    connect(&m_session.messages(), &MessageLog::cleared, m_message, &QWidget::hide);
    // What failed has been done since. A remark that comes with the run stays its time.
    connect(&m_session.evaluation(), &EvaluationService::runAdded, this, [this] {
        if (!m_messageTimer.isActive()) m_message->hide();
    });
    connect(&m_session.recipe().undoStack(), &QUndoStack::indexChanged, this, &MainWindow::updateTitle);
    connect(&m_session.recipe().undoStack(), &QUndoStack::cleanChanged, this, &MainWindow::updateTitle);
    connect(&m_session.evaluation(), &EvaluationService::runAdded, this, &MainWindow::updateTitle);
    for (const auto changed : {&Session::saved, &Session::sessionRestored})
        connect(&m_session, changed, this, &MainWindow::updateTitle);
    connect(&m_session.recipe(), &RecipeEditor::changed, this, &MainWindow::updateTotals);
    connect(&m_session.evaluation(), &EvaluationService::stateChanged, this, &MainWindow::updateTotals);
    connect(&m_session.memory(), &MemoryService::changed, this, &MainWindow::updateTotals);
    connect(&m_session, &Session::tensorsChanged, this, &MainWindow::updateStatus);
    connect(&m_session.selection(), &Selection::changed, this, &MainWindow::updateStatus);
    connect(&m_session.selection(), &Selection::hoveredChanged, this, &MainWindow::updateStatus);
    connectProbes();
    connect(m_channelMap, &ChannelMapPanel::calibrationWanted, m_calibration, &CalibrationPanel::start);
    connect(m_ranges, &RangePanel::calibrationWanted, m_calibration, &CalibrationPanel::start);
    connect(m_matrix, &MatrixPanel::calibrationWanted, m_calibration, &CalibrationPanel::start);
    connect(m_damage, &DamagePanel::runWanted, this, [this] { m_evaluation->start(EvaluationTarget::Recipe); });
    connect(m_matrix, &MatrixPanel::sensitivityWanted, m_evaluation, &EvaluationPanel::startSensitivity);
    connect(m_evaluation, &EvaluationPanel::comparisonWanted, this, &MainWindow::compareRecipes);
    connect(m_tradeoff, &TradeoffPanel::seriesWanted, m_evaluation, &EvaluationPanel::startSeries);
}

/// What lies under the mouse in a plot stands in the status bar.
void MainWindow::connectProbes() {
    const auto probe = [this](const QString& text) {
        m_probe = text;
        updateStatus();
    };
    connect(m_distribution, &DistributionPanel::probed, this, probe);
    connect(m_channels, &ChannelPanel::probed, this, probe);
    connect(m_channelMap, &ChannelMapPanel::probed, this, probe);
    connect(m_candidates, &CandidatePanel::probed, this, probe);
    connect(m_groups, &GroupPanel::probed, this, probe);
    connect(m_ranges, &RangePanel::probed, this, probe);
    connect(m_tradeoff, &TradeoffPanel::probed, this, probe);
}

void MainWindow::onCheckpointChanged() {
    const auto& checkpoint = m_session.checkpoint();
    if (checkpoint && m_session.sessionPath().isEmpty())
        rememberRecent(QString::fromStdString(checkpoint->path().string()));
    if (checkpoint && m_session.tensorCount() > 0) m_session.selection().select({0});
    // What could not be opened is open now, or not wanted any more; the log still has it.
    if (checkpoint && m_tellsOfOpening) m_message->hide();
    showCheckpoint();
}

void MainWindow::showCheckpoint() {
    const bool open = m_session.checkpoint() != nullptr;
    m_pages->setCurrentWidget(open ? static_cast<QWidget*>(m_docks) : m_empty);
    for (auto* action : m_needCheckpoint) action->setEnabled(open);
    m_empty->setOpening(m_session.isOpening());
    updateTitle();
    updateTotals();
    updateStatus();
}

void MainWindow::restoreState() {
    QSettings settings;
    fitToScreen();
    restoreGeometry(settings.value(QStringLiteral("window/geometry")).toByteArray());
    m_docks->restore(settings);
    m_tensors->restoreHeaderState(settings.value(QStringLiteral("tensors/header/3")).toByteArray());
    m_workspaces->actions().at(int(m_docks->workspace()))->setChecked(true);
    m_empty->setRecentFiles(recentFiles());
}

/// What people left for every session.
void MainWindow::takeSettings() {
    const QSettings settings;
    m_session.setSettings(StudioSettings::load());
    m_session.recipe().setTarget(
        findHardwareTarget(settings.value(QStringLiteral("hardwareTarget")).toString().toStdString()));
    m_session.devices().setChoice(settings.value(QStringLiteral("device"), QStringLiteral("auto")).toString());
}

/// The default size, or what the screen leaves beside a window manager's frame.
void MainWindow::fitToScreen() {
    const QSize frame(8, 40);
    const QSize room = screen() ? screen()->availableSize() - frame : QSize(kDefaultWidth, kDefaultHeight);
    resize(QSize(kDefaultWidth, kDefaultHeight).boundedTo(room));
}

/// Asks once, whatever would be lost; true: nothing is, or it may be.
bool MainWindow::mayLeave(Leaving leaving) {
    return app::mayLeave(m_session, leaving, *this, [this] { return saveSession(false); });
}

void MainWindow::closeEvent(QCloseEvent* event) {
    if (!mayLeave(Leaving::Window)) return event->ignore();
    QSettings().setValue(QStringLiteral("device"), m_session.devices().choice());
    keepSettings();
    event->accept();
}

void MainWindow::keepSettings() const {
    QSettings settings;
    settings.setValue(QStringLiteral("window/geometry"), saveGeometry());
    settings.setValue(QStringLiteral("tensors/header/3"), m_tensors->headerState());
    m_docks->save(settings);
}

/// Sizes of the docks that can be seen, by their names.
static QHash<QString, QSize> dockSizes(const DockArea& area) {
    QHash<QString, QSize> sizes;
    for (const auto* dock : area.findChildren<QDockWidget*>(Qt::FindDirectChildrenOnly)) {
        const bool isSeen = dock->isVisible() && !dock->isFloating() && !dock->visibleRegion().isEmpty();
        if (isSeen) sizes.insert(dock->objectName(), dock->size());
    }
    return sizes;
}

static void setDockSizes(DockArea& area, const QHash<QString, QSize>& sizes) {
    QList<QDockWidget*> docks;
    QList<int> widths, heights;
    for (auto it = sizes.cbegin(); it != sizes.cend(); ++it) {
        docks.append(area.panelDock(it.key()));
        widths.append(it->width());
        heights.append(it->height());
    }
    area.resizeDocks(docks, widths, Qt::Horizontal);
    area.resizeDocks(docks, heights, Qt::Vertical);
}

void MainWindow::takeOver(const MainWindow& earlier) {
    FieldState::of(earlier).applyTo(*this);
}

void MainWindow::takeOverShown(MainWindow& earlier) {
    // Docks get their places and sizes again once the window has its own.
    QTimer::singleShot(0, m_docks, [this, state = earlier.m_docks->arrangement(), sizes = dockSizes(*earlier.m_docks)] {
        m_docks->arrange(state);
        setDockSizes(*m_docks, sizes);
    });
    if (const int step = earlier.tour().step(); step >= 0)
        QTimer::singleShot(0, m_tour, [this, step] { m_tour->startAt(step); });
    for (auto* dialog : earlier.findChildren<QDialog*>(Qt::FindDirectChildrenOnly)) {
        if (qobject_cast<PreferencesDialog*>(dialog) || !dialog->isVisible()) continue;
        // Others keep the language that they were opened in: some have work of their own.
        const QPoint place = dialog->pos();
        dialog->setParent(this, dialog->windowFlags());
        dialog->move(place);
        if (auto* rotation = qobject_cast<RotateDialog*>(dialog))
            connect(rotation, &RotateDialog::openWanted, this, &MainWindow::openPath);
        if (auto* allocation = qobject_cast<AllocateDialog*>(dialog)) connectAllocation(*allocation);
        dialog->show();
    }
    if (const auto* preferences = earlier.findChild<PreferencesDialog*>(); preferences && preferences->isVisible()) {
        showPreferences();
        findChild<PreferencesDialog*>()->move(preferences->pos());
    }
}

void MainWindow::resizeEvent(QResizeEvent* event) {
    QMainWindow::resizeEvent(event);
    QTimer::singleShot(0, this, &MainWindow::updateStatus);  // once its line has its width
}

void MainWindow::dragEnterEvent(QDragEnterEvent* event) {
    if (event->mimeData()->hasUrls()) event->acceptProposedAction();
}

void MainWindow::dropEvent(QDropEvent* event) {
    const auto urls = event->mimeData()->urls();
    if (urls.isEmpty() || !urls.first().isLocalFile()) return;
    event->acceptProposedAction();
    const QString path = urls.first().toLocalFile();
    if (whatLeavingLoses(m_session).isEmpty()) return openPath(path);
    // Later: whoever dragged it waits for the end of the drop, not for an answer to a question.
    QTimer::singleShot(0, this, [this, path] { openPath(path); });
}

void MainWindow::openPath(const QString& path) {
    if (mayLeave(Leaving::ForAnother)) m_session.open(path);
}

void MainWindow::openMissingFrom(const QString& checkpointPath) {
    if (mayLeave(Leaving::ForAnother)) m_session.openMissingFrom(checkpointPath);
}

bool MainWindow::recover(const QString& path) {
    if (!mayLeave(Leaving::ForAnother)) return false;
    m_session.recover(path);
    return true;
}

void MainWindow::closeCheckpoint() {
    if (mayLeave(Leaving::Checkpoint)) m_session.close();
}

void MainWindow::openSample() {
    const QString path = resourcePath(QStringLiteral("sample"));
    if (path.isEmpty())
        return m_session.messages().warn([] { return tr("The bundled sample is missing from this installation."); });
    openPath(path);
}

void MainWindow::setWorkspace(Workspace workspace) {
    m_docks->setWorkspace(workspace);
    m_workspaces->actions().at(int(workspace))->setChecked(true);
}

void MainWindow::chooseTheme(ThemeChoice choice) {
    QSettings().setValue(QStringLiteral("theme"), themeName(choice));
    applyTheme(*qApp, choice);
    m_themes->actions().at(int(choice))->setChecked(true);
}

void MainWindow::chooseLanguage(const QString& name) {
    QSettings().setValue(QStringLiteral("language"), name);
    for (auto* action : m_languages->actions()) action->setChecked(action->data().toString() == name);
    emit languageChosen(name);
}

void MainWindow::showPreferences() {
    auto* dialog = findChild<PreferencesDialog*>();
    if (!dialog) {
        dialog = new PreferencesDialog(m_session, this);
        connect(dialog, &PreferencesDialog::themeChosen, this, &MainWindow::chooseTheme);
        connect(dialog, &PreferencesDialog::languageChosen, this, &MainWindow::chooseLanguage);
    }
    dialog->show();
    dialog->raise();
}

void MainWindow::showExport() {
    if (!m_session.checkpoint()) return;
    if (auto* open = findChild<ExportDialog*>()) return open->raise();
    auto* dialog = new ExportDialog(m_session, this);
    dialog->show();
}

void MainWindow::rememberRecent(const QString& path) {
    auto paths = recentFiles();
    paths.removeAll(path);
    paths.prepend(path);
    QSettings().setValue(QStringLiteral("recent"), paths.mid(0, kMostRecent));
    m_empty->setRecentFiles(recentFiles());
}

QStringList MainWindow::recentFiles() const {
    return QSettings().value(QStringLiteral("recent")).toStringList();
}

void MainWindow::updateTitle() {
    QString name;
    if (m_session.checkpoint()) name = QString::fromStdString(m_session.checkpoint()->name());
    if (const QString session = m_session.sessionPath(); !session.isEmpty() && !name.isEmpty())
        name = tr("%1 (%2)").arg(QFileInfo(session).completeBaseName(), name);
    // The mark that there is something to save.
    setWindowTitle(name.isEmpty() ? tr("Halftone") : tr("%1 – Halftone").arg(name + QLatin1String("[*]")));
    setWindowModified(m_session.hasUnsavedWork());
}

QString MainWindow::statusOfTensor(int tensor) const {
    QStringList parts{QString::fromStdString(m_session.tensor(tensor).canonicalName)};
    constexpr Measure kShown[] = {Measure::Bits,    Measure::Bytes,    Measure::RelativeError,
                                  Measure::Sqnr,    Measure::Kurtosis, Measure::MaxOverSigma,
                                  Measure::Minimum, Measure::Maximum,  Measure::Outliers};
    for (const auto measure : kShown) {
        if (const auto value = m_session.value(measure, tensor))
            parts << QStringLiteral("%1 %2").arg(measureLabel(measure), measureText(measure, value));
    }
    return parts.join(QStringLiteral(" · "));
}

void MainWindow::updateStatus() {
    const auto& selection = m_session.selection();
    const int tensor = selection.hovered() >= 0 ? selection.hovered() : selection.current();
    QString text = m_probe;
    if (text.isEmpty() && tensor >= 0 && tensor < m_session.tensorCount()) text = statusOfTensor(tensor);
    m_status->setFullText(text);
}

void MainWindow::updateTotals() {
    const auto& totals = m_session.recipe().resolved().totals;
    if (!m_session.checkpoint() || totals.parameters == 0) return m_totals->clear();
    QStringList parts{tr("%1 bits/weight").arg(numberText(totals.bitsPerWeight()))};
    const double saved = totals.sourceBytes > 0 ? double(totals.bytes) / double(totals.sourceBytes) - 1 : 0;
    parts << QStringLiteral("%1 (%2)").arg(
        bytesText(double(totals.bytes)),
        tr("%1 %").arg((saved > 0 ? QStringLiteral("+") : QString()) + fixedText(100 * saved, 1)));
    if (const auto& memory = m_session.memory().estimate())
        parts << tr("%1 at %2 ctx")
                     .arg(bytesText(double(memory->total())), countText(m_session.memory().contextLength()));
    if (const auto* run = m_session.evaluation().ofRecipe()) {
        const QString mark = m_session.evaluation().isStale(*run) ? QStringLiteral("◷ ") : QString();
        parts << mark + tr("PPL %1").arg(
                            perplexityText(run->result.perplexity.mean, run->result.perplexity.standardError));
        if (run->result.reference) {
            const auto& kld = run->result.reference->kld;
            parts << mark + tr("KLD %1").arg(significantEstimateText(kld.mean, kld.standardError));
        }
    }
    m_totals->setText(parts.join(QStringLiteral(" · ")));
}

void MainWindow::showMessage() {
    const auto& message = m_session.messages().messages().last();
    m_tellsOfOpening = false;
    const auto colors = themeColors(palette());
    const QColor color = message.severity == MessageSeverity::Error     ? colors.failed
                         : message.severity == MessageSeverity::Warning ? colors.stale
                                                                        : colors.mutedText;
    m_message->setStyleSheet(QStringLiteral("color: %1").arg(color.name()));
    // What went wrong is worth more than what lies under the mouse.
    const int room = message.severity == MessageSeverity::Note ? width() / 3 : width() / 2;
    m_message->setText(m_message->fontMetrics().elidedText(message.text, Qt::ElideRight, room));
    m_message->setToolTip(message.text);
    m_message->show();
    // A remark goes by itself; what went wrong stays until it was looked at or another message takes its place.
    m_messageTimer.stop();
    if (message.severity == MessageSeverity::Note) m_messageTimer.start(kRemarkMs);
}

}  // namespace halftone::app
