// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/widgets/path_edit.h"

#include <QDragEnterEvent>
#include <QFileDialog>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QMimeData>
#include <QToolButton>

namespace halftone::app {

PathEdit::PathEdit(const QString& caption, const QString& filter, QWidget* parent, Purpose purpose)
    : QWidget(parent), m_edit(new QLineEdit(this)) {
    setAcceptDrops(true);
    m_edit->setAccessibleName(caption);
    m_edit->setAcceptDrops(false);
    auto* browse = new QToolButton(this);
    browse->setText(QStringLiteral("…"));
    browse->setToolTip(caption);
    browse->setAccessibleName(tr("Choose a file: %1").arg(caption));
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(4);
    layout->addWidget(m_edit, 1);
    layout->addWidget(browse);
    connect(browse, &QToolButton::clicked, this, [this, caption, filter, purpose] {
        const QString chosen = purpose == Purpose::Open ? QFileDialog::getOpenFileName(this, caption, path(), filter)
                                                        : QFileDialog::getSaveFileName(this, caption, path(), filter);
        if (!chosen.isEmpty()) setPath(chosen);
    });
    connect(m_edit, &QLineEdit::textChanged, this, &PathEdit::pathChanged);
}

QString PathEdit::path() const {
    return m_edit->text();
}

void PathEdit::setPath(const QString& path) {
    m_edit->setText(path);
    m_edit->setToolTip(path);
}

void PathEdit::dragEnterEvent(QDragEnterEvent* event) {
    if (event->mimeData()->hasUrls()) event->acceptProposedAction();
}

void PathEdit::dropEvent(QDropEvent* event) {
    const auto urls = event->mimeData()->urls();
    if (!urls.isEmpty() && urls.first().isLocalFile()) setPath(urls.first().toLocalFile());
}

}  // namespace halftone::app
