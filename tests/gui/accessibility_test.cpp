// SPDX-License-Identifier: GPL-3.0-or-later
// Who cannot see the window: everything that can be used has a name for a screen reader, and the Tab key goes through a
// panel as the eye does.
#include <QAbstractButton>
#include <QAbstractItemView>
#include <QAbstractSpinBox>
#include <QAccessible>
#include <QComboBox>
#include <QDialog>
#include <QDockWidget>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QProgressBar>
#include <QRegularExpression>
#include <QScrollBar>
#include <QTableView>

#include "app/dialogs/allocate_dialog.h"
#include "app/dialogs/method_dialog.h"
#include "app/dialogs/rule_dialog.h"
#include "app/panels/evaluation/evaluation_panel.h"
#include "app/plots/channel_map.h"
#include "app/plots/heat_strip.h"
#include "app/plots/layer_matrix.h"
#include "app/plots/plot_base.h"
#include "app/tour.h"
#include "tests/gui/window_fixture.h"

namespace halftone::app {
namespace {

/// Whether a person works with it rather than only reads it. Parts of other widgets (the field inside a spin box, the
/// corner of a table) are spoken of as these.
bool isUsed(const QWidget& widget) {
    const QString name = widget.objectName();
    if (name.startsWith(QLatin1String("qt_")) || widget.inherits("QTableCornerButton")) return false;
    const auto* parent = widget.parentWidget();
    if (qobject_cast<const QAbstractSpinBox*>(parent) || qobject_cast<const QComboBox*>(parent)) return false;
    if (parent && parent->inherits("QComboBoxPrivateContainer")) return false;
    // Buttons inside a line, of a dock's title and of a menu bar that lacks room are Qt's, with names of its own.
    if (qobject_cast<const QLineEdit*>(parent) || qobject_cast<const QDockWidget*>(parent)) return false;
    const bool isView = qobject_cast<const QTableView*>(&widget) || widget.inherits("QListView") ||
                        qobject_cast<const QPlainTextEdit*>(&widget) || widget.inherits("QTextEdit");
    const bool isPlot = qobject_cast<const PlotBase*>(&widget) || qobject_cast<const LayerMatrix*>(&widget) ||
                        qobject_cast<const HeatStrip*>(&widget) || qobject_cast<const ChannelMap*>(&widget);
    return isView || isPlot || qobject_cast<const QAbstractButton*>(&widget) ||
           qobject_cast<const QAbstractSpinBox*>(&widget) || qobject_cast<const QComboBox*>(&widget) ||
           qobject_cast<const QLineEdit*>(&widget) || qobject_cast<const QProgressBar*>(&widget);
}

QString spokenName(QWidget& widget) {
    auto* spoken = QAccessible::queryAccessibleInterface(&widget);
    return spoken ? spoken->text(QAccessible::Name) : QString();
}

std::string pathOf(const QWidget& widget) {
    QStringList names;
    for (const auto* at = &widget; at && names.size() < 4; at = at->parentWidget())
        names.prepend(at->objectName().isEmpty() ? QString::fromLatin1(at->metaObject()->className())
                                                 : at->objectName());
    return names.join('/').toStdString();
}

int expectNames(const QWidget& root) {
    static const QRegularExpression kWord(QStringLiteral("\\p{L}"));
    int count = 0;
    for (auto* widget : root.findChildren<QWidget*>()) {
        if (!isUsed(*widget)) continue;
        ++count;
        // A button that says nothing yet (the last message, while there is none) is hidden.
        if (qobject_cast<QAbstractButton*>(widget) && widget->isHidden()) continue;
        EXPECT_TRUE(kWord.match(spokenName(*widget)).hasMatch())
            << pathOf(*widget) << " is called “" << spokenName(*widget).toStdString() << "”";
    }
    return count;
}

class AccessibilityTest : public WindowTest {
  protected:
    QList<QDialog*> dialogs() {
        window.showExport();
        window.showPreferences();
        (new AllocateDialog(session, window.evaluationPanel().options(), &window))->show();
        RecipeRule rule;
        rule.format = Format::of(DType::kQ6_K);
        (new RuleDialog(rule, MethodChoice{}, session.checkpoint()->tensors(), &window))->show();
        (new MethodDialog({MethodId::kGptq, {}}, &window))->show();
        return window.findChildren<QDialog*>();
    }
    /// What the Tab key visits inside `root`, in order.
    static QList<QWidget*> tabChain(QWidget& root) {
        QList<QWidget*> chain;
        for (auto* at = root.nextInFocusChain(); at != &root; at = at->nextInFocusChain()) {
            if (root.isAncestorOf(at) && at->isVisible() && (at->focusPolicy() & Qt::TabFocus) && !at->focusProxy())
                chain.append(at);
        }
        return chain;
    }
    /// Each is beside or below the one before it.
    static void expectReadingOrder(QWidget& root) {
        const auto chain = tabChain(root);
        for (qsizetype i = 1; i < chain.size(); ++i) {
            const QRect before(chain[i - 1]->mapTo(&root, QPoint()), chain[i - 1]->size());
            const QRect now(chain[i]->mapTo(&root, QPoint()), chain[i]->size());
            const bool isAbove = now.bottom() < before.top() && now.left() < before.right();
            const bool isLeftInLine = now.right() <= before.left() && now.top() < before.bottom() &&
                                      before.top() < now.bottom() && now.height() < 40 && before.height() < 40;
            EXPECT_FALSE(isAbove || isLeftInLine)
                << pathOf(*chain[i]) << " comes after " << pathOf(*chain[i - 1]) << " but stands before it";
        }
    }
};

TEST_F(AccessibilityTest, EverythingThatIsUsedHasAName) {
    EXPECT_GT(expectNames(window), 60);
    window.tour().start();
    openSample();
    ASSERT_TRUE(awaitIdle());
    EXPECT_GT(expectNames(window), 60);
    const auto all = dialogs();
    ASSERT_TRUE(awaitIdle());
    for (const auto* dialog : all) EXPECT_GT(expectNames(*dialog), 2);
    qDeleteAll(all);
}

TEST_F(AccessibilityTest, TheTabKeyGoesThroughPanelsAndDialogsInReadingOrder) {
    openSample();
    ASSERT_TRUE(awaitIdle());
    for (const auto workspace : {Workspace::Inspect, Workspace::Tune, Workspace::Compare}) {
        window.setWorkspace(workspace);
        settle();
        for (auto* dock : window.docks().findChildren<QDockWidget*>()) {
            if (window.docks().dockWidgetArea(dock) == Qt::NoDockWidgetArea) continue;
            dock->raise();
            QTest::qWait(20);
            expectReadingOrder(*dock->widget());
        }
    }
    const auto all = dialogs();
    for (auto* dialog : all) expectReadingOrder(*dialog);
    qDeleteAll(all);
}

TEST_F(AccessibilityTest, TheMatrixSaysWhatIsUnderItsCursor) {
    openSample();
    ASSERT_TRUE(awaitIdle());
    const auto downs = tensorsOf(TensorRole::kFfnDown);
    session.selection().select({downs.first()});
    const QString name = QString::fromStdString(session.tensor(downs.first()).canonicalName);
    EXPECT_TRUE(find<QWidget>("layerMatrix")->accessibleDescription().contains(name));
}

}  // namespace
}  // namespace halftone::app
