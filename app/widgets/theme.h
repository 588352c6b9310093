// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QColor>
#include <QPalette>
#include <QString>

class QApplication;

namespace halftone::app {

enum class ThemeChoice { System, Light, Dark };

[[nodiscard]] QString themeName(ThemeChoice choice);
[[nodiscard]] ThemeChoice themeFromName(const QString& name);

/// Colours with a meaning, derived from a palette: a palette change is all that a view has to follow.
struct ThemeColors {
    bool isDark = false;
    QColor surface;  ///< behind plots and tables
    QColor text, mutedText, hairline;
    QColor accent;      ///< selection, original series
    QColor accentSoft;  ///< fill below the original series
    QColor second;      ///< the quantized series
    QColor hover;       ///< behind what is under the mouse
    QColor stale, failed, ok;
};
[[nodiscard]] ThemeColors themeColors(const QPalette& palette);

/// Sets style, palette and style sheet of the whole application.
void applyTheme(QApplication& application, ThemeChoice choice);

}  // namespace halftone::app
