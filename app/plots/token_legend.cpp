// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/plots/token_legend.h"

#include <QPainter>

#include <algorithm>

namespace halftone::app {

TokenLegend::TokenLegend(QWidget* parent) : QWidget(parent) {
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
    setAccessibleName(tr("Colour scale of the words"));
}

void TokenLegend::setScale(const TokenScale& scale) {
    m_scale = scale;
    setToolTip(
        scale.measure == TokenMeasure::ProbabilityChange
            ? tr("Change of the word's own probability: blue where the recipe finds it likelier, orange where "
                 "less likely")
            : tr("KL divergence of the two predictions at each word in nats; the scale is that of its square root"));
    update();
}

void TokenLegend::paintEvent(QPaintEvent*) {
    if (m_scale.measure == TokenMeasure::None) return;
    QPainter painter(this);
    const auto colors = themeColors(palette());
    painter.setPen(colors.mutedText);
    if (!(m_scale.high > 0)) {
        painter.drawText(rect(), Qt::AlignVCenter | Qt::AlignLeft, tr("no difference to colour"));
        return;
    }
    const QString low = m_scale.lowText(), high = m_scale.highText();
    const int lowWidth = fontMetrics().horizontalAdvance(low), highWidth = fontMetrics().horizontalAdvance(high);
    const QRect bar(lowWidth + 6, height() / 2 - 5, width() - lowWidth - highWidth - 12, 10);
    painter.drawText(QRect(0, 0, lowWidth, height()), Qt::AlignVCenter, low);
    painter.drawText(QRect(width() - highWidth, 0, highWidth, height()), Qt::AlignVCenter, high);
    const bool isCentred = m_scale.measure == TokenMeasure::ProbabilityChange;
    for (int x = 0; x < bar.width(); ++x) {
        const double at = double(x) / std::max(bar.width() - 1, 1);
        painter.fillRect(bar.left() + x, bar.top(), 1, bar.height(),
                         m_scale.colorOfShare(isCentred ? 2 * at - 1 : at, colors));
    }
    // The ramps begin at the ground, which has no edge of its own.
    painter.setPen(colors.hairline);
    painter.drawRect(bar.adjusted(0, 0, -1, -1));
}

}  // namespace halftone::app
