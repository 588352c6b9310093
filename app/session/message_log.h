// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDateTime>
#include <QList>
#include <QObject>
#include <QString>

#include "app/language/spoken_text.h"
#include "core/base/error.h"

namespace halftone::app {

enum class MessageSeverity { Note, Warning, Error };

/// One line for the messages strip; `details` is for the log and the Copy button.
struct Message {
    QDateTime when;
    MessageSeverity severity = MessageSeverity::Note;
    QString text;  ///< in the language that is spoken
    QString details;
    SpokenText spoken{};  ///< what `text` is made of
};

/// What the studio has to tell, oldest first. Never modal.
class MessageLog : public QObject {
    Q_OBJECT

  public:
    using QObject::QObject;

    [[nodiscard]] const QList<Message>& messages() const { return m_messages; }
    void note(const SpokenText& text, const QString& details = {}) { add(MessageSeverity::Note, text, details); }
    void warn(const SpokenText& text, const QString& details = {}) { add(MessageSeverity::Warning, text, details); }
    /// A cancelled job is no error and is not told.
    void fail(const SpokenText& what, const Error& error);
    void add(MessageSeverity severity, const SpokenText& text, const QString& details = {});
    void clear();
    /// Says everything again in the language now spoken.
    void retranslate();

  signals:
    void added(int index);
    void cleared();

  private:
    QList<Message> m_messages;
};

}  // namespace halftone::app
