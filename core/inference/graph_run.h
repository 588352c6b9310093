// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>

#include "core/inference/graph_executable.h"
#include "core/inference/input_moments.h"

/// What the parts of GraphExecutable pass each other. Private to core/inference.
namespace halftone {

/// Tokens that run through a block together: enough to amortize the decoding of weights.
inline constexpr int64_t kChunkTokens = 512;

/// What one call of forward() works on.
struct GraphExecutable::Run {
    std::span<const TokenId> tokens;
    const ForwardOptions& options;
    const JobContext& context;
    KvCache* cache = nullptr;
    int64_t firstPosition = 0;
    const RunFormat& format;
    HostInputMoments* moments = nullptr;
    [[nodiscard]] int64_t tokenCount() const { return static_cast<int64_t>(tokens.size()); }
};

/// Tokens [begin, begin + count) of a call. `hidden`: where the residual stream of these tokens lies.
struct GraphExecutable::Chunk {
    int64_t begin = 0;
    int64_t count = 0;
    float* hidden = nullptr;
};

inline void growTo(AlignedBuffer& buffer, int64_t floats) {
    const size_t bytes = static_cast<size_t>(floats) * sizeof(float);
    if (buffer.size() < bytes) buffer = AlignedBuffer(bytes);
}

inline float* floatsOf(AlignedBuffer& buffer) {
    return reinterpret_cast<float*>(buffer.data());
}

}  // namespace halftone
