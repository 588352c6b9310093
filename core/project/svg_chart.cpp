// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/project/svg_chart.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include <fmt/format.h>

#include "core/project/color_ramp.h"
#include "core/project/figure_text.h"
#include "core/project/html_page.h"

namespace halftone {
namespace {

using Point = std::pair<double, double>;

constexpr double kWidth = 760, kHeight = 340;
constexpr double kLeft = 64, kRight = 16, kTop = 14, kBottom = 44;
constexpr double kLetter = 6.4, kLine = 14;  // of a label, roughly
constexpr double kSmallest = 1e-12;
constexpr size_t kMostLines = 8;

/// Characters as a reader counts them: bytes that do not continue a UTF-8 sequence.
double lettersOf(const std::string& text) {
    return double(std::ranges::count_if(text, [](unsigned char c) { return (c & 0xC0u) != 0x80u; }));
}

std::string number(double value) {
    return fmt::format("{:.1f}", value);
}

std::string element(std::string_view name, std::string_view attributes, std::string_view content = {}) {
    return content.empty() ? fmt::format("<{} {}/>\n", name, attributes)
                           : fmt::format("<{0} {1}>{2}</{0}>\n", name, attributes, content);
}

std::string textAt(Point at, std::string_view anchor, const std::string& text, std::string_view more = {}) {
    return element("text",
                   fmt::format("x=\"{}\" y=\"{}\" text-anchor=\"{}\" {}", number(at.first), number(at.second), anchor,
                               more.empty() ? "class=\"tick\"" : more),
                   escapeHtml(text));
}

std::string lineBetween(Point from, Point to, std::string_view kind) {
    return element("line", fmt::format("x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" class=\"{}\"", number(from.first),
                                       number(from.second), number(to.first), number(to.second), kind));
}

std::string titleOf(const std::string& text) {
    return fmt::format("<title>{}</title>", escapeHtml(text));
}

std::string wholeSvg(double height, const std::string& label, std::string_view content) {
    return fmt::format("<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">\n{}</svg>\n", number(kWidth),
                       number(height), escapeHtml(label), content);
}

/// A step of 1, 2 or 5 times a power of ten that cuts a range into about `count` parts.
double niceStep(double range, int count) {
    const double rough = range / count;
    const double power = std::pow(10, std::floor(std::log10(rough)));
    for (const double factor : {1.0, 2.0, 5.0}) {
        if (factor * power >= rough) return factor * power;
    }
    return 10 * power;
}

/// A linear x axis and a logarithmic y axis with their ticks and labels.
class Frame {
  public:
    Frame(Point x, Point y)
        : m_xLow(x.first),
          m_xHigh(x.second > x.first ? x.second : x.first + 1),
          m_yLow(std::log10(y.first)),
          m_yHigh(std::log10(y.second)) {
        if (m_yHigh - m_yLow < 0.1) {
            m_yLow -= 0.5;
            m_yHigh += 0.5;
        }
    }

    [[nodiscard]] double x(double value) const {
        return kLeft + (value - m_xLow) / (m_xHigh - m_xLow) * (kWidth - kLeft - kRight);
    }
    [[nodiscard]] double y(double value) const {
        const double share = (std::log10(std::max(value, kSmallest)) - m_yLow) / (m_yHigh - m_yLow);
        return kHeight - kBottom - std::clamp(share, 0.0, 1.0) * (kHeight - kTop - kBottom);
    }

    [[nodiscard]] std::string draw(const std::string& xLabel, const std::string& yLabel, double leastStep) const {
        std::string svg = lineBetween({kLeft, kHeight - kBottom}, {kWidth - kRight, kHeight - kBottom}, "axis");
        svg += lineBetween({kLeft, kTop}, {kLeft, kHeight - kBottom}, "axis");
        const double step = std::max(leastStep, niceStep(m_xHigh - m_xLow, 8));
        for (double tick = std::ceil(m_xLow / step) * step; tick <= m_xHigh + 1e-9 * step; tick += step)
            svg += textAt({x(tick), kHeight - kBottom + kLine + 2}, "middle", fmt::format("{:.4g}", tick));
        svg += yTicks();
        svg += textAt({(kLeft + kWidth - kRight) / 2, kHeight - 8}, "middle", xLabel);
        const double middle = (kTop + kHeight - kBottom) / 2;
        return svg + textAt({14, middle}, "middle", yLabel,
                            fmt::format("class=\"tick\" transform=\"rotate(-90 14 {})\"", number(middle)));
    }

