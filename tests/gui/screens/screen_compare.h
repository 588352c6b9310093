// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QImage>
#include <QString>

namespace halftone::test {

/// Pictures as they are kept: as large as the window is in its own coordinates, whatever the scale, by averaging areas,
/// and with at most 256 colours, so that one takes some tens of kilobytes.
[[nodiscard]] QImage reduced(const QImage& picture);
[[nodiscard]] QImage withPalette(const QImage& picture);

/// How two reduced pictures differ, in blocks of kBlock x kBlock pixels. A block differs
/// - when more than kMostPixels of its pixels have no like among the nine pixels around their place in the other
///   picture, both slightly blurred and alike within kPixelLimit of 255 in every channel: what moved, is cut or gone;
/// - or when its mean colour does by more than kMeanLimit, the best of those one pixel around: another colour.
/// How exactly the edges of letters are drawn does neither. The pictures differ when more than kMostTouching differing
/// blocks touch each other, or more than kTotalShare of all differ: a rounded figure that ends in another digit on
/// another processor stays below that.
struct ScreenDifference {
    int blocks = 0;       ///< of the picture
    int differing = 0;    ///< of those
    int largestArea = 0;  ///< most of them that touch each other
    QString problem;      ///< why they cannot be compared: sizes
    QImage map;           ///< the picture, with the differing blocks framed in red
    [[nodiscard]] bool isSame() const;
    [[nodiscard]] QString text() const;
};
inline constexpr int kBlock = 16;
inline constexpr int kPixelLimit = 44, kMostPixels = 12;
inline constexpr double kMeanLimit = 7;
inline constexpr int kMostTouching = 2;
inline constexpr double kTotalShare = 0.004;

[[nodiscard]] ScreenDifference compareScreens(const QImage& golden, const QImage& picture);

}  // namespace halftone::test
