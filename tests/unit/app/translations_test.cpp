// SPDX-License-Identifier: GPL-3.0-or-later
// The texts of the window in other languages: every one is there, finished, and fits its source.
#include <gtest/gtest.h>

#include <QDir>
#include <QDirIterator>
#include <QFile>
#include <QProcess>
#include <QRegularExpression>
#include <QTemporaryDir>
#include <QXmlStreamReader>

#include <map>
#include <set>

#include "tests/support/test_paths.h"

namespace halftone::app {
namespace {

/// One text of a .ts file.
struct Message {
    QString source;
    QStringList translations;  ///< several where the language has several numbers
    bool isFinished = true;
    bool isCounted = false;
};
using Messages = std::map<std::string, Message>;  ///< by context, source and comment

QString sourcePath(const char* relative) {
    return QString::fromStdString((test::sourceDir() / relative).string());
}

Message readMessage(QXmlStreamReader& reader, const QString& context, QString& key) {
    Message message;
    QString comment;
    message.isCounted = reader.attributes().value(QLatin1String("numerus")) == QLatin1String("yes");
    while (reader.readNextStartElement()) {
        if (reader.name() == QLatin1String("source")) {
            message.source = reader.readElementText();
        } else if (reader.name() == QLatin1String("comment")) {
            comment = reader.readElementText();
        } else if (reader.name() == QLatin1String("translation")) {
            message.isFinished = !reader.attributes().hasAttribute(QLatin1String("type"));
            if (message.isCounted) {
                while (reader.readNextStartElement()) message.translations << reader.readElementText();
            } else {
                message.translations << reader.readElementText();
            }
        } else {
            reader.skipCurrentElement();
        }
    }
    key = context + QStringLiteral(" | ") + message.source + (comment.isEmpty() ? comment : " | " + comment);
    return message;
}

Messages readTexts(const QString& path) {
    QFile file(path);
    EXPECT_TRUE(file.open(QIODevice::ReadOnly)) << path.toStdString();
    QXmlStreamReader reader(&file);
    Messages messages;
    QString context, key;
    while (!reader.atEnd()) {
        if (reader.readNext() != QXmlStreamReader::StartElement) continue;
        if (reader.name() == QLatin1String("name")) {
            context = reader.readElementText();
        } else if (reader.name() == QLatin1String("message")) {
            const Message message = readMessage(reader, context, key);
            messages[key.toStdString()] = message;
        }
    }
    EXPECT_FALSE(reader.hasError()) << path.toStdString() << ": " << reader.errorString().toStdString();
    return messages;
}

QStringList windowSources() {
    QStringList files;
    QDirIterator all(sourcePath("app"), {"*.cpp", "*.h"}, QDir::Files, QDirIterator::Subdirectories);
    while (all.hasNext()) {
        const QString path = all.next();
        if (!path.contains(QLatin1String("/app/cli/"))) files << path;
    }
    return files;
}

/// What lupdate finds in the sources of the window, and what it complains of.
struct Extracted {
    Messages messages;
    QString complaints;
};

Extracted extract(const QStringList& options) {
    const QTemporaryDir folder;
    const QString texts = folder.filePath("sources.ts"), list = folder.filePath("sources.txt");
    QFile listFile(list);
    if (!listFile.open(QIODevice::WriteOnly)) return {};
    listFile.write(windowSources().join('\n').toUtf8());
    listFile.close();
    QProcess lupdate;
    lupdate.start(QStringLiteral(HT_LUPDATE),
                  QStringList{"-silent", "-locations", "none", "-I", sourcePath(".")} + options +
                      QStringList{'@' + list, "-source-language", "en", "-target-language", "en", "-ts", texts});
    EXPECT_TRUE(lupdate.waitForFinished(60'000) && lupdate.exitCode() == 0) << lupdate.errorString().toStdString();
    return {readTexts(texts), QString::fromUtf8(lupdate.readAllStandardError())};
}

std::string onlyIn(const Messages& some, const Messages& others) {
    std::string names;
    for (const auto& [key, message] : some) names += others.contains(key) ? "" : "\n    " + key;
    return names;
}

std::multiset<QString> placesOf(const QString& text) {
    static const QRegularExpression kPlace(QStringLiteral("%(\\d+|n)"));
    std::multiset<QString> places;
    for (auto match = kPlace.globalMatch(text); match.hasNext();) places.insert(match.next().captured());
    return places;
}

/// 文 and 2, 文 and %1: a space belongs between Chinese and what is written in Latin letters or digits.
bool isSpaced(const QString& text) {
    static const QRegularExpression kTouching(
        QStringLiteral("[\\x{4E00}-\\x{9FFF}][A-Za-z0-9%]|[A-Za-z0-9][\\x{4E00}-\\x{9FFF}]"));
    // What comes from another place is set off unless it is a name in quotation marks.
    return !kTouching.match(text).hasMatch();
}

/// A Chinese sentence has Chinese punctuation.
bool isPunctuated(const QString& text) {
    static const QRegularExpression kHalf(
        QStringLiteral("[\\x{4E00}-\\x{9FFF}] ?[,;:!?]|[\\x{4E00}-\\x{9FFF}]\\.(\\s|$)"));
    return !kHalf.match(text).hasMatch();
}

TEST(Translations, EveryTextOfTheWindowIsFinishedInChinese) {
    const auto extracted = extract({});
    EXPECT_EQ(extracted.complaints.toStdString(), "") << "texts whose context lupdate cannot tell are never translated";
    ASSERT_GT(extracted.messages.size(), 700u);
    const auto chinese = readTexts(sourcePath("resources/translations/halftone_zh_CN.ts"));
    EXPECT_EQ(onlyIn(extracted.messages, chinese), "") << "run: ninja update_translations, then translate these";
    EXPECT_EQ(onlyIn(chinese, extracted.messages), "") << "run: ninja update_translations, which drops these";
    for (const auto& [key, message] : chinese) {
        EXPECT_TRUE(message.isFinished) << key;
        for (const auto& translation : message.translations) EXPECT_NE(translation.toStdString(), "") << key;
        EXPECT_EQ(message.translations.size(), 1) << key << ": Chinese has one number";
    }
}

TEST(Translations, EveryCountedTextHasItsEnglishSingular) {
    const auto extracted = extract({"-pluralonly"});
    ASSERT_GT(extracted.messages.size(), 10u);
    const auto english = readTexts(sourcePath("resources/translations/halftone_en.ts"));
    EXPECT_EQ(onlyIn(extracted.messages, english), "") << "run: ninja update_translations, then write these";
    EXPECT_EQ(onlyIn(english, extracted.messages), "");
    for (const auto& [key, message] : english) {
        ASSERT_EQ(message.translations.size(), 2) << key;
        EXPECT_TRUE(message.isFinished) << key;
        EXPECT_EQ(message.translations[1], message.source) << key << ": the plural is what the source says";
    }
}

TEST(Translations, PlacesAndMnemonicsAreThoseOfTheSource) {
    for (const char* file : {"resources/translations/halftone_zh_CN.ts", "resources/translations/halftone_en.ts"}) {
        for (const auto& [key, message] : readTexts(sourcePath(file))) {
            for (const auto& translation : message.translations) {
                EXPECT_EQ(placesOf(translation), placesOf(message.source)) << key;
                EXPECT_EQ(translation.count('\t'), message.source.count('\t')) << key;
                EXPECT_EQ(translation.count('\n'), message.source.count('\n')) << key;
                EXPECT_EQ(translation.contains(QChar(0x2026)), message.source.contains(QChar(0x2026))) << key;
            }
        }
    }
}

TEST(Translations, ChineseMnemonicsAreTheLettersOfTheSourceInParentheses) {
    static const QRegularExpression kMnemonic(QStringLiteral("&([A-Za-z])"));
    static const QRegularExpression kChinese(QStringLiteral("\\(&([A-Z])\\)…?$"));
    for (const auto& [key, message] : readTexts(sourcePath("resources/translations/halftone_zh_CN.ts"))) {
        const auto letter = kMnemonic.match(message.source);
        if (!letter.hasMatch()) continue;
        const auto chinese = kChinese.match(message.translations.first());
        EXPECT_TRUE(chinese.hasMatch()) << key << " -> " << message.translations.first().toStdString();
        EXPECT_EQ(chinese.captured(1), letter.captured(1).toUpper()) << key;
    }
}

TEST(Translations, ChineseIsSpacedAndPunctuatedAsChineseIs) {
    for (const auto& [key, message] : readTexts(sourcePath("resources/translations/halftone_zh_CN.ts"))) {
        for (const auto& translation : message.translations) {
            EXPECT_TRUE(isSpaced(translation)) << translation.toStdString();
            EXPECT_TRUE(isPunctuated(translation)) << translation.toStdString();
        }
    }
}

}  // namespace
}  // namespace halftone::app
