// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/widgets/token_text.h"

#include <QStringDecoder>

namespace halftone::app {

QString visibleText(QString text) {
    return text.replace(' ', QChar(0x2423)).replace('\n', QChar(0x21B5)).replace('\t', QChar(0x21E5));
}

QString spelledToken(const Tokenizer& tokenizer, TokenId id) {
    const std::string bytes = tokenizer.tokenBytes(id);
    if (bytes.empty()) {
        const auto text = tokenizer.tokenText(id);
        return QString::fromUtf8(text.data(), qsizetype(text.size()));
    }
    QStringDecoder decoder(QStringDecoder::Utf8);
    const QString text = decoder(QByteArrayView(bytes.data(), qsizetype(bytes.size())));
    if (!decoder.hasError() && !text.isEmpty()) return visibleText(text);
    QString escaped;
    for (const char byte : bytes) {
        const auto code = static_cast<unsigned char>(byte);
        escaped += code > 32 && code < 127 ? QString(QLatin1Char(byte))
                                           : QStringLiteral("\\x%1").arg(uint(code), 2, 16, QLatin1Char('0')).toUpper();
    }
    return escaped.replace(QLatin1String("\\X"), QLatin1String("\\x"));
}

QString placeholderOf(const Tokenizer& tokenizer, TokenId id) {
    if (!tokenizer.tokenBytes(id).empty() || id == tokenizer.bos()) return {};
    const auto text = tokenizer.tokenText(id);
    return text.empty() ? QStringLiteral("⟨%1⟩").arg(id) : QString::fromUtf8(text.data(), qsizetype(text.size()));
}

QStringList runningTexts(const std::shared_ptr<const Tokenizer>& tokenizer, std::span<const TokenId> ids) {
    QStringList texts;
    TextStream stream(tokenizer);
    for (const TokenId id : ids) texts.append(QString::fromStdString(stream.push(id)) + placeholderOf(*tokenizer, id));
    if (!texts.isEmpty()) texts.last() += QString::fromStdString(stream.finish());
    return texts;
}

}  // namespace halftone::app
