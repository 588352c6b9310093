// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "core/inference/op_kernels.h"
#include "core/quant/formats/packed_layout.h"

/// Vectorized loops with run-time dispatch. Single-threaded: the caller cuts the work. Every result depends on its own
/// inputs and shape only, never on how the work was cut. Private to core/inference/cpu.
namespace halftone::cpu {

/// Tokens that matvecRows takes at once.
inline constexpr int64_t kMatvecTokens = 4;
/// Positions per block of the key cache: keys of 16 positions lie side by side, so that a vector holds scores of keys.
inline constexpr int64_t kKeyBlock = 16;
/// Query rows (token and head of one key-value head) of an attention tile.
inline constexpr int64_t kAttentionRows = 32;

/// out[t * outStride + r] = weights[r] . x[t] + bias[r] for rows [rowBegin, rowEnd) and 1..kMatvecTokens tokens; blocks
/// are decoded in registers as they are multiplied.
struct MatvecJob {
    const PackedLayout* layout = nullptr;  ///< of a format that hasMatvec()
    const uint8_t* weights = nullptr;      ///< row 0
    int64_t rowBytes = 0;
    int64_t cols = 0;
    int64_t rowBegin = 0, rowEnd = 0;
    const float* x = nullptr;
    int64_t xStride = 0;
    int64_t tokens = 1;
    const float* bias = nullptr;  ///< may be null
    float* out = nullptr;         ///< row 0 of token 0
    int64_t outStride = 0;
};
[[nodiscard]] bool hasMatvec(const Format& format);
void matvecRows(const MatvecJob& job);

/// out[t * outStride + r] (+)= panel[r] . x[t] over `depth` columns, for a few decoded rows and any number of tokens.
struct MatmulJob {
    const float* panel = nullptr;
    int64_t panelStride = 0;
    int64_t rows = 0;
    const float* x = nullptr;
    int64_t xStride = 0;
    int64_t tokens = 0;
    int64_t depth = 0;
    float* out = nullptr;
    int64_t outStride = 0;
    const float* bias = nullptr;  ///< added where !accumulate; may be null
    bool accumulate = false;
};
void matmulPanel(const MatmulJob& job);

/// Keys or values of one key-value head in a packed format: a row of headDim values per position, from position 0 on.
/// No layout: they are F32.
struct PackedHead {
    const PackedLayout* layout = nullptr;
    const std::byte* rows = nullptr;
};

/// Softmax(q k^T) v for query rows [rowBegin, rowEnd) of one key-value head, at most kAttentionRows of them; row r is
/// head r % headsPerKv of token r / headsPerKv. Online softmax over blocks of keys (Dao et al. 2022).
struct AttentionJob {
    const float* q = nullptr;       ///< first token, first head of the group
    int64_t qStride = 0;            ///< between tokens
    float* out = nullptr;           ///< laid out as q
    const float* keys = nullptr;    ///< of the block's plane: [position / 16][kvSize][16], at the head's first channel
    const float* values = nullptr;  ///< [position][kvSize], at the head's first channel
    PackedHead packedKeys, packedValues;  ///< instead of keys and values
    int64_t kvSize = 0;
    int64_t headDim = 0;
    int64_t headsPerKv = 1;
    int64_t firstPosition = 0;  ///< of token 0
    int64_t window = 0;         ///< 0: all earlier keys
    float scale = 1;
    int64_t rowBegin = 0, rowEnd = 0;
    float* scratch = nullptr;  ///< attentionScratch() floats, 64-byte aligned
};
[[nodiscard]] int64_t attentionScratch(const AttentionJob& job);
void attentionRows(const AttentionJob& job);

void rmsNormRows(const NormCall& call);
void layerNormRows(const NormCall& call);

/// Rotates `heads` heads of one token. cosines and sines hold rotaryDim / 2 values.
struct RopeJob {
    const float* in = nullptr;
    float* out = nullptr;
    int64_t heads = 0;
    int64_t headDim = 0;
    int64_t rotaryDim = 0;
    bool interleaved = false;
    const float* cosines = nullptr;
    const float* sines = nullptr;
};
void ropeToken(const RopeJob& job);

void gatedActivationRange(Activation activation, const ElementwiseCall& call);
void activationRange(Activation activation, const ElementwiseCall& call);
void addRange(const ElementwiseCall& call);
/// Adds `width` logits of one row to the running sum.
void logSumExpRow(const float* logits, int64_t width, LogSumExp& sum);

/// "AVX3", "AVX2", "NEON": the instruction set chosen on this machine.
[[nodiscard]] std::string instructionSetName();

}  // namespace halftone::cpu
