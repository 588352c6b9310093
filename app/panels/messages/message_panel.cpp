// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/panels/messages/message_panel.h"

#include <QApplication>
#include <QClipboard>
#include <QHBoxLayout>
#include <QListView>
#include <QToolButton>
#include <QVBoxLayout>

#include "app/models/message_model.h"
#include "app/session/session.h"

namespace halftone::app {

MessagePanel::MessagePanel(Session& session, QWidget* parent)
    : QWidget(parent), m_model(new MessageModel(session.messages(), this)), m_list(new QListView(this)) {
    setObjectName(QStringLiteral("messagePanel"));
    m_list->setModel(m_model);
    m_list->setSelectionMode(QAbstractItemView::ExtendedSelection);
    m_list->setWordWrap(true);
    m_list->setAccessibleName(tr("Messages"));
    auto* copyButton = new QToolButton(this);
    copyButton->setText(tr("Copy"));
    copyButton->setToolTip(tr("Copies the selected messages with their details, or all of them"));
    auto* clearButton = new QToolButton(this);
    clearButton->setText(tr("Clear"));
    auto* bar = new QHBoxLayout;
    bar->setContentsMargins(8, 4, 8, 4);
    bar->addStretch();
    bar->addWidget(copyButton);
    bar->addWidget(clearButton);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addLayout(bar);
    layout->addWidget(m_list);
    connect(copyButton, &QToolButton::clicked, this, &MessagePanel::copy);
    connect(clearButton, &QToolButton::clicked, this, [&session] { session.messages().clear(); });
    connect(m_model, &QAbstractItemModel::rowsInserted, m_list, &QListView::scrollToBottom, Qt::QueuedConnection);
}

void MessagePanel::copy() const {
    QStringList lines;
    const auto selected = m_list->selectionModel()->selectedRows();
    for (int row = 0; row < m_model->rowCount(); ++row) {
        if (selected.isEmpty() || selected.contains(m_model->index(row))) lines.append(m_model->fullText(row));
    }
    QApplication::clipboard()->setText(lines.join('\n'));
}

}  // namespace halftone::app
