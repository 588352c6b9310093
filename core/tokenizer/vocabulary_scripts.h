// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

#include "core/tokenizer/tokenizer.h"

namespace halftone {

/// What a vocabulary is written in. Tokens without a letter, and those that are parts of a character, are not counted.
struct VocabularyScripts {
    int64_t words = 0;        ///< tokens with a letter or an ideograph
    int64_t ideographic = 0;  ///< of those, with a Chinese ideograph
    [[nodiscard]] double ideographicShare() const {
        return words > 0 ? static_cast<double>(ideographic) / static_cast<double>(words) : 0.0;
    }
};

/// Looks at every token once: milliseconds for a large vocabulary. Any thread.
[[nodiscard]] VocabularyScripts vocabularyScripts(const Tokenizer& tokenizer);

}  // namespace halftone
