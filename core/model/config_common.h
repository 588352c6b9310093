// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/error.h"
#include "core/checkpoint/checkpoint.h"
#include "core/model/model_config.h"

/// What the two readers of hyper-parameters (config.json and GGUF metadata) share. Private to core/model.
namespace halftone {

/// From config.json; checked against nothing yet.
Result<ModelConfig> configFromJson(const Checkpoint& checkpoint);
/// From GGUF metadata; checked against nothing yet.
Result<ModelConfig> configFromGguf(const Checkpoint& checkpoint);

/// Ranges of every number, and their agreement with each other and with the shapes of the tensors. Sets attentionScale
/// where it is still 0.
Status validateConfig(ModelConfig& config, const Checkpoint& checkpoint);

/// Ranges of head counts and sizes alone: after it, divisions and products of them are safe.
Status validateSizes(const ModelConfig& config);

/// "silu", "gelu", "gelu_new", ... as configurations spell activations.
Result<Activation> parseActivation(std::string_view name);

/// kUnsupported: the architecture by name, why it does not run, and that weights can still be browsed.
tl::unexpected<Error> unsupportedModel(std::string_view architecture, std::string_view why);

/// `value`, or an error that names the missing key.
Result<int64_t> required(std::optional<int64_t> value, std::string_view key);

/// Rows of the token embedding, or an error that names the missing tensor.
Result<int64_t> embeddingRows(const Checkpoint& checkpoint);

}  // namespace halftone
