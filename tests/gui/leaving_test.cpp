// SPDX-License-Identifier: GPL-3.0-or-later
// What a person is asked: where a checkpoint went, and whether work may be lost.
#include <QDockWidget>
#include <QFile>
#include <QMessageBox>
#include <QPushButton>
#include <QTimer>

#include <algorithm>
#include <cstdlib>

#include "app/panels/evaluation/evaluation_panel.h"
#include "app/widgets/dock_area.h"
#include "app/widgets/missing_checkpoint_bar.h"
#include "core/project/session_file.h"
#include "tests/gui/window_fixture.h"

namespace halftone::app {
namespace {

using test::waitUntil;

class LeavingTest : public WindowTest {
  protected:
    /// A session of the sample whose checkpoint is said to lie elsewhere.
    QString movedSession() {
        openSample();
        session.recipe().setDefaultFormat(Format::of(DType::kQ5_K));
        auto file = session.snapshot({});
        file.checkpoint = folder.path() / "gone";
        const auto path = folder.path() / "moved.halftone";
        EXPECT_TRUE(file.save(path).has_value());
        session.close();
        EXPECT_TRUE(awaitIdle());
        return QString::fromStdString(path.string());
    }
    void edit() { session.recipe().setDefaultFormat(Format::of(DType::kQ4_0)); }
    /// Closes the window and answers what it asks with the button of this name; the question, or nothing.
    QString closeAndPress(const QString& button) {
        QString asked;
        QTimer::singleShot(0, &window, [&] {
            auto* box = window.findChild<QMessageBox*>(QStringLiteral("closingQuestion"));
            if (!box) return;
            asked = box->text();
            auto* named = box->findChild<QPushButton*>(button);
            (named ? static_cast<QAbstractButton*>(named) : box->button(QMessageBox::Cancel))->click();
        });
        window.close();
        return asked;
    }
    test::TemporaryFolder folder;
};

TEST_F(LeavingTest, ASessionAsksWhereItsCheckpointWent) {
    const QString path = movedSession();
    window.openPath(path);
    ASSERT_TRUE(waitUntil([&] { return window.findChild<MissingCheckpointBar*>() != nullptr; }));
    EXPECT_TRUE(session.missingCheckpoint().endsWith(QStringLiteral("gone")));
    EXPECT_TRUE(session.sessionPath().isEmpty()) << "what is open must not be saved over it";
    session.openMissingFrom(samplePath());
    ASSERT_TRUE(waitUntil([&] { return session.model() != nullptr; }));
    EXPECT_EQ(session.recipe().recipe().defaultFormat, Format::of(DType::kQ5_K));
    EXPECT_EQ(session.sessionPath(), path);
    EXPECT_TRUE(session.missingCheckpoint().isEmpty());
    EXPECT_TRUE(waitUntil([&] { return window.findChild<MissingCheckpointBar*>() == nullptr; }));
}

TEST_F(LeavingTest, ASessionThatIsNotWantedAnyMoreStopsAsking) {
    window.openPath(movedSession());
    ASSERT_TRUE(waitUntil([&] { return window.findChild<MissingCheckpointBar*>() != nullptr; }));
    find<QPushButton>("missingClose")->click();
    EXPECT_TRUE(session.missingCheckpoint().isEmpty());
    const auto* bar = window.findChild<MissingCheckpointBar*>();
    EXPECT_TRUE(!bar || bar->isHidden());
}

TEST_F(LeavingTest, NothingIsAskedWhereNothingIsLost) {
    openSample();
    ASSERT_TRUE(awaitIdle());
    EXPECT_EQ(closeAndPress("closeAnyway"), QString());
    EXPECT_FALSE(window.isVisible());
}

TEST_F(LeavingTest, AnEditedRecipeIsNotLostWithoutAQuestion) {
    openSample();
    edit();
    ASSERT_TRUE(awaitIdle());
    EXPECT_TRUE(closeAndPress("none").contains("no session file has"));
    EXPECT_TRUE(window.isVisible()) << "the question was cancelled";
    const QString path = QString::fromStdString((folder.path() / "kept.halftone").string());
    session.saveTo(path, {});
    edit();
    EXPECT_FALSE(session.hasUnsavedWork());
    session.recipe().setDefaultFormat(Format::of(DType::kQ6_K));
    EXPECT_FALSE(closeAndPress("closeAnyway").isEmpty());
    EXPECT_FALSE(window.isVisible());
}

TEST_F(LeavingTest, AJobInProgressAsksOnceAndAnythingElseWithIt) {
    openSample();
    edit();
    ASSERT_TRUE(awaitIdle());
    window.evaluationPanel().start(EvaluationTarget::Original);
    const QString asked = closeAndPress("closeAnyway");
    EXPECT_TRUE(asked.contains("in progress")) << asked.toStdString();
    EXPECT_TRUE(asked.contains("no session file has"));
    EXPECT_FALSE(window.isVisible());
}

/// Docks whose sizes were kept have them in the next window, which is arranged before it is shown.
TEST_F(LeavingTest, TheNextWindowHasTheSameSizes) {
    openSample();
    window.docks().setWorkspace(Workspace::Tune);
    settle();
    const auto widthsOf = [](MainWindow& shown) {
        QList<int> widths;
        for (const char* name : {"matrix", "distribution", "recipe", "evaluation"})
            widths.append(shown.findChild<QDockWidget*>(QLatin1String(name))->width());
        return widths;
    };
    const QList<int> before = widthsOf(window);
    EXPECT_LT(before[0] * 3, before[3] * 2) << "the usual proportions";
    window.keepSettings();
    Session nextSession;
    MainWindow next(nextSession);
    next.resize(window.size());
    next.show();
    next.openSample();
    ASSERT_TRUE(waitUntil([&] { return nextSession.model() != nullptr; }));
    // What a panel shows may ask for a little more room than before.
    const auto areAlike = [&](const QList<int>& widths) {
        return std::ranges::equal(widths, before, [](int a, int b) { return std::abs(a - b) <= 20; });
    };
    EXPECT_TRUE(waitUntil([&] { return areAlike(widthsOf(next)); }))
        << ::testing::PrintToString(widthsOf(next)) << " instead of " << ::testing::PrintToString(before);
}

}  // namespace
}  // namespace halftone::app
