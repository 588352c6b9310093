// SPDX-License-Identifier: GPL-3.0-or-later
// A range of values, dragged over in the histogram, and the channels that it comes from.
#include <QLabel>

#include <algorithm>

#include "app/plots/channels_of_range.h"
#include "app/plots/distribution_plot.h"
#include "core/quant/formats/packed_tensor.h"
#include "tests/gui/window_fixture.h"

namespace halftone::app {
namespace {

class RangeOriginTest : public WindowTest {
  protected:
    void show(TensorRole role) {
        openSample();
        session.selection().select({tensorsOf(role).at(2)});
        ASSERT_TRUE(awaitIdle());
    }
    DistributionPlot& histogram() { return *find<DistributionPlot>("distributionPlot"); }
    QPoint at(double share) {
        const QRect room = histogram().axisRect()->rect();
        return {room.left() + int(share * room.width()), room.center().y()};
    }
    void drag(double from, double to) {
        QTest::mousePress(&histogram(), Qt::LeftButton, {}, at(from));
        QTest::mouseMove(&histogram(), at(to));
        QTest::mouseRelease(&histogram(), Qt::LeftButton, {}, at(to));
        ASSERT_TRUE(awaitIdle());
    }
    [[nodiscard]] QString caption() {
        QString all;
        for (const auto* label : window.findChild<QWidget*>("distributionPanel")->findChildren<QLabel*>())
            all += label->text() + QLatin1Char('\n');
        return all;
    }
    /// Channels of the current tensor with values from `low` to `high`.
    QList<int> channelsWith(double low, double high, bool byRow) {
        const auto rows = openRows(session.checkpoint(), session.tensor(session.selection().current())).value();
        std::vector<float> row(size_t(rows->cols()));
        QList<int> found;
        for (int64_t r = 0; r < rows->rows(); ++r) {
            EXPECT_TRUE(rows->readRows(r, 1, row).has_value());
            for (int64_t c = 0; c < rows->cols(); ++c) {
                const int channel = int(byRow ? r : c);
                if (row[size_t(c)] >= low && row[size_t(c)] <= high && !found.contains(channel)) found.append(channel);
            }
        }
        std::ranges::sort(found);
        return found;
    }
};

TEST_F(RangeOriginTest, ADragLightsTheChannelsThatItsValuesComeFrom) {
    for (const auto& [role, byRow] : {std::pair(TensorRole::kFfnUp, false), std::pair(TensorRole::kFfnDown, true)}) {
        show(role);
        std::optional<DraggedRange> chosen;
        const auto heard = QObject::connect(&histogram(), &DistributionPlot::rangeChosen, &window,
                                            [&](std::optional<DraggedRange> range) { chosen = range; });
        drag(0.97, 0.999);
        QObject::disconnect(heard);
        ASSERT_TRUE(chosen);
        const auto wanted = channelsWith(chosen->low, chosen->high, byRow);
        ASSERT_FALSE(wanted.isEmpty());
        ASSERT_LE(wanted.size(), 32);
        EXPECT_EQ(session.selection().channels(), wanted);
        EXPECT_TRUE(caption().contains(byRow ? "outputs" : "inputs")) << caption().toStdString();
        QTest::mouseClick(&histogram(), Qt::LeftButton, {}, at(0.5));
        EXPECT_FALSE(caption().contains("puts")) << "a click takes the range back";
    }
}

TEST_F(RangeOriginTest, ShiftAndDragMoveAlongTheValues) {
    show(TensorRole::kFfnUp);
    const auto before = histogram().xAxis->range();
    QTest::mousePress(&histogram(), Qt::LeftButton, Qt::ShiftModifier, at(0.5));
    QTest::mouseMove(&histogram(), at(0.7));
    QTest::mouseRelease(&histogram(), Qt::LeftButton, Qt::ShiftModifier, at(0.7));
    EXPECT_NE(histogram().xAxis->range().lower, before.lower);
    EXPECT_TRUE(session.selection().channels().isEmpty());
}

TEST_F(RangeOriginTest, AnotherTensorForgetsTheRange) {
    show(TensorRole::kFfnUp);
    drag(0.9, 0.99);
    EXPECT_TRUE(caption().contains("inputs"));
    session.selection().select({tensorsOf(TensorRole::kFfnUp).at(0)});
    ASSERT_TRUE(awaitIdle());
    EXPECT_FALSE(caption().contains("inputs"));
}

}  // namespace
}  // namespace halftone::app
