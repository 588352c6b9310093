// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QColor>
#include <QCoreApplication>
#include <QString>

#include <span>

#include "app/widgets/theme.h"

namespace halftone::app {

/// What the colour behind a token says.
enum class TokenMeasure {
    None,
    Divergence,         ///< KL divergence of the predictions at its place, nats
    ProbabilityChange,  ///< of the token itself: the recipe's probability less the original's
};

/// Colours behind words. Both ramps leave the ground of the theme in steps of lightness, so that words stay readable
/// and the order is seen without colour: divergence by its square root up to the largest value, from the ground to
/// orange, so that a text is calm where little happens; changes of probability linearly, centred on zero, blue where it
/// rose and orange where it fell.
struct TokenScale {
    Q_DECLARE_TR_FUNCTIONS(TokenScale)

  public:
    TokenMeasure measure = TokenMeasure::None;
    double high = 0;  ///< value of the strongest colour; 0: there is none to show

    /// The scale that just holds these values; what is not finite is left out.
    static TokenScale fit(TokenMeasure measure, std::span<const double> values);
    /// 0..1 for a divergence, -1..1 for a change.
    [[nodiscard]] double share(double value) const;
    /// Invalid where there is nothing to say.
    [[nodiscard]] QColor color(double value, const ThemeColors& colors) const;
    [[nodiscard]] QColor colorOfShare(double share, const ThemeColors& colors) const;
    [[nodiscard]] QString lowText() const;
    [[nodiscard]] QString highText() const;
};

/// Black or white, whichever can be read on `ground`.
[[nodiscard]] QColor readableOn(const QColor& ground);

}  // namespace halftone::app
