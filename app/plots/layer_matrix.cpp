// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/plots/layer_matrix.h"

#include <QContextMenuEvent>
#include <QHelpEvent>
#include <QKeyEvent>
#include <QMenu>
#include <QMouseEvent>
#include <QPainter>
#include <QToolTip>

#include <algorithm>
#include <cmath>

#include "app/plots/picture_menu.h"
#include "app/session/session.h"
#include "app/widgets/theme.h"

namespace halftone::app {

namespace {
constexpr int kLabelWidth = 40;
constexpr int kHeaderHeight = 20;
constexpr int kRefreshMs = 60;
constexpr double kSmallestName = 5;  ///< points, of a role written into a narrow cell
constexpr double kSmallestCell = 7, kLargestCellHeight = 28, kLargestCellWidth = 64;
const QPoint kNowhere{-1, -1};

/// Whether the embedding's or the head's row is less than `step` rows away.
bool isNearNamedRow(const std::vector<MatrixLayout::Row>& rows, int row, int step) {
    const int first = std::max(0, row - step + 1), last = std::min(int(rows.size()), row + step);
    return std::any_of(rows.begin() + first, rows.begin() + last, [](const auto& other) { return other.block < 0; });
}
}  // namespace

LayerMatrix::LayerMatrix(Session& session, QWidget* parent) : QWidget(parent), m_session(session) {
    setMouseTracking(true);
    setFocusPolicy(Qt::StrongFocus);
    setObjectName(QStringLiteral("layerMatrix"));
    setAccessibleName(tr("Layer by role matrix"));
    connect(&m_session, &Session::checkpointChanged, this, &LayerMatrix::rebuild);
    m_refresh.setSingleShot(true);
    m_refresh.setInterval(kRefreshMs);
    connect(&m_refresh, &QTimer::timeout, this, &LayerMatrix::refreshScale);
    connect(&m_session, &Session::tensorsChanged, this, [this] {
        if (!m_refresh.isActive()) m_refresh.start();
    });
    setAccessibleDescription(tr("The arrow keys move, Shift extends the selection"));
    connect(&m_session.selection(), &Selection::changed, this, [this] {
        update();
        const QString cell = toolTipOf(m_layout.find(m_session.selection().current()));
        if (!cell.isEmpty()) setAccessibleDescription(cell);
    });
    connect(&m_session.selection(), &Selection::hoveredChanged, this, qOverload<>(&QWidget::update));
    rebuild();
}

void LayerMatrix::rebuild() {
    m_layout = m_session.checkpoint() ? MatrixLayout(m_session.checkpoint()->tensors()) : MatrixLayout();
    m_anchor = m_cursor = kNowhere;
    m_ranges.clear();
    refreshScale();
    updateGeometry();
}

void LayerMatrix::setMeasure(Measure measure) {
    m_measure = measure;
    refreshScale();
}

void LayerMatrix::refreshScale() {
    m_fitted = {};
    m_fitted.logarithmic = measureInfo(m_measure).logScale;
    for (int row = 0; row < int(m_layout.rows().size()); ++row) {
        for (int column = 0; column < int(m_layout.columns().size()); ++column) {
            if (const auto value = cellValue({column, row})) m_fitted.include(*value);
        }
    }
    applyRange();
}

/// A chosen range holds as far as there are values in it.
void LayerMatrix::applyRange() {
    m_scale = m_fitted;
    if (const auto chosen = m_ranges.find(m_measure); chosen != m_ranges.end() && !m_fitted.empty) {
        const double low = std::max(chosen->second.first, m_fitted.low);
        const double high = std::min(chosen->second.second, m_fitted.high);
        if (low < high) {
            m_scale.low = low;
            m_scale.high = high;
        }
    }
    emit scaleChanged();
    update();
}

void LayerMatrix::chooseRange(double low, double high) {
    m_ranges[m_measure] = {low, high};
    applyRange();
}

void LayerMatrix::fitRange() {
    m_ranges.erase(m_measure);
    applyRange();
}

std::optional<double> LayerMatrix::cellValue(QPoint cell) const {
    return m_session.meanValue(m_measure, m_layout.cell(cell).tensors);
}

QString LayerMatrix::csv() const {
    QString text = QStringLiteral("row,role,tensor,%1\n").arg(QLatin1String(measureInfo(m_measure).key));
    for (int row = 0; row < int(m_layout.rows().size()); ++row) {
        for (int column = 0; column < int(m_layout.columns().size()); ++column) {
            const auto& cell = m_layout.cell({column, row});
            const auto value = cellValue({column, row});
            if (cell.tensors.isEmpty() || !value) continue;
            const auto name = QString::fromStdString(m_session.tensor(cell.tensors.first()).canonicalName);
            text += QStringLiteral("%1,%2,%3,%4\n")
                        .arg(m_layout.rows()[size_t(row)].label, shortRoleName(cell.role), name)
                        .arg(*value, 0, 'g', 9);
        }
    }
    return text;
}

void LayerMatrix::contextMenuEvent(QContextMenuEvent* event) {
    QMenu menu(this);
    fillPictureMenu(menu, pictureOf(*this, [this] { return csv(); }));
    menu.exec(event->globalPos());
}

bool LayerMatrix::isStaleCell(QPoint cell) const {
    const auto& tensors = m_layout.cell(cell).tensors;
    return std::any_of(tensors.begin(), tensors.end(),
                       [this](int tensor) { return m_session.isStale(m_measure, tensor); });
}

QSizeF LayerMatrix::cellSize() const {
    const auto columns = double(std::max<size_t>(m_layout.columns().size(), 1));
    const auto rows = double(std::max<size_t>(m_layout.rows().size(), 1));
    return {std::clamp(std::floor((width() - kLabelWidth - 4) / columns), kSmallestCell, kLargestCellWidth),
            std::clamp(std::floor((height() - kHeaderHeight - 4) / rows), kSmallestCell, kLargestCellHeight)};
}

QSize LayerMatrix::minimumSizeHint() const {
    return {kLabelWidth + 4 + int(kSmallestCell * 2) * int(m_layout.columns().size()),
            kHeaderHeight + 4 + int(kSmallestCell) * int(m_layout.rows().size())};
}

QSize LayerMatrix::sizeHint() const {
    return {kLabelWidth + 4 + 32 * int(m_layout.columns().size()),
            kHeaderHeight + 4 + 20 * int(m_layout.rows().size())};
}

QRectF LayerMatrix::cellRect(QPoint cell) const {
    const QSizeF size = cellSize();
    return {kLabelWidth + cell.x() * size.width(), kHeaderHeight + cell.y() * size.height(), size.width(),
            size.height()};
}

QPoint LayerMatrix::cellAt(QPoint point) const {
    const QSizeF size = cellSize();
    const int column = int(std::floor((point.x() - kLabelWidth) / size.width()));
    const int row = int(std::floor((point.y() - kHeaderHeight) / size.height()));
    const bool inside =
        column >= 0 && row >= 0 && size_t(column) < m_layout.columns().size() && size_t(row) < m_layout.rows().size();
    return inside ? QPoint(column, row) : kNowhere;
}

void LayerMatrix::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.fillRect(rect(), themeColors(palette()).surface);
    if (m_layout.isEmpty()) return;
    drawLabels(painter);
    for (int row = 0; row < int(m_layout.rows().size()); ++row) {
        for (int column = 0; column < int(m_layout.columns().size()); ++column) drawCell(painter, {column, row});
    }
    drawMarks(painter);
}

