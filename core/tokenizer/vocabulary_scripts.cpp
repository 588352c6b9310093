// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/vocabulary_scripts.h"

#include "core/tokenizer/unicode_class.h"
#include "core/tokenizer/utf8.h"

namespace halftone {

VocabularyScripts vocabularyScripts(const Tokenizer& tokenizer) {
    using namespace tokenization;
    VocabularyScripts scripts;
    for (int64_t id = 0; id < tokenizer.vocabSize(); ++id) {
        const std::string bytes = tokenizer.tokenBytes(static_cast<TokenId>(id));
        bool hasLetter = false, hasIdeograph = false;
        for (size_t at = 0; at < bytes.size();) {
            const Utf8Step step = decodeUtf8(bytes, at);
            at += step.length;
            if (!step.valid) continue;
            hasLetter = hasLetter || (isWordCharacter(step.codePoint) && !isNumber(step.codePoint));
            hasIdeograph = hasIdeograph || isBertIdeograph(step.codePoint);
        }
        scripts.words += hasLetter || hasIdeograph;
        scripts.ideographic += hasIdeograph;
    }
    return scripts;
}

}  // namespace halftone
