// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/plots/channel_map.h"

#include <QContextMenuEvent>
#include <QKeyEvent>
#include <QMenu>
#include <QPainter>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "app/plots/picture_menu.h"
#include "app/session/selection.h"
#include "app/widgets/number_text.h"
#include "app/widgets/theme.h"

namespace halftone::app {

namespace {
constexpr int kLabelWidth = 44, kNamesHeight = 18, kMargin = 4;
constexpr double kFewestPlaces = 8;
constexpr int kPages = 10;
constexpr size_t kMostNamed = 12;
const QPoint kNowhere{-1, -1};
}  // namespace

ChannelMap::ChannelMap(Selection& selection, QWidget* parent) : QWidget(parent), m_selection(selection) {
    setObjectName(QStringLiteral("channelMap"));
    setMouseTracking(true);
    setFocusPolicy(Qt::StrongFocus);
    setAccessibleName(tr("Channels of the residual stream by layer"));
    setAccessibleDescription(tr("Left and right move, Shift extends, Period goes to the next massive channel"));
    connect(&m_selection, &Selection::channelsChanged, this, qOverload<>(&QWidget::update));
}

void ChannelMap::setData(std::shared_ptr<const ChannelMapData> next) {
    const bool isSameShape = m_data && next && m_data->channels == next->channels;
    m_data = std::move(next);
    m_scale = {};
    m_scale.logarithmic = true;
    if (m_data) {
        for (const float value : m_data->values) m_scale.include(double(value));
    }
    m_row = m_data ? std::clamp(m_row, 0, std::max(int(m_data->rows.size()) - 1, 0)) : 0;
    reorder();
    if (!isSameShape) {
        m_anchor = m_cursor = -1;
        fit();
    }
    redraw();
    emit scaleChanged();
}

void ChannelMap::setSorted(bool sorted) {
    m_sorted = sorted;
    m_anchor = m_cursor = -1;
    reorder();
    fit();
}

void ChannelMap::reorder() {
    const auto count = m_data ? size_t(m_data->channels) : 0;
    m_order.resize(count);
    std::iota(m_order.begin(), m_order.end(), 0);
    if (m_sorted && m_data) m_order = m_data->byMaximum;
    m_placeOf.resize(count);
    for (size_t place = 0; place < count; ++place) m_placeOf[size_t(m_order[place])] = int(place);
}

QRectF ChannelMap::mapRect() const {
    return QRectF(rect()).adjusted(kLabelWidth, kNamesHeight, -kMargin, -kMargin);
}

double ChannelMap::placeAt(double x) const {
    const QRectF area = mapRect();
    return m_first + (x - area.left()) / std::max(area.width(), 1.0) * m_count;
}

double ChannelMap::xOf(double place) const {
    const QRectF area = mapRect();
    return area.left() + (place - m_first) / m_count * area.width();
}

QPointF ChannelMap::pixelOf(int channel, int row) const {
    if (!m_data) return {};
    const QRectF area = mapRect();
    return {xOf(m_placeOf[size_t(channel)] + 0.5),
            area.top() + (row + 0.5) * area.height() / double(m_data->rows.size())};
}

QPoint ChannelMap::cellAt(QPointF point) const {
    const QRectF area = mapRect();
    if (!m_data || m_data->rows.empty() || !area.contains(point)) return kNowhere;
    const int place = std::clamp(int(placeAt(point.x())), 0, places() - 1);
    const int row = int((point.y() - area.top()) / area.height() * double(m_data->rows.size()));
    return {channelAt(place), std::clamp(row, 0, int(m_data->rows.size()) - 1)};
}

void ChannelMap::show(double first, double count) {
    m_count = std::clamp(count, std::min(kFewestPlaces, double(std::max(places(), 1))), double(std::max(places(), 1)));
    m_first = std::clamp(first, 0.0, std::max(0.0, places() - m_count));
    redraw();
}

void ChannelMap::fit() {
    show(0, places());
}

void ChannelMap::zoom(double factor, double aroundPlace) {
    const double share = (aroundPlace - m_first) / m_count;
    const double count = std::clamp(m_count * factor, kFewestPlaces, double(std::max(places(), 1)));
    show(aroundPlace - share * count, count);
}

void ChannelMap::redraw() {
    m_image = QImage();
    update();
}

/// A pixel for each column of the screen and each layer: painting scales it down the rows alone.
void ChannelMap::renderImage() {
    const int width = std::max(1, int(mapRect().width() * devicePixelRatioF()));
    m_image = QImage(width, int(m_data->rows.size()), QImage::Format_RGB32);
    std::array<QRgb, 256> colors{};
    for (size_t i = 0; i < colors.size(); ++i) colors[i] = viridis(double(i) / 255).rgb();
    std::vector<std::pair<int, int>> columns;
    for (int x = 0; x < width; ++x) {
        const int begin = std::clamp(int(m_first + m_count * x / width), 0, places() - 1);
        columns.emplace_back(begin, std::clamp(int(m_first + m_count * (x + 1) / width), begin + 1, places()));
    }
    for (int row = 0; row < m_image.height(); ++row) {
        auto* line = reinterpret_cast<QRgb*>(m_image.scanLine(row));
        for (int x = 0; x < width; ++x) {
            float most = 0;
            for (int place = columns[size_t(x)].first; place < columns[size_t(x)].second; ++place)
                most = std::max(most, m_data->at(size_t(row), channelAt(place)));
            line[x] = colors[size_t(std::lround(m_scale.share(double(most)) * 255))];
        }
    }
}

void ChannelMap::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.fillRect(rect(), themeColors(palette()).surface);
    if (!m_data || m_data->rows.empty()) return;
    if (m_image.isNull()) renderImage();
    painter.drawImage(mapRect(), m_image);
    drawRowLabels(painter);
    drawSelected(painter);
    drawNames(painter);
    if (!hasFocus()) return;
    painter.setPen(QPen(themeColors(palette()).text, 1));
    const double height = mapRect().height() / double(m_data->rows.size());
    const double top = mapRect().top() + m_row * height;
    painter.drawRect(QRectF(mapRect().left() - 3, top, 2, std::max(height - 1, 1.0)));
}

