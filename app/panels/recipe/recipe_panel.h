// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

class QCheckBox;
class QComboBox;
class QLabel;
class QListView;
class QMenu;
class QTableView;
class QToolButton;

namespace halftone::app {

class MethodCombo;
class ProblemModel;
class RuleTableModel;
class Session;

/// The recipe: default format, rules, formats set by hand, what it comes to, and what is wrong with it.
class RecipePanel : public QWidget {
    Q_OBJECT

  public:
    explicit RecipePanel(Session& session, QWidget* parent = nullptr);
    void loadPreset(const QString& path);
    void load();
    void save();

  private:
    void createTop();
    void createTarget();
    void createRules();
    void createTotals();
    void createLayout();
    void connectSession();
    void refresh();
    void refreshTotals();
    void shareHeight(int rules);
    [[nodiscard]] static QString savingText(double saved, double sourceBytes);
    void onDefaultChosen();
    void onExtrasWanted();
    void onTargetChosen();
    void refreshTarget();
    void addRule();
    void editRule(int row);
    void focusRule(int row);
    [[nodiscard]] int currentRule() const;
    void jumpToProblem(int row);

    Session& m_session;
    RuleTableModel* m_rules;
    ProblemModel* m_problems;
    QLabel *m_name = nullptr, *m_totals = nullptr, *m_overrides = nullptr;
    QComboBox *m_default = nullptr, *m_target = nullptr;
    QToolButton *m_presets = nullptr, *m_extras = nullptr, *m_clearOverrides = nullptr;
    MethodCombo* m_method = nullptr;
    QCheckBox* m_useCalibration = nullptr;
    QTableView* m_ruleTable = nullptr;
    QListView* m_problemList = nullptr;
    QList<QToolButton*> m_ruleButtons;
};

}  // namespace halftone::app
