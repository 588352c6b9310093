// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/dialogs/shortcuts_dialog.h"

#include <QAction>
#include <QCoreApplication>
#include <QDialog>
#include <QDialogButtonBox>
#include <QLabel>
#include <QScrollArea>
#include <QScrollBar>
#include <QVBoxLayout>

#include <algorithm>

#include "app/language/language.h"

namespace halftone::app {

namespace {

/// Pixels of the window that the sheet leaves free: its own frame, and some of what lies behind it.
constexpr int kRoomAround = 80;

struct Texts {
    Q_DECLARE_TR_FUNCTIONS(Shortcuts)
};

QString row(const QString& keys, const QString& meaning) {
    return QStringLiteral("<tr><td style='padding-right:24px'><b>%1</b></td><td>%2</td></tr>")
        .arg(keys.toHtmlEscaped(), meaning.toHtmlEscaped());
}

}  // namespace

void showShortcuts(const QList<QAction*>& actions, QWidget* parent) {
    QString table = QStringLiteral("<table>");
    for (const auto* action : actions) {
        if (action->shortcut().isEmpty()) continue;
        const QString meaning = action->property(kShortcutMeaning).toString();
        table += row(action->shortcut().toString(QKeySequence::NativeText),
                     meaning.isEmpty() ? withoutMnemonic(action->text()).remove(QStringLiteral("…")) : meaning);
    }
    table +=
        row(Texts::tr("Arrows, Shift+Arrows"), Texts::tr("Move and extend the selection in the matrix and the table"));
    table += row(Texts::tr("Drag in the matrix"), Texts::tr("Select a rectangle; Ctrl adds, Shift extends"));
    table += row(Texts::tr("N, P in the groups"), Texts::tr("Next and previous of the worst groups"));
    table += row(Texts::tr("Drag in the histogram"), Texts::tr("Show which channels a range of values comes from"));
    table += row(Texts::tr("Double-click a format or a method"), Texts::tr("Choose another for all selected tensors"));
    table += row(Texts::tr("Wheel and drag in a plot (histogram: Shift+drag)"),
                 Texts::tr("Zoom and move; double-click fits"));
    table += row(Texts::tr("Right-click a plot"), Texts::tr("Copy it as image or CSV, save it as PNG or SVG")) +
             QStringLiteral("</table>");
    auto* dialog = new QDialog(parent);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setWindowTitle(Texts::tr("Shortcuts"));
    auto* sheet = new QLabel(table);
    sheet->setContentsMargins(24, 16, 24, 16);
    auto* area = new QScrollArea(dialog);
    area->setObjectName(QStringLiteral("shortcutSheet"));
    area->setFrameShape(QFrame::NoFrame);
    area->setWidget(sheet);
    area->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    area->setMinimumWidth(sheet->sizeHint().width() + area->verticalScrollBar()->sizeHint().width());
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close, dialog);
    QObject::connect(buttons, &QDialogButtonBox::rejected, dialog, &QDialog::reject);
    auto* layout = new QVBoxLayout(dialog);
    layout->setContentsMargins(0, 0, 0, 8);
    layout->addWidget(area);
    layout->addWidget(buttons);
    // All of it where there is room; less high than the window that it belongs to.
    dialog->resize(area->minimumWidth(),
                   std::min(sheet->sizeHint().height() + buttons->sizeHint().height() + 3 * layout->spacing(),
                            parent->window()->height() - kRoomAround));
    dialog->open();
}

}  // namespace halftone::app