/// Each block is named beside the middle of its layers, where there is room.
void ChannelMap::drawRowLabels(QPainter& painter) const {
    const QRectF area = mapRect();
    const auto& rows = m_data->rows;
    const double height = area.height() / double(rows.size());
    const auto metrics = painter.fontMetrics();
    // Characters of some languages are higher than digits.
    const int lineHeight = metrics.height(),
              room = std::max(metrics.ascent(), metrics.tightBoundingRect(tr("emb")).height() + 2);
    painter.setPen(themeColors(palette()).mutedText);
    double next = 0;
    for (size_t begin = 0, end = 0; begin < rows.size(); begin = end) {
        const auto& entry = rows[begin];
        for (end = begin + 1; end < rows.size() && entry.block >= 0 && rows[end].block == entry.block;) ++end;
        const double middle = area.top() + double(begin + end) / 2 * height;
        if (middle - room / 2.0 < next) continue;
        const QString text = entry.block >= 0                        ? QString::number(entry.block)
                             : entry.place == StreamPlace::Embedding ? tr("emb")
                                                                     : tr("head");
        painter.drawText(QRectF(0, middle - lineHeight / 2.0, kLabelWidth - 8, lineHeight),
                         Qt::AlignRight | Qt::AlignVCenter, text);
        next = middle + room / 2.0;
    }
}

/// Neighbours are marked as one, and a single channel never narrower than can be seen.
void ChannelMap::drawSelected(QPainter& painter) const {
    const auto colors = themeColors(palette());
    const QRectF area = mapRect();
    std::vector<int> chosen;
    for (const int channel : m_selection.channels())
        if (channel >= 0 && channel < places()) chosen.push_back(m_placeOf[size_t(channel)]);
    std::sort(chosen.begin(), chosen.end());
    QColor veil = colors.second;
    veil.setAlpha(70);
    painter.setClipRect(area.adjusted(0, -4, 0, 0));
    for (size_t begin = 0; begin < chosen.size();) {
        size_t end = begin + 1;
        while (end < chosen.size() && chosen[end] == chosen[end - 1] + 1) ++end;
        const double left = xOf(chosen[begin]), right = std::max(xOf(chosen[end - 1] + 1), left + 1.5);
        painter.fillRect(QRectF(left, area.top() - 4, right - left, 4), colors.second);
        painter.fillRect(QRectF(left, area.top(), right - left, area.height()), veil);
        begin = end;
    }
    painter.setClipping(false);
}

