// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "core/inference/cpu/scratch_pool.h"
#include "core/inference/cpu/simd_kernels.h"
#include "core/inference/op_kernels.h"

namespace halftone::cpu {

/// The vectorized kernels on all threads. Weights stay packed: a few tokens are multiplied straight from the blocks,
/// many from panels of rows decoded to F32. Work is cut by shape alone and every result is computed whole by one task,
/// so the numbers are the same on any number of threads. Keys and values are kept in F32 or packed, and decoded as they
/// are met.
class CpuKernels final : public OpKernels {
  public:
    explicit CpuKernels(const ModelConfig& config) : m_config(config) {}

    std::unique_ptr<KvCache> createCache(int64_t capacity, const CacheFormat& format) const override;
    Status decodeTableRows(const PackedTensor& table, std::span<const int64_t> rows, float* out) const override;
    void rmsNorm(const NormCall& call, const JobContext& context) const override;
    void layerNorm(const NormCall& call, const JobContext& context) const override;
    Status linear(std::span<const LinearCall> calls, const JobContext& context) const override;
    void rope(const RopeCall& call, const JobContext& context) const override;
    void attention(const AttentionCall& call, const JobContext& context) const override;
    void gatedActivation(const ElementwiseCall& call, const JobContext& context) const override;
    void activation(const ElementwiseCall& call, const JobContext& context) const override;
    void add(const ElementwiseCall& call, const JobContext& context) const override;
    void accumulateLogSumExp(const float* logits, int64_t width, std::span<LogSumExp> sums,
                             const JobContext& context) const override;

  private:
    [[nodiscard]] AttentionJob attentionJob(const AttentionCall& call) const;
    void prepareRotations(int64_t firstPosition, int64_t tokens) const;

    ModelConfig m_config;
    mutable ScratchPool m_scratch;
    // cos and sin of the positions last asked for: q and k of every block ask for the same ones.
    mutable std::vector<float> m_cosines, m_sines;
    mutable int64_t m_rotationFirst = -1, m_rotationCount = 0;
};

}  // namespace halftone::cpu
