// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/dialogs/shortcuts_dialog.h"

#include <QAction>
#include <QCoreApplication>
#include <QDialog>
#include <QLabel>
#include <QVBoxLayout>

namespace halftone::app {

namespace {

QString tr(const char* text) {
    return QCoreApplication::translate("Shortcuts", text);
}

QString row(const QString& keys, const QString& meaning) {
    return QStringLiteral("<tr><td style='padding-right:24px'><b>%1</b></td><td>%2</td></tr>")
        .arg(keys.toHtmlEscaped(), meaning.toHtmlEscaped());
}

}  // namespace

void showShortcuts(const QList<QAction*>& actions, QWidget* parent) {
    QString table = QStringLiteral("<table>");
    for (const auto* action : actions) {
        if (action->shortcut().isEmpty()) continue;
        table += row(action->shortcut().toString(QKeySequence::NativeText),
                     QString(action->text()).remove('&').remove(QStringLiteral("…")));
    }
    table += row(tr("Arrows, Shift+Arrows"), tr("Move and extend the selection in the matrix and the table"));
    table += row(tr("Drag in the matrix"), tr("Select a rectangle; Ctrl adds, Shift extends"));
    table += row(tr("Double-click a format or a method"), tr("Choose another for all selected tensors"));
    table += row(tr("Wheel and drag in a plot"), tr("Zoom and move; double-click fits"));
    table += row(tr("Right-click a plot"), tr("Copy it as image or CSV, save it as PNG or SVG")) +
             QStringLiteral("</table>");
    auto* dialog = new QDialog(parent);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setWindowTitle(tr("Shortcuts"));
    auto* layout = new QVBoxLayout(dialog);
    layout->setContentsMargins(24, 16, 24, 16);
    layout->addWidget(new QLabel(table, dialog));
    dialog->open();
}

}  // namespace halftone::app