/// Massive channels by number above their columns, the most massive first, as far as there is room.
void ChannelMap::drawNames(QPainter& painter) const {
    const auto colors = themeColors(palette());
    const QRectF area = mapRect();
    std::vector<QRectF> taken;
    for (size_t i = 0; i < m_data->massive.size() && taken.size() < kMostNamed; ++i) {
        const int channel = m_data->massive[i].channel;
        const double x = xOf(m_placeOf[size_t(channel)] + 0.5);
        if (x < area.left() || x > area.right()) continue;
        const QString name = QString::number(channel);
        const double width = painter.fontMetrics().horizontalAdvance(name) + 6;
        const double left = std::clamp(x - width / 2, area.left(), area.right() - width);
        const QRectF box(left, 0, width, kNamesHeight - 4);
        if (std::ranges::any_of(taken, [&](const QRectF& other) { return other.intersects(box); })) continue;
        taken.push_back(box);
        painter.setPen(m_selection.channels().contains(channel) ? colors.second : colors.text);
        painter.drawText(box, Qt::AlignCenter, name);
    }
}

QString ChannelMap::textOf(QPoint cell) const {
    if (!m_data || cell == kNowhere || cell.y() >= int(m_data->rows.size())) return {};
    const auto& row = m_data->rows[size_t(cell.y())];
    const float value = m_data->at(size_t(cell.y()), cell.x());
    const QString where =
        row.block >= 0 ? tr("block %1, %2").arg(row.block).arg(streamPlaceText(row.place)) : streamPlaceText(row.place);
    const QString ratio = row.median > 0 ? numberText(double(value / row.median)) : noValue();
    return tr("channel %1 · %2 · max %3 · %4 × the median channel")
        .arg(QString::number(cell.x()), where, numberText(double(value)), ratio);
}

void ChannelMap::speak(QPoint cell) {
    const QString text = textOf(cell);
    emit probed(text);
    if (!text.isEmpty()) setAccessibleDescription(text);
}

/// Selects what lies between anchor and cursor, and what is kept beside it.
void ChannelMap::brush() {
    QList<int> channels = m_kept;
    for (int place = std::min(m_anchor, m_cursor); place <= std::max(m_anchor, m_cursor); ++place)
        channels.append(channelAt(place));
    m_selection.selectChannels(channels);
}

void ChannelMap::mousePressEvent(QMouseEvent* event) {
    const QPoint cell = cellAt(event->position());
    if (event->button() != Qt::LeftButton || cell == kNowhere) return;
    m_kept = event->modifiers() & Qt::ControlModifier ? m_selection.channels() : QList<int>();
    m_cursor = m_placeOf[size_t(cell.x())];
    m_row = cell.y();
    if (!(event->modifiers() & Qt::ShiftModifier) || m_anchor < 0) m_anchor = m_cursor;
    m_isBrushing = true;
    m_isClick = event->modifiers() == Qt::NoModifier;
    brush();
}

void ChannelMap::mouseMoveEvent(QMouseEvent* event) {
    const QRectF area = mapRect();
    const QPointF inside(std::clamp(event->position().x(), area.left(), area.right() - 0.5),
                         std::clamp(event->position().y(), area.top(), area.bottom() - 0.5));
    const QPoint cell = cellAt(m_isBrushing ? inside : event->position());
    speak(cell);
    if (!m_isBrushing || cell == kNowhere) return;
    const int place = m_placeOf[size_t(cell.x())];
    if (place == m_cursor) return;
    m_isClick = false;
    m_cursor = place;
    brush();
}

/// A click chooses the layer, too; a brush leaves the tensors that are selected.
void ChannelMap::mouseReleaseEvent(QMouseEvent*) {
    const bool isClick = m_isBrushing && m_isClick && m_data && size_t(m_row) < m_data->rows.size();
    m_isBrushing = false;
    if (!isClick) return;
    if (const int tensor = m_data->rows[size_t(m_row)].tensor; tensor >= 0) emit picked(tensor);
}

void ChannelMap::mouseDoubleClickEvent(QMouseEvent*) {
    fit();
}

void ChannelMap::wheelEvent(QWheelEvent* event) {
    if (!m_data) return event->ignore();
    const QPoint steps = event->angleDelta();
    if (std::abs(steps.x()) > std::abs(steps.y())) {
        show(m_first - m_count * steps.x() / 1200.0, m_count);
    } else {
        zoom(std::pow(0.8, steps.y() / 120.0), placeAt(event->position().x()));
    }
    event->accept();
}

