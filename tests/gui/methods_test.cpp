// SPDX-License-Identifier: GPL-3.0-or-later
// Methods, group sizes and locks of the selection: by keyboard, in the table, and in the session file.
#include <QAction>
#include <QCheckBox>
#include <QDoubleSpinBox>
#include <QLabel>
#include <QMenu>
#include <QTableView>
#include <QTest>

#include "app/dialogs/method_dialog.h"
#include "app/models/tensor_table_model.h"
#include "app/panels/recipe/recipe_panel.h"
#include "app/session/resources.h"
#include "app/widgets/method_combo.h"
#include "tests/gui/window_fixture.h"

namespace halftone::app {
namespace {

using test::waitUntil;

class MethodsTest : public WindowTest {
  protected:
    void openWithIntegers() {
        openSample();
        downs = tensorsOf(TensorRole::kFfnDown);
        ASSERT_GE(downs.size(), 3);
        session.recipe().setDefaultFormat(Format::parse("int4_g128_asym").value());
        session.selection().select(downs);
        table = find<QTableView>("tensorTable");
        ASSERT_TRUE(table);
        table->setFocus();
    }
    /// Triggers an entry of the menu that a key opens.
    void choose(Qt::Key key, const char* entry) {
        QTest::keyClick(&window, key);
        auto* menu = qobject_cast<QMenu*>(QApplication::activePopupWidget());
        ASSERT_TRUE(menu);
        auto* action = menu->findChild<QAction*>(QString::fromLatin1(entry));
        ASSERT_TRUE(action) << entry;
        EXPECT_TRUE(action->isEnabled());
        action->trigger();
        menu->close();
    }
    std::string methodOf(int tensor) { return session.recipe().resolvedTensor(tensor)->method.name(); }
    std::string formatOf(int tensor) { return session.recipe().resolvedTensor(tensor)->requested.name(); }
    [[nodiscard]] QModelIndex cellOf(int tensor, int column) const {
        for (int row = 0; row < table->model()->rowCount(); ++row) {
            const auto index = table->model()->index(row, column);
            if (index.data(TensorTableModel::TensorIndexRole).toInt() == tensor) return index;
        }
        return {};
    }

