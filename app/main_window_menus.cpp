// SPDX-License-Identifier: GPL-3.0-or-later
// The menus, the workspace buttons and what their actions do. Split from main_window.cpp by size only.
#include <QActionGroup>
#include <QApplication>
#include <QCursor>
#include <QDockWidget>
#include <QFileDialog>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QJsonDocument>
#include <QJsonObject>
#include <QMenuBar>
#include <QSettings>
#include <QToolButton>

#include <algorithm>

#include "app/dialogs/about_dialog.h"
#include "app/dialogs/allocate_dialog.h"
#include "app/dialogs/recipe_diff_dialog.h"
#include "app/dialogs/rotate_dialog.h"
#include "app/dialogs/selection_menu.h"
#include "app/dialogs/shortcuts_dialog.h"
#include "app/language/core_text.h"
#include "app/language/language.h"
#include "app/main_window.h"
#include "app/panels/calibration/calibration_panel.h"
#include "app/panels/compare/compare_panel.h"
#include "app/panels/evaluation/evaluation_panel.h"
#include "app/panels/matrix/matrix_panel.h"
#include "app/panels/recipe/preset_menu.h"
#include "app/panels/recipe/recipe_panel.h"
#include "app/panels/tensors/tensor_panel.h"
#include "app/report/report.h"
#include "app/session/session.h"
#include "app/tour.h"
#include "app/widgets/command_palette.h"
#include "app/widgets/device_button.h"
#include "app/widgets/format_combo.h"
#include "app/widgets/last_folder.h"
#include "core/recipe/hardware_target.h"

namespace halftone::app {

void MainWindow::createMenus() {
    createFileMenu();
    createEditMenu();
    createRecipeMenu();
    createViewMenu();
    createRunMenu();
    createHelpMenu();
}

void MainWindow::createFileMenu() {
    auto* menu = menuBar()->addMenu(tr("&File"));
    menu->addAction(tr("&Open file…"), QKeySequence::Open, this, &MainWindow::openFileDialog);
    menu->addAction(tr("Open &folder…"), QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_O), this,
                    &MainWindow::openFolderDialog);
    menu->addAction(tr("Open the bundled sample"), this, &MainWindow::openSample);
    m_recentMenu = menu->addMenu(tr("Open &recent"));
    connect(m_recentMenu, &QMenu::aboutToShow, this, &MainWindow::fillRecentMenu);
    menu->addSeparator();
    m_needCheckpoint << menu->addAction(tr("&Save session"), QKeySequence::Save, this, [this] { saveSession(false); });
    m_needCheckpoint << menu->addAction(tr("Save session &as…"), QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_S), this,
                                        [this] { saveSession(true); });
    menu->addSeparator();
    m_needCheckpoint << menu->addAction(tr("&Export GGUF…"), QKeySequence(Qt::CTRL | Qt::Key_E), this,
                                        &MainWindow::showExport);
    m_needCheckpoint << menu->addAction(tr("Rota&te the model…"), this, &MainWindow::showRotation);
    m_needCheckpoint << menu->addAction(tr("Export &report…"), QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_E), this,
                                        &MainWindow::showReportDialog);
    menu->addSeparator();
    m_needCheckpoint << menu->addAction(tr("&Close checkpoint"), QKeySequence::Close, this,
                                        &MainWindow::closeCheckpoint);
    menu->addAction(tr("&Quit"), QKeySequence::Quit, this, &QWidget::close);
}

void MainWindow::showRotation() {
    if (auto* open = findChild<RotateDialog*>()) return open->raise();
    auto* dialog = new RotateDialog(m_session, this);
    connect(dialog, &RotateDialog::openWanted, this, &MainWindow::openPath);
    dialog->show();
}

