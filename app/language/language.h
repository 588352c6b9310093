// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QList>
#include <QString>

class QApplication;

namespace halftone::app {

/// A language of the window. `name` is what settings and --language call it ("system", "en", "zh_CN"); `title` is how
/// its speakers write it, whatever the window's language is.
struct LanguageChoice {
    QString name;
    QString title;
};

/// What the menu offers: the system's language first, then those that there are texts for.
[[nodiscard]] QList<LanguageChoice> offeredLanguages();

/// One of offeredLanguages(), whatever was asked for: unknown names count as "system".
[[nodiscard]] QString languageFromName(const QString& name);

/// The language whose texts `name` stands for: itself, or for "system" the first of the system's languages that there
/// are texts for. Without one: "en".
[[nodiscard]] QString textsOf(const QString& name);

/// The language whose texts are installed.
[[nodiscard]] QString currentTexts();

/// The text of an action or menu where it is no menu's line: without its mnemonic, be it "&File" or "文件(&F)".
[[nodiscard]] QString withoutMnemonic(const QString& text);

/// Installs the texts of a language, Qt's own among them where its package is there, in place of those before. Widgets
/// take their texts when they are made: a window that stands keeps the language that it was made in.
void applyLanguage(QApplication& application, const QString& name);

}  // namespace halftone::app