  private:
    /// Powers of ten; 2 and 5 between them where there are few.
    [[nodiscard]] std::string yTicks() const {
        std::string svg;
        const bool few = m_yHigh - m_yLow < 2;
        for (int power = int(std::floor(m_yLow)); power <= int(std::ceil(m_yHigh)); ++power) {
            for (const double factor : {1.0, 2.0, 5.0}) {
                if (factor != 1.0 && !few) continue;
                const double tick = factor * std::pow(10, power);
                const double at = std::log10(tick);
                if (at < m_yLow - 1e-9 || at > m_yHigh + 1e-9) continue;
                svg += lineBetween({kLeft, y(tick)}, {kWidth - kRight, y(tick)}, "grid");
                svg += textAt({kLeft - 6, y(tick) + 4}, "end", figureText(tick, 1));
            }
        }
        return svg;
    }

    double m_xLow, m_xHigh, m_yLow, m_yHigh;
};

struct Box {
    double left = 0, top = 0, width = 0, height = 0;
    [[nodiscard]] bool meets(const Box& other) const {
        return left < other.left + other.width && other.left < left + width && top < other.top + other.height &&
               other.top < top + height;
    }
    [[nodiscard]] bool holds(const Box& other) const {
        return other.left >= left && other.left + other.width <= left + width && other.top >= top &&
               other.top + other.height <= top + height;
    }
};

/// Names beside their points, where they meet neither the border nor one another.
class Labels {
  public:
    [[nodiscard]] std::string place(double x, double y, const std::string& name) {
        const double width = lettersOf(name) * kLetter;
        const std::array<Box, 4> places{
            Box{x + 7, y - kLine / 2, width, kLine}, Box{x - 7 - width, y - kLine / 2, width, kLine},
            Box{x - width / 2, y - 7 - kLine, width, kLine}, Box{x - width / 2, y + 7, width, kLine}};
        const Box room{kLeft, kTop, kWidth - kLeft - kRight, kHeight - kTop - kBottom};
        for (const Box& place : places) {
            if (!room.holds(place) ||
                std::ranges::any_of(m_taken, [&](const Box& taken) { return taken.meets(place); }))
                continue;
            m_taken.push_back(place);
            return textAt({place.left, place.top + place.height - 3}, "start", name);
        }
        return {};
    }
    void take(const Box& place) { m_taken.push_back(place); }

