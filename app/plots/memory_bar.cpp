// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/plots/memory_bar.h"

#include <QContextMenuEvent>
#include <QHelpEvent>
#include <QMenu>
#include <QPainter>
#include <QToolTip>

#include <algorithm>

#include "app/plots/picture_menu.h"
#include "app/widgets/number_text.h"
#include "app/widgets/theme.h"

namespace halftone::app {

namespace {
constexpr int kBarHeight = 18, kGap = 4, kSwatch = 8;
constexpr double kRoomAbove = 1.02;  ///< so that a limit's line does not lie on the edge

QColor between(const QColor& a, const QColor& b) {
    return {(a.red() + b.red()) / 2, (a.green() + b.green()) / 2, (a.blue() + b.blue()) / 2};
}
}  // namespace

MemoryBar::MemoryBar(QWidget* parent) : QWidget(parent) {
    setObjectName(QStringLiteral("memoryBar"));
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
}

void MemoryBar::setData(const MemoryEstimate& estimate, const QList<MemoryLimit>& limits) {
    m_estimate = estimate;
    m_limits = limits;
    QStringList texts;
    for (const auto& part : parts()) texts << tr("%1 %2").arg(part.name, bytesText(double(part.bytes)));
    setAccessibleName(tr("Memory: %1").arg(texts.join(QStringLiteral(", "))));
    update();
}

QSize MemoryBar::sizeHint() const {
    return {360, 3 * fontMetrics().height() + kBarHeight + 3 * kGap};
}

QSize MemoryBar::minimumSizeHint() const {
    return {200, sizeHint().height()};
}

QList<MemoryBar::Part> MemoryBar::parts() const {
    const auto theme = themeColors(palette());
    return {{tr("weights"), m_estimate.weights, theme.accent},
            {tr("keys"), m_estimate.keys, theme.second},
            {tr("values"), m_estimate.values, between(theme.second, theme.surface)},
            {tr("scratch"), m_estimate.scratch, theme.mutedText}};
}

int64_t MemoryBar::span() const {
    const int64_t taken = std::max<int64_t>(m_estimate.total(), 1);
    int64_t least = 0, largest = 0;
    for (const auto& limit : m_limits) {
        if (limit.bytes >= taken && (least == 0 || limit.bytes < least)) least = limit.bytes;
        largest = std::max(largest, limit.bytes);
    }
    // A limit of very much more than is taken would leave nothing to see of the parts.
    const int64_t widest = 4 * taken;
    return std::max(taken, std::min(least > 0 ? least : largest, widest));
}

QRect MemoryBar::barRect() const {
    return {0, fontMetrics().height() + kGap, width(), kBarHeight};
}

void MemoryBar::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    const auto theme = themeColors(palette());
    const QRect bar = barRect();
    painter.fillRect(bar, theme.hover);
    const double pixels = double(bar.width()) / (kRoomAbove * double(span()));
    double at = 0;
    for (const auto& part : parts()) {
        const double next = at + double(part.bytes) * pixels;
        painter.fillRect(QRectF(at, bar.top(), next - at, bar.height()), part.color);
        at = next;
    }
    drawLimits(painter);
    drawLegend(painter);
}

void MemoryBar::drawLimits(QPainter& painter) const {
    const auto theme = themeColors(palette());
    const QRect bar = barRect();
    const double pixels = double(bar.width()) / (kRoomAbove * double(span()));
    QList<MemoryLimit> ordered = m_limits;
    std::sort(ordered.begin(), ordered.end(), [](const auto& a, const auto& b) { return a.bytes > b.bytes; });
    int free = width();
    for (const auto& limit : ordered) {
        const double x = double(limit.bytes) * pixels;
        const bool inside = x < double(width()) - 1;
        const bool fits = limit.bytes >= m_estimate.total();
        painter.setPen(QPen(fits ? theme.text : theme.failed, 1));
        if (inside) painter.drawLine(QPointF(x, bar.top() - 3), QPointF(x, bar.bottom() + 3));
        const QString name = limit.kind == MemoryLimit::Kind::Device ? tr("GPU") : limit.name;
        const QString text = QStringLiteral("%1 %2%3").arg(name, bytesText(double(limit.bytes)),
                                                           inside ? QString() : QStringLiteral(" →"));
        const int textWidth = fontMetrics().horizontalAdvance(text);
        const int right = std::min(free, inside ? int(x) + textWidth / 2 : width());
        const int left = std::max(0, right - textWidth);
        if (left + textWidth > free) continue;  // no room; the verdicts below name it
        painter.drawText(QRect(left, 0, textWidth, fontMetrics().height()), Qt::AlignLeft, text);
        free = left - 2 * kGap;
    }
}

void MemoryBar::drawLegend(QPainter& painter) const {
    const auto theme = themeColors(palette());
    const int height = fontMetrics().height();
    int x = 0, y = barRect().bottom() + 2 * kGap;
    for (const auto& part : parts()) {
        const QString text = QStringLiteral("%1 %2").arg(part.name, bytesText(double(part.bytes)));
        const int needed = kSwatch + kGap + fontMetrics().horizontalAdvance(text);
        if (x > 0 && x + needed > width()) {
            x = 0;
            y += height;
        }
        painter.fillRect(x, y + (height - kSwatch) / 2, kSwatch, kSwatch, part.color);
        painter.setPen(theme.text);
        painter.drawText(QRect(x + kSwatch + kGap, y, needed, height), Qt::AlignLeft | Qt::AlignVCenter, text);
        x += needed + 3 * kGap;
    }
}

bool MemoryBar::event(QEvent* event) {
    if (event->type() != QEvent::ToolTip) return QWidget::event(event);
    const auto* help = static_cast<QHelpEvent*>(event);
    const double pixels = double(width()) / (kRoomAbove * double(span()));
    double at = 0;
    for (const auto& part : parts()) {
        at += double(part.bytes) * pixels;
        if (double(help->pos().x()) > at) continue;
        QToolTip::showText(help->globalPos(), QStringLiteral("%1 %2").arg(part.name, bytesText(double(part.bytes))),
                           this);
        return true;
    }
    QToolTip::hideText();
    return true;
}

QString MemoryBar::csv() const {
    QString text = QStringLiteral("part,bytes\n");
    for (const auto& part : parts()) text += QStringLiteral("%1,%2\n").arg(part.name).arg(part.bytes);
    for (const auto& limit : m_limits) {
        QString name = limit.name;
        text += QStringLiteral("\"%1\",%2\n").arg(name.replace('"', QStringLiteral("\"\""))).arg(limit.bytes);
    }
    return text;
}

void MemoryBar::contextMenuEvent(QContextMenuEvent* event) {
    QMenu menu(this);
    fillPictureMenu(menu, pictureOf(*this, [this] { return csv(); }));
    menu.exec(event->globalPos());
}

}  // namespace halftone::app
