// SPDX-License-Identifier: GPL-3.0-or-later
#include "gpu/engine/weight_residency.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "core/quant/corrections/correction.h"

namespace halftone {
namespace {

/// Slabs are not filled to the last byte.
constexpr uint64_t kSlabsOfSlack = 2;

/// The block of every weight; -1 for vectors and for what prologue, epilogue or several blocks use.
std::vector<int64_t> blocksOf(const ModelGraph& graph) {
    constexpr int64_t kUnused = -2;
    std::vector<int64_t> blocks(graph.weights.size(), kUnused);
    for (size_t index = 0; index < graph.ops.size(); ++index) {
        const auto after = std::ranges::upper_bound(graph.blockBegin, static_cast<int32_t>(index));
        auto block = static_cast<int64_t>(after - graph.blockBegin.begin()) - 1;
        if (block >= graph.config.blockCount) block = -1;
        for (const WeightId id : {graph.ops[index].weight, graph.ops[index].bias}) {
            if (id < 0) continue;
            int64_t& owner = blocks[static_cast<size_t>(id)];
            owner = owner == kUnused || owner == block ? block : -1;
        }
    }
    for (size_t id = 0; id < blocks.size(); ++id) {
        if (graph.weights[id].isVector || blocks[id] == kUnused) blocks[id] = -1;
    }
    return blocks;
}

bool isOutOfMemory(const Error& error) {
    return error.code == ErrorCode::kOutOfMemory;
}

}  // namespace

WeightResidency::WeightResidency(std::shared_ptr<VulkanContext> context, std::shared_ptr<const ModelGraph> graph,
                                 uint64_t workBytes)
    : m_context(std::move(context)), m_graph(std::move(graph)), m_workBytes(workBytes), m_blockOf(blocksOf(*m_graph)) {
    m_context->residencies->add(*this);
}

WeightResidency::~WeightResidency() {
    m_context->residencies->remove(*this);
}

Result<uint64_t> WeightResidency::sizeOnDevice(size_t id, const PackedTensor& tensor) const {
    HT_ASSIGN_OR_RETURN(const auto ranges, splitRows(tensor, m_graph->weights[id].name, m_context->plan()));
    uint64_t total = 0;
    for (const RowRange& range : ranges) total += bytesOnDevice(range, m_context->plan());
    return total;
}

Result<vk::WeightDemand> WeightResidency::demandOf(const ModelWeights& weights) const {
    vk::WeightDemand demand;
    demand.blocks.resize(static_cast<size_t>(m_graph->config.blockCount));
    std::set<const std::byte*> counted;  // tied embeddings are one tensor
    for (size_t id = 0; id < weights.size(); ++id) {
        const PackedTensor& tensor = weights.at(static_cast<WeightId>(id));
        HT_ASSIGN_OR_RETURN(const uint64_t bytes, sizeOnDevice(id, tensor));
        const bool missing = !m_context->weights->has(tensor) && counted.insert(tensor.bytes.data()).second;
        if (m_blockOf[id] < 0) {
            if (missing) demand.otherBytes += bytes;
            continue;
        }
        auto& block = demand.blocks[static_cast<size_t>(m_blockOf[id])];
        block.bytes += bytes;
        if (missing) block.missingBytes += bytes;
    }
    demand.workBytes = workBytes();
    return demand;
}

uint64_t WeightResidency::workBytes() const {
    return m_workBytes + kSlabsOfSlack * m_context->plan().slabBytes;
}

Status WeightResidency::makePlan(const vk::WeightDemand& demand) {
    vk::WeightDemand now = demand;
    for (;;) {
        now.takenBytes = m_context->allocator->deviceBytesReserved();
        auto planned = vk::planWeights(m_context->plan(), now);
        if (planned) {
            m_plan = std::move(*planned);
            return {};
        }
        if (!m_context->residencies->giveUpBlockOfOthers(*this)) return tl::unexpected(planned.error());
    }
}

Status WeightResidency::assign(const ModelWeights& weights, const JobContext& job) {
    HT_ASSIGN_OR_RETURN(const vk::WeightDemand demand, demandOf(weights));
    const bool isFirst = m_source.size() == 0;
    if (isFirst) HT_TRY(makePlan(demand));
    m_blockBytes.resize(demand.blocks.size());
    for (size_t block = 0; block < demand.blocks.size(); ++block)
        m_blockBytes[block] = std::max(m_blockBytes[block], demand.blocks[block].bytes);
    // Slots first: resident blocks may then take what is left.
    HT_TRY(ensureSlots());
    DeviceWeights next(weights.size());
    HT_TRY(acquireResident(weights, next, job));
    HT_TRY(ensureSlots());
    HT_TRY(layOut(weights));
    m_source = weights;
    m_weights = std::move(next);
    m_largestRank = 0;
    for (size_t id = 0; id < weights.size(); ++id) {
        const Correction* correction = weights.at(static_cast<WeightId>(id)).correction.get();
        if (correction) m_largestRank = std::max(m_largestRank, correction->rank());
    }
    for (size_t block = 0; block < demand.blocks.size(); ++block) m_blockBytes[block] = demand.blocks[block].bytes;
    return {};
}

Status WeightResidency::acquireResident(const ModelWeights& weights, DeviceWeights& next, const JobContext& job) {
    int64_t total = 0;
    for (size_t id = 0; id < weights.size(); ++id) {
        if (!isStreamed(id)) total += weights.at(static_cast<WeightId>(id)).sizeBytes();
    }
    job.start("uploading weights", total, "bytes");
    for (const bool ofBlocks : {false, true}) {
        for (size_t id = 0; id < weights.size(); ++id) {
            if ((m_blockOf[id] >= 0) == ofBlocks) HT_TRY(acquireOne(weights, id, next, job));
        }
    }
    return {};
}

Status WeightResidency::acquireOne(const ModelWeights& weights, size_t id, DeviceWeights& next, const JobContext& job) {
    const PackedTensor& tensor = weights.at(static_cast<WeightId>(id));
    while (!isStreamed(id)) {
        if (id < m_weights.size() && m_weights[id] && m_context->weights->holds(*m_weights[id], tensor)) {
            job.advance(tensor.sizeBytes());
            next[id] = m_weights[id];
            return {};
        }
        auto acquired = m_context->weights->acquire(tensor, m_graph->weights[id].name, job);
        if (acquired) {
            next[id] = std::move(*acquired);
            ++m_uploadCount;
            return {};
        }
        if (!isOutOfMemory(acquired.error()) || !makeRoom()) return tl::unexpected(acquired.error());
        forgetStreamed(next);
    }
    return {};
}

void WeightResidency::forgetStreamed(DeviceWeights& weights) const {
    for (size_t id = 0; id < weights.size(); ++id) {
        if (isStreamed(id)) weights[id].reset();
    }
}

Status WeightResidency::ensureSlots() {
    uint64_t largest = 0;
    for (size_t block = 0; block < m_blockBytes.size(); ++block) {
        if (m_plan.streamed[block]) largest = std::max(largest, m_blockBytes[block]);
    }
    if (largest == 0 || (m_streamer && largest <= m_plan.slotBytes)) return {};
    const uint64_t slotBytes = std::max(m_plan.slotBytes, largest);
    const int slots = std::max(m_plan.slots, 1);
    Status created = createSlots(slots, slotBytes);
    while (!created && isOutOfMemory(created.error()) && m_context->residencies->giveUpBlockOfOthers(*this))
        created = createSlots(slots, slotBytes);
    if (!created && isOutOfMemory(created.error()) && slots > 1) created = createSlots(1, slotBytes);
    return created;
}

Status WeightResidency::createSlots(int slots, uint64_t slotBytes) {
    const std::vector<uint64_t> sizes(static_cast<size_t>(slots), slotBytes);
    HT_ASSIGN_OR_RETURN(auto streamer,
                        BlockStreamer::create(m_context->device, *m_context->allocator, *m_context->pipelines, sizes));
    m_streamer = std::move(streamer);
    m_plan.slots = slots;
    m_plan.slotBytes = slotBytes;
    return m_source.size() > 0 ? layOut(m_source) : Status();
}

Status WeightResidency::layOut(const ModelWeights& weights) {
    std::vector<StreamedBlock> layouts(m_plan.streamed.size());
    for (size_t block = 0; block < layouts.size(); ++block) {
        if (!m_plan.streamed[block]) continue;
        HT_ASSIGN_OR_RETURN(layouts[block], layOutBlock(weights, block));
    }
    m_layouts = std::move(layouts);
    return {};
}

/// The tensors of a block one behind the other, the same way in every slot.
Result<WeightResidency::StreamedBlock> WeightResidency::layOutBlock(const ModelWeights& weights, size_t block) const {
    StreamedBlock layout;
    layout.views.resize(m_streamer->slotCount());
    uint64_t offset = 0;
    for (size_t id = 0; id < weights.size(); ++id) {
        if (m_blockOf[id] != static_cast<int64_t>(block)) continue;
        const PackedTensor& tensor = weights.at(static_cast<WeightId>(id));
        HT_ASSIGN_OR_RETURN(const auto ranges, splitRows(tensor, m_graph->weights[id].name, m_context->plan()));
        layout.ids.push_back(static_cast<WeightId>(id));
        std::vector<std::shared_ptr<DeviceWeight>> views;
        for (size_t slot = 0; slot < m_streamer->slotCount(); ++slot) {
            views.push_back(std::make_shared<DeviceWeight>(DeviceWeight::of(tensor)));
        }
        for (const RowRange& range : ranges) {
            layout.pieces.push_back({range.bytes, offset});
            for (size_t slot = 0; slot < views.size(); ++slot) {
                const vk::BufferSlice slice = vk::BufferSlice(m_streamer->slot(slot))
                                                  .part(offset, range.bytes.size() + kernel::kWeightPaddingBytes);
                views[slot]->place(range, slice, {});
            }
            offset += bytesOnDevice(range, m_context->plan());
        }
        for (size_t slot = 0; slot < views.size(); ++slot) layout.views[slot].push_back(std::move(views[slot]));
    }
    return layout;
}

int64_t WeightResidency::streamedBytes() const {
    uint64_t bytes = 0;
    for (size_t block = 0; block < m_plan.streamed.size(); ++block)
        bytes += m_plan.streamed[block] ? m_blockBytes[block] : 0;
    return static_cast<int64_t>(bytes);
}

void WeightResidency::begin(int64_t firstBlock) {
    if (!m_streamer) return;
    std::vector<const BlockStreamer::Block*> order;
    for (auto block = static_cast<size_t>(firstBlock); block < m_layouts.size(); ++block) {
        if (m_plan.streamed[block]) order.push_back(&m_layouts[block].pieces);
    }
    m_streamer->start(std::move(order));
}

Status WeightResidency::enter(int64_t block, vk::CommandStream& stream, const JobContext& job) {
    if (!streams(block)) return {};
    if (!m_streamer) {
        return makeError(ErrorCode::kOutOfMemory,
                         fmt::format("{} has no room left for the weights of a single block; a "
                                     "shorter context would fit, or the processor can run it.",
                                     m_context->plan().deviceName));
    }
    // What was recorded before need not wait for these weights.
    HT_TRY(stream.flush());
    HT_ASSIGN_OR_RETURN(const BlockStreamer::Arrival arrival, m_streamer->acquire(job));
    ++m_passCount;
    stream.startAfter(arrival.uploaded);
    const StreamedBlock& layout = m_layouts[static_cast<size_t>(block)];
    for (size_t i = 0; i < layout.ids.size(); ++i)
        m_weights[static_cast<size_t>(layout.ids[i])] = layout.views[arrival.slot][i];
    return {};
}

Status WeightResidency::leave(int64_t block, vk::CommandStream& stream) {
    if (!streams(block)) return {};
    HT_TRY(stream.flush());
    m_streamer->release(stream.submitted());
    return {};
}

void WeightResidency::end() {
    if (!m_streamer) return;
    m_streamer->stop();
    // Views point into slots whose contents come and go.
    forgetStreamed(m_weights);
}

bool WeightResidency::makeRoom() {
    return giveUpBlock() || m_context->residencies->giveUpBlockOfOthers(*this);
}

bool WeightResidency::giveUpBlockIfIdle() {
    if (!m_idle.try_acquire()) return false;
    const bool gaveUp = giveUpBlock();
    m_idle.release();
    return gaveUp;
}

bool WeightResidency::giveUpBlock() {
    if (!m_streamer) return beginStreaming();
    // The middle of the longest stretch of resident blocks: transfers go on while others compute.
    std::vector<size_t> longest, stretch;
    for (size_t block = 0; block < m_plan.streamed.size(); ++block) {
        const bool movable = !m_plan.streamed[block] && m_blockBytes[block] <= m_plan.slotBytes;
        if (!movable) stretch.clear();
        if (movable) stretch.push_back(block);
        if (stretch.size() > longest.size()) longest = stretch;
    }
    if (longest.empty()) return false;
    const size_t block = longest[longest.size() / 2];
    moveOut(block);
    if (m_source.size() == 0) return true;
    auto layout = layOutBlock(m_source, block);
    HT_CHECK(layout.has_value());  // it was resident: its tensors have been checked
    m_layouts[block] = std::move(*layout);
    return true;
}

/// Everything was resident so far: frees one block more than the slots take.
bool WeightResidency::beginStreaming() {
    constexpr int kSlots = 2;
    const size_t count = m_plan.streamed.size();
    if (count <= kSlots) return false;
    const uint64_t slotBytes = std::ranges::max(m_blockBytes);
    // From the end on, until the slots find the room that the blocks had.
    for (size_t moved = 1; moved <= count; ++moved) {
        moveOut(count - moved);
        if (moved <= kSlots) continue;
        const Status created = createSlots(kSlots, slotBytes);
        if (created || !isOutOfMemory(created.error())) return created.has_value();
    }
    return createSlots(1, slotBytes).has_value();
}

void WeightResidency::moveOut(size_t block) {
    m_plan.streamed[block] = true;
    if (!m_weights.empty()) forgetStreamed(m_weights);
}

void ResidencyList::add(WeightResidency& residency) {
    const std::scoped_lock lock(m_mutex);
    m_all.push_back(&residency);
}

void ResidencyList::remove(WeightResidency& residency) {
    const std::scoped_lock lock(m_mutex);
    std::erase(m_all, &residency);
}

bool ResidencyList::giveUpBlockOfOthers(const WeightResidency& asking) {
    const std::scoped_lock lock(m_mutex);
    return std::ranges::any_of(m_all,
                               [&](WeightResidency* other) { return other != &asking && other->giveUpBlockIfIdle(); });
}

}  // namespace halftone