void MainWindow::createEditMenu() {
    auto* menu = menuBar()->addMenu(tr("&Edit"));
    auto& stack = m_session.recipe().undoStack();
    auto* undo = stack.createUndoAction(this, tr("Undo"));
    undo->setShortcut(QKeySequence::Undo);
    undo->setProperty(kShortcutMeaning, tr("Undo"));
    auto* redo = stack.createRedoAction(this, tr("Redo"));
    redo->setShortcut(QKeySequence::Redo);
    redo->setProperty(kShortcutMeaning, tr("Redo"));
    menu->addActions({undo, redo});
    menu->addSeparator();
    menu->addAction(tr("Select all tensors"), QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_A), this, [this] {
        QList<int> all;
        for (int tensor = 0; tensor < m_session.tensorCount(); ++tensor) all.append(tensor);
        m_session.selection().select(all, m_session.selection().current());
    });
    menu->addAction(tr("Filter tensors"), QKeySequence::Find, this, [this] {
        m_docks->showPanel(m_docks->panelDock(QStringLiteral("tensors")));
        m_tensors->focusFilter();
    });
    menu->addAction(tr("Find a tensor…"), QKeySequence(Qt::CTRL | Qt::Key_P), this, &MainWindow::showTensorFinder);
    menu->addSeparator();
    auto* preferences = menu->addAction(tr("P&references…"), QKeySequence(Qt::CTRL | Qt::Key_Comma), this,
                                        &MainWindow::showPreferences);
    preferences->setMenuRole(QAction::PreferencesRole);
}

void MainWindow::createRecipeMenu() {
    auto* menu = menuBar()->addMenu(tr("&Recipe"));
    auto* presets = menu->addMenu(tr("&Presets"));
    fillWithPresets(*presets, m_session);
    auto* formats = menu->addMenu(tr("&Format of the selection"));
    fillWithFormats(*formats);
    connect(formats, &QMenu::aboutToShow, this,
            [this, formats] { markFormats(*formats, m_session.recipe().target()); });
    connect(formats, &QMenu::triggered, this, [this](const QAction* action) {
        if (const auto format = Format::parse(action->data().toString().toStdString()))
            m_session.recipe().setFormat(m_session.selection().tensors(), *format);
    });
    auto* bits = menu->addMenu(tr("&Bits of the selection"));
    for (int count = 2; count <= 8; ++count) {
        auto* action = bits->addAction(tr("%1 bits").arg(count), QKeySequence(Qt::Key_0 + count), this,
                                       [this, count] { setBits(count); });
        m_needCheckpoint << action;
    }
    auto* groups = menu->addAction(tr("&Group size of the selection…"), QKeySequence(Qt::Key_G), this,
                                   [this] { popUp(fillWithGroupSizesOfSelection); });
    auto* methods = menu->addAction(tr("&Method of the selection…"), QKeySequence(Qt::Key_M), this,
                                    [this] { popUp(fillWithMethodsOfSelection); });
    auto* extras = menu->addAction(tr("&Zeros and corrections of the selection…"), QKeySequence(Qt::Key_X), this,
                                   [this] { askForExtrasOfSelection(m_session, this); });
    auto* lock = menu->addAction(tr("L&ock or unlock the selection"), QKeySequence(Qt::Key_L), this,
                                 [this] { toggleLocksOfSelection(m_session); });
    auto* clear = menu->addAction(tr("&Clear what was set by hand in the selection"), QKeySequence::Delete, this,
                                  [this] { m_session.recipe().clearOverrides(m_session.selection().tensors()); });
    auto* allocate = menu->addAction(tr("&Allocate bits…"), QKeySequence(Qt::CTRL | Qt::Key_B), this, [this] {
        auto* dialog = new AllocateDialog(m_session, m_evaluation->options(), this);
        connectAllocation(*dialog);
        dialog->show();
    });
    menu->addSeparator();
    auto* load = menu->addAction(tr("&Load recipe…"), this, [this] { m_recipe->load(); });
    auto* save = menu->addAction(tr("&Save recipe…"), this, [this] { m_recipe->save(); });
    auto* compare = menu->addAction(tr("Com&pare recipes…"), QKeySequence(Qt::CTRL | Qt::Key_D), this,
                                    [this] { compareRecipes(-1); });
    m_needCheckpoint << presets->menuAction() << formats->menuAction() << bits->menuAction() << groups << methods
                     << extras << lock << clear << allocate << load << save << compare;
}

