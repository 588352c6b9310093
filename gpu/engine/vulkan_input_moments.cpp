// SPDX-License-Identifier: GPL-3.0-or-later
#include "gpu/engine/vulkan_input_moments.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <new>

#include <fmt/format.h>

#include "core/base/checked.h"

namespace halftone {
namespace {

/// Rows whose products are summed up before they are added to what there is.
constexpr int64_t kRowsTogether = 512, kFewestRows = 64;
constexpr uint64_t kMostPanelBytes = uint64_t{256} << 20;
/// Tiles that come back at once: 16 MiB.
constexpr int64_t kTilesOfPiece = 512;

/// A pair of the device; beyond the range of binary32 its second half means nothing.
double valueOf(float sum, float rest) {
    return std::isfinite(rest) ? double(sum) + double(rest) : double(sum);
}

/// Row and column of tile `number` (shaders/include/moments.glsl).
std::pair<int64_t, int64_t> placeOfTile(int64_t number) {
    auto column = static_cast<int64_t>((std::sqrt(8.0 * static_cast<double>(number) + 1.0) - 1.0) / 2.0);
    while (column * (column + 1) / 2 > number) --column;
    while ((column + 1) * (column + 2) / 2 <= number) ++column;
    return {number - column * (column + 1) / 2, column};
}

/// Writes a tile to both triangles of a matrix of `channels` rows.
void unpackTile(int64_t number, const float* tile, int64_t channels, float* matrix) {
    constexpr int64_t kEdge = kernel::kMomentTile;
    const auto [tileRow, tileColumn] = placeOfTile(number);
    const int64_t rowEnd = std::min(kEdge, channels - tileRow * kEdge);
    const int64_t columnEnd = std::min(kEdge, channels - tileColumn * kEdge);
    for (int64_t i = 0; i < rowEnd; ++i) {
        const int64_t row = tileRow * kEdge + i;
        for (int64_t j = tileRow == tileColumn ? i : 0; j < columnEnd; ++j) {
            const int64_t column = tileColumn * kEdge + j, at = i * kEdge + j;
            const auto value = static_cast<float>(valueOf(tile[at], tile[kEdge * kEdge + at]));
            matrix[row * channels + column] = value;
            matrix[column * channels + row] = value;
        }
    }
}

/// The groups of linear operations in blocks that read one input one after the other.
std::vector<std::span<const Op>> inputsOf(const ModelGraph& graph) {
    std::vector<std::span<const Op>> inputs;
    const std::span<const Op> ops(graph.ops);
    for (size_t begin = 0; begin < ops.size();) {
        size_t end = begin + 1;
        while (end < ops.size() && ops[begin].kind == OpKind::kLinear && ops[end].kind == OpKind::kLinear &&
               ops[end].in == ops[begin].in && ops[end].block == ops[begin].block)
            ++end;
        if (isSummedUp(graph, ops[begin])) inputs.push_back(ops.subspan(begin, end - begin));
        begin = end;
    }
    return inputs;
}

}  // namespace

VulkanInputMoments::VulkanInputMoments(Engine engine, bool withHessians)
    : m_engine(std::move(engine)),
      m_withHessians(withHessians),
      m_kernels(m_engine.context->plan(), *m_engine.context->pipelines, m_engine.stream),
      m_onHost(m_engine.graph, withHessians) {}

Result<std::unique_ptr<VulkanInputMoments>> VulkanInputMoments::create(Engine engine, bool withHessians,
                                                                       const Room& room) {
    auto moments = std::unique_ptr<VulkanInputMoments>(new VulkanInputMoments(std::move(engine), withHessians));
    const ModelGraph& graph = *moments->m_engine.graph;
    for (const std::span<const Op> readers : inputsOf(graph)) {
        Input input;
        input.readers = weightsOf(readers);
        input.channels = graph.values[static_cast<size_t>(readers.front().in)].width;
        input.capacity = moments->rowCapacity(input.channels);
        const uint64_t bytes = moments->deviceBytes(input);
        Status allocated = makeError(ErrorCode::kOutOfMemory, "There is no room for the sums.");
        if (input.capacity >= kFewestRows && moments->findRoom(bytes, room)) allocated = moments->allocate(input);
        if (allocated) {
            moments->m_inputs.emplace(input.readers.front(), std::move(input));
        } else if (allocated.error().code == ErrorCode::kOutOfMemory) {
            ++moments->m_leftToProcessor;
        } else {
            return tl::unexpected(allocated.error());
        }
    }
    // At once: a cancel drops what is only recorded, and buffers must not go while they are cleared.
    HT_TRY(moments->m_engine.stream.finish());
    return moments;
}

int64_t VulkanInputMoments::rowCapacity(int64_t channels) const {
    const auto rowBytes = static_cast<uint64_t>(kernel::momentStride(channels)) * sizeof(float);
    const auto fitting = static_cast<int64_t>(m_engine.context->plan().maxBindingBytes / rowBytes);
    return std::min(kRowsTogether, fitting / kernel::kMomentRowStep * kernel::kMomentRowStep);
}

uint64_t VulkanInputMoments::deviceBytes(const Input& input) const {
    const auto channels = static_cast<uint64_t>(input.channels);
    const auto rowBytes = static_cast<uint64_t>(kernel::momentStride(input.channels)) * sizeof(float);
    uint64_t bytes = static_cast<uint64_t>(input.capacity) * rowBytes + channels * sizeof(kernel::ChannelSums);
    if (m_withHessians) bytes += static_cast<uint64_t>(kernel::momentTiles(input.channels)) * kernel::kMomentTileBytes;
    return bytes;
}

bool VulkanInputMoments::fits(uint64_t bytes, uint64_t takenBytes) const {
    const uint64_t budget = m_engine.context->plan().deviceBudgetBytes;
    return takenBytes < budget && bytes <= budget - takenBytes;
}

bool VulkanInputMoments::findRoom(uint64_t bytes, const Room& room) const {
    if (!fits(bytes, room.keptFreeBytes)) return false;
    for (;;) {
        const uint64_t taken = m_engine.context->allocator->deviceBytesReserved() + room.keptFreeBytes;
        if (fits(bytes, taken)) return true;
        if (!room.makeRoom()) return false;
    }
}

Status VulkanInputMoments::allocate(Input& input) {
    vk::MemoryAllocator& allocator = *m_engine.context->allocator;
    const vk::DevicePlan& plan = m_engine.context->plan();
    const std::string& name = m_engine.graph->weights[static_cast<size_t>(input.readers.front())].name;
    const auto rowBytes = static_cast<uint64_t>(kernel::momentStride(input.channels)) * sizeof(float);
    HT_ASSIGN_OR_RETURN(input.rows, allocator.createBuffer(static_cast<uint64_t>(input.capacity) * rowBytes,
                                                           vk::MemoryUse::kDevice, fmt::format("inputs of {}", name)));
    const uint64_t sumBytes = static_cast<uint64_t>(input.channels) * sizeof(kernel::ChannelSums);
    HT_ASSIGN_OR_RETURN(input.sums, allocator.createBuffer(plan.bindingAlignment + sumBytes, vk::MemoryUse::kDevice,
                                                           fmt::format("sums over inputs of {}", name)));
    const uint64_t mostBytes = std::min({kMostPanelBytes, plan.maxBindingBytes, plan.maxAllocationBytes});
    const auto tilesOfPanel = static_cast<int64_t>(mostBytes / kernel::kMomentTileBytes);
    const int64_t tiles = m_withHessians ? kernel::momentTiles(input.channels) : 0;
    for (int64_t first = 0; first < tiles; first += tilesOfPanel) {
        Panel panel{.buffer = {}, .firstTile = first, .tileCount = std::min(tilesOfPanel, tiles - first)};
        const uint64_t bytes = static_cast<uint64_t>(panel.tileCount) * kernel::kMomentTileBytes;
        HT_ASSIGN_OR_RETURN(panel.buffer, allocator.createBuffer(bytes, vk::MemoryUse::kDevice,
                                                                 fmt::format("second moments of {}", name)));
        input.panels.push_back(std::move(panel));
    }
    return clear(input);
}

Status VulkanInputMoments::clear(Input& input) {
    input.waiting = 0;
    input.hasRun = false;
    HT_TRY(m_engine.stream.fill(vk::BufferSlice(input.sums), 0));
    for (const Panel& panel : input.panels) HT_TRY(m_engine.stream.fill(vk::BufferSlice(panel.buffer), 0));
    return {};
}

vk::BufferSlice VulkanInputMoments::countOf(const Input& input) const {
    return vk::BufferSlice(input.sums).part(0, sizeof(uint32_t));
}

vk::BufferSlice VulkanInputMoments::channelSumsOf(const Input& input) const {
    return vk::BufferSlice(input.sums)
        .part(m_engine.context->plan().bindingAlignment,
              static_cast<uint64_t>(input.channels) * sizeof(kernel::ChannelSums));
}

Status VulkanInputMoments::record(std::span<const Op> readers, const kernel::Activations& rows, int64_t tokens,
                                  const JobContext& context) {
    const auto found = m_inputs.find(readers.front().weight);
    if (found == m_inputs.end()) return recordForProcessor(readers, rows, tokens, context);
    Input& input = found->second;
    input.hasRun = true;
    for (int64_t first = 0; first < tokens;) {
        const int64_t count = std::min(input.capacity - input.waiting, tokens - first);
        HT_TRY(m_kernels.keepRows({.input = rows,
                                   .firstToken = first,
                                   .tokens = count,
                                   .rows = vk::BufferSlice(input.rows),
                                   .firstRow = input.waiting,
                                   .count = countOf(input)}));
        input.waiting += count;
        first += count;
        if (input.waiting == input.capacity) HT_TRY(addWaiting(input, context));
    }
    return {};
}

Status VulkanInputMoments::recordForProcessor(std::span<const Op> readers, const kernel::Activations& rows,
                                              int64_t tokens, const JobContext& context) {
    return m_engine.readback.enqueue({&rows.slice, 1},
                                     [this, ids = weightsOf(readers), width = rows.width, stride = rows.stride, tokens,
                                      &context](std::span<const std::byte> bytes) -> Status {
                                         const auto* source = reinterpret_cast<const float*>(bytes.data());
                                         std::vector<float> values(static_cast<size_t>(tokens * width));
                                         for (int64_t row = 0; row < tokens; ++row)
                                             std::copy_n(source + row * stride, width, values.data() + row * width);
                                         return m_onHost.add(ids, values, width, context);
                                     });
}

/// Sums up the rows that wait.
Status VulkanInputMoments::addWaiting(Input& input, const JobContext& context) {
    if (input.waiting == 0) return {};
    const vk::BufferSlice rows(input.rows);
    const int64_t tokens = roundUp(input.waiting, kernel::kMomentRowStep);
    if (tokens > input.waiting) {
        const auto rowBytes = static_cast<uint64_t>(kernel::momentStride(input.channels)) * sizeof(float);
        HT_TRY(m_engine.stream.fill(rows.part(static_cast<uint64_t>(input.waiting) * rowBytes,
                                              static_cast<uint64_t>(tokens - input.waiting) * rowBytes),
                                    0));
    }
    HT_TRY(m_kernels.sumChannels(
        {.rows = rows, .channels = input.channels, .tokens = tokens, .sums = channelSumsOf(input)}));
    for (const Panel& panel : input.panels) {
        HT_TRY(m_kernels.addMoments({.rows = rows,
                                     .channels = input.channels,
                                     .tokens = tokens,
                                     .tiles = vk::BufferSlice(panel.buffer),
                                     .firstTile = panel.firstTile,
                                     .tileCount = panel.tileCount},
                                    context));
    }
    input.waiting = 0;
    return {};
}

Result<std::map<std::string, InputStatistics>> VulkanInputMoments::take(const JobContext& context) {
    HT_ASSIGN_OR_RETURN(auto out, m_onHost.take(context));
    for (auto& [first, input] : m_inputs) {
        if (!input.hasRun) continue;
        auto statistics = takeOne(input, context);
        if (!statistics) {
            m_engine.stream.abandon();
            m_engine.readback.clear();
            return tl::unexpected(statistics.error());
        }
        for (const WeightId id : input.readers)
            out[m_engine.graph->weights[static_cast<size_t>(id)].name] = *statistics;
    }
    return out;
}

Result<InputStatistics> VulkanInputMoments::takeOne(Input& input, const JobContext& context) {
    InputStatistics statistics;
    HT_TRY(addWaiting(input, context));
    HT_TRY(readChannels(input, statistics));
    if (m_withHessians) HT_TRY(readHessian(input, statistics, context));
    HT_TRY(m_engine.readback.drain());
    HT_TRY(clear(input));
    HT_TRY(m_engine.stream.finish());
    return statistics;
}

Status VulkanInputMoments::readChannels(const Input& input, InputStatistics& statistics) {
    const std::array<vk::BufferSlice, 2> parts{countOf(input), channelSumsOf(input)};
    HT_TRY(m_engine.readback.enqueue(parts, [&statistics](std::span<const std::byte> bytes) -> Status {
        uint32_t rows = 0;
        std::memcpy(&rows, bytes.data(), sizeof(rows));
        statistics.tokens = rows;
        const auto* sums = bytes.data() + sizeof(rows);
        for (size_t at = 0; at + sizeof(rows) < bytes.size(); at += sizeof(kernel::ChannelSums)) {
            kernel::ChannelSums channel;
            std::memcpy(&channel, sums + at, sizeof(channel));
            statistics.sumSquares.push_back(valueOf(channel.squares, channel.squaresRest));
            statistics.sumMagnitudes.push_back(valueOf(channel.magnitudes, channel.magnitudesRest));
            statistics.largest.push_back(channel.largest);
        }
        return {};
    }));
    return m_engine.readback.drain();
}

Status VulkanInputMoments::readHessian(const Input& input, InputStatistics& statistics, const JobContext& context) {
    const int64_t channels = input.channels;
    std::shared_ptr<std::vector<float>> values;
    try {
        values = std::make_shared<std::vector<float>>(static_cast<size_t>(channels * channels));
    } catch (const std::bad_alloc&) {
        return makeError(ErrorCode::kOutOfMemory,
                         fmt::format("There is not enough memory for the second moments of {} channels; calibrate "
                                     "without them.",
                                     channels));
    }
    for (const Panel& panel : input.panels) {
        for (int64_t first = 0; first < panel.tileCount; first += kTilesOfPiece) {
            HT_TRY(context.checkpoint());
            const int64_t count = std::min(kTilesOfPiece, panel.tileCount - first);
            const auto piece = vk::BufferSlice(panel.buffer)
                                   .part(static_cast<uint64_t>(first) * kernel::kMomentTileBytes,
                                         static_cast<uint64_t>(count) * kernel::kMomentTileBytes);
            const int64_t firstTile = panel.firstTile + first;
            HT_TRY(m_engine.readback.enqueue({&piece, 1}, [=, &context](std::span<const std::byte> bytes) -> Status {
                const auto* tiles = reinterpret_cast<const float*>(bytes.data());
                context.pool.parallelFor(count, 8, [&](int64_t begin, int64_t end) {
                    for (int64_t i = begin; i < end; ++i)
                        unpackTile(firstTile + i, tiles + i * int64_t{kernel::kMomentTileBytes / sizeof(float)},
                                   channels, values->data());
                });
                return context.checkpoint();
            }));
        }
    }
    auto hessian = std::make_shared<Hessian>();
    hessian->channels = channels;
    hessian->tokens = static_cast<int64_t>(statistics.tokens);
    hessian->sums = *values;
    hessian->owner = std::move(values);
    statistics.hessian = std::move(hessian);
    return {};
}

}  // namespace halftone
