// SPDX-License-Identifier: GPL-3.0-or-later
#include "gpu/engine/vulkan_executable.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include <fmt/format.h>

#include "core/inference/forward_request.h"
#include "core/inference/graph_executable.h"

namespace halftone {
namespace {

Status checkGraph(const ModelGraph& graph, const vk::DevicePlan& plan) {
    if (graph.config.headDim > kernel::kLargestHeadDim) {
        return makeError(
            ErrorCode::kUnsupported,
            fmt::format(
                "The GPU engine runs attention heads of up to {} dimensions, and this model's have {}; the processor "
                "can run it on {}.",
                kernel::kLargestHeadDim, graph.config.headDim, plan.deviceName));
    }
    return {};
}

bool hasOp(const ModelGraph& graph, OpKind kind) {
    return std::ranges::any_of(graph.ops, [kind](const Op& op) { return op.kind == kind; });
}

int64_t totalBytes(const ModelWeights& weights) {
    int64_t total = 0;
    for (size_t id = 0; id < weights.size(); ++id)
        total += static_cast<int64_t>(weights.at(static_cast<WeightId>(id)).bytes.size());
    return total;
}

/// (cos, sin) of every position and frequency, computed in binary64.
std::vector<float> ropeTable(const ModelConfig& config, int64_t positions) {
    std::vector<float> table;
    table.reserve(static_cast<size_t>(positions) * config.inverseFrequencies.size() * 2);
    const auto factor = static_cast<double>(config.ropeAttentionFactor);
    for (int64_t position = 0; position < positions; ++position) {
        for (const float frequency : config.inverseFrequencies) {
            const double angle = static_cast<double>(position) * static_cast<double>(frequency);
            table.push_back(static_cast<float>(std::cos(angle) * factor));
            table.push_back(static_cast<float>(std::sin(angle) * factor));
        }
    }
    return table;
}

}  // namespace

VulkanExecutable::VulkanExecutable(std::shared_ptr<VulkanContext> context, std::shared_ptr<const ModelGraph> graph)
    : m_context(std::move(context)),
      m_graph(std::move(graph)),
      m_buffers(*m_graph, m_context->plan(), *m_context->allocator) {}

VulkanExecutable::~VulkanExecutable() = default;

Result<std::unique_ptr<VulkanExecutable>> VulkanExecutable::create(std::shared_ptr<VulkanContext> context,
                                                                   std::shared_ptr<const ModelGraph> graph,
                                                                   const ModelWeights& weights, const JobContext& job) {
    HT_TRY(checkGraph(*graph, context->plan()));
    auto executable = std::unique_ptr<VulkanExecutable>(new VulkanExecutable(std::move(context), std::move(graph)));
    VulkanExecutable& self = *executable;
    VulkanContext& shared = *self.m_context;
    HT_ASSIGN_OR_RETURN(self.m_stream, vk::CommandStream::create(shared.device, *shared.pipelines, "model"));
    self.m_buffers.use(*self.m_stream);
    self.m_kernels = std::make_unique<kernel::Kernels>(shared.plan(), *shared.pipelines, *self.m_stream);
    self.m_readback = std::make_unique<ReadbackQueue>(*shared.allocator, *self.m_stream);
    self.m_capture =
        std::make_unique<StatsCapture>(*shared.allocator, *self.m_stream, *self.m_kernels, *self.m_readback);
    self.m_recorder =
        std::make_unique<OpRecorder>(*self.m_graph, self.m_weights, self.m_buffers, *self.m_kernels, *self.m_capture);
    HT_TRY(self.updateWeights(weights, job));
    return executable;
}

Status VulkanExecutable::updateWeights(const ModelWeights& weights, const JobContext& job) {
    HT_TRY(checkWeights(*m_graph, weights));
    job.start("uploading weights", totalBytes(weights), "bytes");
    DeviceWeights next;
    int64_t uploads = 0;
    for (size_t id = 0; id < weights.size(); ++id) {
        const PackedTensor& tensor = weights.at(static_cast<WeightId>(id));
        if (id < m_weights.size() && m_context->weights->holds(*m_weights[id], tensor)) {
            job.advance(static_cast<int64_t>(tensor.bytes.size()));
            next.push_back(m_weights[id]);
            continue;
        }
        HT_ASSIGN_OR_RETURN(auto weight, m_context->weights->acquire(tensor, m_graph->weights[id].name, job));
        next.push_back(std::move(weight));
        ++uploads;
    }
    m_weights = std::move(next);
    m_uploadCount += uploads;
    return {};
}

Result<std::unique_ptr<Sequence>> VulkanExecutable::createSequence(int64_t capacity) {
    HT_TRY(checkSequenceCapacity(*m_graph, capacity));
    HT_TRY(ensureRopeTable(capacity));
    HT_ASSIGN_OR_RETURN(auto sequence, VulkanSequence::create(m_context, *m_graph, capacity));
    return std::unique_ptr<Sequence>(std::move(sequence));
}

Status VulkanExecutable::ensureRopeTable(int64_t positions) {
    if (positions <= m_ropePositions || !hasOp(*m_graph, OpKind::kRope)) return {};
    const std::vector<float> table = ropeTable(m_graph->config, positions);
    if (table.empty()) return {};
    const auto bytes = std::as_bytes(std::span(table));
    if (bytes.size() > m_context->plan().maxBindingBytes) {
        return makeError(
            ErrorCode::kOutOfMemory,
            fmt::format("The table of rotary angles for {} tokens needs {} bytes in one buffer, and {} binds "
                        "at most {}; a shorter context would fit.",
                        positions, bytes.size(), m_context->plan().deviceName, m_context->plan().maxBindingBytes));
    }
    HT_ASSIGN_OR_RETURN(auto buffer,
                        m_context->allocator->createBuffer(bytes.size(), vk::MemoryUse::kDevice, "rotary angles"));
    HT_TRY(m_context->uploader->upload(bytes, buffer, JobContext()));
    m_ropeTable = std::move(buffer);
    m_ropePositions = positions;
    return {};
}

Status VulkanExecutable::forward(Sequence& sequence, std::span<const TokenId> tokens, const ForwardOptions& options,
                                 const JobContext& job) {
    HT_TRY(checkForwardArguments(*m_graph, sequence, tokens, options));
    auto* own = dynamic_cast<VulkanSequence*>(&sequence);
    if (!own || own->graph() != m_graph.get()) {
        return makeError(ErrorCode::kInvalidArgument, "The sequence belongs to another executable.");
    }
    Status status = run(*own, tokens, options, job);
    if (!status) {
        m_stream->abandon();
        m_readback->clear();
        return status;
    }
    own->advance(static_cast<int64_t>(tokens.size()));
    return {};
}

Status VulkanExecutable::growInput(vk::Buffer& buffer, uint64_t bytes, std::string_view name) {
    if (buffer.sizeBytes() >= bytes) return {};
    buffer = {};
    HT_ASSIGN_OR_RETURN(buffer, m_context->allocator->createBuffer(bytes, vk::MemoryUse::kUpload, name));
    return {};
}

Status VulkanExecutable::run(const VulkanSequence& sequence, std::span<const TokenId> tokens,
                             const ForwardOptions& options, const JobContext& job) {
    const std::vector<EpilogueRange> ranges = epilogueRanges(options);
    int64_t logitTokens = 0;
    for (const auto& range : ranges) logitTokens = std::max(logitTokens, range.end - range.begin);
    const auto tokenCount = static_cast<int64_t>(tokens.size());
    HT_TRY(m_buffers.reserve(tokenCount, logitTokens));
    HT_TRY(growInput(m_ids, static_cast<uint64_t>(tokenCount) * 4, "token ids"));
    const ForwardRun forwardRun{.tokens = tokens,
                                .options = options,
                                .context = job,
                                .sequence = sequence,
                                .ids = vk::BufferSlice(m_ids),
                                .ropeTable = m_ropeTable ? vk::BufferSlice(m_ropeTable) : vk::BufferSlice(m_ids)};
    const bool fromHidden = !options.hiddenIn.empty();
    HT_TRY(fromHidden ? loadHidden(forwardRun) : loadTokens(forwardRun));
    HT_TRY(runBlocks(forwardRun));
    HT_TRY(runEpilogue(forwardRun, ranges));
    HT_TRY(m_readback->drain());
    return m_stream->finish();
}

Status VulkanExecutable::loadTokens(const ForwardRun& run) {
    std::memcpy(m_ids.mapped(), run.tokens.data(), run.tokens.size_bytes());
    return runOps(
        run, 0, m_graph->blockBegin.empty() ? static_cast<int32_t>(m_graph->ops.size()) : m_graph->blockBegin.front());
}

Status VulkanExecutable::loadHidden(const ForwardRun& run) {
    const kernel::Activations hidden = m_buffers.hidden(0, run.tokenCount());
    HT_TRY(growInput(m_hiddenIn, hidden.slice.sizeBytes, "hidden states from the host"));
    auto* target = reinterpret_cast<float*>(m_hiddenIn.mapped());
    for (int64_t token = 0; token < run.tokenCount(); ++token) {
        std::memcpy(target + token * hidden.stride, run.options.hiddenIn.data() + token * hidden.width,
                    static_cast<size_t>(hidden.width) * 4);
        std::fill_n(target + token * hidden.stride + hidden.width, hidden.stride - hidden.width, 0.0f);
    }
    return m_stream->copy(vk::BufferSlice(m_hiddenIn).part(0, hidden.slice.sizeBytes), hidden.slice);
}

Status VulkanExecutable::runOps(const ForwardRun& run, int32_t begin, int32_t end) {
    if (begin == end) return {};
    const int64_t step = m_buffers.chunkTokens();
    for (int64_t first = 0; first < run.tokenCount(); first += step) {
        const int64_t count = std::min(step, run.tokenCount() - first);
        HT_TRY(m_recorder->record(run, {first, count, m_buffers.hidden(first, count)}, begin, end));
    }
    return {};
}

Status VulkanExecutable::runBlocks(const ForwardRun& run) {
    for (int block = run.options.firstBlock; block < static_cast<int>(m_graph->config.blockCount); ++block) {
        const auto index = static_cast<size_t>(block);
        HT_TRY(runOps(run, m_graph->blockBegin[index], m_graph->blockBegin[index + 1]));
        if (run.options.boundarySink) HT_TRY(handOutBoundary(run, block + 1));
    }
    return {};
}

Status VulkanExecutable::deliverRows(std::span<const std::byte> bytes, const kernel::Activations& rows, int64_t count,
                                     const std::function<Status(std::span<const float>)>& receive) {
    const auto* source = reinterpret_cast<const float*>(bytes.data());
    const auto width = static_cast<size_t>(rows.width);
    if (rows.stride == rows.width) return receive({source, static_cast<size_t>(count) * width});
    m_rows.resize(static_cast<size_t>(count) * width);
    for (int64_t row = 0; row < count; ++row)
        std::copy_n(source + row * rows.stride, rows.width, m_rows.data() + row * rows.width);
    return receive(m_rows);
}

Status VulkanExecutable::handOutBoundary(const ForwardRun& run, int block) {
    const kernel::Activations hidden = m_buffers.hidden(0, run.tokenCount());
    return m_readback->enqueue({&hidden.slice, 1}, [this, &run, hidden, block](std::span<const std::byte> bytes) {
        return deliverRows(bytes, hidden, run.tokenCount(),
                           [&](std::span<const float> rows) { return run.options.boundarySink(block, rows); });
    });
}

}  // namespace halftone
