// SPDX-License-Identifier: GPL-3.0-or-later
#include <QComboBox>
#include <QDockWidget>
#include <QDoubleSpinBox>
#include <QLabel>
#include <QSpinBox>
#include <QToolButton>

#include "app/panels/evaluation/evaluation_panel.h"
#include "app/panels/memory/memory_panel.h"
#include "app/plots/memory_bar.h"
#include "app/widgets/number_text.h"
#include "app/widgets/state_stack.h"
#include "tests/gui/window_fixture.h"

namespace halftone::app {
namespace {

class MemoryTest : public WindowTest {
  protected:
    // Another window would begin with what this one has remembered.
    void TearDown() override { QSettings().clear(); }
    void openMemory() {
        openSample();
        window.setWorkspace(Workspace::Tune);
        window.docks().panelDock("memory")->raise();
        ASSERT_TRUE(test::waitUntil([&] { return find<MemoryPanel>("memoryPanel")->isVisible(); }));
        ASSERT_TRUE(session.memory().estimate());
    }
    static void choose(QComboBox& types, const char* name) {
        types.setCurrentIndex(types.findText(name));
        emit types.activated(types.currentIndex());
    }
    [[nodiscard]] const MemoryEstimate& estimate() { return *session.memory().estimate(); }
    [[nodiscard]] QString verdict(int number) {
        const auto* label = window.findChild<QLabel*>(QStringLiteral("memoryVerdict%1").arg(number));
        return label && label->isVisible() ? label->text() : QString();
    }
};

/// As figures are written everywhere, and as they are typed.
TEST_F(MemoryTest, TheContextLengthHasNoCommas) {
    openMemory();
    auto* context = find<QSpinBox>("memoryContext");
    context->setValue(131072);
    EXPECT_EQ(context->text(), "131072 tokens");
    EXPECT_EQ(context->cleanText(), "131072");
}

TEST_F(MemoryTest, WeightsFollowTheRecipeAndTheCacheItsContextAndTypes) {
    openMemory();
    EXPECT_EQ(estimate().weights, session.recipe().resolved().totals.bytes);
    const auto& config = session.model()->graph->config;
    EXPECT_EQ(session.memory().contextLength(), config.contextLength) << "the model's context is shorter than 4096";
    EXPECT_EQ(estimate().keys, config.contextLength * config.kvSize() * config.blockCount * 2);
    const auto before = estimate();
    session.recipe().apply(Recipe::pure(Format::of(DType::kQ4_0)));
    EXPECT_LT(estimate().weights, before.weights);
    EXPECT_EQ(estimate().weights, session.recipe().resolved().totals.bytes);
    auto* keys = find<QComboBox>("memoryKeys");
    choose(*keys, "Q8_0");
    EXPECT_EQ(estimate().keys * 32 * 2, before.keys * 34);
    EXPECT_EQ(estimate().values, before.values) << "keys and values have types of their own";
    find<QSpinBox>("memoryContext")->setValue(256);
    EXPECT_EQ(estimate().values * 2, before.values);
    const QString total = bytesText(double(estimate().total()));
    EXPECT_TRUE(find<QLabel>("memoryTotal")->text().contains(total)) << total.toStdString();
    EXPECT_TRUE(find<QLabel>("recipeTotals")->text().contains(total)) << "the recipe's totals say it, too";
    EXPECT_TRUE(find<QLabel>("totals")->text().contains(total)) << "and the status bar";
}

TEST_F(MemoryTest, TheBudgetSaysWhatFitsAndHowMuchMustGo) {
    openMemory();
    const int machine = int(session.memory().limits().size());
    ASSERT_GE(machine, 1) << "the machine's memory is known";
    EXPECT_TRUE(verdict(0).contains("fits, ")) << verdict(0).toStdString();
    EXPECT_TRUE(verdict(machine).isEmpty()) << "no budget yet";
    auto* budget = find<QDoubleSpinBox>("memoryBudget");
    budget->setValue(0.01);
    ASSERT_EQ(session.memory().limits().size(), machine + 1);
    const QString tooMuch = verdict(machine);
    const auto must = bytesText(double(estimate().total() - 10'000'000));
    EXPECT_TRUE(tooMuch.contains(must + " must go")) << tooMuch.toStdString();
    EXPECT_TRUE(tooMuch.contains("weights of at most")) << tooMuch.toStdString();
    // What it advises is true.
    const auto& limit = session.memory().limits().last();
    const double bits = session.memory().verdict(limit).bitsThatFit;
    EXPECT_NEAR(bits * double(session.recipe().resolved().totals.parameters) / 8 + double(estimate().cache()) +
                    double(estimate().scratch),
                double(limit.bytes), 1);
    session.recipe().apply(Recipe::pure(Format::of(DType::kQ2_K)));
    EXPECT_TRUE(verdict(machine).contains("fits, ") || verdict(machine).contains("must go"));
    budget->setValue(5);
    EXPECT_TRUE(verdict(machine).contains("whole context would fit")) << verdict(machine).toStdString();
    budget->setValue(0);
    EXPECT_TRUE(verdict(machine).isEmpty());
}

TEST_F(MemoryTest, TheBarSpansTheLeastLimitThatHoldsIt) {
    MemoryBar bar;
    bar.resize(400, bar.sizeHint().height());
    const MemoryEstimate estimate{.cells = 256, .weights = 600, .keys = 100, .values = 100, .scratch = 200};
    using Kind = MemoryLimit::Kind;
    bar.setData(estimate, {{Kind::Budget, "Budget", 900}, {Kind::Machine, "RAM", 2000}, {Kind::Device, "x", 3000}});
    EXPECT_EQ(bar.span(), 2000);
    bar.setData(estimate, {{Kind::Machine, "RAM", 64'000}});
    EXPECT_EQ(bar.span(), 4000) << "a limit far away leaves the parts their room";
    bar.setData(estimate, {{Kind::Budget, "Budget", 900}});
    EXPECT_EQ(bar.span(), 1000);
    EXPECT_FALSE(bar.grab().isNull());
    EXPECT_TRUE(bar.accessibleName().contains("weights 600\u00a0B"));
}

TEST_F(MemoryTest, ChoicesAreRememberedAndAnEmptyWindowSaysWhatToDo) {
    auto* panel = find<MemoryPanel>("memoryPanel");
    EXPECT_EQ(panel->findChild<StateStack*>()->currentIndex(), 1);
    openMemory();
    EXPECT_EQ(panel->findChild<StateStack*>()->currentIndex(), 0);
    find<QSpinBox>("memoryContext")->setValue(300);
    Session second;
    MainWindow other(second);
    EXPECT_EQ(second.memory().options().contextLength, 300);
}

TEST_F(MemoryTest, TheCacheIsOneChoiceWithEvaluations) {
    openMemory();
    auto* note = find<QLabel>("memoryCacheNote");
    EXPECT_TRUE(note->text().contains("F32")) << "evaluations keep all of it";
    const auto full = estimate();
    choose(*find<QComboBox>("memoryValues"), "Q4_0");
    EXPECT_EQ(session.runChoice().format().cache, (CacheFormat{DType::kF16, DType::kQ4_0}));
    EXPECT_EQ(window.evaluationPanel().options().format.cache.value, DType::kQ4_0);
    EXPECT_TRUE(find<QToolButton>("runFormat")->text().contains("V=Q4_0"));
    EXPECT_TRUE(note->text().contains("one choice")) << note->text().toStdString();
    EXPECT_LT(estimate().values, full.values);
    session.runChoice().setCache({DType::kQ8_0, DType::kQ8_0});
    EXPECT_EQ(find<QComboBox>("memoryKeys")->currentText(), "Q8_0");
    EXPECT_EQ(estimate().keys * 32 * 2, full.keys * 34);
    session.runChoice().setCache({});
    EXPECT_EQ(estimate().keys, full.keys) << "a runtime stores F16 where evaluations keep F32";
}

}  // namespace
}  // namespace halftone::app
