// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/plots/group_plot.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "app/widgets/number_text.h"

namespace halftone::app {

namespace {
constexpr size_t kMostLevels = 64;  ///< of a sub-block; more are a solid area
constexpr double kGap = std::numeric_limits<double>::quiet_NaN();
}  // namespace

GroupPlot::GroupPlot(QWidget* parent) : PlotBase(parent) {
    setObjectName(QStringLiteral("groupPlot"));
    setMouseTracking(true);
    setAccessibleName(tr("Values of the group against its levels"));
    m_lit = new QCPBars(xAxis, yAxis2);
    m_lit->setWidth(1);
    yAxis2->setRange(0, 1);
    m_levels = new QCPCurve(xAxis, yAxis);
    for (auto** graph : {&m_strokes, &m_decoded, &m_original, &m_mark}) *graph = addGraph();
    for (auto* graph : {m_decoded, m_original, m_mark}) graph->setLineStyle(QCPGraph::lsNone);
    // Strokes are given point by point, with gaps between them.
    m_strokes->setAdaptiveSampling(false);
    xAxis->setLabel(tr("column"));
    xAxis->setNumberFormat(QStringLiteral("f"));
    xAxis->setNumberPrecision(0);
    applyColors(colors());
}

void GroupPlot::applyColors(const ThemeColors& theme) {
    PlotBase::applyColors(theme);
    if (!m_mark) return;
    m_levels->setPen(QPen(theme.hairline, 1));
    QColor lit = theme.second;
    lit.setAlpha(60);
    m_lit->setPen(Qt::NoPen);
    m_lit->setBrush(lit);
    m_strokes->setPen(QPen(theme.second, 1));
    m_decoded->setScatterStyle(QCPScatterStyle(QCPScatterStyle::ssSquare, QPen(theme.second), QBrush(), 4));
    m_original->setScatterStyle(QCPScatterStyle(QCPScatterStyle::ssDisc, theme.accent, theme.accent, 4));
    m_mark->setScatterStyle(QCPScatterStyle(QCPScatterStyle::ssCircle, QPen(theme.text), QBrush(), 11));
    for (auto* axis : {xAxis, yAxis}) axis->grid()->setVisible(false);
}

const InspectedGroup* GroupPlot::group() const {
    if (!m_row || m_group < 0 || size_t(m_group) >= m_row->groups.size()) return nullptr;
    return &m_row->groups[size_t(m_group)];
}

void GroupPlot::setGroup(std::shared_ptr<const InspectedRow> row, int64_t group) {
    m_row = std::move(row);
    m_group = group;
    m_drawnLevels = 0;
    m_levels->data()->clear();
    for (int i = 0; i < graphCount(); ++i) graph(i)->data()->clear();
    if (const auto* shown = this->group()) {
        fillLevels(*shown);
        fillValues(*shown);
        fitAxes(*shown);
    }
    fillLit();
    replot(QCustomPlot::rpQueuedReplot);
}

void GroupPlot::setLit(const QList<int>& columns) {
    if (columns == m_litColumns) return;
    m_litColumns = columns;
    fillLit();
    replot(QCustomPlot::rpQueuedReplot);
}

QList<int> GroupPlot::litPlaces() const {
    const auto* shown = group();
    if (!shown) return {};
    const auto first = shown->description.firstColumn;
    QList<int> places;
    for (auto at = std::lower_bound(m_litColumns.begin(), m_litColumns.end(), int(first));
         at != m_litColumns.end() && *at < first + shown->description.columns; ++at)
        places.append(int(*at - first));
    return places;
}

void GroupPlot::fillLit() {
    QVector<double> at, full;
    for (const int place : litPlaces()) {
        at << double(group()->description.firstColumn + place);
        full << 1;
    }
    m_lit->setData(at, full, true);
}

void GroupPlot::fillLevels(const InspectedGroup& shown) {
    QVector<double> t, x, y;
    for (const auto& part : shown.description.parts) {
        const auto levels = shown.description.levelsOf(part);
        if (levels.size() > kMostLevels) continue;
        const double left = double(shown.description.firstColumn + part.firstColumn) - 0.4;
        const double right = left + double(part.columns) - 0.2;
        for (const float level : levels) {
            x << left << right << right;
            y << double(level) << double(level) << kGap;
        }
        m_drawnLevels += int(levels.size());
    }
    for (int i = 0; i < int(x.size()); ++i) t << double(i);
    m_levels->setData(t, x, y, true);
}

void GroupPlot::fillValues(const InspectedGroup& shown) {
    QVector<double> at, original, decoded, strokeX, strokeY;
    for (size_t i = 0; i < shown.description.values.size(); ++i) {
        at << double(shown.description.firstColumn) + double(i);
        decoded << double(shown.description.values[i]);
        if (shown.original.empty()) continue;
        original << double(shown.original[i]);
        strokeX << at.last() << at.last() << at.last();
        strokeY << original.last() << decoded.last() << kGap;
    }
    m_decoded->setData(at, decoded, true);
    if (original.isEmpty()) return;
    m_original->setData(at, original, true);
    m_strokes->setData(strokeX, strokeY, true);
}

void GroupPlot::fitAxes(const InspectedGroup& shown) {
    double low = 0, high = 0;
    for (const auto* values : {&shown.original, &shown.description.values}) {
        for (const float value : *values) {
            if (!std::isfinite(value)) continue;
            low = std::min(low, double(value));
            high = std::max(high, double(value));
        }
    }
    const double margin = high > low ? 0.08 * (high - low) : 1;
    yAxis->setRange(low - margin, high + margin);
    const double first = double(shown.description.firstColumn);
    xAxis->setRange(first - 1, first + double(shown.description.columns));
}

void GroupPlot::mark(int value) {
    m_mark->data()->clear();
    const auto* shown = group();
    if (shown && value >= 0 && size_t(value) < shown->description.values.size()) {
        const auto& values = shown->original.empty() ? shown->description.values : shown->original;
        m_mark->addData(double(shown->description.firstColumn + value), double(values[size_t(value)]));
    }
    replot(QCustomPlot::rpQueuedReplot);
}

int GroupPlot::valueAt(QPointF pixel) const {
    const auto* shown = group();
    if (!shown || !axisRect()->rect().contains(pixel.toPoint())) return -1;
    const double column = std::round(xAxis->pixelToCoord(pixel.x())) - double(shown->description.firstColumn);
    return column >= 0 && column < double(shown->description.columns) ? int(column) : -1;
}

void GroupPlot::mouseMoveEvent(QMouseEvent* event) {
    PlotBase::mouseMoveEvent(event);
    const int value = valueAt(event->position());
    if (value < 0) {
        emit probed({});
        return;
    }
    const auto& shown = *group();
    QString text = tr("column %1").arg(shown.description.firstColumn + value);
    if (!shown.description.codes.empty()) text += tr(" · code %1").arg(shown.description.codes[size_t(value)]);
    if (!shown.original.empty()) text += tr(" · original %1").arg(numberText(double(shown.original[size_t(value)]), 4));
    emit probed(text + tr(" · decoded %1").arg(numberText(double(shown.description.values[size_t(value)]), 4)));
}

void GroupPlot::mouseReleaseEvent(QMouseEvent* event) {
    PlotBase::mouseReleaseEvent(event);
    const int value = valueAt(event->position());
    if (event->button() == Qt::LeftButton && value >= 0) emit picked(value);
}

void GroupPlot::leaveEvent(QEvent* event) {
    PlotBase::leaveEvent(event);
    emit probed({});
}

QString GroupPlot::csv() const {
    const auto* shown = group();
    if (!shown) return {};
    QString text = QStringLiteral("row,column,code,original,decoded\n");
    for (size_t i = 0; i < shown->description.values.size(); ++i) {
        const QString code =
            shown->description.codes.empty() ? QString() : QString::number(shown->description.codes[i]);
        const QString original =
            shown->original.empty() ? QString() : QString::number(double(shown->original[i]), 'g', 9);
        text += QStringLiteral("%1,%2,%3,%4,%5\n")
                    .arg(m_row->row)
                    .arg(shown->description.firstColumn + int64_t(i))
                    .arg(code, original)
                    .arg(double(shown->description.values[i]), 0, 'g', 9);
    }
    return text;
}

}  // namespace halftone::app
