// SPDX-License-Identifier: GPL-3.0-or-later
// The channels of the residual stream over all layers, and how a brush lights them up elsewhere.
#include <QApplication>
#include <QClipboard>
#include <QComboBox>
#include <QDockWidget>
#include <QLabel>
#include <QMenu>
#include <QPushButton>
#include <QSvgRenderer>
#include <QToolButton>

#include <algorithm>

#include "app/panels/channels/channel_map_panel.h"
#include "app/plots/channel_map.h"
#include "app/plots/channel_plot.h"
#include "app/plots/picture_menu.h"
#include "tests/gui/window_fixture.h"

namespace halftone::app {
namespace {

class ChannelMapTest : public WindowTest {
  protected:
    void showMap() {
        openSample();
        window.docks().panelDock("channelMap")->raise();
        panel = find<ChannelMapPanel>("channelMapPanel");
        map = find<ChannelMap>("channelMap");
        ASSERT_TRUE(awaitIdle());
        ASSERT_TRUE(test::waitUntil([&] { return map->isVisible() && map->data() && isComplete(); }));
    }
    /// The embedding, which is the head as well, and four places in each block.
    [[nodiscard]] bool isComplete() {
        return map->data()->rows.size() == 1 + 4 * size_t(session.model()->graph->config.blockCount);
    }
    void drag(int from, int to, Qt::KeyboardModifiers modifiers = {}) {
        const QPoint begin = map->pixelOf(from, 1).toPoint(), end = map->pixelOf(to, 1).toPoint();
        QTest::mousePress(map, Qt::LeftButton, modifiers, begin);
        QMouseEvent move(QEvent::MouseMove, end, map->mapToGlobal(end), Qt::NoButton, Qt::LeftButton, modifiers);
        QApplication::sendEvent(map, &move);
        QTest::mouseRelease(map, Qt::LeftButton, modifiers, end);
    }
    [[nodiscard]] const QList<int>& lit() { return session.selection().channels(); }

