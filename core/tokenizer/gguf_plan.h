// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "core/tokenizer/pipeline_tokenizer.h"

namespace halftone::tokenization {

struct HfTraits;
class UnigramModel;

/// Chooses the kind of GGUF vocabulary for a tokenizer read from tokenizer.json: TokenizerParts::gguf. What runtimes
/// then do otherwise is noted in GgufPlan::differences. `modelType`: as tokenizer.json names it.
void planGguf(const HfTraits& traits, const std::string& modelType, TokenizerParts& parts);

/// For a SentencePiece BPE whose form is kScoredBpe: readers of that kind end with an error at a character that is no
/// token unless the vocabulary has byte tokens. Without them, a vocabulary of single characters goes out as kUnigram,
/// which gives the same tokens; others get a difference noted.
void planWithoutByteTokens(bool hasMerges, TokenizerParts& parts);

/// What readers of unigram vocabularies do otherwise than `model`.
void noteUnigramDifferences(const UnigramModel& model, GgufPlan& plan);

}  // namespace halftone::tokenization
