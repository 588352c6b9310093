// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "core/base/job_context.h"
#include "core/inference/backend.h"

/// The arithmetic of one CPU backend, called by GraphExecutable. Buffers are row-major: one row per token. Private to
/// core/inference.
namespace halftone {

/// rows x width; the head norm is the same call with a row per head.
struct NormCall {
    const float* in = nullptr;
    float* out = nullptr;
    int64_t rows = 0;
    int64_t width = 0;
    const float* weight = nullptr;
    const float* bias = nullptr;  ///< LayerNorm only
    float epsilon = 0;
};

/// out[t][r] = sum over c of weight[r][c] * in[t][c], plus bias[r].
struct LinearCall {
    const PackedTensor* weight = nullptr;
    const float* bias = nullptr;  ///< may be null
    const float* in = nullptr;
    float* out = nullptr;
    int64_t tokens = 0;
    Arithmetic arithmetic = Arithmetic::kFloat;  ///< what the caller allows; a backend may always use F32
    /// One per token where `in` holds whole multiples of it, at most 127 each: integers may be multiplied, which rounds
    /// nothing. Null: no such thing is known.
    const float* inputSteps = nullptr;
};

struct RopeCall {
    const float* in = nullptr;
    float* out = nullptr;  ///< may be `in`
    int64_t tokens = 0;
    int64_t heads = 0;
    int64_t firstPosition = 0;
};

/// Keys and values of one sequence in the layout of the kernels that made it.
class KvCache {
  public:
    virtual ~KvCache() = default;
};

struct AttentionCall {
    const float* q = nullptr;
    const float* k = nullptr;
    const float* v = nullptr;
    float* out = nullptr;
    int64_t tokens = 0;
    int64_t firstPosition = 0;
    int64_t block = 0;
    KvCache* cache = nullptr;
};

struct ElementwiseCall {
    const float* in = nullptr;
    const float* in2 = nullptr;
    float* out = nullptr;
    int64_t count = 0;
};

/// Running log-sum-exp of one row of logits that arrives in tiles: log(sum of exp) = maximum + log(sum).
struct LogSumExp {
    double maximum = -1e300;
    double sum = 0;
};

class OpKernels {
  public:
    virtual ~OpKernels() = default;
    /// Sizes are checked; std::bad_alloc may escape.
    virtual std::unique_ptr<KvCache> createCache(int64_t capacity, const CacheFormat& format) const = 0;

    virtual Status decodeTableRows(const PackedTensor& table, std::span<const int64_t> rows, float* out) const = 0;
    virtual void rmsNorm(const NormCall& call, const JobContext& context) const = 0;
    virtual void layerNorm(const NormCall& call, const JobContext& context) const = 0;
    /// Calls that share their input; run together so that small matrices fill all threads.
    virtual Status linear(std::span<const LinearCall> calls, const JobContext& context) const = 0;
    virtual void rope(const RopeCall& call, const JobContext& context) const = 0;
    /// Appends k and v to the cache, then attends.
    virtual void attention(const AttentionCall& call, const JobContext& context) const = 0;
    virtual void gatedActivation(const ElementwiseCall& call, const JobContext& context) const = 0;
    virtual void activation(const ElementwiseCall& call, const JobContext& context) const = 0;
    virtual void add(const ElementwiseCall& call, const JobContext& context) const = 0;
    /// logits: rows x width; one entry of `sums` per row.
    virtual void accumulateLogSumExp(const float* logits, int64_t width, std::span<LogSumExp> sums,
                                     const JobContext& context) const = 0;
};

}  // namespace halftone
