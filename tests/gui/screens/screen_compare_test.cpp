// SPDX-License-Identifier: GPL-3.0-or-later
// The comparer of pictures: letters may be drawn otherwise; nothing may move, be cut or go.
#include "tests/gui/screens/screen_compare.h"

#include <gtest/gtest.h>

#include <QDir>
#include <QPainter>

#include <algorithm>
#include <functional>

#include "tests/support/test_paths.h"

namespace halftone::test {
namespace {

/// How letters are drawn: what differs between versions of the font library.
struct Drawing {
    QPointF offset{};
    double gamma = 1;  ///< of the coverage
    int noise = 0;     ///< of every pixel
};

/// A table, a title, a chart and buttons, as the window has them.
void paintScene(QPainter& painter, const Drawing& drawing) {
    QFont font(QStringLiteral("DejaVu Sans"));
    font.setPixelSize(12);
    font.setHintingPreference(QFont::PreferNoHinting);
    painter.setFont(font);
    painter.fillRect(0, 0, 1440, 900, QColor(0xf3f4f5));
    painter.fillRect(10, 40, 700, 820, Qt::white);
    const QColor text = QColor(0x1d2125);
    const auto tone = [&](QColor color) { return color.lighter(int(100 * drawing.gamma)); };
    for (int row = 0; row < 36; ++row) {
        if (row % 2) painter.fillRect(10, 62 + row * 22, 700, 22, QColor(0xe9ebed));
        painter.setPen(tone(text));
        painter.drawText(QPointF(18, 78 + row * 22) + drawing.offset,
                         QStringLiteral("blk.%1.ffn_down.weight").arg(row));
        painter.drawText(QPointF(300, 78 + row * 22) + drawing.offset, QStringLiteral("Q4_K  4.5  1.92 MB"));
        painter.drawText(QPointF(560, 78 + row * 22) + drawing.offset, QStringLiteral("%1 dB").arg(20 + row * 0.37));
    }
    painter.fillRect(730, 40, 700, 400, Qt::white);
    for (int bar = 0; bar < 60; ++bar)
        painter.fillRect(750 + bar * 11, 430 - bar * bar / 12, 9, bar * bar / 12, QColor(0x2864b4));
    painter.fillRect(730, 460, 160, 28, QColor(0xd3d6d9));
    painter.drawText(QPointF(745, 478) + drawing.offset, QStringLiteral("Measure mixtures"));
    painter.fillRect(740, 434, 680, 2, QColor(0x1d2125));
}

QImage scene(const Drawing& drawing = {}, const std::function<void(QImage&)>& change = {}) {
    QImage picture(1440, 900, QImage::Format_RGB32);
    {
        QPainter painter(&picture);
        paintScene(painter, drawing);
    }
    if (change) change(picture);
    unsigned state = 1;
    for (int y = 0; drawing.noise > 0 && y < picture.height(); ++y) {
        for (int x = 0; x < picture.width(); ++x) {
            state = state * 1664525U + 1013904223U;
            const int step = int(state >> 16U) % (2 * drawing.noise + 1) - drawing.noise;
            const QColor color = picture.pixelColor(x, y);
            const auto moved = [step](int channel) { return std::clamp(channel + step, 0, 255); };
            picture.setPixelColor(x, y, QColor(moved(color.red()), moved(color.green()), moved(color.blue())));
        }
    }
    return reduced(picture);
}

/// Moves a part of the picture; what it leaves is filled with its own edge.
void move(QImage& picture, const QRect& part, QPoint by) {
    const QImage copy = picture.copy(part);
    QPainter(&picture).drawImage(part.topLeft() + by, copy);
}

TEST(ScreenCompare, ThePaletteOfAKeptPictureChangesNothing) {
    const auto difference = compareScreens(withPalette(scene()), scene());
    EXPECT_TRUE(difference.isSame());
    EXPECT_EQ(difference.differing, 0) << difference.text().toStdString();
}

TEST(ScreenCompare, LettersMayBeDrawnOtherwise) {
    const QImage golden = withPalette(scene());
    const Drawing drawings[] = {{.offset = {0.5, 0}}, {.offset = {0, 0.5}}, {.offset = {1, 0}},
                                {.gamma = 1.3},       {.gamma = 0.8},       {.noise = 6}};
    for (const auto& drawing : drawings) {
        const auto difference = compareScreens(golden, scene(drawing));
        EXPECT_TRUE(difference.isSame()) << &drawing - drawings << ": " << difference.text().toStdString();
    }
}

TEST(ScreenCompare, AFigureMayEndInAnotherDigit) {
    const auto withFigure = [](const QString& figure) {
        return scene({}, [&](QImage& picture) {
            QPainter painter(&picture);
            QFont font(QStringLiteral("DejaVu Sans"));
            font.setPixelSize(12);
            painter.setFont(font);
            painter.setPen(Qt::black);
            painter.drawText(760, 540, figure);
        });
    };
    const QImage golden = withPalette(withFigure(QStringLiteral("KLD 0.008296")));
    EXPECT_TRUE(compareScreens(golden, withFigure(QStringLiteral("KLD 0.008297"))).isSame());
    EXPECT_FALSE(compareScreens(golden, withFigure(QStringLiteral("not measured yet"))).isSame());
    EXPECT_FALSE(compareScreens(golden, withFigure({})).isSame());
}

TEST(ScreenCompare, WhatMovesIsCutOrGoesIsSeen) {
    const QImage golden = withPalette(scene());
    const QColor window(0xf3f4f5);
    const std::pair<const char*, std::function<void(QImage&)>> changes[] = {
        {"a label 4 pixels aside",
         [](QImage& picture) {
             move(picture, {12, 68, 240, 14}, {4, 0});
         }},
        {"a label 4 pixels down",
         [](QImage& picture) {
             move(picture, {12, 64, 240, 16}, {0, 4});
         }},
        {"a label that is missing", [](QImage& picture) { QPainter(&picture).fillRect(12, 64, 240, 18, Qt::white); }},
        {"a column that is cut",
         [](QImage& picture) {
             QPainter painter(&picture);
             for (int row = 0; row < 36; ++row)
                 painter.fillRect(400, 62 + row * 22, 60, 22, row % 2 ? QColor(0xe9ebed) : QColor(Qt::white));
         }},
        {"a button that is missing",
         [window](QImage& picture) { QPainter(&picture).fillRect(730, 460, 160, 28, window); }},
        {"a button of another colour",
         [](QImage& picture) { QPainter(&picture).fillRect(730, 464, 160, 16, QColor(0xd3d6d9).darker(112)); }},
        {"a surface of another colour",
         [](QImage& picture) { QPainter(&picture).fillRect(900, 500, 300, 200, QColor(0xe6e9f2)); }},
        {"bars of another colour",
         [](QImage& picture) { QPainter(&picture).fillRect(1300, 200, 100, 200, QColor(0xd05f0a)); }},
        {"a line that is missing", [](QImage& picture) { QPainter(&picture).fillRect(740, 430, 680, 12, Qt::white); }},
        {"a panel 6 pixels aside",
         [](QImage& picture) {
             move(picture, {730, 40, 690, 400}, {6, 0});
         }},
        {"a wrong theme", [](QImage& picture) { picture.invertPixels(); }},
    };
    for (const auto& [name, change] : changes) {
        const auto difference = compareScreens(golden, scene({}, change));
        EXPECT_FALSE(difference.isSame()) << name << ": " << difference.text().toStdString();
    }
}

TEST(ScreenCompare, AnotherSizeIsNamed) {
    const auto difference =
        compareScreens(QImage(720, 450, QImage::Format_RGB32), QImage(700, 450, QImage::Format_RGB32));
    EXPECT_FALSE(difference.isSame());
    EXPECT_TRUE(difference.text().contains("700 x 450"));
}

/// The kept pictures themselves: whatever of them moves by 4 pixels, or is empty, is seen.
TEST(ScreenCompare, EveryKeptPictureTellsAMovedPart) {
    const QDir folder(QString::fromStdString((sourceDir() / "tests/golden/screens").string()));
    const auto names = folder.entryList({QStringLiteral("*.png")});
    EXPECT_GE(names.size(), 90);
    for (const auto& name : names) {
        const QImage golden = QImage(folder.filePath(name)).convertToFormat(QImage::Format_RGB32);
        EXPECT_TRUE(compareScreens(golden, golden).isSame()) << name.toStdString();
        QImage moved = golden.copy();
        QPainter(&moved).drawImage(QPoint(4, 0), golden.copy(golden.rect().adjusted(0, 0, -4, 0)));
        EXPECT_FALSE(compareScreens(golden, moved).isSame()) << name.toStdString();
        QImage emptied = golden.copy();
        QPainter(&emptied).fillRect(golden.rect().adjusted(0, 0, 0, -golden.height() / 3), golden.pixelColor(1, 1));
        EXPECT_FALSE(compareScreens(golden, emptied).isSame()) << name.toStdString();
    }
}

}  // namespace
}  // namespace halftone::test
