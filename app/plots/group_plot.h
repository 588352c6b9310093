// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>

#include "app/plots/plot_base.h"
#include "core/pipeline/group_inspection.h"

namespace halftone::app {

/// One group: its original values as dots, the levels that each sub-block can take as lines behind them, and from every
/// dot a stroke to the level it became; bands behind columns of brushed channels.
class GroupPlot : public PlotBase {
    Q_OBJECT

  public:
    explicit GroupPlot(QWidget* parent = nullptr);

    /// A group of the row; a null row: none.
    void setGroup(std::shared_ptr<const InspectedRow> row, int64_t group);
    /// Columns of the tensor that are brushed, ascending.
    void setLit(const QList<int>& columns);
    /// Places of the shown group that are lit.
    [[nodiscard]] QList<int> litPlaces() const;
    /// A ring around one value of the group; -1: none.
    void mark(int value);
    [[nodiscard]] QString csv() const override;
    /// Levels that are drawn, over all sub-blocks.
    [[nodiscard]] int drawnLevels() const { return m_drawnLevels; }

  signals:
    void probed(const QString& text);
    /// A value of the group was clicked.
    void picked(int value);

  protected:
    void applyColors(const ThemeColors& theme) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;

  private:
    [[nodiscard]] const InspectedGroup* group() const;
    void fillLevels(const InspectedGroup& shown);
    void fillValues(const InspectedGroup& shown);
    void fitAxes(const InspectedGroup& shown);
    void fillLit();
    [[nodiscard]] int valueAt(QPointF pixel) const;

    QList<int> m_litColumns;
    QCPBars* m_lit = nullptr;
    std::shared_ptr<const InspectedRow> m_row;
    int64_t m_group = -1;
    int m_drawnLevels = 0;
    QCPCurve* m_levels = nullptr;
    QCPGraph *m_strokes = nullptr, *m_original = nullptr, *m_decoded = nullptr, *m_mark = nullptr;
};

}  // namespace halftone::app
