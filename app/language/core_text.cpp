// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/language/core_text.h"

#include <QCoreApplication>
#include <QList>
#include <QRegularExpression>
#include <QStringList>

#include <optional>
#include <span>

#include "app/language/core_sentences.h"

namespace halftone::app {

namespace {

/// A filled-in part may be a sentence of core itself; deeper than this none goes.
constexpr int kDeepest = 4;

struct Pattern {
    const char* source;
    QRegularExpression shape;
};

QString fromView(std::string_view text) {
    return QString::fromUtf8(text.data(), qsizetype(text.size()));
}

QList<Pattern> patternsOf(std::span<const char* const> sources) {
    static const QRegularExpression kPlace(QStringLiteral("%\\d"));
    QList<Pattern> patterns;
    for (const char* source : sources) {
        const QStringList parts = QString::fromUtf8(source).split(kPlace);
        if (parts.size() < 2) continue;
        QStringList escaped;
        for (const auto& part : parts) escaped << QRegularExpression::escape(part);
        const QString shape = QRegularExpression::anchoredPattern(escaped.join(QStringLiteral("(.+?)")));
        patterns.append({source, QRegularExpression(shape, QRegularExpression::DotMatchesEverythingOption)});
    }
    return patterns;
}

/// Puts the parts where the translation wants them; what is put in is not looked through again.
QString fill(const QString& translation, const QStringList& parts) {
    QString text;
    for (qsizetype at = 0; at < translation.size(); ++at) {
        const int place = at + 1 < translation.size() && translation[at] == '%' ? translation[at + 1].digitValue() : -1;
        if (place < 1 || place > parts.size()) {
            text += translation[at];
            continue;
        }
        text += parts[place - 1];
        ++at;
    }
    return text;
}

template <typename Translate>
std::optional<QString> matched(const QList<Pattern>& patterns, const char* context, const QString& english,
                               const Translate& translatePart) {
    for (const auto& pattern : patterns) {
        const auto match = pattern.shape.match(english);
        if (!match.hasMatch()) continue;
        QStringList parts;
        for (const auto& part : match.capturedTexts().mid(1)) parts << translatePart(part);
        return fill(QCoreApplication::translate(context, pattern.source), parts);
    }
    return std::nullopt;
}

/// Whether the window speaks the language of core.
bool isEnglish() {
    return QCoreApplication::translate("Core", kCoreSentences[0]) == QLatin1String(kCoreSentences[0]);
}

QString sentence(const QString& english, int depth) {
    const QString whole = QCoreApplication::translate("Core", english.toUtf8().constData());
    if (whole != english || depth == kDeepest) return whole;
    static const QList<Pattern> kPatterns = patternsOf(kCoreSentences);
    const auto part = [depth](const QString& text) {
        const QString translated = sentence(text, depth + 1);
        if (translated != text || text.endsWith('.')) return translated;
        // A sentence inside a sentence has lost its full stop to the pattern around it.
        const QString closed = text + '.';
        const QString found = sentence(closed, depth + 1);
        return found == closed ? text : found;
    };
    return matched(kPatterns, "Core", english, part).value_or(english);
}

/// "Nearest", or with parameters "GPTQ (damping 0.05)".
QString methodWords(const QString& english) {
    const auto end = english.indexOf(QLatin1String(" ("));
    return end < 0 ? sentence(english, 0) : sentence(english.left(end), 0) + english.mid(end);
}

QString change(const QString& english, int depth) {
    static const QList<Pattern> kPatterns = patternsOf(kCoreChanges);
    const QString whole = QCoreApplication::translate("Change", english.toUtf8().constData());
    if (whole != english || depth == kDeepest) return whole;
    const auto part = [depth](const QString& text) { return change(text, depth + 1); };
    const auto found = matched(kPatterns, "Change", english, part);
    return found ? *found : methodWords(english);
}

const char* kindOf(ErrorCode code) {
    switch (code) {
        case ErrorCode::kInvalidArgument:
            return QT_TRANSLATE_NOOP("ErrorKind", "Cannot be done so");
        case ErrorCode::kNotFound:
            return QT_TRANSLATE_NOOP("ErrorKind", "Not found");
        case ErrorCode::kInvalidData:
            return QT_TRANSLATE_NOOP("ErrorKind", "The file is damaged");
        case ErrorCode::kUnsupported:
            return QT_TRANSLATE_NOOP("ErrorKind", "Not supported");
        case ErrorCode::kIo:
            return QT_TRANSLATE_NOOP("ErrorKind", "Reading or writing failed");
        case ErrorCode::kOutOfMemory:
            return QT_TRANSLATE_NOOP("ErrorKind", "Out of memory");
        case ErrorCode::kDeviceLost:
            return QT_TRANSLATE_NOOP("ErrorKind", "The device stopped working");
        case ErrorCode::kCancelled:
            return QT_TRANSLATE_NOOP("ErrorKind", "Cancelled");
        case ErrorCode::kInternal:
            break;
    }
    return QT_TRANSLATE_NOOP("ErrorKind", "Internal error");
}

}  // namespace

QString coreText(std::string_view english) {
    const QString text = fromView(english);
    return isEnglish() ? text : sentence(text, 0);
}

QString errorText(const Error& error) {
    const QString english = fromView(error.message);
    if (isEnglish()) return english;
    const QString text = sentence(english, 0);
    if (text != english) return text;
    const QString kind = QCoreApplication::translate("ErrorKind", kindOf(error.code));
    return QCoreApplication::translate("ErrorKind", "%1: %2").arg(kind, english);
}

QString methodName(const MethodChoice& choice) {
    const QString name = QString::fromStdString(choice.displayName());
    return isEnglish() ? name : methodWords(name);
}

QString methodName(const MethodDescription& method) {
    return coreText(method.displayName);
}

QString changeText(std::string_view english) {
    const QString text = fromView(english);
    return isEnglish() ? text : change(text, 0);
}

}  // namespace halftone::app
