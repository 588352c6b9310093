// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

#include <memory>
#include <optional>

#include "core/pipeline/group_inspection.h"

class QComboBox;
class QLabel;
class QSpinBox;
class QStackedWidget;
class QTableView;
class QToolButton;

namespace halftone::app {

class ElidedLabel;
class FlatTableModel;
class GroupPartModel;
class GroupPlot;
class GroupRankModel;
class GroupValueModel;
class RowGroupModel;
class Session;
class StateStack;

/// The groups of the selected tensor in the format that the recipe gives it: those that lose most, those of one row,
/// and of one group every stored field, code and value. Nothing is computed while the panel is hidden.
class GroupPanel : public QWidget {
    Q_OBJECT

  public:
    explicit GroupPanel(Session& session, QWidget* parent = nullptr);

    void goTo(int64_t row, int64_t group);
    /// Along the list of the worst groups; without one along the groups of the row.
    void step(int direction);
    /// Compares all groups of the tensor, or stops doing so; what was found stays.
    void startOrStopRanking();

  signals:
    void probed(const QString& text);

  protected:
    void showEvent(QShowEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

  private:
    void createBar();
    void createChoices();
    void createTables();
    void createLayout();
    [[nodiscard]] QWidget* createContent();
    void connectWidgets();
    QTableView* createTable(const QString& name, const QString& description, FlatTableModel* model);

    void refresh();
    void refreshIfShown(const QList<int>& tensors);
    void showNothing(const QString& sentence);
    void offerFormat(int tensor);
    void open(const GroupInspectionRequest& request);
    void adopt(std::shared_ptr<GroupInspection> inspection, std::shared_ptr<const InspectedRow> row);
    void rank();
    void showRanking(GroupRanking ranking);
    void onRankingEnded(const Result<GroupRanking>& ranking);
    void loadRow(int64_t row, int64_t group);
    void show(std::shared_ptr<const InspectedRow> row, int64_t group);
    void showWorstList(bool worst);
    void markValue(int value);
    void updateBar();
    void updateCaption();
    void lightUp();
    /// Whether the shown row is a channel of the residual stream that is brushed.
    [[nodiscard]] bool isRowLit() const;
    void selectInLists();
    [[nodiscard]] bool isRanking() const;

    Session& m_session;
    GroupRankModel* m_worst;
    RowGroupModel* m_rowGroups;
    GroupPartModel* m_parts;
    GroupValueModel* m_values;
    StateStack* m_stack = nullptr;
    ElidedLabel* m_title = nullptr;
    QLabel* m_caption = nullptr;
    ElidedLabel* m_status = nullptr;
    QSpinBox *m_row = nullptr, *m_group = nullptr;
    QComboBox* m_measure = nullptr;
    QToolButton *m_previous = nullptr, *m_next = nullptr, *m_find = nullptr, *m_showWorst = nullptr,
                *m_showRow = nullptr;
    QStackedWidget* m_lists = nullptr;
    QTableView *m_worstTable = nullptr, *m_rowTable = nullptr, *m_partTable = nullptr, *m_valueTable = nullptr;
    GroupPlot* m_plot = nullptr;

    GroupInspectionRequest m_request;
    std::shared_ptr<GroupInspection> m_inspection;
    std::shared_ptr<const InspectedRow> m_shown;
    int64_t m_shownGroup = 0;
    bool m_followsWorst = false;  ///< nobody has chosen a group yet: the worst one is shown
};

}  // namespace halftone::app
