// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

class QComboBox;
class QDoubleSpinBox;
class QLabel;
class QLayout;
class QSpinBox;
class QVBoxLayout;

namespace halftone::app {

class MemoryBar;
class Session;
class StateStack;
struct MemoryLimit;

/// What running the recipe's model takes in memory: weights, cache at a chosen context, scratch; whether it fits the
/// machine, its devices and a stated budget, and what would make it fit.
class MemoryPanel : public QWidget {
    Q_OBJECT

  public:
    explicit MemoryPanel(Session& session, QWidget* parent = nullptr);

  private:
    void createControls();
    [[nodiscard]] QLayout* createGrid(QWidget* content);
    void createLayout();
    QComboBox* createTypes(const QString& name, const QString& meaning);
    void takeOptions();
    void restoreOptions();
    void takeCache();
    void showCache();
    void refresh();
    void refreshVerdicts();
    [[nodiscard]] QString verdictText(const MemoryLimit& limit) const;

    Session& m_session;
    StateStack* m_stack = nullptr;
    QSpinBox *m_context = nullptr, *m_batch = nullptr;
    QComboBox *m_keys = nullptr, *m_values = nullptr;
    QDoubleSpinBox* m_budget = nullptr;
    MemoryBar* m_bar = nullptr;
    QLabel *m_total = nullptr, *m_note = nullptr, *m_cacheNote = nullptr;
    QVBoxLayout* m_verdicts = nullptr;
    QList<QLabel*> m_verdictLabels;
};

}  // namespace halftone::app
