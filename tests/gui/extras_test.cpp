// SPDX-License-Identifier: GPL-3.0-or-later
// Zeros and corrections: the dialog, what it does to a selection, a rule and the default; rotating a model.
#include <QCheckBox>
#include <QComboBox>
#include <QDialogButtonBox>
#include <QFileInfo>
#include <QLabel>
#include <QPushButton>
#include <QSpinBox>
#include <QTemporaryDir>
#include <QToolButton>

#include <gtest/gtest.h>

#include "app/dialogs/extras_dialog.h"
#include "app/dialogs/rotate_dialog.h"
#include "app/dialogs/rule_dialog.h"
#include "app/dialogs/selection_menu.h"
#include "app/panels/recipe/recipe_panel.h"
#include "tests/gui/window_fixture.h"

namespace halftone::app {
namespace {

Format format(const char* name) {
    return Format::parse(name).value();
}

TEST(ExtrasDialogTest, ShowsWhatItWasGivenAndSaysItBack) {
    for (const char* name : {"int4_g64_asym", "int4_g64_asym+2of4", "f16+sparse60", "q4_0+out0.5", "q4_k+rank16",
                             "int3_g64_sym+3of8+out1.5+rank100"}) {
        const ExtrasDialog dialog(format(name), 512, 256);
        EXPECT_EQ(dialog.extras(), format(name).extras()) << name;
        EXPECT_EQ(dialog.problem(), QString()) << name;
    }
}

TEST(ExtrasDialogTest, SaysWhatDoesNotGoTogether) {
    ExtrasDialog dialog(format("q4_k"), 512, 256);
    dialog.findChild<QComboBox*>(QStringLiteral("pattern"))->setCurrentIndex(1);
    EXPECT_FALSE(dialog.problem().isEmpty());
    auto* ok = dialog.findChild<QDialogButtonBox*>()->button(QDialogButtonBox::Ok);
    EXPECT_FALSE(ok->isEnabled());
    dialog.findChild<QComboBox*>(QStringLiteral("pattern"))->setCurrentIndex(0);
    dialog.findChild<QCheckBox*>(QStringLiteral("hasRank"))->setChecked(true);
    dialog.findChild<QSpinBox*>(QStringLiteral("rank"))->setValue(8);
    EXPECT_TRUE(ok->isEnabled());
    EXPECT_EQ(dialog.extras(), format("q4_k+rank8").extras());
    EXPECT_TRUE(dialog.findChild<QLabel*>(QStringLiteral("extrasSize"))->text().contains(QStringLiteral("rank 8")));
}

using ExtrasTest = WindowTest;

TEST_F(ExtrasTest, TheSelectionTakesThem) {
    openSample();
    const int tensor = tensorsOf(TensorRole::kAttnQ).front();
    session.selection().select({tensor}, tensor);
    session.recipe().setFormat({tensor}, format("int4_g64_asym"));
    askForExtrasOfSelection(session, &window);
    auto* dialog = window.findChild<ExtrasDialog*>();
    ASSERT_NE(dialog, nullptr);
    dialog->findChild<QComboBox*>(QStringLiteral("pattern"))->setCurrentIndex(1);
    dialog->accept();
    EXPECT_EQ(session.recipe().resolvedTensor(tensor)->format, format("int4_g64_asym+2of4"));
    EXPECT_TRUE(session.recipe().undoStack().canUndo());
}

TEST_F(ExtrasTest, TheDefaultAndItsListShowAFormatThatIsNotOffered) {
    openSample();
    session.recipe().setDefaultFormat(format("q4_0+out0.5"));
    auto* combo = window.recipePanel().findChild<QComboBox*>(QStringLiteral("defaultFormat"));
    ASSERT_NE(combo, nullptr);
    EXPECT_EQ(combo->currentData().toString(), QStringLiteral("q4_0+out0.5"));
    const int entries = combo->count();
    session.recipe().setDefaultFormat(format("q4_0+rank8"));
    EXPECT_EQ(combo->count(), entries) << "the entry of the former one is gone";
    session.recipe().setDefaultFormat(format("q4_0"));
    EXPECT_EQ(combo->count(), entries - 1);
    window.recipePanel().findChild<QToolButton*>(QStringLiteral("defaultExtras"))->click();
    auto* dialog = window.findChild<ExtrasDialog*>();
    ASSERT_NE(dialog, nullptr);
    dialog->findChild<QCheckBox*>(QStringLiteral("hasRank"))->setChecked(true);
    dialog->accept();
    EXPECT_EQ(*session.recipe().recipe().defaultFormat, format("q4_0+rank32"));
}

TEST_F(ExtrasTest, ARuleKeepsAFormatThatIsNotOffered) {
    openSample();
    RecipeRule rule;
    rule.format = format("int5_g16_asym+sparse30");
    const RuleDialog dialog(rule, MethodChoice{}, session.checkpoint()->tensors());
    EXPECT_EQ(dialog.rule().format, rule.format);
}

TEST_F(ExtrasTest, ARotatedModelIsWrittenAndOpened) {
    openSample();
    const QTemporaryDir folder;
    window.showRotation();
    auto* dialog = window.findChild<RotateDialog*>();
    ASSERT_NE(dialog, nullptr);
    const QString path = folder.filePath(QStringLiteral("rotated.gguf"));
    dialog->setTarget(path);
    dialog->findChild<QPushButton*>(QStringLiteral("rotateButton"))->click();
    auto* open = dialog->findChild<QPushButton*>(QStringLiteral("openRotated"));
    ASSERT_TRUE(test::waitUntil([&] { return !open->isHidden(); })) << dialog->message().toStdString();
    EXPECT_TRUE(QFileInfo::exists(path));
    const auto before = session.checkpoint();
    open->click();
    ASSERT_TRUE(test::waitUntil([&] { return session.checkpoint() && session.checkpoint() != before; }));
    EXPECT_EQ(tensorsOf(TensorRole::kOutput).size(), 1);
}

}  // namespace
}  // namespace halftone::app
