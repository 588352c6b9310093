// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <qcustomplot.h>

#include <QCoreApplication>

#include <array>

#include "app/plots/distribution_data.h"
#include "app/plots/value_axis.h"
#include "app/widgets/theme.h"

namespace halftone::app {

/// What marks single values in a histogram: percentiles as dotted lines, levels of the worst group as ticks at the
/// bottom, and where groups cut values off: for each end a dashed line at the median bound of the groups that do, and a
/// veil from the nearest to the furthest of them. Belongs to its plot, whose second y axis runs from 0 to 1.
class DistributionMarkers {
    Q_DECLARE_TR_FUNCTIONS(DistributionMarkers)

  public:
    explicit DistributionMarkers(QCustomPlot& plot);
    void applyColors(const ThemeColors& theme, const QFont& font);
    /// Where the values lie on the x axis as it is now.
    void draw(const DistributionData& data, const ValueAxis& axis);
    void clear();

  private:
    /// One end of what is clipped.
    struct ClipMark {
        QCPItemRect* veil = nullptr;
        QCPItemText* label = nullptr;
        void hide() const;
    };
    ClipMark createClipMark();
    void drawLevels(const DistributionData& data, const ValueAxis& axis);
    void drawPercentiles(const TensorStats& stats, const ValueAxis& axis);
    void drawClipping(const Clipping& clipping, const ValueAxis& axis);

    QCustomPlot& m_plot;
    QCPGraph *m_percentileGraph = nullptr, *m_levelGraph = nullptr, *m_clipGraph = nullptr;
    QList<QCPItemText*> m_percentileLabels;
    std::array<ClipMark, 2> m_clipMarks;
};

}  // namespace halftone::app