    ChannelMapPanel* panel = nullptr;
    ChannelMap* map = nullptr;
};

TEST_F(ChannelMapTest, ALayerForEachPlaceWithTheLargestWeightsOfItsTensors) {
    showMap();
    const auto& data = *map->data();
    EXPECT_EQ(data.channels, session.model()->graph->config.hiddenSize);
    const auto tensors = session.checkpoint()->tensors();
    const int down = tensorsOf(TensorRole::kFfnDown).at(1);
    const auto row = std::ranges::find_if(data.rows, [&](const auto& entry) { return entry.tensor == down; });
    ASSERT_NE(row, data.rows.end());
    EXPECT_EQ(row->block, 1);
    const auto stats = session.statistics().of(down);
    for (int channel = 0; channel < int(data.channels); ++channel)
        EXPECT_EQ(data.at(size_t(row - data.rows.begin()), channel), stats->rowAbsMax[size_t(channel)]);
    EXPECT_FALSE(map->scale().empty);
    EXPECT_EQ(map->csv().count('\n'), data.channels + 1);
}

TEST_F(ChannelMapTest, ABrushLightsChannelsUpInTheOtherViews) {
    showMap();
    const auto ups = tensorsOf(TensorRole::kFfnUp);
    session.selection().select(ups);
    drag(5, 8);
    EXPECT_EQ(lit(), (QList<int>{5, 6, 7, 8}));
    EXPECT_EQ(session.selection().tensors(), ups) << "a brush is not about tensors";
    drag(20, 21, Qt::ControlModifier);
    EXPECT_EQ(lit(), (QList<int>{5, 6, 7, 8, 20, 21}));
    EXPECT_TRUE(find<QLabel>("channelMapCaption")->text().contains("6 selected"));
    session.selection().select({tensorsOf(TensorRole::kFfnUp).first()});
    auto* plot = window.findChild<ChannelPlot*>();
    ASSERT_NE(plot, nullptr);
    EXPECT_EQ(plot->lit(), lit());
    session.selection().select({tensorsOf(TensorRole::kFfnDown).first()});
    EXPECT_TRUE(plot->lit().isEmpty()) << "the inputs of this layer are not the stream's channels";
    session.selection().select({tensorsOf(TensorRole::kAttnQ).first()});
    window.docks().panelDock("channels")->raise();
    ASSERT_TRUE(test::waitUntil([&] { return plot->isVisible(); }));
    plot->replot();
    QTest::mousePress(plot, Qt::LeftButton, {}, plot->pixelOf(12).toPoint());
    EXPECT_EQ(lit(), QList<int>{12}) << "and the other way";
    session.close();
    EXPECT_TRUE(lit().isEmpty());
}

TEST_F(ChannelMapTest, TheKeyboardGoesEverywhere) {
    showMap();
    map->setFocus();
    QTest::keyClick(map, Qt::Key_Home);
    EXPECT_EQ(lit(), QList<int>{0});
    QTest::keyClick(map, Qt::Key_Right, Qt::ShiftModifier);
    EXPECT_EQ(lit(), (QList<int>{0, 1}));
    QTest::keyClick(map, Qt::Key_End);
    EXPECT_EQ(lit(), QList<int>{int(map->data()->channels) - 1});
    QTest::keyClick(map, Qt::Key_Down);
    EXPECT_TRUE(map->accessibleDescription().contains(QString::number(map->data()->channels - 1)));
    QTest::keyClick(map, Qt::Key_Plus);
    const double wide = map->pixelOf(1, 0).x() - map->pixelOf(0, 0).x();
    QTest::keyClick(map, Qt::Key_F);
    EXPECT_GT(wide, map->pixelOf(1, 0).x() - map->pixelOf(0, 0).x()) << "zoomed, then fitted";
    QTest::keyClick(map, Qt::Key_Escape);
    EXPECT_TRUE(lit().isEmpty());
    QTest::keyClick(map, Qt::Key_Period);
    const auto& massive = map->data()->massive;
    EXPECT_EQ(lit(), massive.empty() ? QList<int>() : QList<int>{massive.front().channel});
}

TEST_F(ChannelMapTest, SortedByTheMaximumTheLargestStandsFirst) {
    showMap();
    find<QToolButton>("channelMapSorted")->click();
    const auto& data = *map->data();
    const int first = data.byMaximum.front(), second = data.byMaximum[1];
    EXPECT_LT(map->pixelOf(first, 0).x(), map->pixelOf(second, 0).x());
    EXPECT_EQ(map->cellAt(map->pixelOf(first, 3)), QPoint(first, 3));
    EXPECT_TRUE(std::ranges::is_sorted(data.byMaximum, std::greater(), [&](int c) { return data.maxima[size_t(c)]; }));
}

TEST_F(ChannelMapTest, ActivationsAskForACalibrationAndThenShow) {
    showMap();
    find<QToolButton>("channelMapActivations")->click();
    EXPECT_FALSE(map->isVisible());
    auto* button = panel->findChild<QPushButton*>();
    ASSERT_TRUE(button && button->isVisible()) << "one button fills the view";
    button->click();
    ASSERT_TRUE(awaitIdle());
    ASSERT_TRUE(test::waitUntil([&] { return map->isVisible(); }));
    const auto& data = *map->data();
    const int query = tensorsOf(TensorRole::kAttnQ).at(2);
    const auto row = std::ranges::find_if(
        data.rows, [&](const auto& entry) { return entry.block == 2 && entry.place == StreamPlace::AttentionIn; });
    ASSERT_NE(row, data.rows.end());
    const auto& maxima = session.calibration().of(query)->summary.colAbsMax;
    EXPECT_EQ(data.at(size_t(row - data.rows.begin()), 3), maxima[3]);
    EXPECT_TRUE(std::ranges::none_of(data.rows, [](const auto& entry) { return !readsStream(entry.place); }))
        << "what a layer adds is not measured";
    EXPECT_EQ(data.rows.back().place, StreamPlace::Head) << "the embedding meets activations as the head";
    find<QToolButton>("channelMapWeights")->click();
    EXPECT_TRUE(isComplete()) << "what was gathered is kept";
}

TEST_F(ChannelMapTest, LayersCanBeNarrowedAndAPictureTaken) {
    showMap();
    auto* places = find<QComboBox>("channelMapPlaces");
    places->setCurrentIndex(places->findData(int(StreamPlace::AttentionOut)));
    const auto blocks = size_t(session.model()->graph->config.blockCount);
    ASSERT_TRUE(test::waitUntil([&] { return map->data()->rows.size() == blocks; }));
    QMenu menu;
    fillPictureMenu(menu, pictureOf(*map, [this] { return map->csv(); }));
    menu.findChild<QAction*>("copyCsv")->trigger();
    EXPECT_TRUE(QApplication::clipboard()->text().startsWith("channel,blk.0.attn_out,blk.1.attn_out"));
    EXPECT_TRUE(QSvgRenderer(pictureOf(*map, {}).svg()).isValid());
}

TEST_F(ChannelMapTest, NothingIsShownOfACheckpointThatWasClosed) {
    showMap();
    session.close();
    EXPECT_EQ(map->data(), nullptr);
    EXPECT_FALSE(map->isVisible());
    EXPECT_TRUE(awaitIdle());
    EXPECT_EQ(map->data(), nullptr) << "nor of a job that came late";
}

}  // namespace
}  // namespace halftone::app
