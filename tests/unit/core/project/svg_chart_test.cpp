// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/project/svg_chart.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

#include "core/project/color_ramp.h"

namespace halftone {
namespace {

using testing::HasSubstr;

struct Mark {
    double x = 0, y = 0;
    std::string kind, title;
};

/// The circles of a chart in order.
std::vector<Mark> marksOf(const std::string& svg) {
    static const std::regex kCircle(
        R"re(<circle cx="([^"]*)" cy="([^"]*)" r="[^"]*" class="([^"]*)"><title>([^<]*)</title></circle>)re");
    std::vector<Mark> marks;
    for (std::sregex_iterator at(svg.begin(), svg.end(), kCircle), end; at != end; ++at)
        marks.push_back({std::stod((*at)[1]), std::stod((*at)[2]), (*at)[3], (*at)[4]});
    return marks;
}

int countOf(const std::string& text, const std::string& part) {
    int count = 0;
    for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
    return count;
}

TEST(ScatterSvg, PlacesPointsByTheirFigures) {
    const ChartPoint points[] = {{"small <&>", 300, 0.1, 0.01, false}, {"large", 600, 0.001, 0, true}};
    const std::string svg = scatterSvg(points, {"size (MB)", "KLD", 1e-4, 900});
    const auto marks = marksOf(svg);
    ASSERT_EQ(marks.size(), 2u);
    EXPECT_LT(marks[0].x, marks[1].x);
    EXPECT_LT(marks[0].y, marks[1].y) << "the greater divergence stands higher";
    EXPECT_EQ(marks[0].kind, "mark");
    EXPECT_EQ(marks[1].kind, "current");
    EXPECT_EQ(marks[0].title, "small &lt;&amp;&gt;: 300.0, 0.1000");
    EXPECT_EQ(countOf(svg, "class=\"error\""), 1);
    EXPECT_EQ(countOf(svg, "class=\"floor\""), 2);
    EXPECT_TRUE(scatterSvg({}, {}).empty());
}

TEST(ScatterSvg, OnePointAndExactOnesHaveAPlace) {
    for (const double y : {0.0, 1e-9, 0.02, 3.0}) {
        const ChartPoint point[] = {{"only", 5, y, 0, true}};
        const auto marks = marksOf(scatterSvg(point, {"x", "y"}));
        ASSERT_EQ(marks.size(), 1u);
        EXPECT_GE(marks[0].x, 0);
        EXPECT_LE(marks[0].x, 760);
        EXPECT_GE(marks[0].y, 0);
        EXPECT_LE(marks[0].y, 340);
    }
}

TEST(LinesSvg, ALineForEachSeriesAndNoMoreThanEight) {
    std::vector<ChartLine> lines;
    for (int i = 0; i < 10; ++i) lines.push_back({"r" + std::to_string(i), {{0, 0.1 + i}, {1, 0.2 + i}}});
    const std::string svg = linesSvg(lines, "block", "error");
    EXPECT_EQ(countOf(svg, "<polyline"), 8);
    EXPECT_EQ(marksOf(svg).size(), 16u);
    EXPECT_TRUE(linesSvg({}, "x", "y").empty());
    const ChartLine empty[] = {{"empty", {}}};
    EXPECT_TRUE(linesSvg(empty, "x", "y").empty());
}

TEST(MatrixSvg, ACellForEachValueAndAScaleBelow) {
    ChartMatrix matrix{"bits", {"0", "1"}, {"q", "k"},
                       {},     false,      [](double value) { return std::to_string(int(value)); }};
    matrix.cells = {ChartMatrix::Cell{4, "0 q"}, std::nullopt, ChartMatrix::Cell{8, "1 q"},
                    ChartMatrix::Cell{6, "1 k"}};
    const std::string svg = matrixSvg(matrix);
    EXPECT_EQ(countOf(svg, "<title>"), 3);
    EXPECT_EQ(countOf(svg, "<rect"), 3 + 40);
    EXPECT_THAT(svg, HasSubstr("<title>1 k: 6</title>"));
    EXPECT_THAT(svg, HasSubstr("fill=\"#440154\""));
    EXPECT_THAT(svg, HasSubstr("fill=\"#fde725\""));
    matrix.cells.assign(4, std::nullopt);
    EXPECT_TRUE(matrixSvg(matrix).empty());
}

TEST(ChartStyle, ColoursComeFromThePage) {
    const std::string style = chartStyle();
    for (const char* name : {"--text", "--muted", "--line", "--accent", "--second"})
        EXPECT_THAT(style, HasSubstr("var(" + std::string(name) + ")"));
}

TEST(ColorRamp, GoesFromDarkVioletToYellow) {
    EXPECT_EQ(viridisColor(-1), (std::array<uint8_t, 3>{0x44, 0x01, 0x54}));
    EXPECT_EQ(viridisColor(2), (std::array<uint8_t, 3>{0xfd, 0xe7, 0x25}));
    EXPECT_EQ(viridisColor(0.5), (std::array<uint8_t, 3>{0x1f, 0x98, 0x8b}));
}

}  // namespace
}  // namespace halftone
