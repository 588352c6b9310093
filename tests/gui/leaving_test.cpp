// SPDX-License-Identifier: GPL-3.0-or-later
// What a person is asked: where a checkpoint went, and whether work may be lost.
#include <QAction>
#include <QDockWidget>
#include <QDropEvent>
#include <QFile>
#include <QMenu>
#include <QMessageBox>
#include <QMimeData>
#include <QPushButton>
#include <QTimer>
#include <QToolButton>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <functional>

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
        return askedBy([this] { window.close(); }, button);
    }
    /// What is asked on a way out, which is answered with the button of this name (or else cancelled).
    QString askedBy(const std::function<void()>& wayOut, const QString& button) {
        QString asked;
        QTimer timer;
        QObject::connect(&timer, &QTimer::timeout, &window, [&] {
            auto* box = window.findChild<QMessageBox*>(QStringLiteral("closingQuestion"));
            if (!box || !box->isVisible()) return;
            asked = box->text();
            auto* named = box->findChild<QPushButton*>(button);
            (named ? static_cast<QAbstractButton*>(named) : box->button(QMessageBox::Cancel))->click();
        });
        timer.start(1);
        wayOut();
        return asked;
    }
    QAction* action(const QString& text) {
        for (auto* found : window.findChildren<QAction*>()) {
            if (found->text() == text) return found;
        }
        ADD_FAILURE() << text.toStdString();
        return nullptr;
    }
    /// Another checkpoint than the sample.
    QString otherCheckpoint() {
        const auto copy = folder.path() / "other";
        std::filesystem::copy(test::sourceDir() / "resources/sample", copy, std::filesystem::copy_options::recursive);
        return QString::fromStdString(copy.string());
    }
    [[nodiscard]] bool isOpen(const QString& path) {
        return session.checkpoint() && QString::fromStdString(session.checkpoint()->path().string()) == path;
    }
    /// The name of the open checkpoint, after whatever is being opened has been.
    bool staysOpen(const std::shared_ptr<const Checkpoint>& checkpoint) {
        return awaitIdle() && session.checkpoint() == checkpoint;
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

/// Every way to another checkpoint, with the recipe edited.
TEST_F(LeavingTest, OpeningSomethingElseAsksBeforeAnEditIsLost) {
    openSample();
    const QString other = otherCheckpoint();
    edit();
    ASSERT_TRUE(awaitIdle());
    const auto sample = session.checkpoint();
    const auto drop = [&] {
        QMimeData data;
        data.setUrls({QUrl::fromLocalFile(other)});
        QDragEnterEvent enter(QPoint(10, 10), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
        QApplication::sendEvent(&window, &enter);
        EXPECT_TRUE(enter.isAccepted());
        QDropEvent event(QPointF(10, 10), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
        QApplication::sendEvent(&window, &event);
        QTest::qWait(50);  // asked once the drop is over
    };
    const auto fromRecent = [&] {
        QSettings().setValue(QStringLiteral("recent"), QStringList{other});
        auto* menu = action("Open &recent")->menu();
        emit menu->aboutToShow();
        ASSERT_EQ(menu->actions().size(), 1);
        menu->actions().first()->trigger();
    };
    const auto fromPalette = [&] {
        const auto entry = action("Open the bundled sample");
        entry->trigger();
    };
    const std::pair<const char*, std::function<void()>> ways[] = {{"call", [&] { window.openPath(other); }},
                                                                  {"drop", drop},
                                                                  {"recent", fromRecent},
                                                                  {"palette", fromPalette},
                                                                  {"recovery", [&] { (void)window.recover(other); }}};
    for (const auto& [name, way] : ways) {
        EXPECT_TRUE(askedBy(way, "none").contains("no session file has")) << name;
        EXPECT_TRUE(staysOpen(sample)) << name;
        EXPECT_EQ(session.recipe().recipe().defaultFormat, Format::of(DType::kQ4_0)) << name;
    }
    EXPECT_FALSE(askedBy([&] { window.openPath(other); }, "closeAnyway").isEmpty());
    ASSERT_TRUE(waitUntil([&] { return isOpen(other); }));
    EXPECT_FALSE(session.hasUnsavedWork());
}

TEST_F(LeavingTest, ClosingTheCheckpointAsksAndKeepsTheWindow) {
    openSample();
    edit();
    ASSERT_TRUE(awaitIdle());
    auto* close = action("&Close checkpoint");
    EXPECT_TRUE(askedBy([&] { close->trigger(); }, "none").contains("no session file has"));
    EXPECT_NE(session.checkpoint(), nullptr);
    EXPECT_FALSE(askedBy([&] { close->trigger(); }, "closeAnyway").isEmpty());
    EXPECT_EQ(session.checkpoint(), nullptr);
    EXPECT_TRUE(window.isVisible());
}

TEST_F(LeavingTest, WorkInProgressIsAskedForOnEveryWayButNotWhatStartsByItself) {
    openSample();
    const auto sample = session.checkpoint();
    window.evaluationPanel().start(EvaluationTarget::Original);
    EXPECT_TRUE(askedBy([&] { window.closeCheckpoint(); }, "none").contains("in progress"));
    EXPECT_TRUE(askedBy([&] { window.openPath(samplePath()); }, "none").contains("in progress"));
    EXPECT_EQ(session.checkpoint(), sample);
    session.jobs().cancelAll();
    ASSERT_TRUE(awaitIdle());
    // Statistics begin with every checkpoint.
    window.openPath(samplePath());
    ASSERT_TRUE(waitUntil([&] { return session.checkpoint() != sample; }));
    ASSERT_GT(session.jobs().visibleCount(), 0);
    EXPECT_EQ(session.jobs().askedForCount(), 0);
    EXPECT_EQ(askedBy([&] { window.closeCheckpoint(); }, "none"), QString());
    EXPECT_EQ(session.checkpoint(), nullptr);
}

TEST_F(LeavingTest, RunsVotesAndLocksAreWorkToo) {
    openSample();
    ASSERT_TRUE(awaitIdle());
    EXPECT_FALSE(session.hasUnsavedWork());
    session.recipe().setLocked({tensorsOf(TensorRole::kFfnDown).first()}, true);
    EXPECT_FALSE(closeAndPress("none").isEmpty());
    const QString path = QString::fromStdString((folder.path() / "kept.halftone").string());
    session.saveTo(path, {});
    EXPECT_FALSE(session.hasUnsavedWork());
    session.compare().setTally({1, 0, 0});
    EXPECT_TRUE(session.hasUnsavedFindings());
    EXPECT_FALSE(session.hasUnsavedRecipe());
    EXPECT_TRUE(closeAndPress("none").contains("votes"));
    EXPECT_FALSE(askedBy([&] { window.openPath(path); }, "closeAnyway").isEmpty());
    ASSERT_TRUE(waitUntil([&] { return session.compare().tally() == VoteTally{}; }));
    ASSERT_TRUE(awaitIdle());
    EXPECT_EQ(session.recipe().lockedTensors().size(), 1u);
    EXPECT_FALSE(session.hasUnsavedWork()) << "what a session file gives it has";
}

/// What could not be opened is no news any more once it is open.
TEST_F(LeavingTest, AFailureToOpenLeavesTheStatusBarWithTheNextCheckpoint) {
    const QString path = movedSession();
    window.openPath(path);
    auto* message = find<QToolButton>("lastMessage");
    ASSERT_TRUE(waitUntil([&] { return message->isVisible(); }));
    EXPECT_TRUE(message->toolTip().contains("gone")) << message->toolTip().toStdString();
    session.openMissingFrom(samplePath());
    ASSERT_TRUE(waitUntil([&] { return session.model() != nullptr; }));
    EXPECT_FALSE(message->isVisible() && message->toolTip().contains("gone")) << message->toolTip().toStdString();
    EXPECT_GT(errorCount(), 0) << "the log keeps it";
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

TEST_F(LeavingTest, TheTitleNamesTheSessionAndMarksWhatIsNotSaved) {
    openSample();
    EXPECT_FALSE(window.isWindowModified());
    edit();
    EXPECT_TRUE(window.isWindowModified());
    EXPECT_FALSE(window.windowTitle().contains("mine"));
    session.saveTo(QString::fromStdString((folder.path() / "mine.halftone").string()), {});
    EXPECT_FALSE(window.isWindowModified());
    EXPECT_TRUE(window.windowTitle().contains("mine (sample)")) << window.windowTitle().toStdString();
    session.recipe().undoStack().undo();
    EXPECT_TRUE(window.isWindowModified());
    session.recipe().undoStack().redo();
    EXPECT_FALSE(window.isWindowModified()) << "as it was saved";
}

}  // namespace
}  // namespace halftone::app
