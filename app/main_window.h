// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QMainWindow>
#include <QTimer>

#include "app/widgets/dock_area.h"
#include "app/widgets/theme.h"

class QActionGroup;
class QLabel;
class QStackedWidget;
class QToolButton;
class QVBoxLayout;

namespace halftone::app {

class AllocateDialog;
class CalibrationPanel;
class CandidatePanel;
class ChannelMapPanel;
class ChannelPanel;
class ComparePanel;
class DamagePanel;
class DistributionPanel;
class ElidedLabel;
class EmptyPage;
class EvaluationPanel;
class GroupPanel;
class JobsStrip;
enum class Leaving;
class MatrixPanel;
class RangePanel;
class RecipePanel;
class Session;
class TensorPanel;
class Tour;
class TradeoffPanel;

/// The window: menus, workspaces, docks, status and jobs. It only wires; all state is the session's.
class MainWindow : public QMainWindow {
    Q_OBJECT

  public:
    /// What a window begins with: the settings that people left, or a session that goes on as it is.
    enum class Begin { FromSettings, Continuing };
    explicit MainWindow(Session& session, Begin begin = Begin::FromSettings, QWidget* parent = nullptr);
    ~MainWindow() override;

    /// Opening and closing ask first where that would lose something; nothing happens where the answer is to stay.
    void openPath(const QString& path);
    void openSample();
    void openMissingFrom(const QString& checkpointPath);
    void closeCheckpoint();
    /// A session that came back after a crash. False: what is open stays.
    bool recover(const QString& path);
    void setWorkspace(Workspace workspace);
    void chooseTheme(ThemeChoice choice);
    /// Keeps the choice and asks for a window in that language: widgets take their texts when they are made.
    void chooseLanguage(const QString& name);
    /// Keeps size, arrangement and columns for the next window.
    void keepSettings() const;
    /// Takes what stands in the fields of an earlier window of the session, before this one is shown; then the sizes
    /// of its docks, its tour and the dialogs that are open.
    void takeOver(const MainWindow& earlier);
    void takeOverShown(MainWindow& earlier);
    /// The preferences, which stay open beside the window.
    void showPreferences();
    /// The export dialog, which stays open beside the window.
    void showExport();
    void showRotation();
    /// Workspace and selection, as the session file keeps them.
    [[nodiscard]] QString uiState() const;
    /// A strip over everything else; replaces the last one. Null: none.
    void setNotice(QWidget* notice);
    /// Writes the session as a page; a message says where, or what went wrong.
    void exportReport(const QString& path);
    /// Two recipes as a difference: a run's (-1: the last one's) against the one in work.
    void compareRecipes(int run);

    [[nodiscard]] EvaluationPanel& evaluationPanel() { return *m_evaluation; }
    [[nodiscard]] ComparePanel& comparePanel() { return *m_compare; }
    [[nodiscard]] DamagePanel& damagePanel() { return *m_damage; }
    [[nodiscard]] CalibrationPanel& calibrationPanel() { return *m_calibration; }
    [[nodiscard]] RecipePanel& recipePanel() { return *m_recipe; }
    [[nodiscard]] MatrixPanel& matrixPanel() { return *m_matrix; }
    [[nodiscard]] TensorPanel& tensorPanel() { return *m_tensors; }
    [[nodiscard]] DockArea& docks() { return *m_docks; }
    [[nodiscard]] Tour& tour() { return *m_tour; }

  signals:
    void languageChosen(const QString& name);

  protected:
    void closeEvent(QCloseEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dropEvent(QDropEvent* event) override;

  private:
    void createPanels();
    void createCentral();
    void createMenus();
    void createFileMenu();
    void createEditMenu();
    void createRecipeMenu();
    void createViewMenu();
    void addThemes(QMenu& menu);
    void addLanguages(QMenu& menu);
    void createRunMenu();
    void createHelpMenu();
    void createCorner();
    void createStatusBar();
    void connectSession();
    void restoreState();
    void takeSettings();
    void fitToScreen();
    void onCheckpointChanged();
    void showCheckpoint();
    void connectProbes();
    void showMissingCheckpoint();
    [[nodiscard]] bool mayLeave(Leaving leaving);
    void connectAllocation(AllocateDialog& dialog);

    /// Paths that a person chose, where the last one was; empty: none was chosen.
    [[nodiscard]] QString askForFile();
    [[nodiscard]] QString askForFolder();
    void openFileDialog();
    void openFolderDialog();
    /// False where the question for a place was cancelled, or writing failed.
    bool saveSession(bool askForPath);
    void restoreUiState();
    void rememberRecent(const QString& path);
    [[nodiscard]] QStringList recentFiles() const;
    void fillRecentMenu();
    void showPalette();
    void showTensorFinder();
    void showReportDialog();
    void setBits(int bits);
    /// Shows a menu about the selection where the selection is.
    void popUp(void (*fill)(QMenu&, Session&));
    [[nodiscard]] QPoint cornerOfSelection() const;
    void updateTitle();
    void updateStatus();
    void updateTotals();
    void showMessage();
    [[nodiscard]] QString statusOfTensor(int tensor) const;
    [[nodiscard]] QList<QAction*> allActions() const;

    Session& m_session;
    QVBoxLayout* m_central = nullptr;
    QWidget* m_notice = nullptr;
    QStackedWidget* m_pages = nullptr;
    EmptyPage* m_empty = nullptr;
    DockArea* m_docks = nullptr;
    MatrixPanel* m_matrix = nullptr;
    TensorPanel* m_tensors = nullptr;
    DistributionPanel* m_distribution = nullptr;
    ChannelPanel* m_channels = nullptr;
    ChannelMapPanel* m_channelMap = nullptr;
    RecipePanel* m_recipe = nullptr;
    EvaluationPanel* m_evaluation = nullptr;
    CalibrationPanel* m_calibration = nullptr;
    ComparePanel* m_compare = nullptr;
    DamagePanel* m_damage = nullptr;
    TradeoffPanel* m_tradeoff = nullptr;
    CandidatePanel* m_candidates = nullptr;
    GroupPanel* m_groups = nullptr;
    RangePanel* m_ranges = nullptr;
    JobsStrip* m_jobs = nullptr;
    QMenu* m_recentMenu = nullptr;
    QActionGroup *m_workspaces = nullptr, *m_themes = nullptr, *m_languages = nullptr;
    QList<QAction*> m_needCheckpoint;
    ElidedLabel* m_status = nullptr;
    QLabel* m_totals = nullptr;
    QToolButton* m_message = nullptr;
    QTimer m_messageTimer;
    bool m_tellsOfOpening = false;  ///< the last message is that something could not be opened
    Tour* m_tour = nullptr;
    QString m_probe;
};

}  // namespace halftone::app
