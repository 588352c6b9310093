// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/plots/channels_of_range.h"

#include <algorithm>

#include "app/plots/channel_map_data.h"
#include "core/quant/formats/packed_tensor.h"

namespace halftone::app {

namespace {

constexpr int64_t kTileElements = 1 << 18;

/// Of each channel; `width` of them.
Result<std::vector<int64_t>> countValues(const RowSource& rows, const DraggedRange& range, int64_t width, bool byRow,
                                         const JobContext& context) {
    std::vector<int64_t> counts(size_t(width), 0);
    const int64_t cols = rows.cols();
    const int64_t tileRows = std::max<int64_t>(1, kTileElements / std::max<int64_t>(cols, 1));
    std::vector<float> tile(size_t(tileRows * cols));
    for (int64_t begin = 0; begin < rows.rows(); begin += tileRows) {
        HT_TRY(context.checkpoint());
        const int64_t count = std::min(tileRows, rows.rows() - begin);
        HT_TRY(rows.readRows(begin, count, std::span(tile).first(size_t(count * cols))));
        for (int64_t at = 0; at < count * cols; ++at) {
            const auto value = double(tile[size_t(at)]);
            if (!(value >= range.low && value <= range.high)) continue;
            const int64_t channel = byRow ? (begin + at / cols) % width : at % cols;
            ++counts[size_t(channel)];
        }
    }
    return counts;
}

}  // namespace

Result<ChannelsOfRange> channelsOfRange(const ChannelsOfRangeRequest& request, const JobContext& context) {
    const auto& info = request.checkpoint->tensors()[size_t(request.tensor)];
    const auto place = streamPlaceOf(info, request.streamWidth);
    HT_ASSIGN_OR_RETURN(const auto rows, openRows(request.checkpoint, info));
    ChannelsOfRange found;
    found.areOfStream = place.has_value() && request.streamWidth > 0;
    found.areOutputs = found.areOfStream && !readsStream(*place);
    found.channels = found.areOutputs ? request.streamWidth : rows->cols();
    HT_ASSIGN_OR_RETURN(const auto counts,
                        countValues(*rows, request.range, found.channels, found.areOutputs, context));
    for (size_t channel = 0; channel < counts.size(); ++channel) {
        found.values += counts[channel];
        if (counts[channel] > 0) found.byCount.emplace_back(int(channel), counts[channel]);
    }
    std::ranges::stable_sort(found.byCount, [](const auto& a, const auto& b) { return a.second > b.second; });
    return found;
}

}  // namespace halftone::app
