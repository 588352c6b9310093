// SPDX-License-Identifier: GPL-3.0-or-later
// What every format would do to the selected tensor.
#include <QAbstractItemModel>
#include <QDockWidget>
#include <QTableView>

#include <gtest/gtest.h>

#include "app/panels/candidates/candidate_panel.h"
#include "tests/gui/window_fixture.h"

namespace halftone::app {
namespace {

class CandidatesTest : public WindowTest {
  protected:
    void SetUp() override {
        WindowTest::SetUp();
        openSample();
        ASSERT_TRUE(awaitIdle());
        window.setWorkspace(Workspace::Tune);
        find<QDockWidget>("candidates")->raise();
        settle();
    }
    int shownFormats() { return find<QTableView>("candidateTable")->model()->rowCount(); }
};

// Results on their way when the selection goes away belong to no tensor any more.
TEST_F(CandidatesTest, ASelectionThatGoesAwayMeanwhileLeavesNothing) {
    for (int i = 0; i < 20; ++i) {
        session.selection().select({tensorsOf(TensorRole::kFfnDown).first()});
        QTest::qWait(i);
        session.selection().select({});
        QTest::qWait(5);
        EXPECT_EQ(shownFormats(), 0);
    }
    session.selection().select({tensorsOf(TensorRole::kFfnUp).first()});
    ASSERT_TRUE(awaitIdle());
    EXPECT_GT(shownFormats(), 10);
}

}  // namespace
}  // namespace halftone::app