void ChannelMap::moveTo(int place, bool extend) {
    if (places() == 0) return;
    m_cursor = std::clamp(place, 0, places() - 1);
    if (!extend || m_anchor < 0) m_anchor = m_cursor;
    m_kept.clear();
    if (m_cursor < m_first) show(m_cursor, m_count);
    if (m_cursor + 1 > m_first + m_count) show(m_cursor + 1 - m_count, m_count);
    brush();
    speak({channelAt(m_cursor), m_row});
}

void ChannelMap::moveRow(int step) {
    if (!m_data || m_data->rows.empty()) return;
    m_row = std::clamp(m_row + step, 0, int(m_data->rows.size()) - 1);
    update();
    if (m_cursor >= 0) speak({channelAt(m_cursor), m_row});
}

/// By descending ratio, round and round.
void ChannelMap::goToMassive(int step) {
    if (!m_data || m_data->massive.empty()) return;
    const auto& massive = m_data->massive;
    const int count = int(massive.size());
    const int channel = m_cursor >= 0 ? channelAt(m_cursor) : -1;
    const auto found = std::ranges::find(massive, channel, &ChannelMapData::Massive::channel);
    const int now = found == massive.end() ? (step > 0 ? -1 : 0) : int(found - massive.begin());
    const auto& next = massive[size_t((now + step + count) % count)];
    m_row = next.row;
    moveTo(m_placeOf[size_t(next.channel)], false);
}

void ChannelMap::keyPressEvent(QKeyEvent* event) {
    if (!m_data) return QWidget::keyPressEvent(event);
    const bool extend = event->modifiers() & Qt::ShiftModifier;
    const int page = std::max(1, int(m_count) / kPages);
    switch (event->key()) {
        case Qt::Key_Left:
            return moveTo(m_cursor - 1, extend);
        case Qt::Key_Right:
            return moveTo(m_cursor + 1, extend);
        case Qt::Key_PageUp:
            return moveTo(m_cursor - page, extend);
        case Qt::Key_PageDown:
            return moveTo(m_cursor + page, extend);
        case Qt::Key_Home:
            return moveTo(0, extend);
        case Qt::Key_End:
            return moveTo(places() - 1, extend);
        case Qt::Key_Up:
            return moveRow(-1);
        case Qt::Key_Down:
            return moveRow(1);
        case Qt::Key_Period:
            return goToMassive(1);
        case Qt::Key_Comma:
            return goToMassive(-1);
        case Qt::Key_Plus:
            return zoom(0.5, m_cursor >= 0 ? m_cursor + 0.5 : m_first + m_count / 2);
        case Qt::Key_Minus:
            return zoom(2, m_cursor >= 0 ? m_cursor + 0.5 : m_first + m_count / 2);
        case Qt::Key_F:
            return fit();
        case Qt::Key_Escape:
            m_anchor = m_cursor = -1;
            return m_selection.selectChannels({});
        default:
            QWidget::keyPressEvent(event);
    }
}

void ChannelMap::leaveEvent(QEvent*) {
    emit probed({});
}

void ChannelMap::resizeEvent(QResizeEvent*) {
    redraw();
}

void ChannelMap::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange) update();
}

void ChannelMap::contextMenuEvent(QContextMenuEvent* event) {
    QMenu menu(this);
    fillPictureMenu(menu, pictureOf(*this, [this] { return csv(); }));
    menu.exec(event->globalPos());
}

QString ChannelMap::csv() const {
    if (!m_data || m_data->rows.empty()) return {};
    static constexpr const char* kPlaces[] = {"embedding", "attn_in", "attn_out", "ffn_in", "ffn_out", "head"};
    QStringList header{QStringLiteral("channel")};
    for (const auto& row : m_data->rows) {
        const QString place = QString::fromLatin1(kPlaces[int(row.place)]);
        header << (row.block >= 0 ? QStringLiteral("blk.%1.%2").arg(row.block).arg(place) : place);
    }
    QString text = header.join(',') + '\n';
    for (int channel = 0; channel < int(m_data->channels); ++channel) {
        text += QString::number(channel);
        for (size_t row = 0; row < m_data->rows.size(); ++row)
            text += ',' + QString::number(double(m_data->at(row, channel)), 'g', 7);
        text += '\n';
    }
    return text;
}

}  // namespace halftone::app
