// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <string_view>

#include "core/base/error.h"
#include "core/tokenizer/companion_files.h"
#include "core/tokenizer/pipeline_tokenizer.h"

namespace halftone::tokenization {

/// Tokenizer of a Hugging Face tokenizer.json (version "1.0" of the format) and the files beside it. Every fault of the
/// file is an error that says which component is wrong; components Halftone does not have are refused, never skipped.
Result<TokenizerParts> readHuggingFaceTokenizer(std::string_view tokenizerJson, const CompanionFiles& companions);

// Shared with the reader of tokenizer.model.

/// Applies add_bos_token, add_eos_token and the roles of the companion files; then finds the end-of-generation tokens.
void applyCompanionFiles(const CompanionFiles& companions, TokenizerParts& parts);
/// Adds a splitter at word starts where the model allows it without changing any result.
void shortenPieces(TokenizerParts& parts, bool modelAllows);

}  // namespace halftone::tokenization
