// SPDX-License-Identifier: GPL-3.0-or-later
// The colour scale of the matrix: its ends are dragged or moved by keys, each measure keeps its own, a double click
// fits.
#include <QComboBox>
#include <QTest>

#include "app/plots/color_bar.h"
#include "app/plots/layer_matrix.h"
#include "tests/gui/window_fixture.h"

namespace halftone::app {
namespace {

class MatrixScaleTest : public WindowTest {
  protected:
    void SetUp() override {
        WindowTest::SetUp();
        openSample();
        ASSERT_TRUE(awaitIdle());
        bar = find<ColorBar>("matrixScale");
        matrix = window.findChild<LayerMatrix*>();
        ASSERT_TRUE(bar && matrix);
        ASSERT_TRUE(test::waitUntil([&] { return !matrix->fittedScale().empty; }));
    }
    void drag(double from, double to) {
        const int y = 5;
        QTest::mousePress(bar, Qt::LeftButton, {}, {bar->positionOf(from), y});
        QTest::mouseMove(bar, {bar->positionOf(to), y});
        QTest::mouseRelease(bar, Qt::LeftButton, {}, {bar->positionOf(to), y});
    }
    void choose(Measure measure) {
        auto* measures = find<QComboBox>("matrixMeasure");
        measures->setCurrentIndex(measures->findData(int(measure)));
    }

    ColorBar* bar = nullptr;
    LayerMatrix* matrix = nullptr;
};

TEST_F(MatrixScaleTest, ItsEndsCanBeDraggedAndFitAgain) {
    const ColorScale fitted = matrix->fittedScale();
    EXPECT_EQ(matrix->scale().low, fitted.low);
    drag(fitted.low, fitted.valueAt(0.5));
    EXPECT_NEAR(fitted.share(matrix->scale().low), 0.5, 0.02);
    EXPECT_EQ(matrix->scale().high, fitted.high);
    drag(fitted.high, fitted.valueAt(0.1));  // past the other end: it stops before
    EXPECT_GT(matrix->scale().high, matrix->scale().low);
    EXPECT_NEAR(fitted.share(matrix->scale().high), 0.52, 0.02);
    EXPECT_TRUE(bar->accessibleDescription().contains(measureText(matrix->measure(), matrix->scale().low)));

    QTest::mouseDClick(bar, Qt::LeftButton, {}, {bar->width() / 2, 5});
    EXPECT_EQ(matrix->scale().low, fitted.low);
    EXPECT_EQ(matrix->scale().high, fitted.high);
    QTest::mousePress(bar, Qt::LeftButton, {}, {bar->width() / 2, 5});
    QTest::mouseMove(bar, {bar->width() / 4, 5});
    EXPECT_EQ(matrix->scale().high, fitted.high) << "between the ends there is nothing to drag";
}

TEST_F(MatrixScaleTest, KeysMoveItAndEachMeasureKeepsItsOwn) {
    const ColorScale fitted = matrix->fittedScale();
    bar->setFocus();
    QTest::keyClick(bar, Qt::Key_Left);
    EXPECT_NEAR(fitted.share(matrix->scale().high), 0.98, 1e-9);
    QTest::keyClick(bar, Qt::Key_Right, Qt::ShiftModifier);
    EXPECT_NEAR(fitted.share(matrix->scale().low), 0.02, 1e-9);
    const ColorScale chosen = matrix->scale();
    const Measure before = matrix->measure();
    choose(Measure::Deviation);
    EXPECT_EQ(matrix->scale().high, matrix->fittedScale().high);
    choose(before);
    EXPECT_EQ(matrix->scale().low, chosen.low);
    EXPECT_EQ(matrix->scale().high, chosen.high);
    QTest::keyClick(bar, Qt::Key_Home);
    EXPECT_EQ(matrix->scale().low, fitted.low);
    choose(Measure::Kurtosis);
    openSample();
    EXPECT_EQ(matrix->scale().low, matrix->fittedScale().low) << "another checkpoint has other values";
}

}  // namespace
}  // namespace halftone::app
