// SPDX-License-Identifier: GPL-3.0-or-later
#include <QComboBox>
#include <QDockWidget>
#include <QLabel>
#include <QPushButton>
#include <QToolButton>

#include <algorithm>

#include "app/panels/ranges/range_panel.h"
#include "app/plots/range_plot.h"
#include "app/widgets/state_stack.h"
#include "tests/gui/window_fixture.h"

namespace halftone::app {
namespace {

class RangesTest : public WindowTest {
  protected:
    void showRanges() {
        openSample();
        window.docks().panelDock("ranges")->raise();
        panel = find<RangePanel>("rangePanel");
        ASSERT_TRUE(test::waitUntil([&] { return panel->isVisible(); }));
    }
    void calibrate() {
        auto* button = panel->findChild<QPushButton*>();
        ASSERT_TRUE(button && button->isVisible()) << "one button fills the view";
        button->click();
        ASSERT_TRUE(awaitIdle());
    }
    [[nodiscard]] const QList<RangeColumn>& columns() { return find<RangePlot>("rangePlot")->columns(); }
    void chooseRole(TensorRole role) {
        auto* roles = find<QComboBox>("rangeRole");
        const int place = roles->findData(int(role));
        ASSERT_GE(place, 0);
        roles->setCurrentIndex(place);
    }

    RangePanel* panel = nullptr;
};

TEST_F(RangesTest, AColumnForEachBlockWithTheEndsOfWhatWasSeen) {
    showRanges();
    calibrate();
    chooseRole(TensorRole::kFfnDown);
    const auto downs = tensorsOf(TensorRole::kFfnDown);
    ASSERT_EQ(columns().size(), downs.size());
    for (int i = 0; i < int(downs.size()); ++i) {
        const auto& column = columns()[i];
        EXPECT_EQ(column.block, i);
        EXPECT_EQ(column.tensor, downs[i]);
        const auto& summary = session.calibration().of(downs[i])->summary;
        EXPECT_EQ(column.before.least(), summary.min);
        EXPECT_EQ(column.before.most(), summary.max);
        EXPECT_TRUE(std::is_sorted(column.before.values.begin(), column.before.values.end()));
        EXPECT_FALSE(column.after);
    }
    EXPECT_EQ(find<RangePlot>("rangePlot")->csv().count('\n'), downs.size() + 1);
}

/// Outliers are what ranges are looked at for: the bands reach into the tails.
TEST_F(RangesTest, TheBandsReachIntoTheTails) {
    showRanges();
    calibrate();
    chooseRole(TensorRole::kFfnDown);
    const auto& histogram = session.calibration().of(tensorsOf(TensorRole::kFfnDown).first())->summary.histogram;
    const auto& bands = columns().first().before;
    for (const double quantile : {0.001, 0.01, 0.25, 0.75, 0.99, 0.999})
        EXPECT_EQ(bands.atQuantile(quantile), histogram.quantile(quantile));
    EXPECT_TRUE(find<QLabel>("rangeCaption")->text().contains("0.1–99.9 %"));
    auto* plot = find<RangePlot>("rangePlot");
    EXPECT_TRUE(plot->csv().startsWith("tensor,block,state,q0,q0.1,q1,q25,q50,q75,q99,q99.9,q100\n"))
        << plot->csv().left(90).toStdString();
    QString probe;
    QObject::connect(plot, &RangePlot::probed, [&](const QString& text) { probe = text; });
    plot->replot();
    QTest::mouseMove(plot, plot->pixelOf(0).toPoint());
    EXPECT_TRUE(probe.contains(", 0.1–99.9 % ")) << probe.toStdString();
    EXPECT_TRUE(probe.contains(", 25–75 % "));
}

TEST_F(RangesTest, SmoothingShowsTheChannelsAfterItAndUndoTakesThemAway) {
    showRanges();
    calibrate();
    Recipe recipe = Recipe::pure(Format::of(IntegerFormat{8, true, Granularity::kChannel, 0}),
                                 MethodChoice{MethodId::kSmoothQuant, {}});
    session.recipe().apply(recipe);
    ASSERT_TRUE(awaitIdle());
    chooseRole(TensorRole::kAttnQ);
    find<QToolButton>("rangeChannels")->click();
    ASSERT_FALSE(columns().isEmpty());
    const auto& plan = session.quantization().plan();
    ASSERT_TRUE(plan);
    for (const auto& column : columns()) {
        ASSERT_TRUE(column.after) << column.name.toStdString();
        const auto& maxima = session.calibration().of(column.tensor)->summary.colAbsMax;
        const auto& factors = plan->scaleOf(column.name.toStdString()).columns;
        ASSERT_EQ(maxima.size(), factors.size());
        float most = 0;
        for (size_t i = 0; i < maxima.size(); ++i) most = std::max(most, maxima[i] / factors[i]);
        EXPECT_EQ(column.after->most(), double(most));
        EXPECT_LT(column.after->most() / column.after->median(), column.before.most() / column.before.median())
            << "smoothing takes the outliers in";
    }
    EXPECT_TRUE(find<QLabel>("rangeCaption")->text().contains("after smoothing"));
    session.recipe().undoStack().undo();
    ASSERT_TRUE(awaitIdle());
    for (const auto& column : columns()) EXPECT_FALSE(column.after);
}

TEST_F(RangesTest, SelectionIsLinked) {
    showRanges();
    calibrate();
    const int up = tensorsOf(TensorRole::kFfnUp).at(2);
    session.selection().select({up});
    EXPECT_EQ(find<QComboBox>("rangeRole")->currentData().toInt(), int(TensorRole::kFfnUp));
    auto* plot = find<RangePlot>("rangePlot");
    plot->replot();
    QTest::mouseClick(plot, Qt::LeftButton, {}, plot->pixelOf(4).toPoint());
    EXPECT_EQ(session.selection().current(), tensorsOf(TensorRole::kFfnUp).at(4));
}

}  // namespace
}  // namespace halftone::app
