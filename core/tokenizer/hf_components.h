// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/tokenizer/json_fields.h"
#include "core/tokenizer/normalizer.h"
#include "core/tokenizer/pipeline_tokenizer.h"
#include "core/tokenizer/pre_tokenizer.h"
#include "core/tokenizer/token_decoder.h"

namespace halftone::tokenization {

/// What readers of tokenizer.json components learn on the way, for the description and for writing a GGUF.
struct HfTraits {
    bool byteLevel = false;
    bool marksSpaces = false;      ///< " " becomes U+2581 somewhere
    bool prependsMark = false;     ///< and one is put in front of the text
    bool prependsOnce = false;     ///< but not of what follows an added token
    bool otherNormalizer = false;  ///< a normalizer that no GGUF vocabulary has
    bool composed = false;         ///< NFC
    std::vector<std::string>
        patterns;                  ///< of Split pre-tokenizers with isolated matches, and what other types amount to
    bool splitsOtherwise = false;  ///< a pre-tokenizer that is no isolated pattern
    bool bertPreTokenizer = false;
    std::optional<BertNormalizerOptions> bert;
    std::string charsmap;
};

/// Special tokens around a text, from a post-processor.
struct TokenFrame {
    std::vector<TokenId> prefix;
    std::vector<TokenId> suffix;
};

Result<std::unique_ptr<Normalizer>> readNormalizer(const Json& json, HfTraits& traits, int depth = 0);
Result<std::unique_ptr<PreTokenizer>> readPreTokenizer(const Json& json, HfTraits& traits, int depth = 0);
Status readPostProcessor(const Json& json, const Vocabulary& vocabulary, TokenFrame& frame, int depth = 0);

/// Decoder with the state of reading it.
struct DecoderReading {
    TokenDecoder decoder;
    bool fused = false;  ///< behind Fuse: Strip acts on the whole text
    bool byteLevel = false;
};
Status readDecoder(const Json& json, DecoderReading& reading, int depth = 0);

/// Vocabulary and model. The vocabulary is filled but not finished: added tokens come later, and the model is made
/// last.
struct HfModelReading {
    std::string type;
    std::string unknownText;
    std::optional<TokenId> unknownId;
};
Result<HfModelReading> readModelVocabulary(const Json& model, Vocabulary& vocabulary);
Result<std::unique_ptr<TokenModel>> makeModel(const Json& model, const HfModelReading& reading,
                                              const Vocabulary& vocabulary);

}  // namespace halftone::tokenization
