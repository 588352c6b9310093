// SPDX-License-Identifier: GPL-3.0-or-later
// A machine that the recipe is for: what it does not take is greyed out with the reason, and told of where it is
// already chosen. Saved filters of the table.
#include <QAction>
#include <QComboBox>
#include <QInputDialog>
#include <QLineEdit>
#include <QListView>
#include <QMenu>
#include <QStandardItemModel>
#include <QTableView>
#include <QToolButton>

#include "app/widgets/format_combo.h"
#include "core/recipe/hardware_target.h"
#include "tests/gui/window_fixture.h"

namespace halftone::app {
namespace {

class TargetsTest : public WindowTest {
  protected:
    void choose(const char* id) {
        auto* targets = find<QComboBox>("recipeTarget");
        const int place = targets->findData(QString::fromLatin1(id));
        ASSERT_GE(place, 0);
        targets->setCurrentIndex(place);
        emit targets->activated(place);
    }
    static bool isEnabled(const QComboBox& combo, const char* format) {
        const int place = combo.findData(QString::fromLatin1(format));
        EXPECT_GE(place, 0) << format;
        return qobject_cast<const QStandardItemModel*>(combo.model())->item(place)->isEnabled();
    }
    static QAction* actionOf(QMenu& menu, const QString& format) {
        for (auto* action : menu.actions()) {
            if (action->menu()) {
                if (auto* found = actionOf(*action->menu(), format)) return found;
            } else if (action->data().toString() == format) {
                return action;
            }
        }
        return nullptr;
    }
    [[nodiscard]] int problems() { return find<QListView>("recipeProblems")->model()->rowCount(); }
};

TEST_F(TargetsTest, WhatTheMachineDoesNotTakeIsGreyedOutWithTheReason) {
    openSample();
    const auto& formats = *find<QComboBox>("defaultFormat");
    EXPECT_TRUE(isEnabled(formats, "q4_k"));
    choose("mobile");
    EXPECT_FALSE(isEnabled(formats, "q4_k"));
    EXPECT_TRUE(isEnabled(formats, "q4_0"));
    EXPECT_TRUE(formats.itemData(formats.findData("q4_k"), Qt::ToolTipRole).toString().contains("phone GPUs"));
    QMenu menu;
    fillWithFormats(menu);
    markFormats(menu, session.recipe().target());
    EXPECT_FALSE(actionOf(menu, "q4_k")->isEnabled());
    EXPECT_TRUE(actionOf(menu, "q4_k")->toolTip().contains("phone GPUs"));
    EXPECT_TRUE(actionOf(menu, "q8_0")->isEnabled());
    EXPECT_FALSE(actionOf(menu, "int4_g128_sym")->isEnabled());
    EXPECT_EQ(QSettings().value("hardwareTarget").toString(), "mobile");
    Session next;
    const MainWindow other(next);
    EXPECT_EQ(next.recipe().target(), findHardwareTarget("mobile")) << "kept for the next start";
    choose("");
    EXPECT_TRUE(isEnabled(formats, "q4_k"));
}

TEST_F(TargetsTest, ASessionFileKeepsTheMachineAndTheWayOfRunning) {
    openSample();
    choose("mobile");
    session.runChoice().setFormat({{DType::kQ8_0, DType::kQ4_0}, {ActivationRounding::kInt8, nullptr}});
    const test::TemporaryFolder folder;
    const auto path = QString::fromStdString((folder.path() / "kept.halftone").string());
    session.saveTo(path, window.uiState());
    choose("");
    session.runChoice().setFormat({});
    session.open(path);
    ASSERT_TRUE(test::waitUntil([&] { return session.recipe().target() == findHardwareTarget("mobile"); }));
    EXPECT_EQ(find<QComboBox>("recipeTarget")->currentData().toString(), "mobile");
    EXPECT_EQ(session.runChoice().format().cache, (CacheFormat{DType::kQ8_0, DType::kQ4_0}));
    EXPECT_EQ(session.runChoice().format().activations.rounding, ActivationRounding::kInt8);
    EXPECT_EQ(QSettings().value("hardwareTarget").toString(), "") << "a file changes nothing for other sessions";
    ASSERT_TRUE(awaitIdle());
}

TEST_F(TargetsTest, WhatIsAlreadyChosenIsAProblem) {
    openSample();
    session.recipe().apply(Recipe::pure(Format::of(DType::kQ8_0)));
    const int before = problems();
    choose("mobile");
    EXPECT_EQ(problems(), before);
    session.recipe().setFormat({tensorsOf(TensorRole::kFfnDown).first()}, Format::of(DType::kQ5_0));
    EXPECT_EQ(problems(), before + 1);
    choose("cpu-server");
    EXPECT_EQ(problems(), before);
    EXPECT_EQ(session.recipe().undoStack().count(), 2) << "a target is no step";
}

TEST_F(TargetsTest, DigitsGiveAFormatThatTheMachineTakes) {
    openSample();
    const int down = tensorsOf(TensorRole::kFfnDown).first();
    session.selection().select({down});
    choose("mobile");
    QTest::keyClick(&window, Qt::Key_4);
    EXPECT_EQ(session.recipe().resolvedTensor(down)->requested, Format::of(DType::kQ4_0));
    const auto said = session.messages().messages().size();
    QTest::keyClick(&window, Qt::Key_3);
    EXPECT_EQ(session.recipe().resolvedTensor(down)->requested, Format::of(DType::kQ4_0)) << "there is none of 3 bits";
    ASSERT_EQ(session.messages().messages().size(), said + 1);
    EXPECT_TRUE(session.messages().messages().last().text.contains("3 bits"));
    choose("gpu-server");
    QTest::keyClick(&window, Qt::Key_8);
    EXPECT_TRUE(session.recipe().targetObstacleOf(session.recipe().resolvedTensor(down)->requested).isEmpty());
}

TEST_F(TargetsTest, PresetsThatDoNotSuitAreGreyedOutAndOneIsSuggested) {
    openSample();
    choose("mobile");
    auto* menu = find<QToolButton>("presets")->menu();
    emit menu->aboutToShow();
    auto* suggested = menu->findChild<QAction*>("suggestedByTarget");
    ASSERT_TRUE(suggested && suggested->isVisible());
    int greyed = 0;
    for (const auto* action : menu->actions()) greyed += !action->isEnabled() && !action->isSeparator();
    EXPECT_GT(greyed, 3);
    suggested->trigger();
    EXPECT_EQ(session.recipe().recipe().defaultFormat, Format::of(DType::kQ4_0));
    choose("");
    emit menu->aboutToShow();
    EXPECT_FALSE(suggested->isVisible());
}

class SavedFilterTest : public WindowTest {
  protected:
    QMenu* menu() {
        auto* shown = find<QToolButton>("savedFilters")->menu();
        emit shown->aboutToShow();
        return shown;
    }
    static QAction* named(QMenu* menu, const QString& name) {
        for (auto* action : menu->actions())
            if (action->text().startsWith(name + '\t') || action->text() == name) return action;
        return nullptr;
    }
    [[nodiscard]] int shown() { return find<QTableView>("tensorTable")->model()->rowCount(); }
};

TEST_F(SavedFilterTest, ChosenKeptAndDeleted) {
    openSample();
    ASSERT_TRUE(awaitIdle());
    auto* edit = find<QLineEdit>("tensorFilter");
    named(menu(), "Largest ten")->trigger();
    EXPECT_EQ(edit->text(), "size>=#10");
    EXPECT_GE(shown(), 10);
    EXPECT_LT(shown(), session.tensorCount());
    EXPECT_TRUE(named(menu(), "Largest ten")->isChecked());
    EXPECT_FALSE(menu()->findChild<QAction*>("keepFilter")->isEnabled()) << "it is kept already";
    edit->setText("role=ffn_down && kurtosis>2");
    menu()->findChild<QAction*>("keepFilter")->trigger();
    auto* dialog = find<QInputDialog>("filterName");
    EXPECT_FALSE(dialog->isModal());
    dialog->setTextValue("my downs");
    dialog->accept();
    edit->clear();
    ASSERT_NE(named(menu(), "my downs"), nullptr);
    named(menu(), "my downs")->trigger();
    EXPECT_EQ(edit->text(), "role=ffn_down && kurtosis>2");
    auto* remove = menu()->findChild<QMenu*>("deleteFilter");
    ASSERT_NE(named(remove, "my downs"), nullptr);
    named(remove, "my downs")->trigger();
    EXPECT_EQ(named(menu(), "my downs"), nullptr);
    edit->setText("nonsense>");
    EXPECT_FALSE(menu()->findChild<QAction*>("keepFilter")->isEnabled());
}

TEST_F(SavedFilterTest, RanksFollowTheValues) {
    openSample();
    ASSERT_TRUE(awaitIdle());
    find<QLineEdit>("tensorFilter")->setText("error>=#3");
    EXPECT_EQ(shown(), 0) << "nothing is quantized";
    session.recipe().apply(Recipe::pure(Format::of(DType::kQ4_K)));
    ASSERT_TRUE(awaitIdle());
    EXPECT_TRUE(test::waitUntil([&] { return shown() == 3; })) << shown();
}

}  // namespace
}  // namespace halftone::app
