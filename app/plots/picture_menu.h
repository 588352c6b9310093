// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QPixmap>
#include <QString>

#include <functional>

class QMenu;
class QSvgGenerator;
class QWidget;

namespace halftone::app {

/// What a plot hands out of itself.
struct PictureSource {
    QWidget* widget = nullptr;                     ///< for dialogs; not null
    std::function<QPixmap(double ratio)> picture;  ///< `ratio` pixels per point of the screen
    std::function<QByteArray()> svg;
    std::function<QString()> csv;  ///< the figures behind it; empty text: there are none
};

/// A widget as it is painted, and with these figures.
[[nodiscard]] PictureSource pictureOf(QWidget& widget, std::function<QString()> csv);

/// Copy as image, SVG or CSV, and save as a file of one of them. What `source` calls must outlive the menu.
void fillPictureMenu(QMenu& menu, const PictureSource& source);

/// What `draw` paints on an SVG of this size.
[[nodiscard]] QByteArray drawnSvg(QSize size, const QString& title, const std::function<void(QSvgGenerator&)>& draw);

/// Writes PNG, SVG or CSV, as the name ends; the sentence of what went wrong, or nothing.
[[nodiscard]] QString savePicture(const PictureSource& source, const QString& path);

}  // namespace halftone::app