/// What was predicted is measured at once.
void MainWindow::connectAllocation(AllocateDialog& dialog) {
    connect(&dialog, &AllocateDialog::taken, this, [this] { m_evaluation->start(EvaluationTarget::Recipe); });
}

void MainWindow::createViewMenu() {
    auto* menu = menuBar()->addMenu(tr("&View"));
    m_workspaces = new QActionGroup(this);
    for (const auto workspace : {Workspace::Inspect, Workspace::Tune, Workspace::Compare}) {
        auto* action =
            menu->addAction(workspaceName(workspace), QKeySequence(Qt::ALT | Qt::Key(Qt::Key_1 + int(workspace))), this,
                            [this, workspace] { setWorkspace(workspace); });
        action->setCheckable(true);
        m_workspaces->addAction(action);
    }
    menu->addAction(tr("&Reset layout"), this, [this] { m_docks->resetLayout(); });
    menu->addSeparator();
    auto* panels = menu->addMenu(tr("&Panels"));
    panels->addActions(m_docks->toggleActions());
    addThemes(*menu);
    addLanguages(*menu);
    menu->addSeparator();
    menu->addAction(tr("&Command palette…"), QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_P), this,
                    &MainWindow::showPalette);
}

void MainWindow::addThemes(QMenu& menu) {
    auto* themes = menu.addMenu(tr("&Theme"));
    m_themes = new QActionGroup(this);
    const std::pair<ThemeChoice, QString> choices[] = {
        {ThemeChoice::System, tr("As the system")}, {ThemeChoice::Light, tr("Light")}, {ThemeChoice::Dark, tr("Dark")}};
    const auto current = themeFromName(QSettings().value(QStringLiteral("theme")).toString());
    for (const auto& [choice, name] : choices) {
        auto* action = themes->addAction(name, this, [this, choice = choice] { chooseTheme(choice); });
        action->setCheckable(true);
        action->setChecked(choice == current);
        m_themes->addAction(action);
    }
}

void MainWindow::addLanguages(QMenu& menu) {
    auto* languages = menu.addMenu(tr("&Language"));
    m_languages = new QActionGroup(this);
    const QString current = languageFromName(QSettings().value(QStringLiteral("language")).toString());
    for (const auto& [name, title] : offeredLanguages()) {
        auto* action = languages->addAction(title, this, [this, name = name] { chooseLanguage(name); });
        action->setData(name);
        action->setCheckable(true);
        action->setChecked(name == current);
        m_languages->addAction(action);
    }
}

void MainWindow::createRunMenu() {
    auto* menu = menuBar()->addMenu(tr("R&un"));
    m_needCheckpoint << menu->addAction(tr("&Calibrate"), QKeySequence(Qt::Key_F6), this,
                                        [this] { m_calibration->start(); });
    m_needCheckpoint << menu->addAction(tr("Evaluate the &original"), QKeySequence(Qt::SHIFT | Qt::Key_F5), this,
                                        [this] { m_evaluation->start(EvaluationTarget::Original); });
    m_needCheckpoint << menu->addAction(tr("Evaluate the &recipe"), QKeySequence(Qt::Key_F5), this,
                                        [this] { m_evaluation->start(EvaluationTarget::Recipe); });
    m_needCheckpoint << menu->addAction(tr("Measure &sensitivity"), QKeySequence(Qt::Key_F7), this, [this] {
        m_matrix->setMeasure(Measure::Sensitivity);
        m_evaluation->startSensitivity();
    });
    m_needCheckpoint << menu->addAction(tr("&Generate text"), QKeySequence(Qt::CTRL | Qt::Key_Return), this, [this] {
        setWorkspace(Workspace::Compare);
        m_compare->start();
    });
    const auto step = [this](int direction) {
        setWorkspace(Workspace::Compare);
        m_compare->goToDivergence(direction);
    };
    m_needCheckpoint << menu->addAction(tr("&Next divergence"), QKeySequence(Qt::Key_F8), this, [step] { step(1); });
    m_needCheckpoint << menu->addAction(tr("&Previous divergence"), QKeySequence(Qt::SHIFT | Qt::Key_F8), this,
                                        [step] { step(-1); });
    menu->addSeparator();
    menu->addAction(tr("Cancel &all jobs"), QKeySequence(Qt::CTRL | Qt::Key_Period), this,
                    [this] { m_session.jobs().cancelAll(); });
}