void LayerMatrix::drawLabels(QPainter& painter) const {
    painter.setPen(themeColors(palette()).mutedText);
    const QSizeF size = cellSize();
    for (int column = 0; column < int(m_layout.columns().size()); ++column) {
        const QRectF box(kLabelWidth + column * size.width(), 0, size.width(), kHeaderHeight);
        painter.drawText(box, Qt::AlignCenter, m_layout.columns()[size_t(column)]);
    }
    // Where rows are too low for their labels, every n-th block is named, and none so near the embedding or the head
    // that two names meet.
    const auto& rows = m_layout.rows();
    const int step = std::max(1, int(std::ceil(painter.fontMetrics().ascent() / size.height())));
    for (int row = 0; row < int(rows.size()); ++row) {
        const auto& entry = rows[size_t(row)];
        if (entry.block >= 0 && (entry.block % step != 0 || isNearNamedRow(rows, row, step))) continue;
        const QRectF box(0, kHeaderHeight + row * size.height() - 8, kLabelWidth - 6, size.height() + 16);
        painter.drawText(box, Qt::AlignRight | Qt::AlignVCenter, entry.label);
    }
}

void LayerMatrix::drawCell(QPainter& painter, QPoint cell) const {
    if (m_layout.cell(cell).tensors.isEmpty()) return;
    const auto colors = themeColors(palette());
    const double gap = cellSize().height() >= 12 ? 1 : 0.5;
    const QRectF box = cellRect(cell).adjusted(gap, gap, -gap, -gap);
    const auto value = cellValue(cell);
    if (!value) {
        painter.setPen(colors.hairline);
        painter.drawRect(box.adjusted(0.5, 0.5, -0.5, -0.5));
        return;
    }
    if (!std::isfinite(*value)) {
        painter.fillRect(box, QBrush(colors.mutedText, Qt::BDiagPattern));
        return;
    }
    const QColor color = viridis(m_scale.share(*value));
    painter.fillRect(box, color);
    // Roles of the embedding's and the head's rows do not stand above their columns.
    if (m_layout.rows()[size_t(cell.y())].block < 0 && box.height() >= painter.fontMetrics().ascent()) {
        painter.setPen(qGray(color.rgb()) > 128 ? Qt::black : Qt::white);
        const QString name = shortRoleName(m_layout.cell(cell).role);
        const double wish = painter.fontMetrics().horizontalAdvance(name) + 2;
        const QFont usual = painter.font();
        if (wish > box.width()) {
            QFont narrow = usual;
            narrow.setPointSizeF(std::max(usual.pointSizeF() * box.width() / wish, kSmallestName));
            painter.setFont(narrow);
        }
        painter.drawText(box, Qt::AlignCenter,
                         painter.fontMetrics().elidedText(name, Qt::ElideRight, int(box.width())));
        painter.setFont(usual);
    }
    if (isStaleCell(cell)) painter.fillRect(box, QBrush(colors.surface, Qt::Dense4Pattern));
}

