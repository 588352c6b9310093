// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/session/message_log.h"

#include "app/language/core_text.h"

namespace halftone::app {

void MessageLog::fail(const QString& what, const Error& error) {
    if (error.code == ErrorCode::kCancelled) return;
    const QString message = errorText(error);
    const auto code = errorCodeName(error.code);
    QString details = QString::fromUtf8(code.data(), qsizetype(code.size()));
    if (!error.context.empty()) details += QStringLiteral(": ") + QString::fromStdString(error.context);
    add(MessageSeverity::Error, what.isEmpty() ? message : tr("%1: %2").arg(what, message), details);
}

void MessageLog::add(MessageSeverity severity, const QString& text, const QString& details) {
    m_messages.append({QDateTime::currentDateTime(), severity, text, details});
    emit added(int(m_messages.size()) - 1);
}

void MessageLog::clear() {
    m_messages.clear();
    emit cleared();
}

}  // namespace halftone::app
