// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/error.h"
#include "core/checkpoint/gguf_value.h"

namespace halftone::tokenization {

struct TokenizerParts;

/// The tokenizer.* keys that reproduce a tokenizer in a GGUF file. `modelVocabSize` <= 0: as many tokens as it has.
/// kUnsupported where no kind of GGUF vocabulary gives the same tokens.
Result<GgufMetadata> writeGgufVocabulary(const TokenizerParts& parts, int64_t modelVocabSize);

}  // namespace halftone::tokenization
