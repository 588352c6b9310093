// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/language/language.h"

#include <QApplication>
#include <QFont>
#include <QLibraryInfo>
#include <QLocale>
#include <QRegularExpression>
#include <QTranslator>

#include <algorithm>

/// Resources of a static library are linked only if something asks for them; the macro must stand outside namespaces.
static void initializeTranslations() {
    Q_INIT_RESOURCE(halftone_texts);
}

namespace halftone::app {

namespace {

constexpr const char* kTextsProperty = "halftoneTexts";
const QString kSystem = QStringLiteral("system");
const QString kEnglish = QStringLiteral("en");
const QString kChinese = QStringLiteral("zh_CN");

/// "zh", "zh-CN", "zh-Hans-SG": written in simplified characters. "zh-TW" and "zh-Hant" are not.
bool isSimplifiedChinese(const QLocale& locale) {
    return locale.language() == QLocale::Chinese && locale.script() == QLocale::SimplifiedHanScript;
}

/// Characters that Chinese and Japanese share are drawn as the language draws them, whatever the system's language is.
void applyFont(const QString& texts) {
    static const QFont systemFont = QApplication::font();
    QFont font = systemFont;
    if (texts == kChinese) {
        font.setFamilies(systemFont.families() +
                         QStringList{QStringLiteral("Noto Sans CJK SC"), QStringLiteral("Source Han Sans SC"),
                                     QStringLiteral("Microsoft YaHei"), QStringLiteral("PingFang SC"),
                                     QStringLiteral("WenQuanYi Micro Hei")});
    }
    if (font != QApplication::font()) QApplication::setFont(font);
}

void replaceTranslator(QApplication& application, const QString& objectName, const QString& file,
                       const QString& folder) {
    delete application.findChild<QTranslator*>(objectName, Qt::FindDirectChildrenOnly);
    auto* translator = new QTranslator(&application);
    translator->setObjectName(objectName);
    if (translator->load(file, folder)) {
        QCoreApplication::installTranslator(translator);
    } else {
        delete translator;
    }
}

}  // namespace

QList<LanguageChoice> offeredLanguages() {
    return {{kSystem, QCoreApplication::translate("Language", "As the system")},
            {kEnglish, QStringLiteral("English")},
            {kChinese, QStringLiteral("简体中文")}};
}

QString languageFromName(const QString& name) {
    const auto offered = offeredLanguages();
    const auto found = std::ranges::find(offered, name, &LanguageChoice::name);
    return found == offered.end() ? kSystem : found->name;
}

QString textsOf(const QString& name) {
    const QString language = languageFromName(name);
    if (language != kSystem) return language;
    for (const auto& wanted : QLocale::system().uiLanguages()) {
        const QLocale locale(wanted);
        if (isSimplifiedChinese(locale)) return kChinese;
        if (locale.language() == QLocale::English) break;
    }
    return kEnglish;
}

QString currentTexts() {
    return qApp->property(kTextsProperty).toString();
}

QString withoutMnemonic(const QString& text) {
    static const QRegularExpression kAppended(QStringLiteral("\\(&[A-Za-z]\\)"));
    return QString(text).remove(kAppended).remove('&');
}

void applyLanguage(QApplication& application, const QString& name) {
    initializeTranslations();
    const QString texts = textsOf(name);
    application.setProperty(kTextsProperty, texts);
    // Dates follow the language that was chosen, and the system where it was left to that.
    QLocale::setDefault(languageFromName(name) == kSystem ? QLocale::system() : QLocale(texts));
    replaceTranslator(application, QStringLiteral("qtTexts"), QStringLiteral("qtbase_") + texts,
                      QLibraryInfo::path(QLibraryInfo::TranslationsPath));
    applyFont(texts);
    // English has a file too: it holds the singular of what is counted.
    replaceTranslator(application, QStringLiteral("halftoneTexts"), QStringLiteral("halftone_") + texts,
                      QStringLiteral(":/i18n"));
}

}  // namespace halftone::app
