// SPDX-License-Identifier: GPL-3.0-or-later
#include "gpu/engine/stats_capture.h"

#include <algorithm>
#include <array>
#include <bit>

namespace halftone {
namespace {

/// A bin's index is the leading half of its values: a sign and a magnitude. The largest and the smallest magnitude go
/// first, so that the histogram gets its full range at once.
void fillHistogram(std::span<const uint32_t> bins, FloatHistogram& histogram) {
    std::vector<uint32_t> filled;
    for (uint32_t index = 0; index < bins.size(); ++index) {
        if (bins[index] != 0) filled.push_back(index);
    }
    if (filled.empty()) return;
    std::ranges::sort(filled, {}, [](uint32_t index) { return index & 0x7FFFu; });
    std::ranges::rotate(filled, filled.end() - 1);
    for (const uint32_t index : filled) histogram.add(std::bit_cast<float>(index << 16), bins[index]);
}

}  // namespace

ActivationStats statsFromPartials(std::span<const kernel::ChannelPartial> channels, std::span<const uint32_t> bins,
                                  int64_t tokens) {
    ActivationStats stats;
    stats.tokenCount = tokens;
    stats.sumSquares.reserve(channels.size());
    stats.absMax.reserve(channels.size());
    for (const auto& channel : channels) {
        stats.sumSquares.push_back(static_cast<double>(channel.sumSquares));
        stats.absMax.push_back(channel.absMax);
        stats.nonFiniteCount += channel.nonFiniteCount;
        stats.zeroCount += channel.zeroCount;
        if (channel.finiteCount == 0) continue;
        const bool isFirst = stats.moments.count() == 0;
        stats.min = isFirst ? channel.minimum : std::min(stats.min, channel.minimum);
        stats.max = isFirst ? channel.maximum : std::max(stats.max, channel.maximum);
        stats.moments.merge(
            Moments::fromCentralSums(channel.finiteCount, static_cast<double>(channel.mean),
                                     {static_cast<double>(channel.moment2), static_cast<double>(channel.moment3),
                                      static_cast<double>(channel.moment4)}));
    }
    fillHistogram(bins, stats.histogram);
    return stats;
}

Status StatsCapture::record(const kernel::Activations& input, int64_t tokens, std::vector<std::string> names,
                            ActivationCapture& capture) {
    const auto partialBytes = static_cast<uint64_t>(input.width) * sizeof(kernel::ChannelPartial);
    if (m_partials.sizeBytes() < partialBytes) {
        // Work that was recorded before still writes to the smaller one.
        m_outgrown.push_back(std::move(m_partials));
        HT_ASSIGN_OR_RETURN(m_partials,
                            m_allocator->createBuffer(partialBytes, vk::MemoryUse::kDevice, "channel statistics"));
    }
    if (!m_bins) {
        HT_ASSIGN_OR_RETURN(m_bins, m_allocator->createBuffer(kernel::kHistogramBins * sizeof(uint32_t),
                                                              vk::MemoryUse::kDevice, "histogram bins"));
    }
    const std::array<vk::BufferSlice, 2> parts{
        vk::BufferSlice(m_partials).part(0, partialBytes),
        vk::BufferSlice(m_bins).part(0, kernel::kHistogramBins * sizeof(uint32_t))};
    HT_TRY(m_stream->fill(parts[1], 0));
    HT_TRY(m_kernels->channelStats({.input = input, .output = parts[0], .tokens = tokens}));
    HT_TRY(m_kernels->histogram({.input = input, .output = parts[1], .tokens = tokens}));
    const auto width = static_cast<size_t>(input.width);
    return m_readback->enqueue(
        parts, [&capture, names = std::move(names), tokens, width](std::span<const std::byte> bytes) -> Status {
            const std::span channels(reinterpret_cast<const kernel::ChannelPartial*>(bytes.data()), width);
            const std::span bins(
                reinterpret_cast<const uint32_t*>(bytes.data() + width * sizeof(kernel::ChannelPartial)),
                size_t{kernel::kHistogramBins});
            const ActivationStats stats = statsFromPartials(channels, bins, tokens);
            for (const auto& name : names) capture.byWeight[name].merge(stats);
            return {};
        });
}

}  // namespace halftone
