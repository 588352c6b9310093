// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/plots/channel_values.h"

#include <algorithm>
#include <vector>

#include "app/plots/channel_map_data.h"
#include "core/quant/formats/packed_tensor.h"

namespace halftone::app {

namespace {

constexpr int64_t kTileElements = 1 << 18;

Status addColumns(const RowSource& rows, const QList<int>& channels, FloatHistogram& histogram,
                  const JobContext& context) {
    const int64_t cols = rows.cols();
    const int64_t tileRows = std::max<int64_t>(1, kTileElements / std::max<int64_t>(cols, 1));
    std::vector<float> tile(size_t(tileRows * cols)), picked;
    for (int64_t begin = 0; begin < rows.rows(); begin += tileRows) {
        HT_TRY(context.checkpoint());
        const int64_t count = std::min(tileRows, rows.rows() - begin);
        HT_TRY(rows.readRows(begin, count, std::span(tile).first(size_t(count * cols))));
        picked.clear();
        for (int64_t row = 0; row < count; ++row) {
            for (const int channel : channels) {
                if (channel >= 0 && channel < cols) picked.push_back(tile[size_t(row * cols + channel)]);
            }
        }
        histogram.add(picked);
    }
    return {};
}

/// Experts lie one after the other, each with a row for every channel.
Status addRows(const RowSource& rows, const ChannelValuesRequest& request, FloatHistogram& histogram,
               const JobContext& context) {
    std::vector<float> row(size_t(rows.cols()));
    for (int64_t expert = 0; expert + request.streamWidth <= rows.rows(); expert += request.streamWidth) {
        for (const int channel : request.channels) {
            HT_TRY(context.checkpoint());
            if (channel < 0 || channel >= request.streamWidth) continue;
            HT_TRY(rows.readRows(expert + channel, 1, row));
            histogram.add(row);
        }
    }
    return {};
}

}  // namespace

Result<std::shared_ptr<const FloatHistogram>> valuesOfChannels(const ChannelValuesRequest& request,
                                                               const JobContext& context) {
    const auto& info = request.checkpoint->tensors()[size_t(request.tensor)];
    auto histogram = std::make_shared<FloatHistogram>();
    const auto place = streamPlaceOf(info, request.streamWidth);
    if (!place || request.streamWidth <= 0) return histogram;
    HT_ASSIGN_OR_RETURN(const auto rows, openRows(request.checkpoint, info));
    HT_TRY(readsStream(*place) ? addColumns(*rows, request.channels, *histogram, context)
                               : addRows(*rows, request, *histogram, context));
    return histogram;
}

}  // namespace halftone::app