void MainWindow::createHelpMenu() {
    auto* menu = menuBar()->addMenu(tr("&Help"));
    menu->addAction(tr("&Shortcuts"), QKeySequence(Qt::Key_Question), this,
                    [this] { showShortcuts(allActions(), this); });
    menu->addAction(tr("&Take the tour"), this, [this] { m_tour->start(); });
    menu->addAction(tr("&About Halftone"), this, [this] { showAbout(m_session.devices(), this); });
}

/// Workspaces and device chip stand at the right end of the menu bar.
void MainWindow::createCorner() {
    auto* corner = new QWidget(menuBar());
    auto* layout = new QHBoxLayout(corner);
    layout->setContentsMargins(0, 0, 8, 0);
    layout->setSpacing(4);
    for (auto* action : m_workspaces->actions()) {
        auto* button = new QToolButton(corner);
        button->setDefaultAction(action);
        layout->addWidget(button);
    }
    layout->addSpacing(16);
    layout->addWidget(new DeviceButton(m_session.devices(), corner));
    menuBar()->setCornerWidget(corner);
}

QString MainWindow::askForFile() {
    const QString path = QFileDialog::getOpenFileName(
        this, tr("Open a checkpoint"), lastFolder(),
        tr("Checkpoints and sessions (*.gguf *.safetensors *.safetensors.index.json *.halftone);;All files (*)"));
    keepLastFolder(path);
    return path;
}

QString MainWindow::askForFolder() {
    const QString path = QFileDialog::getExistingDirectory(this, tr("Open a model's folder"), lastFolder());
    keepLastFolder(path);
    return path;
}

void MainWindow::openFileDialog() {
    if (const QString path = askForFile(); !path.isEmpty()) openPath(path);
}

void MainWindow::openFolderDialog() {
    if (const QString path = askForFolder(); !path.isEmpty()) openPath(path);
}

bool MainWindow::saveSession(bool askForPath) {
    QString path = m_session.sessionPath();
    if (askForPath || path.isEmpty()) {
        path = QFileDialog::getSaveFileName(
            this, tr("Save the session"),
            inLastFolder(QString::fromStdString(m_session.checkpoint()->name()) + QStringLiteral(".halftone")),
            tr("Halftone sessions (*.halftone)"));
        if (path.isEmpty()) return false;
        keepLastFolder(path);
        if (!path.endsWith(QLatin1String(".halftone"))) path += QStringLiteral(".halftone");
    }
    m_session.saveTo(path, uiState());
    if (m_session.sessionPath() != path || m_session.hasUnsavedWork()) return false;
    rememberRecent(path);
    return true;
}

QString MainWindow::uiState() const {
    const int current = m_session.selection().current();
    const QJsonObject state{
        {QStringLiteral("workspace"), int(m_docks->workspace())},
        {QStringLiteral("tensor"),
         current >= 0 ? QString::fromStdString(m_session.tensor(current).canonicalName) : QString()}};
    return QString::fromUtf8(QJsonDocument(state).toJson(QJsonDocument::Compact));
}

void MainWindow::restoreUiState() {
    const auto state = QJsonDocument::fromJson(QByteArray::fromStdString(m_session.preferences().uiState)).object();
    if (state.isEmpty()) return;
    setWorkspace(Workspace(std::clamp(state[QStringLiteral("workspace")].toInt(), 0, int(Workspace::Compare))));
    const std::string name = state[QStringLiteral("tensor")].toString().toStdString();
    const auto* tensor = name.empty() ? nullptr : m_session.checkpoint()->find(name);
    if (tensor) m_session.selection().select({int(tensor - m_session.checkpoint()->tensors().data())});
}

