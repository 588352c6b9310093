// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/plots/color_bar.h"

#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>

#include <cmath>

#include "app/widgets/number_text.h"
#include "app/widgets/theme.h"

namespace halftone::app {

namespace {
constexpr int kMargin = 4, kBarTop = 2, kBarHeight = 8, kGrip = 5, kGap = 6;
constexpr double kLeastShare = 0.02;  ///< of the values that stay between the ends
constexpr double kSmallText = 0.85;
}  // namespace

ColorBar::ColorBar(QWidget* parent) : QWidget(parent) {
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
}

void ColorBar::setScale(const ColorScale& scale, Measure measure) {
    m_fitted = scale;
    assign(scale, measure);
}

void ColorBar::setScale(const ColorScale& scale, const ColorScale& fitted, Measure measure) {
    m_fitted = fitted;
    m_adjustable = true;
    setFocusPolicy(Qt::TabFocus);
    setMouseTracking(true);
    assign(scale, measure);
    setToolTip(accessibleName() + QLatin1Char('\n') +
               tr("Drag the ends to spread the colours over fewer values; a double click fits them to all again."));
}

void ColorBar::assign(const ColorScale& scale, Measure measure) {
    m_scale = scale;
    m_measure = measure;
    setToolTip(scale.logarithmic ? tr("Logarithmic colour scale") : tr("Linear colour scale"));
    setAccessibleName(toolTip());
    setAccessibleDescription(
        scale.empty ? tr("no values yet")
                    : tr("from %1 to %2").arg(measureText(measure, scale.low), measureText(measure, scale.high)));
    update();
}

QRect ColorBar::barRect() const {
    return {kMargin, kBarTop, width() - 2 * kMargin, kBarHeight};
}

int ColorBar::positionOf(double value) const {
    const QRect bar = barRect();
    return bar.left() + int(std::lround(m_fitted.share(value) * (bar.width() - 1)));
}

void ColorBar::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    const auto colors = themeColors(palette());
    painter.setPen(colors.mutedText);
    if (m_scale.empty) {
        painter.drawText(rect(), Qt::AlignVCenter | Qt::AlignRight, tr("no values yet"));
        return;
    }
    const QRect bar = barRect();
    for (int x = 0; x < bar.width(); ++x) {
        const double value = m_fitted.valueAt(double(x) / std::max(bar.width() - 1, 1));
        painter.fillRect(bar.left() + x, bar.top(), 1, bar.height(), viridis(m_scale.share(value)));
    }
    QFont small = font();
    small.setPointSizeF(small.pointSizeF() * kSmallText);
    painter.setFont(small);
    drawNumbers(painter, {bar.left(), bar.bottom() + 1, bar.width(), height() - bar.bottom() - 1});
    if (isAdjustable()) drawEnds(painter, bar);
}

/// Each under its end as far as the other leaves room.
void ColorBar::drawNumbers(QPainter& painter, const QRect& line) const {
    const QString low = measureText(m_measure, m_scale.low), high = measureText(m_measure, m_scale.high);
    if (!(m_scale.low < m_scale.high)) return painter.drawText(line, Qt::AlignCenter, low);
    const int lowWidth = painter.fontMetrics().horizontalAdvance(low) + 1;
    const int highWidth = painter.fontMetrics().horizontalAdvance(high) + 1;
    const int room = std::max(line.width() - lowWidth - highWidth - kGap, 0);
    const int before = std::clamp(positionOf(m_scale.low) - line.left(), 0, room);
    const int wished = positionOf(m_scale.high) + 1 - line.left() - highWidth;
    const int highLeft =
        std::clamp(wished, before + lowWidth + kGap, std::max(line.width() - highWidth, before + lowWidth + kGap));
    painter.drawText(QRect(line.left() + before, line.top(), lowWidth, line.height()), Qt::AlignVCenter, low);
    painter.drawText(QRect(line.left() + highLeft, line.top(), highWidth, line.height()),
                     Qt::AlignVCenter | Qt::AlignRight, high);
}

void ColorBar::drawEnds(QPainter& painter, const QRect& bar) const {
    const QColor color = palette().color(hasFocus() ? QPalette::Highlight : QPalette::WindowText);
    for (const double value : {m_scale.low, m_scale.high})
        painter.fillRect(positionOf(value) - 1, bar.top() - 2, 3, bar.height() + 4, color);
}

ColorBar::End ColorBar::endAt(QPoint point) const {
    if (!isAdjustable()) return End::None;
    const int toLow = std::abs(point.x() - positionOf(m_scale.low));
    const int toHigh = std::abs(point.x() - positionOf(m_scale.high));
    if (std::min(toLow, toHigh) > kGrip) return End::None;
    return toLow < toHigh ? End::Low : End::High;
}

void ColorBar::moveEnd(End end, double share) {
    const double low = m_fitted.share(m_scale.low), high = m_fitted.share(m_scale.high);
    if (end == End::Low) {
        emit rangeChosen(m_fitted.valueAt(std::clamp(share, 0.0, std::max(high - kLeastShare, 0.0))), m_scale.high);
    } else if (end == End::High) {
        emit rangeChosen(m_scale.low, m_fitted.valueAt(std::clamp(share, std::min(low + kLeastShare, 1.0), 1.0)));
    }
}

void ColorBar::mousePressEvent(QMouseEvent* event) {
    if (event->button() == Qt::LeftButton) m_dragged = endAt(event->position().toPoint());
}

void ColorBar::mouseMoveEvent(QMouseEvent* event) {
    const QPoint point = event->position().toPoint();
    if (m_dragged == End::None) {
        setCursor(endAt(point) == End::None ? Qt::ArrowCursor : Qt::SplitHCursor);
        return;
    }
    const QRect bar = barRect();
    moveEnd(m_dragged, double(point.x() - bar.left()) / std::max(bar.width() - 1, 1));
}

void ColorBar::mouseReleaseEvent(QMouseEvent*) {
    m_dragged = End::None;
}

void ColorBar::mouseDoubleClickEvent(QMouseEvent*) {
    m_dragged = End::None;
    if (isAdjustable()) emit fitWanted();
}

void ColorBar::keyPressEvent(QKeyEvent* event) {
    const int direction = event->key() == Qt::Key_Left ? -1 : event->key() == Qt::Key_Right ? 1 : 0;
    if (!isAdjustable() || (direction == 0 && event->key() != Qt::Key_Home)) return QWidget::keyPressEvent(event);
    if (direction == 0) {
        emit fitWanted();
        return;
    }
    const End end = event->modifiers() & Qt::ShiftModifier ? End::Low : End::High;
    moveEnd(end, m_fitted.share(end == End::Low ? m_scale.low : m_scale.high) + direction * kLeastShare);
}

}  // namespace halftone::app