  private:
    std::vector<Box> m_taken;
};

std::string pointSvg(const Frame& frame, const ChartPoint& point) {
    const double x = frame.x(point.x), y = frame.y(point.y);
    std::string svg;
    if (point.yError > 0) {
        const double low = frame.y(std::max(point.y - point.yError, point.y / 1000)),
                     high = frame.y(point.y + point.yError);
        svg += lineBetween({x, low}, {x, high}, "error");
    }
    return svg +
           element("circle",
                   fmt::format("cx=\"{}\" cy=\"{}\" r=\"{}\" class=\"{}\"", number(x), number(y),
                               point.isCurrent ? "5" : "3.5", point.isCurrent ? "current" : "mark"),
                   titleOf(fmt::format("{}: {}, {}", point.name, figureText(point.x, 4), figureText(point.y, 4))));
}

std::string polyline(std::span<const Point> points, std::string_view kind) {
    std::string corners;
    for (const auto& [x, y] : points) corners += (corners.empty() ? "" : " ") + number(x) + "," + number(y);
    return element("polyline", fmt::format("points=\"{}\" class=\"{}\"", corners, kind));
}

Frame frameOf(std::span<const Point> points, double xMargin) {
    double xLow = std::numeric_limits<double>::infinity(), xHigh = -xLow, yLow = xLow, yHigh = kSmallest;
    for (const auto& [x, y] : points) {
        xLow = std::min(xLow, x);
        xHigh = std::max(xHigh, x);
        yLow = std::min(yLow, std::max(y, kSmallest));
        yHigh = std::max(yHigh, y);
    }
    const double margin = std::max((xHigh - xLow) * xMargin, xMargin > 0 ? std::abs(xHigh) * 0.02 : 0.5);
    return {{xLow - margin, xHigh + margin}, {yLow / 1.6, yHigh * 1.6}};
}

/// Points that no other one beats in both directions, by ascending x.
std::vector<size_t> frontOf(std::span<const ChartPoint> points) {
    std::vector<size_t> order(points.size()), front;
    std::iota(order.begin(), order.end(), size_t{0});
    std::ranges::stable_sort(order, {}, [&](size_t at) { return std::pair(points[at].x, points[at].y); });
    double best = std::numeric_limits<double>::infinity();
    for (const size_t at : order) {
        if (points[at].y >= best) continue;
        best = points[at].y;
        front.push_back(at);
    }
    return front;
}

std::string colorOf(double share) {
    const auto color = viridisColor(share);
    return fmt::format("#{:02x}{:02x}{:02x}", color[0], color[1], color[2]);
}

/// The scale below a matrix.
std::string scaleSvg(const ChartMatrix& matrix, const ColorScale& scale, double top) {
    constexpr int kSteps = 40;
    std::string svg;
    for (int i = 0; i < kSteps; ++i)
        svg += element("rect", fmt::format("x=\"{}\" y=\"{}\" width=\"5\" height=\"8\" fill=\"{}\"",
                                           number(kLeft + 5 * i), number(top), colorOf(double(i) / (kSteps - 1))));
    svg += textAt({kLeft, top + 22}, "start", matrix.text(scale.low));
    svg += textAt({kLeft + 5 * kSteps, top + 22}, "end", matrix.text(scale.high));
    return svg + textAt({kLeft + 5 * kSteps + 10, top + 9}, "start", matrix.label);
}

}  // namespace

std::string scatterSvg(std::span<const ChartPoint> points, const ScatterAxes& axes) {
    if (points.empty()) return {};
    std::vector<Point> extent;
    for (const ChartPoint& point : points) {
        extent.emplace_back(point.x, point.y);
        extent.emplace_back(point.x, point.y + point.yError);
    }
    if (axes.markX > 0) extent.emplace_back(axes.markX, points.front().y);
    const Frame frame = frameOf(extent, 0.06);
    std::string svg = frame.draw(axes.x, axes.y, 0);
    if (axes.floor > 0)
        svg += lineBetween({kLeft, frame.y(axes.floor)}, {kWidth - kRight, frame.y(axes.floor)}, "floor");
    if (axes.markX > 0)
        svg += lineBetween({frame.x(axes.markX), kTop}, {frame.x(axes.markX), kHeight - kBottom}, "floor");
    std::vector<Point> front;
    for (const size_t at : frontOf(points)) front.emplace_back(frame.x(points[at].x), frame.y(points[at].y));
    svg += polyline(front, "front");
    Labels labels;
    for (const ChartPoint& point : points) labels.take({frame.x(point.x) - 4, frame.y(point.y) - 4, 8, 8});
    for (const ChartPoint& point : points) svg += pointSvg(frame, point);
    for (const ChartPoint& point : points) svg += labels.place(frame.x(point.x), frame.y(point.y), point.name);
    return wholeSvg(kHeight, axes.x + ", " + axes.y, svg);
}

std::string linesSvg(std::span<const ChartLine> lines, const std::string& xLabel, const std::string& yLabel) {
    std::vector<Point> all;
    for (const ChartLine& line : lines) all.insert(all.end(), line.points.begin(), line.points.end());
    if (all.empty()) return {};
    const Frame frame = frameOf(all, 0);
    std::string svg = frame.draw(xLabel, yLabel, 1);
    double legend = kLeft + 8;
    for (size_t i = 0; i < std::min(lines.size(), kMostLines); ++i) {
        const std::string kind = fmt::format("line{}", i);
        std::vector<Point> placed;
        std::string marks;
        for (const auto& [x, y] : lines[i].points) {
            placed.emplace_back(frame.x(x), frame.y(y));
            marks += element("circle",
                             fmt::format("cx=\"{}\" cy=\"{}\" r=\"2.5\" class=\"fill{}\"", number(placed.back().first),
                                         number(placed.back().second), i),
                             titleOf(fmt::format("{} {}: {}", lines[i].name, figureText(x), figureText(y))));
        }
        svg += polyline(placed, kind) + marks;
        svg += lineBetween({legend, kTop - 4}, {legend + 14, kTop - 4}, kind);
        svg += textAt({legend + 18, kTop}, "start", lines[i].name);
        legend += 30 + lettersOf(lines[i].name) * kLetter;
    }
    return wholeSvg(kHeight, xLabel + ", " + yLabel, svg);
}

std::string matrixSvg(const ChartMatrix& matrix) {
    ColorScale scale;
    scale.logarithmic = matrix.logarithmic;
    for (const auto& cell : matrix.cells) {
        if (cell) scale.include(cell->value);
    }
    if (scale.empty) return {};
    const auto columns = matrix.columns.size();
    const double cellHeight = matrix.rows.size() > 40 ? 9 : 16;
    const double cellWidth = std::min(56.0, (kWidth - kLeft - kRight) / double(columns));
    std::string svg;
    for (size_t column = 0; column < columns; ++column)
        svg += textAt({kLeft + (double(column) + 0.5) * cellWidth, kLine}, "middle", matrix.columns[column]);
    for (size_t row = 0; row < matrix.rows.size(); ++row) {
        const double top = kLine + 6 + double(row) * cellHeight;
        if (cellHeight > 12 || row % 4 == 0) svg += textAt({kLeft - 6, top + cellHeight - 4}, "end", matrix.rows[row]);
        for (size_t column = 0; column < columns; ++column) {
            const auto& cell = matrix.cells[row * columns + column];
            if (!cell) continue;
            svg += element("rect",
                           fmt::format("x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{}\"",
                                       number(kLeft + double(column) * cellWidth), number(top), number(cellWidth - 1),
                                       number(cellHeight - 1),
                                       std::isfinite(cell->value) ? colorOf(scale.share(cell->value)) : "none"),
                           titleOf(fmt::format("{}: {}", cell->title, matrix.text(cell->value))));
        }
    }
    const double below = kLine + 6 + double(matrix.rows.size()) * cellHeight + 8;
    return wholeSvg(below + 30, matrix.label, svg + scaleSvg(matrix, scale, below));
}

std::string chartStyle() {
    // The eight colours that Okabe and Ito chose to be told apart without colour vision; black is the text's colour.
    static constexpr std::array<std::string_view, kMostLines> kLines{"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                                                     "#e69f00", "#56b4e9", "#b8a800", "var(--text)"};
    std::string style =
        "svg{width:100%;max-width:760px;height:auto;display:block}"
        "svg .tick{fill:var(--muted);font-size:11px}svg .axis{stroke:var(--line)}"
        "svg .grid{stroke:var(--line);stroke-dasharray:1 3}svg .floor{stroke:var(--muted);stroke-dasharray:4 3}"
        "svg .mark{fill:var(--accent)}svg .current{fill:var(--second)}svg .error{stroke:var(--accent)}"
        "svg .front{fill:none;stroke:var(--accent);stroke-opacity:.4;stroke-width:1.5}";
    for (size_t i = 0; i < kLines.size(); ++i)
        style +=
            fmt::format("svg .line{0}{{fill:none;stroke:{1};stroke-width:1.5}}svg .fill{0}{{fill:{1}}}", i, kLines[i]);
    return style;
}

}  // namespace halftone