void MainWindow::compareRecipes(int run) {
    auto* dialog = findChild<RecipeDiffDialog*>();
    if (!dialog) dialog = new RecipeDiffDialog(m_session, this);
    if (run >= 0) dialog->compareRun(run);
    dialog->show();
    dialog->raise();
}

void MainWindow::showReportDialog() {
    if (!m_session.checkpoint()) return;
    const QString name = QString::fromStdString(m_session.checkpoint()->name()) + QStringLiteral("-report.html");
    QString path =
        QFileDialog::getSaveFileName(this, tr("Export the report"), inLastFolder(name), tr("Web pages (*.html)"));
    if (path.isEmpty()) return;
    keepLastFolder(path);
    if (!path.endsWith(QLatin1String(".html"), Qt::CaseInsensitive)) path += QStringLiteral(".html");
    exportReport(path);
}

void MainWindow::exportReport(const QString& path) {
    const auto written = writeReport(m_session, path);
    if (!written) return m_session.messages().fail([] { return tr("Report"); }, written.error());
    m_session.messages().note([path] { return tr("The report stands in %1.").arg(path); });
}

void MainWindow::fillRecentMenu() {
    m_recentMenu->clear();
    for (const auto& path : recentFiles()) m_recentMenu->addAction(path, this, [this, path] { openPath(path); });
    if (m_recentMenu->isEmpty()) m_recentMenu->addAction(tr("Nothing was opened yet"))->setEnabled(false);
}

void MainWindow::setBits(int bits) {
    const auto* target = m_session.recipe().target();
    int without = 0;
    m_session.recipe().changeFormats(m_session.selection().tensors(), [&](const ResolvedTensor& tensor) {
        const auto format = formatWithBits(tensor.requested, bits, target, tensor.cols);
        without += !format;
        return format;
    });
    if (without > 0)
        m_session.messages().note(
            [=] { return tr("%1 has no fast format of %2 bits.").arg(coreText(target->name)).arg(bits); });
}

void MainWindow::popUp(void (*fill)(QMenu&, Session&)) {
    auto* menu = new QMenu(this);
    menu->setObjectName(QStringLiteral("selectionMenu"));
    menu->setAttribute(Qt::WA_DeleteOnClose);
    fill(*menu, m_session);
    menu->popup(cornerOfSelection());
}

QPoint MainWindow::cornerOfSelection() const {
    const auto* focus = QApplication::focusWidget();
    if (m_matrix->isVisible() && (m_matrix->isAncestorOf(focus) || !m_tensors->isVisible()))
        return m_matrix->cornerOfCurrent();
    return m_tensors->isVisible() ? m_tensors->cornerOfCurrent() : QCursor::pos();
}

QList<QAction*> MainWindow::allActions() const {
    QList<QAction*> actions;
    const auto collect = [&](const auto& self, const QMenu* menu) -> void {
        for (auto* action : menu->actions()) {
            if (action->menu()) {
                self(self, action->menu());
            } else if (!action->isSeparator()) {
                actions.append(action);
            }
        }
    };
    for (const auto* action : menuBar()->actions()) {
        if (action->menu()) collect(collect, action->menu());
    }
    return actions;
}

void MainWindow::showPalette() {
    QList<PaletteEntry> entries;
    for (auto* action : allActions()) {
        if (!action->isEnabled() || action->text().isEmpty()) continue;
        QString hint = action->shortcut().toString(QKeySequence::NativeText);
        const auto* menu = qobject_cast<const QMenu*>(action->parent());
        if (hint.isEmpty() && menu) hint = withoutMnemonic(menu->title());
        entries.append({withoutMnemonic(action->text()), hint, [action] { action->trigger(); }});
    }
    (new CommandPalette(tr("Command"), entries, this))->show();
}

void MainWindow::showTensorFinder() {
    QList<PaletteEntry> entries;
    for (int tensor = 0; tensor < m_session.tensorCount(); ++tensor) {
        entries.append({QString::fromStdString(m_session.tensor(tensor).canonicalName), {}, [this, tensor] {
                            m_session.selection().select({tensor});
                        }});
    }
    (new CommandPalette(tr("Tensor"), entries, this))->show();
}

}  // namespace halftone::app
