// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/session/message_log.h"

#include "app/language/core_text.h"

namespace halftone::app {

void MessageLog::fail(const SpokenText& what, const Error& error) {
    if (error.code == ErrorCode::kCancelled) return;
    const auto code = errorCodeName(error.code);
    QString details = QString::fromUtf8(code.data(), qsizetype(code.size()));
    if (!error.context.empty()) details += QStringLiteral(": ") + QString::fromStdString(error.context);
    const auto text = [what, error] {
        const QString message = errorText(error);
        return what.isEmpty() ? message : tr("%1: %2").arg(what.spokenNow(), message);
    };
    add(MessageSeverity::Error, text, details);
}

void MessageLog::add(MessageSeverity severity, const SpokenText& text, const QString& details) {
    m_messages.append({QDateTime::currentDateTime(), severity, text.text(), details, text});
    emit added(int(m_messages.size()) - 1);
}

void MessageLog::retranslate() {
    for (auto& message : m_messages) message.text = message.spoken.spokenNow();
}

void MessageLog::clear() {
    m_messages.clear();
    emit cleared();
}

}  // namespace halftone::app
