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

}  // namespace
}  // namespace halftone::app