void LayerMatrix::drawMarks(QPainter& painter) const {
    const auto colors = themeColors(palette());
    const auto& selection = m_session.selection();
    painter.setBrush(Qt::NoBrush);
    for (int row = 0; row < int(m_layout.rows().size()); ++row) {
        for (int column = 0; column < int(m_layout.columns().size()); ++column) {
            const auto& tensors = m_layout.cell({column, row}).tensors;
            const bool selected =
                std::any_of(tensors.begin(), tensors.end(), [&](int tensor) { return selection.contains(tensor); });
            const bool hovered = tensors.contains(selection.hovered());
            if (!selected && !hovered) continue;
            const QRectF box = cellRect({column, row}).adjusted(0.5, 0.5, -0.5, -0.5);
            painter.setPen(QPen(colors.surface, 3));
            painter.drawRect(box);
            painter.setPen(QPen(selected ? colors.second : colors.text, selected ? 2 : 1));
            painter.drawRect(box);
        }
    }
}

bool LayerMatrix::event(QEvent* event) {
    if (event->type() == QEvent::ToolTip) {
        const auto* help = static_cast<QHelpEvent*>(event);
        const QString text = toolTipOf(cellAt(help->pos()));
        if (text.isEmpty()) {
            QToolTip::hideText();
        } else {
            QToolTip::showText(help->globalPos(), text, this);
        }
        return true;
    }
    return QWidget::event(event);
}

