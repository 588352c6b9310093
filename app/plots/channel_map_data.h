// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "core/base/error.h"
#include "core/base/job_context.h"
#include "core/tensor/tensor_info.h"

namespace halftone::app {

/// Where a layer meets the residual stream.
enum class StreamPlace {
    Embedding,     ///< the rows that tokens begin as
    AttentionIn,   ///< what the projections to queries, keys and values read
    AttentionOut,  ///< what the attention adds to the stream
    FeedForwardIn,
    FeedForwardOut,
    Head,
};

/// Where a tensor meets the residual stream of `channels` channels; nullopt: it does not, or not with its shape.
[[nodiscard]] std::optional<StreamPlace> streamPlaceOf(const TensorInfo& tensor, int64_t channels);
/// Whether the tensor's columns are channels of the stream (it reads it), or its rows (it adds to it).
[[nodiscard]] constexpr bool readsStream(StreamPlace place) {
    return place != StreamPlace::AttentionOut && place != StreamPlace::FeedForwardOut;
}
/// Width of the residual stream: that of the embedding's rows, else of the first attention's inputs; 0: not known.
[[nodiscard]] int64_t streamWidth(std::span<const TensorInfo> tensors);

/// One tensor's largest magnitude per channel of the stream, or per channel of several experts one after the other.
struct StreamMaxima {
    StreamPlace place{};
    int block = -1;
    int tensor = -1;
    std::shared_ptr<const std::vector<float>> maxima;
};

/// Largest magnitudes, layers down and channels of the residual stream across.
struct ChannelMapData {
    struct Row {
        StreamPlace place{};
        int block = -1;    ///< -1: embedding and head
        int tensor = -1;   ///< the first of those that the row stands for
        float median = 0;  ///< over its channels
    };
    /// A channel that stands out.
    struct Massive {
        int channel = 0;
        int row = 0;      ///< where it stands out most
        float value = 0;  ///< there
        float ratio = 0;  ///< to the median of that row
    };
    int64_t channels = 0;
    std::vector<Row> rows;         ///< in the order of the model
    std::vector<float> values;     ///< row by row
    std::vector<float> maxima;     ///< by channel, over all rows
    std::vector<int> byMaximum;    ///< channels, the largest first
    std::vector<Massive> massive;  ///< by descending ratio

    [[nodiscard]] float at(size_t row, int channel) const { return values[row * size_t(channels) + size_t(channel)]; }
};

/// A channel is massive where its largest magnitude is so many times the median channel's of a layer.
constexpr float kMassiveRatio = 8;

/// Sums tensors that stand at the same place of the same block up by their largest. Worker threads; notices a cancel
/// between rows.
[[nodiscard]] Result<std::shared_ptr<const ChannelMapData>> computeChannelMap(std::vector<StreamMaxima> sources,
                                                                              int64_t channels,
                                                                              const JobContext& context);

/// "attention in", "added by feed-forward", ...
[[nodiscard]] QString streamPlaceText(StreamPlace place);

}  // namespace halftone::app
