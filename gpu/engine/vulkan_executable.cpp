// SPDX-License-Identifier: GPL-3.0-or-later
#include "gpu/engine/vulkan_executable.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include <fmt/format.h>

#include "core/base/checked.h"
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

/// Of a short text: what longer ones need beyond it, blocks make room for.
uint64_t typicalCacheBytes(const ModelGraph& graph) {
    constexpr int64_t kTypicalTokens = 512;
    const ModelConfig& config = graph.config;
    const int64_t tokens = std::min(kTypicalTokens, std::max<int64_t>(config.contextLength, 1));
    return static_cast<uint64_t>(config.blockCount * tokens * VulkanSequence::bytesPerToken(graph, CacheFormat()));
}

int firstBlockOf(std::span<const ForwardRun> runs) {
    int first = runs.front().options.firstBlock;
    for (const ForwardRun& run : runs) first = std::min(first, run.options.firstBlock);
    return first;
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
      m_buffers(*m_graph, m_context->plan(), *m_context->allocator),
      m_residency(m_context, m_graph, m_buffers.typicalBytes() + typicalCacheBytes(*m_graph)) {}

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
    self.m_timer = std::make_unique<DeviceOpTimer>(*self.m_graph, self.m_residency.weights(), *self.m_stream);
    self.m_recorder = std::make_unique<OpRecorder>(*self.m_graph, self.m_residency.weights(), self.m_buffers,
                                                   *self.m_kernels, *self.m_capture, *self.m_timer);
    HT_TRY(self.updateWeights(weights, job));
    return executable;
}

Status VulkanExecutable::updateWeights(const ModelWeights& weights, const JobContext& job) {
    HT_TRY(checkWeights(*m_graph, weights));
    const WeightResidency::Use use(m_residency);
    m_timer->forgetWeights();
    return m_residency.assign(weights, job);
}

Status VulkanExecutable::profileInto(OpProfile* profile) {
    return m_timer->use(profile);
}

int64_t VulkanExecutable::tokensWorthTogether() const {
    return m_residency.plan().streams() ? m_context->plan().streamBatchTokens : 0;
}

/// Blocks leave the device until what is asked for finds room.
Status VulkanExecutable::growWithRoom(const std::function<Status()>& allocate) {
    for (;;) {
        Status status = allocate();
        if (status || status.error().code != ErrorCode::kOutOfMemory || !m_residency.makeRoom()) return status;
    }
}

Result<std::unique_ptr<Sequence>> VulkanExecutable::createSequence(int64_t capacity, const RunFormat& format) {
    HT_TRY(checkSequenceCapacity(*m_graph, capacity));
    HT_TRY(checkRunFormat(*m_graph, format));
    HT_TRY(VulkanSequence::checkBindings(*m_context, *m_graph, capacity, format.cache));
    const WeightResidency::Use use(m_residency);
    HT_TRY(ensureRopeTable(capacity));
    std::unique_ptr<VulkanSequence> sequence;
    HT_TRY(growWithRoom([&]() -> Status {
        HT_ASSIGN_OR_RETURN(sequence, VulkanSequence::create(m_context, *m_graph, capacity, format));
        return {};
    }));
    return std::unique_ptr<Sequence>(std::move(sequence));
}

/// Blocks of other executables leave for the sums, the own ones do not: they run all the time.
Result<std::unique_ptr<InputMoments>> VulkanExecutable::createInputMoments(bool withHessians) {
    const WeightResidency::Use use(m_residency);
    const VulkanInputMoments::Room room{.keptFreeBytes = m_residency.workBytes(), .makeRoom = [this] {
                                            return m_context->residencies->giveUpBlockOfOthers(m_residency);
                                        }};
    HT_ASSIGN_OR_RETURN(auto moments,
                        VulkanInputMoments::create({m_context, m_graph, *m_stream, *m_readback}, withHessians, room));
    return std::unique_ptr<InputMoments>(std::move(moments));
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
    const SequenceInput input{&sequence, tokens, options};
    return forwardTogether({&input, 1}, job);
}

