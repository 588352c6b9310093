// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/tokenizer/added_tokens.h"

namespace halftone::tokenization {

/// What the small JSON files beside a tokenizer say about it. Everything is optional; a file that cannot be read says
/// nothing.
struct CompanionFiles {
    std::map<std::string, std::string>
        roles;  ///< "bos_token" -> "<s>" (tokenizer_config.json, then special_tokens_map.json)
    std::map<std::string, int64_t>
        roleIds;                  ///< "bos_token_id", "pad_token_id" (generation_config.json, then config.json)
    std::vector<int64_t> eosIds;  ///< all of eos_token_id
    std::optional<bool> addBos;
    std::optional<bool> addEos;
    std::string tokenizerClass;                                      ///< tokenizer_class of tokenizer_config.json
    std::string modelType;                                           ///< model_type of config.json
    bool addPrefixSpace = false;                                     ///< add_prefix_space of tokenizer_config.json
    std::vector<AddedToken> addedTokens;                             ///< added_tokens_decoder
    std::vector<std::pair<std::string, std::string>> chatTemplates;  ///< the default template has the name ""
};

/// `configJson`: text of config.json, or empty.
[[nodiscard]] CompanionFiles readCompanionFiles(const std::filesystem::path& folder, const std::string& configJson);

/// Whole file as a string; files above `maxBytes` are refused.
Result<std::string> readTokenizerFile(const std::filesystem::path& path, uint64_t maxBytes = uint64_t{1} << 29);

}  // namespace halftone::tokenization
