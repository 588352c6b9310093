// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "app/plots/channels_of_range.h"
#include "app/plots/distribution_data.h"
#include "app/plots/distribution_markers.h"
#include "app/plots/plot_base.h"
#include "app/plots/value_axis.h"

namespace halftone::app {

/// Histogram of a tensor: the original filled, the share of brushed channels filled in the second colour, the
/// dequantized weights as a line over it, single values marked (DistributionMarkers). Values lie on a linear or a
/// symmetric logarithmic axis, counts are those of the bins drawn. A drag chooses a range of values; Shift+drag and the
/// wheel move along the values, and the bins follow.
class DistributionPlot : public PlotBase {
    Q_OBJECT

  public:
    explicit DistributionPlot(QWidget* parent = nullptr);

    void setData(std::shared_ptr<const DistributionData> distribution);
    void clear();
    /// Values of the channels that are brushed; null: none.
    void setLit(std::shared_ptr<const FloatHistogram> values);
    [[nodiscard]] const std::shared_ptr<const FloatHistogram>& lit() const { return m_lit; }
    /// Whether a drag chooses a range; otherwise it moves along the values.
    void setChoosesRanges(bool choosesRanges);
    /// The range that is marked; nullopt: none.
    void markRange(std::optional<DraggedRange> range);
    void setLogCounts(bool logarithmic);
    /// Values on a symmetric logarithm, which always shows all of them.
    void setLogValues(bool logarithmic);
    [[nodiscard]] const ValueAxis& valueAxis() const { return m_axis; }
    /// The whole range of values, or the 99.98 % in the middle.
    void setFullRange(bool full);
    [[nodiscard]] QString csv() const override;
    /// "below: 12 · above: 0": what lies outside the drawn range.
    [[nodiscard]] QString outsideText() const;
    [[nodiscard]] bool hasData() const { return m_data != nullptr; }

  signals:
    void rangeChanged();
    /// A range of values was dragged over, or (nullopt) taken back by a click.
    void rangeChosen(std::optional<halftone::app::DraggedRange> range);
    /// Value and counts under the mouse, for the status bar; empty outside.
    void probed(const QString& text);

  protected:
    void applyColors(const ThemeColors& colors) override;
    void resizeEvent(QResizeEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;

  private:
    void createGraphs();
    void chooseAxis();
    void fitRange();
    [[nodiscard]] int binCount(const QCPRange& range) const;
    void resample();
    [[nodiscard]] FloatHistogram::Resampled counted(const FloatHistogram& histogram) const;
    void chooseTicks();
    void tellValueAt(QPoint place);
    [[nodiscard]] DraggedRange draggedTo(int x) const;
    [[nodiscard]] double floorCount() const { return m_logCounts ? 0.5 : 0; }

    std::shared_ptr<const DistributionData> m_data;
    std::shared_ptr<const FloatHistogram> m_lit;
    ValueAxis m_axis;
    std::vector<double> m_edges;  ///< of the bins, as values
    FloatHistogram::Resampled m_original, m_quantized, m_litCounts;
    QSharedPointer<QCPAxisTickerText> m_logTicker;
    QCPGraph *m_originalGraph = nullptr, *m_litGraph = nullptr, *m_quantizedGraph = nullptr;
    std::unique_ptr<DistributionMarkers> m_markers;
    QCPItemRect* m_chosen = nullptr;
    std::optional<DraggedRange> m_marked;
    std::optional<int> m_dragFrom;  ///< pixel at which a range was begun
    bool m_choosesRanges = true;
    bool m_logCounts = true;
    bool m_logValues = false;
    bool m_fullRange = false;
    bool m_isResampling = false;
};

}  // namespace halftone::app