Status VulkanExecutable::forwardTogether(std::span<const SequenceInput> inputs, const JobContext& job) {
    HT_TRY(checkDistinctSequences(inputs));
    for (const SequenceInput& input : inputs) {
        HT_TRY(checkForwardArguments(*m_graph, *input.sequence, input.tokens, input.options));
        HT_TRY(checkRows(input.options));
        HT_TRY(checkMoments(input.options));
        const auto* own = dynamic_cast<const VulkanSequence*>(input.sequence);
        if (own && own->graph() == m_graph.get()) continue;
        return makeError(ErrorCode::kInvalidArgument, "The sequence belongs to another executable.");
    }
    if (inputs.empty()) return {};
    const WeightResidency::Use use(m_residency);
    const double begin = m_timer->isOn() ? profileClock() : 0;
    Status status = run(inputs, job);
    if (!status) {
        m_stream->abandon();
        m_readback->clear();
    }
    m_residency.end();
    HT_TRY(status);
    int64_t tokens = 0;
    for (const SequenceInput& input : inputs) {
        static_cast<VulkanSequence*>(input.sequence)->advance(std::ssize(input.tokens));
        tokens += std::ssize(input.tokens);
    }
    m_timer->finishForward(begin, tokens);
    return {};
}

Status VulkanExecutable::checkMoments(const ForwardOptions& options) const {
    const auto* own = dynamic_cast<const VulkanInputMoments*>(options.moments);
    if (!options.moments || (own && own->belongsTo(*m_graph))) return {};
    return makeError(ErrorCode::kInvalidArgument, "The sums over inputs belong to another executable.");
}

Status VulkanExecutable::growInput(vk::Buffer& buffer, uint64_t bytes, std::string_view name) {
    if (buffer.sizeBytes() >= bytes) return {};
    buffer = {};
    HT_ASSIGN_OR_RETURN(buffer, m_context->allocator->createBuffer(bytes, vk::MemoryUse::kUpload, name));
    return {};
}

/// Buffers for everything that the call needs, before any of it is recorded.
Status VulkanExecutable::reserve(std::span<const SequenceInput> inputs) {
    ActivationBuffers::Need need;
    need.rank = m_residency.largestRank();
    bool fromHidden = false;
    for (const SequenceInput& input : inputs) {
        const auto tokens = static_cast<int64_t>(input.tokens.size());
        need.rows += roundUp(tokens, ActivationBuffers::kChunkStep);
        need.tokens = std::max(need.tokens, tokens);
        for (const auto& range : epilogueRanges(input.options))
            need.logitTokens = std::max(need.logitTokens, range.end - range.begin);
        need.rounded = need.rounded || !input.sequence->format().activations.isFull();
        need.quantized = need.quantized || input.options.arithmetic == Arithmetic::kInteger;
        fromHidden = fromHidden || !input.options.hiddenIn.empty();
    }
    const vk::IntegerShape& integer = m_context->plan().integer;
    need.halved = need.quantized && m_context->plan().units.matmul;
    need.quantized = (need.quantized || need.rounded) && (integer.matvec || integer.matmul);
    HT_TRY(m_buffers.reserve(need));
    HT_TRY(growInput(m_ids, static_cast<uint64_t>(need.rows) * 4, "token ids"));
    if (!fromHidden) return {};
    return growInput(m_hiddenIn, m_buffers.hidden(0, need.rows).slice.sizeBytes, "hidden states from the host");
}

std::vector<ForwardRun> VulkanExecutable::runsOf(std::span<const SequenceInput> inputs, const JobContext& job) {
    std::vector<ForwardRun> runs;
    int64_t row = 0, target = 0, picked = 0;
    for (const SequenceInput& input : inputs) {
        const auto tokens = static_cast<int64_t>(input.tokens.size());
        runs.push_back({.tokens = input.tokens,
                        .options = input.options,
                        .context = job,
                        .sequence = static_cast<const VulkanSequence&>(*input.sequence),
                        .firstRow = row,
                        .firstTarget = target,
                        .firstPicked = picked,
                        .ids = vk::BufferSlice(m_ids).part(static_cast<uint64_t>(row) * 4, input.tokens.size_bytes()),
                        .ropeTable = m_ropeTable ? vk::BufferSlice(m_ropeTable) : vk::BufferSlice(m_ids),
                        .moments = static_cast<VulkanInputMoments*>(input.options.moments)});
        row += roundUp(tokens, ActivationBuffers::kChunkStep);
        target += std::ssize(input.options.targets);
        if (input.options.reduction) picked += std::ssize(input.options.reduction->ids);
    }
    return runs;
}

