// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

#include <algorithm>

#include "app/plots/color_map.h"
#include "app/session/measure.h"

namespace halftone::app {

/// The colour scale with the numbers at its ends.
class ColorBar : public QWidget {
    Q_OBJECT

  public:
    explicit ColorBar(QWidget* parent = nullptr);
    void setScale(const ColorScale& scale, Measure measure);
    [[nodiscard]] QSize sizeHint() const override { return {160, 22}; }
    [[nodiscard]] QSize minimumSizeHint() const override { return {110, 22}; }

  protected:
    void paintEvent(QPaintEvent* event) override;

  private:
    ColorScale m_scale;
    Measure m_measure = Measure::Bits;
};

}  // namespace halftone::app
