// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QList>

#include <array>
#include <optional>

#include "app/plots/plot_base.h"
#include "core/stats/value_bands.h"

namespace halftone::app {

/// The spread of one layer's inputs.
struct RangeColumn {
    int tensor = -1;
    QString name;
    int block = -1;
    ValueBands before;
    std::optional<ValueBands> after;      ///< smoothing; nullopt: none
    QList<std::pair<int, double>> lit{};  ///< brushed channels and their maxima
};

/// Spreads of the same layer of each block, side by side: nested bands around the median and both ends; what smoothing
/// makes of them over it in the second colour; brushed channels as dots.
class RangePlot : public PlotBase {
    Q_OBJECT

  public:
    explicit RangePlot(QWidget* parent = nullptr);

    /// By ascending block. `logarithmic` needs values above 0.
    void setColumns(QList<RangeColumn> columns, const QString& yLabel, bool logarithmic);
    [[nodiscard]] const QList<RangeColumn>& columns() const { return m_columns; }
    [[nodiscard]] QPointF pixelOf(int column) const;
    [[nodiscard]] QString csv() const override;

  signals:
    void probed(const QString& text);
    void picked(int tensor);

  protected:
    void applyColors(const ThemeColors& theme) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;

  private:
    using Curves = std::array<QCPGraph*, kBandQuantiles.size()>;
    Curves createCurves();
    void colorCurves(const Curves& curves, const QColor& color) const;
    void fitAxes(bool logarithmic);
    [[nodiscard]] int columnAt(QPointF pixel) const;

    QList<RangeColumn> m_columns;
    Curves m_before{}, m_after{};
    QCPGraph* m_lit = nullptr;
};

}  // namespace halftone::app
