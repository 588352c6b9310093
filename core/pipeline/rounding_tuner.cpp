// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/pipeline/rounding_tuner.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include <fmt/format.h>

#include "core/base/hash.h"
#include "core/quant/formats/packed_values.h"
#include "core/tuning/block_tape.h"

namespace halftone {
namespace {

constexpr int64_t kBatchTokens = 2048;  ///< of the original's forward passes

AutoRoundSettings settingsOf(const MethodChoice& method) {
    return {.iterations = static_cast<int>(method.value("iterations")),
            .batchTokens = static_cast<int64_t>(method.value("batch")),
            .reach = static_cast<float>(method.value("reach")),
            .tuneScales = method.flag("scales")};
}

uint64_t hashText(const std::string& text, uint64_t seed) {
    return hashBytes(std::as_bytes(std::span<const char>(text)), seed);
}

template <typename T>
uint64_t hashValues(const std::vector<T>& values, uint64_t seed) {
    return hashBytes(std::as_bytes(std::span<const T>(values)), seed);
}

/// Windows of at most `limit` tokens together, spread evenly over the text; a single window is cut if it must be.
std::vector<std::vector<int32_t>> pickWindows(const std::vector<std::vector<int32_t>>& windows, int64_t limit) {
    int64_t total = 0;
    for (const auto& window : windows) total += std::ssize(window);
    const auto count = static_cast<size_t>(
        std::clamp<double>(std::floor(double(windows.size()) * double(limit) / double(std::max<int64_t>(1, total))),
                           1.0, double(windows.size())));
    std::vector<std::vector<int32_t>> picked;
    for (size_t i = 0; i < count; ++i) picked.push_back(windows[i * windows.size() / count]);
    if (count == 1 && std::ssize(picked[0]) > limit) picked[0].resize(static_cast<size_t>(limit));
    return picked;
}

}  // namespace

RoundingTuner::RoundingTuner(std::shared_ptr<const Checkpoint> checkpoint, const ModelGraph& graph,
                             const ResolvedRecipe& recipe, std::shared_ptr<const Calibration> calibration,
                             const MethodPlan& plan)
    : m_checkpoint(std::move(checkpoint)), m_graph(graph), m_calibration(std::move(calibration)), m_plan(plan) {
    const auto blocks = static_cast<int>(m_graph.config.blockCount);
    for (size_t id = 0; id < m_graph.weights.size(); ++id) {
        const WeightSlot& slot = m_graph.weights[id];
        const ResolvedTensor* tensor = recipe.find(slot.name);
        const bool learns = tensor && !tensor->kept && tensor->quantizable && !slot.isVector && slot.block >= 0 &&
                            slot.block < blocks && tensor->method.id == MethodId::kAutoRound;
        if (!learns) continue;
        auto group = std::ranges::find_if(
            m_groups, [&](const Group& each) { return each.block == slot.block && each.method == tensor->method; });
        if (group == m_groups.end()) {
            group = m_groups.insert(group, Group{slot.block, tensor->method, {}, {}, 0});
        }
        group->tensors.push_back(*tensor);
        group->weights.push_back(static_cast<WeightId>(id));
    }
    for (Group& group : m_groups) group.key = keyOf(group);
}

const RoundingTuner::Group* RoundingTuner::groupOf(const std::string& tensor) const {
    for (const Group& group : m_groups) {
        if (std::ranges::find(group.tensors, tensor, &ResolvedTensor::name) != group.tensors.end()) return &group;
    }
    return nullptr;
}

uint64_t RoundingTuner::keyOf(const Group& group) const {
    uint64_t key = hashText(m_checkpoint->path().string(), static_cast<uint64_t>(group.block));
    for (const ResolvedTensor& tensor : group.tensors) {
        key = hashText(fmt::format("{} {} {}", tensor.name, tensor.format.name(), tensor.method.name()), key);
    }
    // Factors anywhere in the block change what its weights are.
    for (const WeightSlot& slot : m_graph.weights) {
        if (slot.block != group.block) continue;
        const MatrixScale& scale = m_plan.scaleOf(slot.name);
        key = hashValues(scale.columns, hashValues(scale.rows, key));
    }
    return key;
}

uint64_t RoundingTuner::identity(const std::string& tensor) const {
    const Group* group = groupOf(tensor);
    if (!group || !m_calibration) return 0;
    uint64_t id = group->key;
    for (const auto& window : m_calibration->windows) id = hashValues(window, id);
    return id;
}

Status RoundingTuner::checkCalibration(const Group& group) const {
    const std::string& first = group.tensors.front().name;
    if (!m_calibration || m_calibration->windows.empty()) {
        return makeError(
            ErrorCode::kInvalidArgument,
            fmt::format("AutoRound of {} runs the model on the calibration text: calibrate on a text first "
                        "(an importance file does not hold it).",
                        first));
    }
    for (const auto& window : m_calibration->windows) {
        if (std::ranges::all_of(window, [&](int32_t token) { return token < m_graph.config.vocabSize; })) continue;
        return makeError(ErrorCode::kInvalidArgument,
                         fmt::format("The calibration has tokens that the model does not know; it belongs to another "
                                     "model than {}.",
                                     first));
    }
    return {};
}

Status RoundingTuner::prepare(const std::string& tensor, PreparedMethod& prepared, const JobContext& context) const {
    const Group* group = groupOf(tensor);
    HT_CHECK(group != nullptr);
    HT_ASSIGN_OR_RETURN(const auto block, learned(*group, context));
    prepared.encoder = block->encoders.find(tensor)->second;
    if (tensor != group->tensors.front().name) return {};
    prepared.notes.push_back(
        fmt::format("AutoRound took the output error of block {} from {:.3g} to {:.3g} (relative).", group->block,
                    block->errorBefore, block->errorAfter));
    return {};
}

Status RoundingTuner::learn(const JobContext& context) const {
    int64_t steps = 0;
    for (const Group& group : m_groups) steps += settingsOf(group.method).iterations;
    if (steps > 0) context.start("Learning the rounding", steps, "steps");
    for (const Group& group : m_groups) {
        if (context.progress) context.progress->setStage(fmt::format("Learning the rounding of block {}", group.block));
        HT_TRY(learned(group, context));
    }
    return {};
}

Result<std::shared_ptr<const LearnedBlock>> RoundingTuner::learned(const Group& group,
                                                                   const JobContext& context) const {
    HT_TRY(checkCalibration(group));
    LearnedCodes& store = *m_calibration->learned;
    const auto recall = [&] {
        auto known = store.find(group.key);
        if (known) context.advance(settingsOf(group.method).iterations);
        return known;
    };
    // What is known is there at once, whatever somebody else learns meanwhile.
    if (auto known = recall()) return known;
    std::unique_lock lock(store.learning(), std::defer_lock);
    while (!lock.try_lock_for(std::chrono::milliseconds(50))) HT_TRY(context.checkpoint());
    if (auto known = recall()) return known;
    HT_ASSIGN_OR_RETURN(auto block, tune(group, context));
    store.add(group.key, block);
    return block;
}

Result<std::shared_ptr<const LearnedBlock>> RoundingTuner::tune(const Group& group, const JobContext& context) const {
    HT_TRY(goTo(group.block, static_cast<int64_t>(group.method.value("tokens")), context));
    BlockTuning tuning{.graph = &m_graph,
                       .block = group.block,
                       .matrices = {},
                       .weight = [this](WeightId id) { return weightValues(id); },
                       .hidden = m_states.hidden,
                       .lengths = m_states.lengths,
                       .settings = settingsOf(group.method)};
    FactorCache factors;
    JobContext inner = context;
    inner.progress = nullptr;
    for (size_t i = 0; i < group.tensors.size(); ++i) {
        HT_ASSIGN_OR_RETURN(TunedMatrix matrix, matrixOf(group, i, factors, inner));
        tuning.matrices.push_back(std::move(matrix));
    }
    HT_ASSIGN_OR_RETURN(TunedBlock tuned, tuneBlock(tuning, context));
    auto block = std::make_shared<LearnedBlock>();
    block->errorBefore = tuned.errorBefore;
    block->errorAfter = tuned.errorAfter;
    for (size_t i = 0; i < group.tensors.size(); ++i) {
        PackedTensor& packed = tuned.packed[group.weights[i]];
        block->bytes += std::ssize(packed.bytes);
        HT_ASSIGN_OR_RETURN(const std::vector<float> values, weightValues(group.weights[i]));
        block->encoders[group.tensors[i].name] = createLearnedEncoder(std::move(packed), values);
    }
    return block;
}

Result<TunedMatrix> RoundingTuner::matrixOf(const Group& group, size_t index, FactorCache& factors,
                                            const JobContext& context) const {
    const ResolvedTensor& tensor = group.tensors[index];
    TunedMatrix matrix{.weight = group.weights[index], .format = tensor.format};
    const InputStatistics* statistics = m_calibration->find(tensor.name);
    if (!statistics) return matrix;
    const std::vector<float>& columns = m_plan.scaleOf(tensor.name).columns;
    matrix.importance = scaledStatistics(*statistics, columns).importance();
    if (!group.method.flag("gptq") || !statistics->hessian) return matrix;
    MethodRequest request;
    request.format = tensor.format;
    request.cols = tensor.cols;
    request.method.id = MethodId::kGptq;
    request.statistics = statistics;
    request.channelScale = columns;
    request.tensor = tensor.name;
    HT_ASSIGN_OR_RETURN(const PreparedMethod gptq, prepareMethod(request, factors, context));
    HT_ASSIGN_OR_RETURN(const std::vector<float> values, weightValues(matrix.weight));
    const auto rows = rowSourceOf(packedView(values, tensor.cols));
    HT_ASSIGN_OR_RETURN(QuantizedTensor start,
                        quantizeTensor(*rows, tensor.format, gptq.options(tensor.name), context));
    matrix.start = std::move(start.packed);
    return matrix;
}

Result<std::vector<float>> RoundingTuner::weightValues(WeightId id) const {
    const WeightSlot& slot = m_graph.weights[static_cast<size_t>(id)];
    if (const auto vector = m_plan.vectors().find(slot.name); vector != m_plan.vectors().end()) return vector->second;
    const TensorInfo* info = m_checkpoint->find(slot.name);
    HT_CHECK(info != nullptr);
    HT_ASSIGN_OR_RETURN(auto rows, openRows(m_checkpoint, *info));
    rows = m_plan.scaled(slot.name, std::move(rows));
    std::vector<float> values(static_cast<size_t>(slot.rows * slot.cols));
    HT_TRY(rows->readRows(0, rows->rows(), values));
    if (std::ranges::all_of(values, [](float value) { return std::isfinite(value); })) return values;
    return makeError(ErrorCode::kInvalidData,
                     fmt::format("{} holds NaN or infinity, from which no rounding can be learned.", slot.name));
}

Status RoundingTuner::goTo(int block, int64_t tokenLimit, const JobContext& context) const {
    if (m_states.block < 0 || m_states.block > block || m_states.tokenLimit != tokenLimit) HT_TRY(begin(tokenLimit));
    while (m_states.block < block) HT_TRY(advance(context));
    return {};
}

Status RoundingTuner::begin(int64_t tokenLimit) const {
    m_states = {.tokenLimit = tokenLimit,
                .block = -1,
                .windows = pickWindows(m_calibration->windows, tokenLimit),
                .lengths = {},
                .hidden = {}};
    std::vector<int64_t> tokens, positions;
    for (const auto& window : m_states.windows) {
        m_states.lengths.push_back(std::ssize(window));
        tokens.insert(tokens.end(), window.begin(), window.end());
        for (int64_t i = 0; i < std::ssize(window); ++i) positions.push_back(i);
    }
    const auto size = tokens.size() * static_cast<size_t>(m_graph.config.hiddenSize);
    m_states.hidden.resize(size);
    for (int32_t i = 0; i < m_graph.blockBegin.front(); ++i) {
        const Op& op = m_graph.ops[static_cast<size_t>(i)];
        HT_CHECK(op.kind == OpKind::kEmbed || op.kind == OpKind::kAddPosition);
        const TensorInfo* info = m_checkpoint->find(m_graph.weights[static_cast<size_t>(op.weight)].name);
        HT_CHECK(info != nullptr);
        HT_ASSIGN_OR_RETURN(const PackedTensor table, openPacked(m_checkpoint, *info));
        std::vector<float> rows(size);
        HT_TRY(readPackedRows(table, op.kind == OpKind::kEmbed ? tokens : positions, rows));
        std::ranges::transform(m_states.hidden, rows, m_states.hidden.begin(), std::plus<>());
    }
    m_states.block = 0;
    return {};
}

// One block of the original model, some windows at a time.
Status RoundingTuner::advance(const JobContext& context) const {
    BlockTape tape(m_graph, m_states.block);
    std::vector<std::vector<float>> weights(m_graph.weights.size());
    for (const WeightId id : tape.weights()) {
        HT_ASSIGN_OR_RETURN(weights[static_cast<size_t>(id)], weightValues(id));
        tape.setWeight(id, weights[static_cast<size_t>(id)]);
    }
    std::vector<float> next;
    next.reserve(m_states.hidden.size());
    const std::span<const float> hidden = m_states.hidden;
    for (size_t first = 0; first < m_states.lengths.size();) {
        size_t end = first;
        int64_t tokens = 0;
        while (end < m_states.lengths.size() && (end == first || tokens + m_states.lengths[end] <= kBatchTokens)) {
            tokens += m_states.lengths[end++];
        }
        const auto count = static_cast<size_t>(tokens * m_graph.config.hiddenSize);
        HT_TRY(tape.forward(
            {hidden.subspan(next.size(), count), std::span(m_states.lengths).subspan(first, end - first)}, context));
        next.insert(next.end(), tape.output().begin(), tape.output().end());
        first = end;
    }
    m_states.hidden = std::move(next);
    ++m_states.block;
    return {};
}

}  // namespace halftone
