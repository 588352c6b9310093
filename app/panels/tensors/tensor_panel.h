// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QItemSelection>
#include <QWidget>

class QLabel;
class QLineEdit;
class QMenu;
class QTableView;
class QToolButton;

namespace halftone::app {

class SavedFilters;
class Session;
class TensorFilterModel;
class TensorTableModel;

/// The table of all tensors with its filter; selection is linked with the session's.
class TensorPanel : public QWidget {
    Q_OBJECT

  public:
    explicit TensorPanel(Session& session, QWidget* parent = nullptr);

    void focusFilter();
    /// Below the current row's method, on the screen.
    [[nodiscard]] QPoint cornerOfCurrent() const;
    [[nodiscard]] QByteArray headerState() const;
    void restoreHeaderState(const QByteArray& state);

  protected:
    bool eventFilter(QObject* watched, QEvent* event) override;
    void showEvent(QShowEvent* event) override;

  private:
    void createLayout();
    void createFilter();
    void fillFilterMenu(QMenu& menu);
    void askForFilterName();
    [[nodiscard]] bool canKeepFilter() const;
    void setUpTable();
    void connectSession();
    void applyFilter(const QString& text);
    void onViewSelectionChanged();
    void showSessionSelection();
    [[nodiscard]] QItemSelection viewSelection() const;
    void showContextMenu(const QPoint& position);
    void showHeaderMenu(const QPoint& position);
    void askForParametersOf(int tensor);
    void copyAsCsv() const;
    void updateCount();

    Session& m_session;
    TensorTableModel* m_model;
    TensorFilterModel* m_filter;
    SavedFilters* m_saved;
    QLineEdit* m_filterEdit = nullptr;
    QToolButton* m_savedButton = nullptr;
    QLabel* m_problem = nullptr;
    QLabel* m_count = nullptr;
    QTableView* m_table = nullptr;
    bool m_isSyncing = false;
};

}  // namespace halftone::app
