// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/tensor/dtype.h"

namespace halftone {

/// What a tensor does in a model. The names shown to people are those of GGUF ("attn_q"), without the block prefix.
enum class TensorRole : uint8_t {
    kTokenEmbedding, kPositionEmbedding, kTokenTypes, kEmbeddingNorm, kOutputNorm, kOutput, kRopeFactors,
    kAttnNorm, kAttnQ, kAttnK, kAttnV, kAttnQkv, kAttnOutput, kAttnQNorm, kAttnKNorm, kPostAttnNorm,
    kFfnNorm, kFfnGate, kFfnUp, kFfnDown, kPostFfnNorm,
    kRouter, kExpertGate, kExpertUp, kExpertDown, kSharedExpertRouter, kSharedExpertGate, kSharedExpertUp, kSharedExpertDown,
    kOther,
    kCount
};

/// "attn_q", "ffn_down", "token_embd", ...; "other" for kOther.
[[nodiscard]] std::string_view roleName(TensorRole role);
[[nodiscard]] std::optional<TensorRole> roleFromName(std::string_view name);
/// Norms of any kind.
[[nodiscard]] bool isNorm(TensorRole role);

/// One tensor of an opened checkpoint, as its header describes it. A plain value.
struct TensorInfo {
    std::string name;           ///< as the file spells it
    std::string canonicalName;  ///< GGUF spelling ("blk.3.attn_q.weight"), or `name` where no rule maps it
    TensorRole role = TensorRole::kOther;
    bool isBias = false;        ///< the bias that belongs to the role's weight
    int block = -1;             ///< transformer block, or -1
    int expert = -1;            ///< expert within the block where each expert is a tensor of its own (Hugging Face), or -1
    DType dtype = DType::kF32;
    std::vector<int64_t> shape;  ///< as stored, outermost first (PyTorch order; GGUF's dimensions reversed); scalar: empty
    bool transposed = false;     ///< stored [in, out] (GPT-2 Conv1D in Hugging Face files); rows() and cols() are [out, in]
    int file = 0;                ///< which file of the checkpoint holds it
    uint64_t offset = 0;         ///< absolute byte offset in that file
    uint64_t sizeBytes = 0;

    /// The logical matrix that multiplies a column vector: rows() outputs by cols() inputs. A 1-D tensor is one row.
    /// Tensors of higher rank (stacked experts) count all outer dimensions as rows.
    [[nodiscard]] int64_t rows() const;
    [[nodiscard]] int64_t cols() const;
    [[nodiscard]] int64_t elementCount() const { return rows() * cols(); }
    /// Rank of at least two and not a norm, bias, position table or router: what a recipe assigns a format to.
    [[nodiscard]] bool isQuantizable() const;
};

}  // namespace halftone
