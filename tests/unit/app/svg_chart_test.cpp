// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/report/svg_chart.h"

#include <gtest/gtest.h>

#include <QRegularExpression>
#include <QXmlStreamReader>

namespace halftone::app {
namespace {

struct Mark {
    double x = 0, y = 0;
    QString kind, title;
};

/// The circles of a chart in order; fails where the chart is not well-formed.
QList<Mark> marksOf(const QString& svg) {
    QList<Mark> marks;
    QXmlStreamReader reader(svg);
    while (!reader.atEnd()) {
        if (reader.readNext() != QXmlStreamReader::StartElement || reader.name() != QLatin1String("circle")) continue;
        const auto attributes = reader.attributes();
        marks.append({attributes.value("cx").toDouble(),
                      attributes.value("cy").toDouble(),
                      attributes.value("class").toString(),
                      {}});
        reader.readNextStartElement();
        marks.last().title = reader.readElementText();
    }
    EXPECT_FALSE(reader.hasError()) << reader.errorString().toStdString();
    return marks;
}

TEST(ScatterSvg, PlacesPointsByTheirFigures) {
    const QString svg = scatterSvg({{0, "small <&>", {}, 300, 0.1, 0.01, false}, {1, "large", {}, 600, 0.001, 0, true}},
                                   {"size (MB)", "KLD", 1e-4, 900});
    const auto marks = marksOf(svg);
    ASSERT_EQ(marks.size(), 2);
    EXPECT_LT(marks[0].x, marks[1].x);
    EXPECT_LT(marks[0].y, marks[1].y) << "the greater divergence stands higher";
    EXPECT_EQ(marks[0].kind, "mark");
    EXPECT_EQ(marks[1].kind, "current");
    EXPECT_EQ(marks[0].title, "small <&>: 300.0, 0.1000");
    EXPECT_TRUE(scatterSvg({}, {}).isEmpty());
}

TEST(ScatterSvg, OnePointAndExactOnesHaveAPlace) {
    for (const double y : {0.0, 1e-9, 0.02, 3.0}) {
        const auto marks = marksOf(scatterSvg({{0, "only", {}, 5, y, 0, true}}, {"x", "y"}));
        ASSERT_EQ(marks.size(), 1);
        EXPECT_GE(marks[0].x, 0);
        EXPECT_LE(marks[0].x, 760);
        EXPECT_GE(marks[0].y, 0);
        EXPECT_LE(marks[0].y, 340);
    }
}

TEST(LinesSvg, ALineForEachSeriesAndNoMoreThanEight) {
    QList<ChartLine> lines;
    for (int i = 0; i < 10; ++i) lines.append({QStringLiteral("r%1").arg(i), {{0, 0.1 + i}, {1, 0.2 + i}}});
    const QString svg = linesSvg(lines, "block", "error");
    EXPECT_EQ(svg.count("<polyline"), 8);
    EXPECT_EQ(marksOf(svg).size(), 16);
    EXPECT_TRUE(linesSvg({}, "x", "y").isEmpty());
    EXPECT_TRUE(linesSvg({{"empty", {}}}, "x", "y").isEmpty());
}

TEST(ChartStyle, ColoursComeFromThePage) {
    const QString style = chartStyle();
    for (const char* name : {"--text", "--muted", "--line", "--accent", "--second"})
        EXPECT_TRUE(style.contains(QStringLiteral("var(%1)").arg(QLatin1String(name)))) << name;
}

}  // namespace
}  // namespace halftone::app
