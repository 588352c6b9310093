// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/error.h"
#include "core/checkpoint/gguf_value.h"
#include "core/tokenizer/pipeline_tokenizer.h"

namespace halftone::tokenization {

/// Tokenizer of the vocabulary inside a GGUF file (keys tokenizer.ggml.*; kinds llama, gpt2, gemma4, bert and t5). A
/// name of a pre-tokenizer that is not known is replaced by "default", and the description says so.
Result<TokenizerParts> readGgufTokenizer(const GgufMetadata& metadata);

}  // namespace halftone::tokenization
