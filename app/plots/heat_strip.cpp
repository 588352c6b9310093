// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/plots/heat_strip.h"

#include <QContextMenuEvent>
#include <QMenu>
#include <QMouseEvent>
#include <QPainter>

#include <algorithm>
#include <cmath>

#include "app/plots/picture_menu.h"

namespace halftone::app {

namespace {
constexpr int kMargin = 8, kMarkHeight = 5;
}

HeatStrip::HeatStrip(QWidget* parent) : QWidget(parent) {
    setObjectName(QStringLiteral("heatStrip"));
    setAccessibleName(tr("The whole text, coloured by divergence"));
    setToolTip(tr("The whole evaluation text from left to right; every line has the colour of the worst word in it"));
    setMouseTracking(true);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
}

QRect HeatStrip::bar() const {
    return rect().adjusted(kMargin, kMarkHeight + 1, -kMargin, -kMarkHeight - 1);
}

void HeatStrip::setValues(std::vector<float> values, const TokenScale& scale) {
    m_values = std::move(values);
    m_scale = scale;
    m_pageFirst = m_pageLast = 0;
    m_current = -1;
    gather();
    update();
}

void HeatStrip::setPage(int first, int last) {
    m_pageFirst = first;
    m_pageLast = last;
    update();
}

void HeatStrip::setCurrent(int token) {
    m_current = token;
    update();
}

/// Which token each column of pixels shows. Short texts give several columns to one token.
void HeatStrip::gather() {
    const int width = bar().width();
    m_strongest.assign(size_t(std::max(0, width)), -1);
    if (m_values.empty()) return;
    const auto count = int64_t(m_values.size());
    for (int x = 0; x < width; ++x) {
        const int64_t first = count * x / width;
        const int64_t last = std::clamp(count * (x + 1) / width, first + 1, count);
        const auto begin = m_values.begin();
        const auto weaker = [](float a, float b) { return std::abs(a) < std::abs(b); };
        m_strongest[size_t(x)] = int(std::max_element(begin + first, begin + last, weaker) - begin);
    }
}

int HeatStrip::xOf(int token) const {
    return bar().left() + int(int64_t(token) * bar().width() / std::max<int64_t>(1, int64_t(m_values.size())));
}

int HeatStrip::tokenAt(int x) const {
    const int column = x - bar().left();
    return column >= 0 && size_t(column) < m_strongest.size() ? m_strongest[size_t(column)] : -1;
}

void HeatStrip::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    const auto colors = themeColors(palette());
    const QRect area = bar();
    painter.fillRect(area, colors.surface);
    for (size_t column = 0; column < m_strongest.size(); ++column) {
        if (m_strongest[column] < 0) continue;
        const QColor color = m_scale.color(double(m_values[size_t(m_strongest[column])]), colors);
        if (color.isValid()) painter.fillRect(area.left() + int(column), area.top(), 1, area.height(), color);
    }
    painter.setPen(colors.hairline);
    painter.drawRect(area.adjusted(0, 0, -1, -1));
    if (m_pageLast > m_pageFirst) {
        const int left = xOf(m_pageFirst), right = std::max(left + 2, xOf(m_pageLast));
        painter.setPen(colors.text);
        painter.drawRect(QRect(QPoint(left, area.top() - 2), QPoint(right, area.bottom() + 2)));
    }
    if (m_current < 0) return;
    const int x = xOf(m_current);
    painter.setPen(Qt::NoPen);
    painter.setBrush(colors.text);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.drawPolygon(QPolygon({{x - 4, 0}, {x + 4, 0}, {x, kMarkHeight}}));
}

void HeatStrip::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    gather();
}

void HeatStrip::mousePressEvent(QMouseEvent* event) {
    const int token = tokenAt(int(event->position().x()));
    if (event->button() == Qt::LeftButton && token >= 0) emit tokenClicked(token);
}

void HeatStrip::mouseMoveEvent(QMouseEvent* event) {
    const int token = tokenAt(int(event->position().x()));
    emit tokenHovered(token);
    if (event->buttons().testFlag(Qt::LeftButton) && token >= 0) emit tokenClicked(token);
}

void HeatStrip::leaveEvent(QEvent* event) {
    QWidget::leaveEvent(event);
    emit tokenHovered(-1);
}

QString HeatStrip::csv() const {
    if (m_values.empty()) return {};
    QString text = QStringLiteral("token,value\n");
    for (size_t i = 0; i < m_values.size(); ++i)
        text += QStringLiteral("%1,%2\n").arg(i).arg(double(m_values[i]), 0, 'g', 9);
    return text;
}

void HeatStrip::contextMenuEvent(QContextMenuEvent* event) {
    QMenu menu(this);
    fillPictureMenu(menu, pictureOf(*this, [this] { return csv(); }));
    menu.exec(event->globalPos());
}

}  // namespace halftone::app
