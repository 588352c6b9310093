// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "app/cli/options.h"
#include "app/cli/output.h"
#include "core/checkpoint/checkpoint.h"
#include "core/tokenizer/tokenizer.h"

namespace halftone::cli {

Status runTokenize(const TokenizeOptions& options, const CommonOptions& common) {
    HT_ASSIGN_OR_RETURN(const auto checkpoint, Checkpoint::open(options.checkpoint));
    HT_ASSIGN_OR_RETURN(const auto tokenizer, Tokenizer::load(*checkpoint));
    const EncodeTextOptions encode{.addSpecial = options.special, .parseSpecial = options.special};
    HT_ASSIGN_OR_RETURN(const std::vector<TokenId> ids, tokenizer->encode(options.text, encode));
    if (common.json) {
        auto texts = nlohmann::ordered_json::array();
        for (TokenId id : ids) texts.push_back(tokenizer->tokenText(id));
        printJson({{"ids", ids}, {"tokens", texts}, {"tokenizer", tokenizer->description()}});
        return {};
    }
    Table table({"id", "token"}, {Table::Align::kRight, Table::Align::kLeft});
    for (TokenId id : ids) table.add({std::to_string(id), std::string(tokenizer->tokenText(id))});
    table.print();
    fmt::print("{} tokens ({})\n", ids.size(), tokenizer->description());
    return {};
}

}  // namespace halftone::cli
