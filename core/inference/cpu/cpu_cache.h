// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/aligned_buffer.h"
#include "core/inference/cpu/simd_kernels.h"
#include "core/inference/op_kernels.h"

namespace halftone::cpu {

/// Keys and values of one sequence, a plane of each for every transformer block. F32 keys lie as
/// [position / 16][kvSize][16], F32 values as [position][kvSize]; packed ones as [head][position] rows of a head, so
/// that the rows of one head are decoded in one go. Different key blocks may be appended to from different threads.
class CpuCache final : public KvCache {
  public:
    /// std::bad_alloc may escape.
    CpuCache(const ModelConfig& config, int64_t capacity, const CacheFormat& format);

    /// Stores the tokens of one call whose positions lie in key block `keyBlock`.
    void append(const AttentionCall& call, int64_t keyBlock);
    /// Where the attention of one key-value head reads.
    void bind(int64_t block, int64_t head, AttentionJob& job) const;

  private:
    /// Keys or values of all blocks.
    struct Cells {
        Cells(const ModelConfig& config, int64_t positions, DType type);
        /// Row of a head in a packed plane.
        [[nodiscard]] size_t rowAt(int64_t block, int64_t head, int64_t position) const;
        void storePacked(int64_t block, int64_t position, const float* row);
        [[nodiscard]] float* plane(int64_t block) {
            return reinterpret_cast<float*>(memory.data()) + block * positions * kvSize;
        }
        [[nodiscard]] const float* plane(int64_t block) const {
            return reinterpret_cast<const float*>(memory.data()) + block * positions * kvSize;
        }
        bool isPacked;
        PackedLayout layout;  ///< of one head
        int64_t positions, heads, kvSize;
        AlignedBuffer memory;
    };
    void appendPlainKeys(const AttentionCall& call, int64_t begin, int64_t end);

    Cells m_keys, m_values;
};

}  // namespace halftone::cpu