QString LayerMatrix::toolTipOf(QPoint cell) const {
    const auto& tensors = m_layout.cell(cell).tensors;
    if (tensors.isEmpty()) return {};
    const QString name = QString::fromStdString(m_session.tensor(tensors.first()).canonicalName);
    const QString title = tensors.size() > 1 ? tr("%1 and %n more", nullptr, int(tensors.size()) - 1).arg(name) : name;
    return tr("%1\n%2: %3").arg(title, measureLabel(m_measure), measureText(m_measure, cellValue(cell)));
}

void LayerMatrix::mousePressEvent(QMouseEvent* event) {
    const QPoint cell = cellAt(event->pos());
    if (event->button() != Qt::LeftButton || cell == kNowhere) return;
    m_selectionBefore = event->modifiers() & Qt::ControlModifier ? m_session.selection().tensors() : QList<int>();
    if (!(event->modifiers() & Qt::ShiftModifier) || m_anchor == kNowhere) m_anchor = cell;
    m_cursor = cell;
    m_dragging = true;
    selectCells();
}

void LayerMatrix::mouseMoveEvent(QMouseEvent* event) {
    const QPoint cell = cellAt(event->pos());
    const auto& tensors = m_layout.cell(cell).tensors;
    m_session.selection().setHovered(tensors.isEmpty() ? -1 : tensors.first());
    if (!m_dragging || cell == kNowhere || cell == m_cursor) return;
    m_cursor = cell;
    selectCells();
}

void LayerMatrix::mouseReleaseEvent(QMouseEvent*) {
    m_dragging = false;
}

void LayerMatrix::leaveEvent(QEvent*) {
    m_session.selection().setHovered(-1);
}

/// Selects what lies between anchor and cursor, and what was selected before if that is kept.
void LayerMatrix::selectCells() {
    const QRect sorted(QPoint(std::min(m_anchor.x(), m_cursor.x()), std::min(m_anchor.y(), m_cursor.y())),
                       QPoint(std::max(m_anchor.x(), m_cursor.x()), std::max(m_anchor.y(), m_cursor.y())));
    const auto& cursor = m_layout.cell(m_cursor).tensors;
    const auto& under = cursor.isEmpty() ? m_layout.cell(m_anchor).tensors : cursor;
    m_session.selection().select(m_selectionBefore + m_layout.tensorsIn(sorted), under.isEmpty() ? -1 : under.first());
}

void LayerMatrix::moveTo(QPoint cell, bool extend) {
    if (cell.x() < 0 || cell.y() < 0 || size_t(cell.x()) >= m_layout.columns().size() ||
        size_t(cell.y()) >= m_layout.rows().size())
        return;
    m_cursor = cell;
    if (!extend || m_anchor == kNowhere) m_anchor = cell;
    m_selectionBefore.clear();
    selectCells();
}

void LayerMatrix::keyPressEvent(QKeyEvent* event) {
    const QPoint from = m_cursor == kNowhere ? m_layout.find(m_session.selection().current()) : m_cursor;
    const bool extend = event->modifiers() & Qt::ShiftModifier;
    const int lastRow = int(m_layout.rows().size()) - 1;
    const int lastColumn = int(m_layout.columns().size()) - 1;
    switch (event->key()) {
        case Qt::Key_Left:
            return moveTo(from == kNowhere ? QPoint(0, 0) : from + QPoint(-1, 0), extend);
        case Qt::Key_Right:
            return moveTo(from == kNowhere ? QPoint(0, 0) : from + QPoint(1, 0), extend);
        case Qt::Key_Up:
            return moveTo(from == kNowhere ? QPoint(0, 0) : from + QPoint(0, -1), extend);
        case Qt::Key_Down:
            return moveTo(from == kNowhere ? QPoint(0, 0) : from + QPoint(0, 1), extend);
        case Qt::Key_Home:
            return moveTo({event->modifiers() & Qt::ControlModifier ? 0 : std::max(from.x(), 0), 0}, extend);
        case Qt::Key_End:
            return moveTo({event->modifiers() & Qt::ControlModifier ? lastColumn : std::max(from.x(), 0), lastRow},
                          extend);
        default:
            QWidget::keyPressEvent(event);
    }
}

}  // namespace halftone::app