    QList<int> downs;
    QTableView* table = nullptr;
};

TEST_F(MethodsTest, AutoRoundWithoutATextIsToldTensorByTensor) {
    openWithIntegers();
    choose(Qt::Key_M, "autoround");
    ASSERT_TRUE(awaitIdle());
    const auto& figures = session.quantization();
    for (const int tensor : downs) {
        EXPECT_EQ(figures.state(tensor), FigureState::Failed);
        EXPECT_TRUE(figures.problem(tensor).contains(QStringLiteral("calibrate on a text first")))
            << figures.problem(tensor).toStdString();
    }
    EXPECT_EQ(figures.state(tensorsOf(TensorRole::kAttnQ).first()), FigureState::Ready) << "others have theirs";
}

TEST_F(MethodsTest, KeysSetMethodAndGroupSizeOfTheSelection) {
    openWithIntegers();
    choose(Qt::Key_M, "hqq");
    for (const int tensor : downs) EXPECT_EQ(methodOf(tensor), "hqq");
    EXPECT_EQ(methodOf(tensorsOf(TensorRole::kAttnQ).first()), "nearest");
    EXPECT_TRUE(session.recipe().undoStack().undoText().contains("HQQ"));
    choose(Qt::Key_G, "32");
    for (const int tensor : downs) {
        EXPECT_EQ(formatOf(tensor), "int4_g32_asym");
        EXPECT_EQ(methodOf(tensor), "hqq") << "the method stays";
    }
    choose(Qt::Key_M, "methodOfRules");
    for (const int tensor : downs) EXPECT_EQ(methodOf(tensor), "nearest");
}

TEST_F(MethodsTest, TheMenuSaysWhatGoesForHowMany) {
    openWithIntegers();
    session.recipe().setFormat({downs[0]}, Format::of(DType::kQ4_K));
    QTest::keyClick(&window, Qt::Key_M);
    auto* menu = qobject_cast<QMenu*>(QApplication::activePopupWidget());
    ASSERT_TRUE(menu);
    const auto text = menu->findChild<QAction*>("hqq")->text();
    EXPECT_TRUE(text.contains(QString::number(downs.size() - 1))) << text.toStdString();
    menu->close();
    session.recipe().setFormat(downs, Format::of(DType::kQ4_K));
    QTest::keyClick(&window, Qt::Key_M);
    menu = qobject_cast<QMenu*>(QApplication::activePopupWidget());
    ASSERT_TRUE(menu);
    EXPECT_FALSE(menu->findChild<QAction*>("hqq")->isEnabled());
    EXPECT_TRUE(menu->findChild<QAction*>("hqq")->toolTip().contains("zero point") ||
                menu->findChild<QAction*>("hqq")->toolTip().contains("search of its own"));
    menu->close();
    QTest::keyClick(&window, Qt::Key_G);
    menu = qobject_cast<QMenu*>(QApplication::activePopupWidget());
    ASSERT_TRUE(menu);
    ASSERT_EQ(menu->actions().size(), 1) << "blocks of Q4_K are what they are";
    EXPECT_FALSE(menu->actions().first()->isEnabled());
    EXPECT_GT(menu->actions().first()->text().size(), 20) << "it says why";
    menu->close();
}

TEST_F(MethodsTest, LockedTensorsAreLeftAloneByKeysAndPresets) {
    openWithIntegers();
    session.recipe().setMethod({downs[0]}, MethodChoice::parse("mse").value());
    session.selection().select({downs[0]});
    QTest::keyClick(&window, Qt::Key_L);
    EXPECT_TRUE(session.recipe().isLocked(downs[0]));
    const auto cell = cellOf(downs[0], TensorTableModel::FormatColumn);
    EXPECT_TRUE(cell.data(TensorTableModel::LockedRole).toBool());
    EXPECT_FALSE(table->model()->flags(cell) & Qt::ItemIsEditable);
    session.selection().select(downs);
    table->setFocus();
    QTest::keyClick(&window, Qt::Key_8);
    EXPECT_EQ(formatOf(downs[0]), "int4_g128_asym");
    EXPECT_EQ(formatOf(downs[1]), "int8_g128_asym");
    EXPECT_TRUE(session.messages().messages().last().text.contains("locked"));
    window.recipePanel().loadPreset(resourcePath("presets/q8_0.recipe"));
    EXPECT_EQ(formatOf(downs[0]), "int4_g128_asym");
    EXPECT_EQ(methodOf(downs[0]), "mse");
    EXPECT_EQ(formatOf(downs[1]), "q8_0");
    session.selection().select({downs[0]});
    QTest::keyClick(&window, Qt::Key_L);
    EXPECT_FALSE(session.recipe().isLocked(downs[0]));
}

TEST_F(MethodsTest, LocksComeBackWithTheSession) {
    openWithIntegers();
    session.recipe().setLocked({downs[1]}, true);
    const test::TemporaryFolder folder;
    const QString path = QString::fromStdString((folder.path() / "locks.halftone").string());
    session.saveTo(path, {});
    session.close();
    window.openPath(path);
    ASSERT_TRUE(waitUntil([&] { return session.model() != nullptr; }));
    EXPECT_TRUE(session.recipe().isLocked(downs[1]));
    EXPECT_FALSE(session.recipe().isLocked(downs[0]));
}

TEST_F(MethodsTest, ACellSetsTheMethodAndItsParametersForTheSelection) {
    openWithIntegers();
    const auto cell = cellOf(downs[1], TensorTableModel::MethodColumn);
    table->setCurrentIndex(cell);
    session.selection().select(downs, downs[1]);
    table->edit(cell);
    auto* combo = table->findChild<MethodCombo*>();
    ASSERT_TRUE(combo);
    combo->hidePopup();
    EXPECT_FALSE(combo->choice()) << "nothing was set by hand";
    combo->setCurrentIndex(combo->findData("gptq"));
    emit combo->activated(combo->currentIndex());
    for (const int tensor : downs) EXPECT_EQ(methodOf(tensor), "gptq");
    QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
    ASSERT_EQ(table->findChild<MethodCombo*>(), nullptr) << "the editor closes with the choice";
    table->edit(cellOf(downs[1], TensorTableModel::MethodColumn));
    combo = table->findChild<MethodCombo*>();
    ASSERT_TRUE(combo);
    combo->hidePopup();
    EXPECT_EQ(combo->choice(), MethodChoice::parse("gptq").value());
    emit combo->activated(combo->count() - 1);
    auto* dialog = window.findChild<MethodDialog*>();
    ASSERT_TRUE(dialog);
    dialog->findChild<QDoubleSpinBox*>("damping")->setValue(0.05);
    dialog->findChild<QCheckBox*>("act_order")->setChecked(false);
    dialog->accept();
    for (const int tensor : downs) EXPECT_EQ(methodOf(tensor), "gptq:act_order=0:damping=0.05");
    EXPECT_EQ(cellOf(downs[0], TensorTableModel::MethodColumn).data().toString(), "GPTQ (act_order 0, damping 0.05)");
}

TEST_F(MethodsTest, TheDefaultMethodTakesParameters) {
    openWithIntegers();
    auto* combo = find<MethodCombo>("defaultMethod");
    ASSERT_TRUE(combo);
    combo->setCurrentIndex(combo->findData("percentile"));
    emit combo->activated(combo->currentIndex());
    EXPECT_EQ(session.recipe().recipe().defaultMethod.name(), "percentile");
    emit combo->activated(combo->count() - 1);
    auto* dialog = window.findChild<MethodDialog*>();
    ASSERT_TRUE(dialog);
    dialog->findChild<QDoubleSpinBox*>("percent")->setValue(99.5);
    dialog->accept();
    EXPECT_EQ(session.recipe().recipe().defaultMethod.name(), "percentile:percent=99.5");
    EXPECT_TRUE(combo->currentText().contains("99.5"));
}

TEST_F(MethodsTest, TheShortcutsSheetNamesTheKeys) {
    openWithIntegers();
    for (auto* action : window.findChildren<QAction*>()) {
        if (action->text() == "&Shortcuts") action->trigger();
    }
    bool isListed = false;
    for (const auto* label : window.findChildren<QLabel*>()) {
        isListed |= label->text().contains("<b>M</b>") && label->text().contains("<b>G</b>") &&
                    label->text().contains("<b>L</b>") && label->text().contains("Method of the selection");
    }
    EXPECT_TRUE(isListed);
}

}  // namespace
}  // namespace halftone::app
