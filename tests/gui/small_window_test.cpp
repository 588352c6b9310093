// SPDX-License-Identifier: GPL-3.0-or-later
// What a person meets on a small screen: nothing is larger than its window, and nothing lies over it.
#include <gtest/gtest.h>

#include <QAbstractScrollArea>
#include <QDialog>
#include <QDockWidget>
#include <QLabel>
#include <QPushButton>
#include <QScrollArea>

#include <algorithm>

#include "app/dialogs/shortcuts_dialog.h"
#include "app/language/language.h"
#include "app/studio_window.h"
#include "app/widgets/dock_area.h"
#include "app/widgets/theme.h"
#include "tests/gui/window_fixture.h"
#include "tests/support/test_paths.h"
#include "tests/unit/app/wait_until.h"

namespace halftone::app {
namespace {

/// What a laptop with 1366 x 768 pixels leaves to a window.
constexpr QSize kSmallScreen(1280, 700);

class SmallWindowTest : public ::testing::TestWithParam<const char*> {
  protected:
    void SetUp() override {
        QSettings().clear();
        applyTheme(*qApp, ThemeChoice::Light);
        applyLanguage(*qApp, QString::fromLatin1(GetParam()));
        session.devices().setChoice(QStringLiteral("cpu"));
        studio = std::make_unique<StudioWindow>(session);
        window().resize(kSmallScreen);
        window().show();
        window().openSample();
        ASSERT_TRUE(test::waitUntil([&] { return session.model() != nullptr; }));
    }
    void TearDown() override { applyLanguage(*qApp, QStringLiteral("en")); }
    MainWindow& window() { return studio->window(); }
    [[nodiscard]] QString dockHeights() {
        QStringList heights;
        for (const auto* dock : window().findChildren<QDockWidget*>()) {
            if (!dock->isHidden() && dock->widget())
                heights << QStringLiteral("%1 %2x%3")
                               .arg(dock->objectName())
                               .arg(dock->minimumSizeHint().width())
                               .arg(dock->minimumSizeHint().height());
        }
        for (const auto* child : window().findChildren<QWidget*>(Qt::FindDirectChildrenOnly))
            heights << QStringLiteral("%1 %2")
                           .arg(QString::fromLatin1(child->metaObject()->className()))
                           .arg(child->minimumSizeHint().width());
        return heights.join(QStringLiteral(", "));
    }

    Session session;
    std::unique_ptr<StudioWindow> studio;
};

TEST_P(SmallWindowTest, EveryWorkspaceFitsInto) {
    session.recipe().setFormat({session.tensorCount() - 1}, Format::of(DType::kQ4_K));
    // The second round restores what the first one left.
    for (const int round : {1, 2, 3}) {
        for (const auto workspace : {Workspace::Tune, Workspace::Compare, Workspace::Inspect}) {
            window().setWorkspace(workspace);
            QTest::qWait(100);
            EXPECT_EQ(window().size(), kSmallScreen)
                << workspaceName(workspace).toStdString() << ", " << round << ": " << dockHeights().toStdString();
        }
    }
}

/// Where docks are, nothing else takes the mouse.
TEST_P(SmallWindowTest, NothingLiesOverTheDocks) {
    auto* area = window().findChild<DockArea*>();
    for (const auto workspace : {Workspace::Tune, Workspace::Compare, Workspace::Inspect, Workspace::Compare}) {
        window().setWorkspace(workspace);
        QTest::qWait(100);
        for (const auto* dock : area->findChildren<QDockWidget*>()) {
            if (!dock->isVisible() || dock->visibleRegion().isEmpty()) continue;
            // Grips of separators beside it reach two pixels into it.
            const QRect inside = dock->geometry().adjusted(3, 3, -3, -3);
            for (int x = inside.left(); x <= inside.right(); x += 2) {
                const auto* hit = area->childAt(x, inside.center().y());
                ASSERT_TRUE(hit && dock->isAncestorOf(hit)) << workspaceName(workspace).toStdString() << ": " << x
                                                            << " in " << dock->objectName().toStdString();
            }
        }
    }
}

TEST_P(SmallWindowTest, TheSheetOfShortcutsScrolls) {
    showShortcuts(window().findChildren<QAction*>(), &window());
    auto* area = window().findChild<QScrollArea*>(QStringLiteral("shortcutSheet"));
    ASSERT_NE(area, nullptr);
    const auto* dialog = area->window();
    QTest::qWait(50);
    EXPECT_LE(dialog->height(), window().height());
    EXPECT_GT(area->widget()->height(), area->viewport()->height()) << "there is more than a small window shows";
    EXPECT_LE(area->widget()->width(), area->viewport()->width());
    auto* close = dialog->findChild<QPushButton*>();
    ASSERT_NE(close, nullptr);
    EXPECT_LE(close->mapTo(dialog, close->rect().bottomRight()).y(), dialog->height());
}

INSTANTIATE_TEST_SUITE_P(Languages, SmallWindowTest, ::testing::Values("en", "zh_CN"));

}  // namespace
}  // namespace halftone::app
