// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/pipeline/loaded_model.h"

#include <fmt/format.h>

namespace halftone {

Result<LoadedModel> LoadedModel::load(std::shared_ptr<const Checkpoint> checkpoint) {
    LoadedModel model;
    if (checkpoint->kind() == CheckpointKind::kTokenizer) {
        return makeError(ErrorCode::kUnsupported, fmt::format("{} holds only a tokenizer: there is no model to run.",
                                                              checkpoint->path().string()));
    }
    HT_ASSIGN_OR_RETURN(const ModelConfig config, readModelConfig(*checkpoint));
    HT_ASSIGN_OR_RETURN(ModelGraph graph, buildGraph(config, *checkpoint));
    HT_ASSIGN_OR_RETURN(model.tokenizer, Tokenizer::load(*checkpoint));
    if (model.tokenizer->vocabSize() > config.vocabSize) {
        return makeError(
            ErrorCode::kInvalidData,
            fmt::format("The tokenizer of {} has {} tokens, but the model knows only {}; they do not belong together.",
                        checkpoint->name(), model.tokenizer->vocabSize(), config.vocabSize));
    }
    model.chatTemplate = ChatTemplate::read(*checkpoint);
    model.graph = std::make_shared<const ModelGraph>(std::move(graph));
    model.checkpoint = std::move(checkpoint);
    return model;
}

Result<LoadedModel> LoadedModel::open(const std::filesystem::path& path) {
    HT_ASSIGN_OR_RETURN(auto checkpoint, Checkpoint::open(path));
    return load(std::move(checkpoint));
}

Result<std::vector<TokenId>> LoadedModel::tokenize(std::string_view text) const {
    return tokenizer->encode(text, {.addSpecial = false, .parseSpecial = false});
}

}  // namespace halftone
