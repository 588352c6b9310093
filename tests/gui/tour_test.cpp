// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/tour.h"

#include <QPushButton>

#include "app/widgets/callout.h"
#include "tests/gui/window_fixture.h"

namespace halftone::app {
namespace {

class TourTest : public WindowTest {
  protected:
    void press(const char* button) { find<QPushButton>(button)->click(); }
    Callout* callout() { return window.findChild<Callout*>(); }
    bool pointsAtSomething() {
        return test::waitUntil([&] {
            auto* ring = window.findChild<QWidget*>("calloutRing");
            auto* target = callout()->target();
            if (!ring || !target || !target->isVisible() || !ring->isVisible()) return false;
            const QRect at(target->mapTo(&window, QPoint()), target->size());
            return ring->geometry().intersects(at) && window.rect().contains(callout()->geometry());
        });
    }
};

TEST_F(TourTest, GoesThroughTheWindowAndDoesNotComeAgain) {
    Tour tour(session, window);
    EXPECT_LE(tour.stepCount(), 5);
    tour.startIfNew();
    ASSERT_EQ(tour.step(), 0);
    EXPECT_TRUE(pointsAtSomething());
    press("calloutNext");
    ASSERT_TRUE(test::waitUntil([&] { return tour.step() == 1; })) << "the sample opens, and on it goes";
    for (int step = 1; step < tour.stepCount(); ++step) {
        EXPECT_EQ(tour.step(), step);
        EXPECT_TRUE(pointsAtSomething()) << step;
        press("calloutNext");
    }
    EXPECT_EQ(tour.step(), -1);
    QTest::qWait(20);
    EXPECT_EQ(callout(), nullptr);
    tour.startIfNew();
    EXPECT_EQ(tour.step(), -1) << "seen";
    tour.start();
    EXPECT_EQ(tour.step(), 1) << "asked for; a checkpoint is open";
    press("calloutNext");
    press("calloutBack");
    EXPECT_EQ(tour.step(), 1);
    ASSERT_TRUE(awaitIdle());
}

TEST_F(TourTest, EscapeEndsItAndTheWindowStaysUsable) {
    Tour tour(session, window);
    tour.startIfNew();
    openSample();
    ASSERT_TRUE(test::waitUntil([&] { return tour.step() == 1; })) << "opened by another way";
    session.selection().select({tensorsOf(TensorRole::kFfnDown).first()});
    window.setWorkspace(Workspace::Compare);
    ASSERT_TRUE(awaitIdle());
    QTest::keyClick(callout(), Qt::Key_Escape);
    EXPECT_EQ(tour.step(), -1);
    EXPECT_TRUE(QSettings().value("tour/seen").toBool());
}

TEST_F(TourTest, ClosingTheCheckpointGoesBackToTheBeginning) {
    Tour tour(session, window);
    openSample();
    tour.start();
    ASSERT_TRUE(awaitIdle());
    session.close();
    EXPECT_EQ(tour.step(), 0);
    EXPECT_TRUE(pointsAtSomething());
    ASSERT_TRUE(awaitIdle());
}

}  // namespace
}  // namespace halftone::app
