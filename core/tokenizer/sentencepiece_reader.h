// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string_view>

#include "core/base/error.h"
#include "core/tokenizer/companion_files.h"
#include "core/tokenizer/pipeline_tokenizer.h"

namespace halftone::tokenization {

/// Tokenizer of a SentencePiece tokenizer.model (the protobuf message ModelProto; BPE, unigram and character models).
Result<TokenizerParts> readSentencePieceTokenizer(std::string_view modelBytes, const CompanionFiles& companions);

/// Gives the tokens the scores that a tokenizer.model states for the same ids and texts. A file that cannot be read
/// changes nothing: the scores are then derived from the merges.
void adoptSentencePieceScores(std::string_view modelBytes, Vocabulary& vocabulary);

}  // namespace halftone::tokenization
