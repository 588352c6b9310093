// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/session/recipe_editor.h"

#include <gtest/gtest.h>

#include "app/widgets/format_combo.h"
#include "tests/support/test_paths.h"

namespace halftone::app {
namespace {

class RecipeEditorTest : public ::testing::Test {
  protected:
    void SetUp() override {
        auto opened = Checkpoint::open(test::sourceDir() / "resources/sample");
        HT_ASSERT_OK(opened);
        checkpoint = *opened;
        editor.reset(checkpoint, Recipe{});
        for (int i = 0; i < int(checkpoint->tensors().size()); ++i) {
            if (checkpoint->tensors()[size_t(i)].role == TensorRole::kFfnDown) downs.append(i);
            if (isNorm(checkpoint->tensors()[size_t(i)].role)) norm = i;
        }
        ASSERT_GE(downs.size(), 2);
    }
    [[nodiscard]] std::string formatOf(int tensor) const { return editor.resolvedTensor(tensor)->format.name(); }

    std::shared_ptr<const Checkpoint> checkpoint;
    RecipeEditor editor;
    QList<int> downs;
    int norm = -1;
};

TEST_F(RecipeEditorTest, AnEditOfManyTensorsIsOneNamedStep) {
    QList<int> announced;
    QObject::connect(&editor, &RecipeEditor::changed, &editor, [&](const QList<int>& tensors) { announced = tensors; });
    EXPECT_TRUE(editor.changesNothing());
    editor.setFormat(downs, Format::of(DType::kQ4_K));
    EXPECT_EQ(editor.undoStack().count(), 1);
    EXPECT_TRUE(editor.undoStack().undoText().contains("ffn_down")) << editor.undoStack().undoText().toStdString();
    EXPECT_EQ(announced, downs);
    for (const int tensor : downs) EXPECT_EQ(formatOf(tensor), "q4_k");
    EXPECT_FALSE(editor.changesNothing());
}

TEST_F(RecipeEditorTest, UndoAndRedoBringBackRecipeAndKey) {
    const auto emptyKey = editor.key();
    const auto emptyBytes = editor.resolved().totals.bytes;
    editor.setFormat(downs, Format::of(DType::kQ4_K));
    const auto firstKey = editor.key();
    editor.setDefaultFormat(Format::of(DType::kQ8_0));
    EXPECT_NE(firstKey, editor.key());
    editor.undoStack().undo();
    EXPECT_EQ(editor.key(), firstKey);
    editor.undoStack().undo();
    EXPECT_EQ(editor.key(), emptyKey);
    EXPECT_EQ(editor.resolved().totals.bytes, emptyBytes);
    EXPECT_EQ(editor.recipe(), Recipe{});
    editor.undoStack().redo();
    EXPECT_EQ(editor.key(), firstKey);
}

TEST_F(RecipeEditorTest, TheSameRecipeIsNoStep) {
    editor.setFormat(downs, Format::of(DType::kQ4_K));
    editor.setFormat(downs, Format::of(DType::kQ4_K));
    EXPECT_EQ(editor.undoStack().count(), 1);
}

TEST_F(RecipeEditorTest, NormsTakeNoFormat) {
    ASSERT_GE(norm, 0);
    editor.setFormat({norm}, Format::of(DType::kQ4_K));
    EXPECT_EQ(editor.undoStack().count(), 0);
}

TEST_F(RecipeEditorTest, OverridesCanBeCleared) {
    editor.setDefaultFormat(Format::of(DType::kQ8_0));
    editor.setFormat({downs[0]}, Format::of(DType::kQ4_K));
    editor.clearOverrides({downs[0]});
    EXPECT_EQ(formatOf(downs[0]), "q8_0");
    EXPECT_TRUE(editor.recipe().overrides.empty());
}

TEST_F(RecipeEditorTest, AMethodIsSetWhereItMakesSenseAndClearedWithTheFormats) {
    editor.setFormat(downs, Format::parse("int4_g64_asym").value());
    editor.setFormat({downs[1]}, Format::of(DType::kQ4_K));
    EXPECT_FALSE(editor.methodObstacleOf(downs[1], MethodId::kHqq).isEmpty());
    EXPECT_TRUE(editor.methodObstacleOf(downs[0], MethodId::kHqq).isEmpty());
    EXPECT_FALSE(editor.methodObstacleOf(norm, MethodId::kHqq).isEmpty());
    editor.setMethod(downs, MethodChoice::parse("hqq:norm=0.8").value());
    EXPECT_TRUE(editor.undoStack().undoText().contains("HQQ (norm 0.8)"))
        << editor.undoStack().undoText().toStdString();
    ASSERT_TRUE(editor.methodByHand(downs[0]));
    EXPECT_EQ(editor.methodByHand(downs[0])->name(), "hqq:norm=0.8");
    EXPECT_EQ(editor.methodByHand(downs[1]), nullptr) << "Q4_K has no zero point that could move";
    EXPECT_EQ(editor.resolvedTensor(downs[0])->method.id, MethodId::kHqq);
    EXPECT_EQ(editor.overrideCount(), int(downs.size()));
    editor.setMethod({downs[0]}, std::nullopt);
    EXPECT_EQ(editor.methodByHand(downs[0]), nullptr);
    editor.undoStack().undo();
    editor.clearOverrides({downs[0]});
    EXPECT_EQ(editor.methodByHand(downs[0]), nullptr);
    EXPECT_TRUE(editor.resolvedTensor(downs[0])->kept);
    editor.clearAllOverrides();
    EXPECT_EQ(editor.recipe(), Recipe{});
}

TEST_F(RecipeEditorTest, AMethodAloneCountsAsSetByHand) {
    editor.setDefaultFormat(Format::parse("int4_g64_asym").value());
    editor.setMethod({downs[0]}, MethodChoice::parse("mse").value());
    EXPECT_EQ(editor.overrideCount(), 1);
    EXPECT_TRUE(editor.recipe().overrides.empty());
    editor.setMethod({norm}, MethodChoice::parse("mse").value());
    EXPECT_EQ(editor.overrideCount(), 1) << "norms take no method";
}

TEST_F(RecipeEditorTest, LockedTensorsKeepFormatAndMethod) {
    int skipped = 0;
    QObject::connect(&editor, &RecipeEditor::lockedSkipped, &editor, [&](int count) { skipped += count; });
    editor.setFormat(downs, Format::parse("int4_g64_asym").value());
    editor.setMethod({downs[0]}, MethodChoice::parse("mse").value());
    editor.setLocked({downs[0], norm}, true);
    EXPECT_TRUE(editor.isLocked(downs[0]));
    EXPECT_FALSE(editor.isLocked(norm)) << "it takes no format anyway";
    editor.setFormat(downs, Format::of(DType::kQ8_0));
    editor.setMethod(downs, MethodChoice{});
    editor.clearOverrides(downs);
    EXPECT_EQ(skipped, 3) << "told with every edit";
    EXPECT_TRUE(editor.resolvedTensor(downs[1])->kept);
    Recipe preset = Recipe::pure(Format::of(DType::kQ4_K));
    editor.apply(preset);
    editor.setDefaultMethod(MethodChoice::parse("gptq").value());
    editor.clearAllOverrides();
    EXPECT_EQ(formatOf(downs[0]), "int4_g64_asym");
    EXPECT_EQ(editor.resolvedTensor(downs[0])->method.name(), "mse");
    EXPECT_EQ(formatOf(downs[1]), "q4_k");
    EXPECT_EQ(editor.recipe().overrides.size(), 1u) << "only what the preset would have changed is set by hand";
    editor.setLocked(downs, false);
    editor.apply(preset);
    EXPECT_EQ(formatOf(downs[0]), "q4_k");
}

TEST_F(RecipeEditorTest, ALockedTensorThatIsKeptStaysAsStored) {
    editor.setLocked({downs[0]}, true);
    editor.setDefaultFormat(Format::of(DType::kQ4_K));
    EXPECT_TRUE(editor.resolvedTensor(downs[0])->kept);
    EXPECT_EQ(formatOf(downs[1]), "q4_k");
    editor.undoStack().undo();
    EXPECT_EQ(editor.recipe(), Recipe{});
}

TEST_F(RecipeEditorTest, LocksAreStepsOfTheHistory) {
    editor.setFormat(downs, Format::of(DType::kQ4_K));
    editor.setLocked(downs, true);
    editor.setLocked(downs, true);
    auto& stack = editor.undoStack();
    ASSERT_EQ(stack.count(), 2) << "the second time nothing changed";
    EXPECT_EQ(stack.undoText(), QStringLiteral("Lock %1 tensors").arg(downs.size()));
    stack.undo();
    EXPECT_TRUE(editor.lockedTensors().empty());
    EXPECT_EQ(formatOf(downs[0]), "q4_k") << "the lock alone was taken back";
    stack.redo();
    EXPECT_TRUE(editor.isLocked(downs[0]));
    editor.setLocked({downs[0]}, false);
    EXPECT_EQ(stack.undoText(), "Unlock 1 tensor");
    stack.undo();
    EXPECT_TRUE(editor.isLocked(downs[0]));
}

TEST_F(RecipeEditorTest, LocksAreRestoredForTensorsThatAreThere) {
    const std::string name = checkpoint->tensors()[size_t(downs[1])].canonicalName;
    editor.restoreLocks({"no.such.weight", name});
    EXPECT_EQ(editor.lockedTensors(), std::set<std::string>{name});
    EXPECT_TRUE(editor.undoStack().isClean());
    editor.reset(checkpoint, Recipe{});
    EXPECT_TRUE(editor.lockedTensors().empty());
}

TEST_F(RecipeEditorTest, RulesAreAddedMovedReplacedAndRemoved) {
    RecipeRule first, second;
    first.match.roles = {TensorRole::kFfnDown};
    first.format = Format::of(DType::kQ4_K);
    second.format = Format::of(DType::kQ8_0);
    editor.addRule(first);
    editor.addRule(second);
    EXPECT_EQ(formatOf(downs[0]), "q8_0") << "later rules win";
    editor.moveRule(0, 1);
    EXPECT_EQ(formatOf(downs[0]), "q4_k");
    first.format = Format::of(DType::kQ6_K);
    editor.replaceRule(1, first);
    EXPECT_EQ(formatOf(downs[0]), "q6_k");
    editor.removeRule(1);
    editor.removeRule(7);
    editor.moveRule(0, -1);
    EXPECT_EQ(editor.recipe().rules.size(), 1u);
}

TEST_F(RecipeEditorTest, AnotherCheckpointStartsANewHistory) {
    editor.setFormat(downs, Format::of(DType::kQ4_K));
    editor.reset(nullptr, Recipe{});
    EXPECT_EQ(editor.undoStack().count(), 0);
    EXPECT_EQ(editor.resolvedTensor(0), nullptr);
}

TEST(FormatWithBits, KeepsTheKindOfFormat) {
    EXPECT_EQ(formatWithBits(Format::of(DType::kBF16), 4).name(), "q4_k");
    EXPECT_EQ(formatWithBits(Format::of(DType::kQ4_0), 8).name(), "q8_0");
    EXPECT_EQ(formatWithBits(Format::of(DType::kQ4_K), 3).name(), "int3_g64_asym");
    EXPECT_EQ(formatWithBits(Format::of(IntegerFormat{4, true, Granularity::kChannel, 0}), 6).name(),
              "int6_channel_sym");
}

TEST(FormatWithBits, FitsTheRowsOfTheTensor) {
    const auto chosen = [](int bits, int64_t cols) {
        const auto format = formatWithBits(Format::of(DType::kBF16), bits, nullptr, cols);
        return format ? format->name() : std::string();
    };
    EXPECT_EQ(chosen(4, 512), "q4_k");
    EXPECT_EQ(chosen(4, 64), "iq4_nl") << "a row of 64 has no block of 256, yet 4 bits";
    EXPECT_EQ(chosen(5, 64), "q5_0");
    EXPECT_EQ(chosen(8, 64), "q8_0");
    EXPECT_EQ(chosen(3, 64), "int3_g64_asym");
    EXPECT_EQ(chosen(6, 64), "q5_1") << "six bits with its scales";
    for (const int bits : {2, 3, 4, 5, 6, 7, 8}) {
        const auto format = formatWithBits(Format::of(DType::kBF16), bits, nullptr, 96);
        ASSERT_TRUE(format.has_value());
        EXPECT_TRUE(format->fitsRow(96)) << format->name();
    }
}

TEST(FormatWithGroupSize, KeepsFamilyAndBits) {
    const auto changed = [](const char* name, int size) {
        const auto format = formatWithGroupSize(Format::parse(name).value(), size);
        return format ? format->name() : std::string();
    };
    EXPECT_EQ(changed("int4_g128_asym", 32), "int4_g32_asym");
    EXPECT_EQ(changed("int3_g64_sym", 256), "int3_g256_sym");
    EXPECT_EQ(changed("nf4_g64", 128), "nf4_g128");
    EXPECT_EQ(changed("int4_g64_fzero_dq", 128), "int4_g128_fzero_dq");
    EXPECT_EQ(changed("nf4_g64_dq", 128), "nf4_g128_dq");
    EXPECT_EQ(changed("int8_channel_sym", 64), "") << "no groups";
    EXPECT_EQ(changed("q4_k", 64), "") << "blocks are what they are";
    EXPECT_EQ(changed("kmeans4_channel", 64), "");
}

}  // namespace
}  // namespace halftone::app
