// SPDX-License-Identifier: GPL-3.0-or-later
// A session that was saved, or that a crash left behind, goes on where it was: the same recipe makes the same weights.
#include <QFile>

#include <algorithm>

#include "app/panels/calibration/calibration_panel.h"
#include "app/panels/evaluation/evaluation_panel.h"
#include "tests/gui/window_fixture.h"

namespace halftone::app {
namespace {

class ReopenedSessionTest : public WindowTest {
  protected:
    /// A calibrated recipe with a run.
    void work() {
        openSample();
        session.recipe().apply(Recipe::pure(*Format::parse("int3_g64_asym"), *MethodChoice::parse("gptq")));
        QFile::copy(QString::fromStdString((test::sourceDir() / "resources/texts/calibration.txt").string()), text);
        session.calibration().start({text, 128, 512});
        ASSERT_TRUE(awaitIdle(300'000));
        ASSERT_TRUE(session.calibration().hasData());
        window.evaluationPanel().setChunks(1);
        window.evaluationPanel().start(EvaluationTarget::Recipe);
        ASSERT_TRUE(awaitIdle(300'000));
        ASSERT_EQ(session.evaluation().runs().size(), 2);
        ASSERT_EQ(session.evaluation().ofRecipe(), &session.evaluation().runs()[1]);
    }
    void reopen() {
        session.close();
        ASSERT_FALSE(session.calibration().hasData());
        window.openPath(path);
        ASSERT_TRUE(test::waitUntil([&] { return session.model() != nullptr; }));
        ASSERT_TRUE(awaitIdle(300'000));
    }

    test::TemporaryFolder folder;
    QString path = QString::fromStdString((folder.path() / "work.halftone").string());
    QString text = QString::fromStdString((folder.path() / "calibration.txt").string());
};

TEST_F(ReopenedSessionTest, CalibratesAgainAndKnowsItsRuns) {
    work();
    const quint64 weights = session.modelJobs().weightsKey();
    session.saveTo(path, {});
    reopen();
    EXPECT_TRUE(session.calibration().hasData());
    EXPECT_EQ(session.calibration().tokens(), 512);
    EXPECT_EQ(session.modelJobs().weightsKey(), weights) << "the same text, the same weights";
    ASSERT_NE(session.evaluation().ofRecipe(), nullptr);
    EXPECT_FALSE(session.evaluation().isStale(*session.evaluation().ofRecipe()));
    session.recipe().setDefaultFormat(Format::of(DType::kQ4_0));
    EXPECT_TRUE(session.evaluation().isStale(session.evaluation().runs()[1]));
    for (const auto& message : session.messages().messages())
        EXPECT_NE(message.severity, MessageSeverity::Error) << message.text.toStdString();
}

TEST_F(ReopenedSessionTest, ACalibrationThatMethodsDidNotUseStaysUnused) {
    work();
    session.setUseCalibration(false);
    const quint64 weights = session.modelJobs().weightsKey();
    session.saveTo(path, {});
    session.setUseCalibration(true);
    reopen();
    EXPECT_TRUE(session.calibration().hasData());
    EXPECT_FALSE(session.usesImportance());
    EXPECT_EQ(session.modelJobs().weightsKey(), weights);
}

TEST_F(ReopenedSessionTest, ATextThatIsGoneIsSaidAndNotForgotten) {
    work();
    session.saveTo(path, {});
    QFile::remove(text);
    reopen();
    EXPECT_FALSE(session.calibration().hasData());
    const auto& messages = session.messages().messages();
    EXPECT_TRUE(std::ranges::any_of(messages, [this](const auto& message) {
        return message.severity == MessageSeverity::Error && message.text.contains(text);
    }));
    EXPECT_TRUE(session.evaluation().isStale(session.evaluation().runs()[1])) << "other weights without it";
    session.saveTo(path, {});
    const auto saved = SessionFile::load(path.toStdString());
    ASSERT_TRUE(saved.has_value());
    ASSERT_TRUE(saved->calibration.has_value()) << "the text may come back";
    EXPECT_EQ(saved->calibration->text, text.toStdString());
}

}  // namespace
}  // namespace halftone::app
