// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/tokenizer.h"

#include <fmt/format.h>

#include "core/checkpoint/checkpoint.h"
#include "core/tokenizer/byte_level_files.h"
#include "core/tokenizer/companion_files.h"
#include "core/tokenizer/gguf_vocabulary_reader.h"
#include "core/tokenizer/hf_reader.h"
#include "core/tokenizer/sentencepiece_reader.h"

namespace halftone {
namespace {

using tokenization::TokenizerParts;

bool isFile(const std::filesystem::path& path) {
    std::error_code error;
    return std::filesystem::is_regular_file(path, error);
}

// Scores for a GGUF come from the SentencePiece file where there is one; else they are derived from the merges.
void adoptScores(const std::filesystem::path& folder, TokenizerParts& parts) {
    if (parts.gguf.form != tokenization::GgufForm::kScoredBpe) return;
    const auto bytes = tokenization::readTokenizerFile(folder / "tokenizer.model");
    if (bytes) tokenization::adoptSentencePieceScores(*bytes, *parts.vocabulary);
}

Result<TokenizerParts> readFolder(const std::filesystem::path& folder, const std::string& configJson) {
    tokenization::CompanionFiles companions = tokenization::readCompanionFiles(folder, configJson);
    if (isFile(folder / "tokenizer.json")) {
        HT_ASSIGN_OR_RETURN(const std::string text, tokenization::readTokenizerFile(folder / "tokenizer.json"));
        HT_ASSIGN_OR_RETURN(TokenizerParts parts, tokenization::readHuggingFaceTokenizer(text, companions));
        adoptScores(folder, parts);
        return parts;
    }
    if (isFile(folder / "tokenizer.model")) {
        HT_ASSIGN_OR_RETURN(const std::string bytes, tokenization::readTokenizerFile(folder / "tokenizer.model"));
        return tokenization::readSentencePieceTokenizer(bytes, companions);
    }
    if (isFile(folder / "vocab.json") && isFile(folder / "merges.txt")) {
        HT_ASSIGN_OR_RETURN(const std::string vocabulary, tokenization::readTokenizerFile(folder / "vocab.json"));
        HT_ASSIGN_OR_RETURN(const std::string merges, tokenization::readTokenizerFile(folder / "merges.txt"));
        HT_ASSIGN_OR_RETURN(const std::string text, tokenization::joinByteLevelFiles(vocabulary, merges, companions));
        return tokenization::readHuggingFaceTokenizer(text, companions);
    }
    return makeError(ErrorCode::kNotFound,
                     fmt::format("The folder {} holds no tokenizer.json, no tokenizer.model, and no vocab.json with "
                                 "merges.txt.",
                                 folder.string()));
}

}  // namespace

Result<std::shared_ptr<const Tokenizer>> Tokenizer::load(const Checkpoint& checkpoint) {
    Result<TokenizerParts> parts = TokenizerParts();
    if (checkpoint.kind() == CheckpointKind::kGguf) {
        parts = tokenization::readGgufTokenizer(checkpoint.gguf());
    } else {
        std::error_code error;
        const bool isFolder = std::filesystem::is_directory(checkpoint.path(), error);
        parts = readFolder(isFolder ? checkpoint.path() : checkpoint.path().parent_path(), checkpoint.configJson());
    }
    if (!parts) {
        Error failure = std::move(parts.error());
        failure.context =
            fmt::format("{}{}{}", checkpoint.path().string(), failure.context.empty() ? "" : ": ", failure.context);
        return tl::unexpected(std::move(failure));
    }
    return std::make_shared<const tokenization::PipelineTokenizer>(std::move(*parts));
}

}  // namespace halftone
