// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "core/checkpoint/checkpoint.h"
#include "core/export/gguf_export.h"
#include "core/inference/backend.h"
#include "core/model/model_graph.h"
#include "core/tokenizer/chat_template.h"
#include "core/tokenizer/tokenizer.h"

namespace halftone {

/// A checkpoint with everything that running it needs. Immutable; any thread.
struct LoadedModel {
    std::shared_ptr<const Checkpoint> checkpoint;
    std::shared_ptr<const ModelGraph> graph;
    std::shared_ptr<const Tokenizer> tokenizer;
    std::optional<ChatTemplate> chatTemplate;  ///< where the checkpoint comes with one

    /// The error says what is missing for running: the architecture, a weight, the tokenizer, or that tokenizer and
    /// model do not fit each other.
    static Result<LoadedModel> load(std::shared_ptr<const Checkpoint> checkpoint);
    static Result<LoadedModel> open(const std::filesystem::path& path);

    /// Tokens of a text as evaluations and calibration take it: no BOS, no control tokens parsed.
    [[nodiscard]] Result<std::vector<TokenId>> tokenize(std::string_view text) const;
};

}  // namespace halftone
