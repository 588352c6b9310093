// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/model_config.h"

#include "core/model/config_common.h"

namespace halftone {

std::string_view architectureName(Architecture architecture) {
    switch (architecture) {
        case Architecture::kLlama:
            return "llama";
        case Architecture::kMistral:
            return "mistral";
        case Architecture::kQwen2:
            return "qwen2";
        case Architecture::kQwen3:
            return "qwen3";
        case Architecture::kGpt2:
            return "gpt2";
    }
    return "unknown";
}

Result<ModelConfig> readModelConfig(const Checkpoint& checkpoint) {
    switch (checkpoint.kind()) {
        case CheckpointKind::kHuggingFace:
            return configFromJson(checkpoint);
        case CheckpointKind::kGguf:
            return configFromGguf(checkpoint);
        case CheckpointKind::kTensorFile:
            return makeError(ErrorCode::kUnsupported,
                             "This is a bare tensor file without config.json, so it cannot be run; open the model's "
                             "whole folder to run "
                             "it. Its weights can still be browsed and quantized.");
        case CheckpointKind::kTokenizer:
            break;
    }
    return makeError(ErrorCode::kUnsupported, "This folder holds only a tokenizer; there is no model in it to run.");
}

}  // namespace halftone
