// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/widgets/path_edit.h"

#include <QDragEnterEvent>
#include <QFileDialog>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QMimeData>
#include <QPainter>
#include <QStyleOptionFrame>
#include <QToolButton>

namespace halftone::app {

namespace {

/// A line that shows the end of a path that is too long for it, the file's name, and dots for the beginning. While it
/// is edited it is a line as any other.
class PathLine : public QLineEdit {
  public:
    using QLineEdit::QLineEdit;

  protected:
    void paintEvent(QPaintEvent* event) override {
        QStyleOptionFrame option;
        initStyleOption(&option);
        const QRect room = style()->subElementRect(QStyle::SE_LineEditContents, &option, this).adjusted(2, 0, -2, 0);
        if (hasFocus() || fontMetrics().horizontalAdvance(text()) <= room.width()) return QLineEdit::paintEvent(event);
        QPainter painter(this);
        style()->drawPrimitive(QStyle::PE_PanelLineEdit, &option, &painter, this);
        painter.setPen(palette().color(isEnabled() ? QPalette::Normal : QPalette::Disabled, QPalette::Text));
        painter.drawText(room, Qt::AlignVCenter | Qt::AlignLeft,
                         fontMetrics().elidedText(text(), Qt::ElideLeft, room.width()));
    }
};

}  // namespace

PathEdit::PathEdit(const QString& caption, const QString& filter, QWidget* parent, Purpose purpose)
    : QWidget(parent), m_edit(new PathLine(this)) {
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
    connect(m_edit, &QLineEdit::textChanged, m_edit, &QWidget::setToolTip);
    connect(m_edit, &QLineEdit::textChanged, this, &PathEdit::pathChanged);
}

QString PathEdit::path() const {
    return m_edit->text();
}

void PathEdit::setPath(const QString& path) {
    m_edit->setText(path);
}

void PathEdit::dragEnterEvent(QDragEnterEvent* event) {
    if (event->mimeData()->hasUrls()) event->acceptProposedAction();
}

void PathEdit::dropEvent(QDropEvent* event) {
    const auto urls = event->mimeData()->urls();
    if (!urls.isEmpty() && urls.first().isLocalFile()) setPath(urls.first().toLocalFile());
}

}  // namespace halftone::app
