// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "core/checkpoint/checkpoint.h"
#include "core/tokenizer/gguf_vocabulary_reader.h"
#include "core/tokenizer/hf_reader.h"
#include "core/tokenizer/pipeline_tokenizer.h"
#include "core/tokenizer/sentencepiece_reader.h"
#include "core/tokenizer/tokenizer.h"
#include "tests/support/test_paths.h"

namespace halftone::test {

using TokenizerPointer = std::shared_ptr<const Tokenizer>;

inline Result<TokenizerPointer> openTokenizer(const std::filesystem::path& path) {
    HT_ASSIGN_OR_RETURN(const auto checkpoint, Checkpoint::open(path));
    return Tokenizer::load(*checkpoint);
}

inline Result<TokenizerPointer> fromParts(Result<tokenization::TokenizerParts> parts) {
    if (!parts) return tl::unexpected(std::move(parts.error()));
    return std::make_shared<const tokenization::PipelineTokenizer>(std::move(*parts));
}

inline Result<TokenizerPointer> fromJson(std::string_view text, const tokenization::CompanionFiles& companions = {}) {
    return fromParts(tokenization::readHuggingFaceTokenizer(text, companions));
}

inline Result<TokenizerPointer> fromSentencePiece(std::string_view bytes,
                                                  const tokenization::CompanionFiles& companions = {}) {
    return fromParts(tokenization::readSentencePieceTokenizer(bytes, companions));
}

inline Result<TokenizerPointer> fromGguf(const GgufMetadata& metadata) {
    return fromParts(tokenization::readGgufTokenizer(metadata));
}

/// Ids of a text without special tokens; a failure of the test where encoding fails.
inline std::vector<TokenId> plainIds(const Tokenizer& tokenizer, std::string_view text) {
    const auto ids = tokenizer.encode(text, {});
    HT_EXPECT_OK(ids);
    return ids.value_or(std::vector<TokenId>());
}

inline std::vector<TokenId> idsWith(const Tokenizer& tokenizer, std::string_view text,
                                    const EncodeTextOptions& options) {
    const auto ids = tokenizer.encode(text, options);
    HT_EXPECT_OK(ids);
    return ids.value_or(std::vector<TokenId>());
}

/// The same tokens through a TextStream, all parts put together.
inline std::string streamed(const TokenizerPointer& tokenizer, const std::vector<TokenId>& ids) {
    TextStream stream(tokenizer);
    std::string text;
    for (const TokenId id : ids) text += stream.push(id);
    return text + stream.finish();
}

}  // namespace halftone::test