Status VulkanExecutable::run(std::span<const SequenceInput> inputs, const JobContext& job) {
    HT_TRY(growWithRoom([&] { return reserve(inputs); }));
    const std::vector<ForwardRun> runs = runsOf(inputs, job);
    m_residency.begin(firstBlockOf(runs));
    for (const ForwardRun& run : runs) HT_TRY(load(run));
    HT_TRY(runBlocks(runs, job));
    HT_TRY(loadTargets(runs));
    for (const ForwardRun& run : runs) HT_TRY(runEpilogue(run));
    HT_TRY(m_readback->drain());
    return m_stream->finish();
}

Status VulkanExecutable::load(const ForwardRun& run) {
    if (!run.options.hiddenIn.empty()) return loadHidden(run);
    std::memcpy(m_ids.mapped() + run.firstRow * 4, run.tokens.data(), run.tokens.size_bytes());
    return runOps(
        run, 0, m_graph->blockBegin.empty() ? static_cast<int32_t>(m_graph->ops.size()) : m_graph->blockBegin.front());
}

Status VulkanExecutable::loadHidden(const ForwardRun& run) {
    const kernel::Activations hidden = m_buffers.hidden(run.firstRow, run.tokenCount());
    const auto offset = static_cast<uint64_t>(run.firstRow * hidden.stride) * 4;
    auto* target = reinterpret_cast<float*>(m_hiddenIn.mapped() + offset);
    for (int64_t token = 0; token < run.tokenCount(); ++token) {
        std::memcpy(target + token * hidden.stride, run.options.hiddenIn.data() + token * hidden.width,
                    static_cast<size_t>(hidden.width) * 4);
        std::fill_n(target + token * hidden.stride + hidden.width, hidden.stride - hidden.width, 0.0f);
    }
    return m_stream->copy(vk::BufferSlice(m_hiddenIn).part(offset, hidden.slice.sizeBytes), hidden.slice);
}

Status VulkanExecutable::runOps(const ForwardRun& run, int32_t begin, int32_t end) {
    if (begin == end) return {};
    const int64_t step = m_buffers.chunkTokens();
    for (int64_t first = 0; first < run.tokenCount(); first += step) {
        const int64_t count = std::min(step, run.tokenCount() - first);
        HT_TRY(m_recorder->record(run, {first, count, m_buffers.hidden(run.firstRow + first, count)}, begin, end));
    }
    return {};
}

Status VulkanExecutable::runBlocks(std::span<const ForwardRun> runs, const JobContext& job) {
    for (int block = firstBlockOf(runs); block < static_cast<int>(m_graph->config.blockCount); ++block) {
        const auto index = static_cast<size_t>(block);
        HT_TRY(m_residency.enter(block, *m_stream, job));
        for (const ForwardRun& run : runs) {
            if (block < run.options.firstBlock) continue;
            HT_TRY(runOps(run, m_graph->blockBegin[index], m_graph->blockBegin[index + 1]));
            if (run.options.boundarySink) HT_TRY(handOutBoundary(run, block + 1));
        }
        HT_TRY(m_residency.leave(block, *m_stream));
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
    const kernel::Activations hidden = m_buffers.hidden(run.firstRow, run.tokenCount());
    return m_readback->enqueue({&hidden.slice, 1}, [this, &run, hidden, block](std::span<const std::byte> bytes) {
        return deliverRows(bytes, hidden, run.tokenCount(),
                           [&](std::span<const float> rows) { return run.options.boundarySink(block, rows); });
    });
}

}  // namespace halftone
