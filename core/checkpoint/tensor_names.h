// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "core/tensor/tensor_info.h"

namespace halftone {

/// What a tensor's name says about it. Source of the tables: reference page on GGUF, section 4.
struct TensorNaming {
    std::string canonicalName;  ///< GGUF spelling; the name itself where no rule maps it
    TensorRole role = TensorRole::kOther;
    bool isBias = false;
    int block = -1;
    int expert = -1;
    bool transposed = false;
    bool isBuffer = false;  ///< an attention mask or a rotation table that checkpoints carry along: not a weight
};

/// What cannot be told from one Hugging Face name alone.
struct HuggingFaceNaming {
    /// Blocks normalize after attention and after the feed-forward part as well (Gemma 2 and 3), which changes what
    /// `post_attention_layernorm` means.
    bool hasPostNorms = false;
    /// The linear layers of "h.N." blocks are Conv1D, stored [in, out] (GPT-2, but not all models of that naming).
    bool isConv1d = true;

    /// Looks at all names of the checkpoint and at config.json's model_type (may be empty).
    static HuggingFaceNaming of(std::span<const TensorInfo> tensors, std::string_view modelType);
};

/// Names as GGUF spells them.
[[nodiscard]] TensorNaming nameFromGguf(std::string_view name);

/// Names of Llama, Mistral, Mixtral, Qwen, Gemma, Phi, GPT-2, GPT-NeoX and BERT as Hugging Face spells them. An expert
/// that is a tensor of its own is called "blk.3.ffn_gate.7.weight" (expert 7), so that canonical names stay unique.
[[nodiscard]] TensorNaming nameFromHuggingFace(std::string_view name, const HuggingFaceNaming& naming);

/// Puts a naming into the tensor it belongs to. A tensor is transposed only if it has two dimensions.
void applyNaming(TensorInfo& tensor, TensorNaming naming);

/// Whether `a` comes before `b` where runs of digits compare as numbers ("h.2" before "h.10").
[[nodiscard]] bool naturalLess(std::string_view a, std::string_view b);

/// The order in which people expect a Hugging Face checkpoint: embeddings, blocks by number and role, then the rest.
[[nodiscard]] bool comesBeforeInModel(const TensorInfo& a, const TensorInfo& b);

}  // namespace halftone
