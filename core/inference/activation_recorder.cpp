// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inference/activation_recorder.h"

#include <algorithm>
#include <vector>

#include "core/base/checked.h"

namespace halftone {
namespace {

/// Tokens per piece: few enough pieces that merging their histograms costs little.
constexpr int64_t kPieceTokens = 128;

}  // namespace

ActivationStats recordActivations(std::span<const float> rows, int64_t channels, const JobContext& context) {
    const int64_t tokens = static_cast<int64_t>(rows.size()) / channels;
    std::vector<ActivationStats> pieces(static_cast<size_t>(ceilDiv(tokens, kPieceTokens)));
    context.pool.parallelFor(static_cast<int64_t>(pieces.size()), 1, [&](int64_t begin, int64_t end) {
        for (int64_t piece = begin; piece < end; ++piece) {
            const int64_t first = piece * kPieceTokens;
            const int64_t count = std::min(kPieceTokens, tokens - first);
            pieces[static_cast<size_t>(piece)].add(
                rows.subspan(static_cast<size_t>(first * channels), static_cast<size_t>(count * channels)), count,
                channels);
        }
    });
    for (size_t piece = 1; piece < pieces.size(); ++piece) pieces.front().merge(pieces[piece]);
    return std::move(pieces.front());
}

void mergeActivations(ActivationStats& target, const ActivationStats& source) {
    if (target.tokenCount == 0) {
        target = source;
    } else {
        target.merge(source);
    }
}

}  // namespace halftone
