// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/models/message_model.h"

#include <QGuiApplication>
#include <QPalette>

#include "app/session/message_log.h"
#include "app/widgets/theme.h"

namespace halftone::app {

MessageModel::MessageModel(MessageLog& log, QObject* parent)
    : QAbstractListModel(parent), m_log(log), m_count(int(log.messages().size())) {
    connect(&m_log, &MessageLog::added, this, [this](int index) {
        beginInsertRows({}, index, index);
        m_count = index + 1;
        endInsertRows();
    });
    connect(&m_log, &MessageLog::cleared, this, [this] {
        beginResetModel();
        m_count = 0;
        endResetModel();
    });
}

int MessageModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : m_count;
}

QVariant MessageModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid() || index.row() >= m_count) return {};
    const auto& message = m_log.messages()[index.row()];
    if (role == Qt::DisplayRole)
        return QStringLiteral("%1  %2").arg(message.when.toString(QStringLiteral("HH:mm:ss")), message.text);
    if (role == Qt::ToolTipRole)
        return message.details.isEmpty() ? message.text : message.text + '\n' + message.details;
    if (role == Qt::ForegroundRole) {
        const auto colors = themeColors(QGuiApplication::palette());
        if (message.severity == MessageSeverity::Error) return colors.failed;
        if (message.severity == MessageSeverity::Warning) return colors.stale;
    }
    return {};
}

QString MessageModel::fullText(int row) const {
    if (row < 0 || row >= m_count) return {};
    const auto& message = m_log.messages()[row];
    QString text = message.when.toString(Qt::ISODate) + ' ' + message.text;
    if (!message.details.isEmpty()) text += '\n' + message.details;
    return text;
}

}  // namespace halftone::app
