// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/inference/op_kernels.h"

namespace halftone {

/// Every operation as its definition says it: scalar loops, sums in binary64, one thread. The yardstick of all
/// backends. Weights are decoded one row at a time. Keys and values are kept in F32, rounded to what the cache's format
/// can hold.
class ReferenceKernels final : public OpKernels {
  public:
    explicit ReferenceKernels(const ModelConfig& config) : m_config(config) {}

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
    ModelConfig m_config;
};

}  // namespace halftone
