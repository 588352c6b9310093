// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/plots/color_bar.h"

#include <QPainter>

#include "app/widgets/number_text.h"
#include "app/widgets/theme.h"

namespace halftone::app {

ColorBar::ColorBar(QWidget* parent) : QWidget(parent) {
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
}

void ColorBar::setScale(const ColorScale& scale, Measure measure) {
    m_scale = scale;
    m_measure = measure;
    setToolTip(scale.logarithmic ? tr("Logarithmic colour scale") : tr("Linear colour scale"));
    setAccessibleName(toolTip());
    setAccessibleDescription(
        scale.empty ? tr("no values yet")
                    : tr("from %1 to %2").arg(measureText(measure, scale.low), measureText(measure, scale.high)));
    update();
}

void ColorBar::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.setPen(themeColors(palette()).mutedText);
    if (m_scale.empty) {
        painter.drawText(rect(), Qt::AlignVCenter | Qt::AlignRight, tr("no values yet"));
        return;
    }
    const QString low = measureText(m_measure, m_scale.low), high = measureText(m_measure, m_scale.high);
    const int lowWidth = painter.fontMetrics().horizontalAdvance(low),
              highWidth = painter.fontMetrics().horizontalAdvance(high);
    const QRect bar(lowWidth + 6, height() / 2 - 4, width() - lowWidth - highWidth - 12, 8);
    painter.drawText(QRect(0, 0, lowWidth, height()), Qt::AlignVCenter, low);
    painter.drawText(QRect(width() - highWidth, 0, highWidth, height()), Qt::AlignVCenter, high);
    for (int x = 0; x < bar.width(); ++x)
        painter.fillRect(bar.left() + x, bar.top(), 1, bar.height(), viridis(double(x) / std::max(bar.width() - 1, 1)));
}

}  // namespace halftone::app
