// SPDX-License-Identifier: GPL-3.0-or-later
// Evaluations with a quantized cache and rounded activations, chosen in the window.
#include <QAction>
#include <QCheckBox>
#include <QMenu>
#include <QPushButton>

#include <gtest/gtest.h>

#include "app/panels/calibration/calibration_panel.h"
#include "app/panels/evaluation/evaluation_panel.h"
#include "app/widgets/run_format_button.h"
#include "tests/gui/window_fixture.h"

namespace halftone::app {
namespace {

class RunFormatTest : public WindowTest {
  protected:
    RunFormatButton& button() { return *find<RunFormatButton>("runFormat"); }
    QAction& choice(const char* name) {
        auto* action = button().menu()->findChild<QAction*>(QString::fromLatin1(name));
        if (!action) {
            for (auto* candidate : button().menu()->actions()) {
                if (candidate->objectName() == QLatin1String(name)) action = candidate;
            }
        }
        EXPECT_NE(action, nullptr) << name;
        return *action;
    }
    void evaluate() {
        window.evaluationPanel().setChunks(2);
        window.evaluationPanel().start(EvaluationTarget::Recipe);
        ASSERT_TRUE(awaitIdle(300'000));
        ASSERT_EQ(errorCount(), 0);
    }
    double kld() { return session.evaluation().runs().last().result.reference->kld.mean; }
};

TEST_F(RunFormatTest, TheRecipeRunsSoAndTheOriginalDoesNot) {
    openSample();
    find<QCheckBox>("liveEvaluation")->setChecked(false);
    session.recipe().setDefaultFormat(Format::of(DType::kQ8_0));
    evaluate();
    const double plain = kld();
    const double original = session.evaluation().latest(EvaluationTarget::Original)->result.perplexity.mean;
    choice("q4_0").trigger();
    choice("int8").trigger();
    EXPECT_TRUE(button().text().contains(QStringLiteral("Q4_0")) && button().text().contains(QStringLiteral("INT8")))
        << button().text().toStdString();
    evaluate();
    EXPECT_GT(kld(), 2 * plain);
    EXPECT_TRUE(session.evaluation().runs().last().result.conditions().ends_with("cache q4_0, activations int8"));
    EXPECT_EQ(session.evaluation().latest(EvaluationTarget::Original)->result.perplexity.mean, original);
    choice("f32").trigger();
    choice("none").trigger();
    evaluate();
    EXPECT_EQ(kld(), plain);
}

TEST_F(RunFormatTest, ALiveEvaluationFollowsTheChoice) {
    openSample();
    session.recipe().setDefaultFormat(Format::of(DType::kQ8_0));
    evaluate();
    const auto runs = session.evaluation().runs().size();
    choice("q8_0").trigger();
    ASSERT_TRUE(test::waitUntil([&] { return session.evaluation().runs().size() > runs; }));
    EXPECT_TRUE(session.evaluation().runs().last().result.conditions().ends_with("cache q8_0"));
}

TEST_F(RunFormatTest, AnUnchangedModelCanRunSoToo) {
    openSample();
    auto* run = find<QPushButton>("runRecipe");
    session.recipe().setDefaultFormat(std::nullopt);
    EXPECT_FALSE(run->isEnabled());
    choice("q8_0").trigger();
    EXPECT_TRUE(run->isEnabled());
    evaluate();
    EXPECT_GT(kld(), 0);
}

TEST_F(RunFormatTest, StaticRoundingWaitsForACalibration) {
    openSample();
    EXPECT_FALSE(choice("int8-static").isEnabled());
    EXPECT_FALSE(choice("int8-static").toolTip().isEmpty());
    EXPECT_TRUE(choice("int8").isEnabled());
}

}  // namespace
}  // namespace halftone::app
