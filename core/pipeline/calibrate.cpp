// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/pipeline/calibrate.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/base/checked.h"

namespace halftone {
namespace {

/// A stretch of the graph as a graph of one block, with the weights it needs.
struct GraphPart {
    std::shared_ptr<ModelGraph> graph;
    std::vector<PackedTensor> weights;
    std::vector<std::string> names;  ///< of the weights, by the part's ids
};

/// Operations [begin, end) of the whole graph, of which [begin, blockBegin) come before the block.
struct PartRange {
    int32_t begin = 0, blockBegin = 0, end = 0;
    int block = 0;
};

class PartBuilder {
  public:
    PartBuilder(const ModelGraph& whole, const ModelWeights& weights) : m_whole(whole), m_weights(weights) {}

    GraphPart build(const PartRange& range) {
        m_part = {std::make_shared<ModelGraph>(), {}, {}};
        m_ids.clear();
        ModelGraph& graph = *m_part.graph;
        graph.config = m_whole.config;
        graph.config.blockCount = 1;
        graph.config.slidingWindowFirstBlock = range.block >= m_whole.config.slidingWindowFirstBlock ? 0 : 1;
        graph.values = m_whole.values;
        graph.hidden = m_whole.hidden;
        graph.blockBegin = {range.blockBegin - range.begin, range.end - range.begin};
        if (m_whole.logits >= 0) graph.values[static_cast<size_t>(m_whole.logits)].width = 1;
        for (int32_t i = range.begin; i < range.end; ++i) {
            Op op = m_whole.ops[static_cast<size_t>(i)];
            op.block = i < range.blockBegin ? -1 : 0;
            const bool isHead = m_whole.logits >= 0 && op.out == m_whole.logits;
            op.weight = isHead ? addHead(op.weight) : addWeight(op.weight);
            op.bias = isHead ? -1 : addWeight(op.bias);
            graph.ops.push_back(op);
        }
        return std::move(m_part);
    }

  private:
    WeightId addWeight(WeightId id) {
        if (id < 0) return id;
        const auto [entry, isNew] = m_ids.emplace(id, static_cast<WeightId>(m_part.names.size()));
        if (!isNew) return entry->second;
        m_part.graph->weights.push_back(m_whole.weights[static_cast<size_t>(id)]);
        m_part.weights.push_back(m_weights.at(id));
        m_part.names.push_back(m_whole.weights[static_cast<size_t>(id)].name);
        return entry->second;
    }

    // Only the inputs of the head are wanted: one row of zeros stands for its vocabulary.
    WeightId addHead(WeightId id) {
        WeightSlot slot = m_whole.weights[static_cast<size_t>(id)];
        m_part.names.push_back(slot.name);
        auto zeros = std::make_shared<std::vector<float>>(static_cast<size_t>(slot.cols), 0.0f);
        PackedTensor row;
        row.layout = PackedLayout::of(Format::of(DType::kF32), slot.cols);
        row.rows = 1;
        row.bytes = std::as_bytes(std::span<const float>(*zeros));
        row.owner = std::move(zeros);
        slot.rows = 1;
        m_part.graph->weights.push_back(std::move(slot));
        m_part.weights.push_back(std::move(row));
        return static_cast<WeightId>(m_part.names.size()) - 1;
    }

    const ModelGraph& m_whole;
    const ModelWeights& m_weights;
    GraphPart m_part;
    std::map<WeightId, WeightId> m_ids;
};

std::vector<PartRange> partsOf(const ModelGraph& graph) {
    std::vector<PartRange> parts;
    const auto blocks = static_cast<int>(graph.config.blockCount);
    for (int block = 0; block < blocks; ++block) {
        const auto at = static_cast<size_t>(block);
        const int32_t own = graph.blockBegin[at];
        parts.push_back({block == 0 ? 0 : own, own, graph.blockBegin[at + 1], block});
    }
    const int32_t epilogue = graph.blockBegin.back();
    const auto end = static_cast<int32_t>(graph.ops.size());
    if (graph.logits >= 0 && epilogue < end) parts.push_back({blocks == 0 ? 0 : epilogue, epilogue, end, blocks});
    return parts;
}

/// The windows of a text and the hidden states that go from part to part.
struct Windows {
    std::vector<std::vector<TokenId>> tokens;
    std::vector<std::vector<float>> hidden;
};

Windows windowsOf(const LoadedModel& model, std::span<const TokenId> text, int64_t length) {
    std::vector<TokenId> opening;
    if (const auto bos = model.tokenizer->bos(); bos.has_value() && model.tokenizer->addsBos()) opening.push_back(*bos);
    const auto piece = static_cast<size_t>(length) - opening.size();
    Windows windows;
    for (size_t begin = 0; begin < text.size(); begin += piece) {
        std::vector<TokenId>& tokens = windows.tokens.emplace_back(opening);
        const auto part = text.subspan(begin, std::min(piece, text.size() - begin));
        tokens.insert(tokens.end(), part.begin(), part.end());
    }
    windows.hidden.resize(windows.tokens.size());
    return windows;
}

/// Runs all windows through one part and gathers what its linear layers read.
class PartRun {
  public:
    PartRun(const GraphPart& part, const CalibrationOptions& options, const JobContext& context)
        : m_part(part), m_options(options), m_context(context) {}

    /// Inputs whose sums had no room on the device.
    [[nodiscard]] int64_t leftToProcessor() const { return m_leftToProcessor; }

    Result<std::map<std::string, InputStatistics>> run(Backend& backend, Windows& windows, bool first,
                                                       int64_t capacity) {
        JobContext inner = m_context;
        inner.progress = nullptr;
        HT_ASSIGN_OR_RETURN(const auto weights, ModelWeights::fromTensors(*m_part.graph, m_part.weights));
        HT_ASSIGN_OR_RETURN(const auto executable, backend.compile(m_part.graph, weights, inner));
        HT_ASSIGN_OR_RETURN(const auto sequence, executable->createSequence(capacity));
        HT_ASSIGN_OR_RETURN(const auto moments, executable->createInputMoments(m_options.withHessians));
        m_leftToProcessor = moments->inputsLeftToProcessor();
        for (size_t i = 0; i < windows.tokens.size(); ++i) {
            HT_TRY(m_context.checkpoint());
            ForwardOptions options;
            options.capture = m_options.capture;
            options.moments = moments.get();
            if (!first) options.hiddenIn = windows.hidden[i];
            std::vector<float> next;
            options.boundarySink = [&](int /*block*/, std::span<const float> hidden) -> Status {
                next.assign(hidden.begin(), hidden.end());
                return {};
            };
            sequence->truncate(0);
            HT_TRY(executable->forward(*sequence, windows.tokens[i], options, inner));
            windows.hidden[i] = std::move(next);
            m_context.advance(static_cast<int64_t>(windows.tokens[i].size()));
        }
        return moments->take(inner);
    }

  private:
    const GraphPart& m_part;
    const CalibrationOptions& m_options;
    const JobContext& m_context;
    int64_t m_leftToProcessor = 0;
};

int64_t windowLength(const LoadedModel& model, const CalibrationOptions& options) {
    const int64_t most = model.graph->config.contextLength;
    return most > 0 ? std::min(options.contextLength, most) : options.contextLength;
}

}  // namespace

int64_t calibrationWindows(const LoadedModel& model, int64_t tokens, const CalibrationOptions& options) {
    const bool bos = model.tokenizer->addsBos() && model.tokenizer->bos();
    return ceilDiv(tokens, std::max<int64_t>(1, windowLength(model, options) - (bos ? 1 : 0)));
}

Status streamCalibration(const LoadedModel& model, std::span<const TokenId> textTokens,
                         const CalibrationOptions& options, const CalibrationSink& sink, const JobContext& context) {
    if (textTokens.empty()) {
        return makeError(ErrorCode::kInvalidArgument,
                         "The calibration text is empty: there is nothing to collect activations from.");
    }
    const int64_t length = windowLength(model, options);
    if (length < 2) return makeError(ErrorCode::kInvalidArgument, "A calibration window needs at least two tokens.");
    HT_ASSIGN_OR_RETURN(const auto weights, ModelWeights::fromCheckpoint(*model.graph, model.checkpoint));
    const auto processor = options.backend ? nullptr : createCpuBackend();
    Backend& backend = options.backend ? *options.backend : *processor;
    Windows windows = windowsOf(model, textTokens, length);
    const std::vector<PartRange> parts = partsOf(*model.graph);
    int64_t tokens = 0, longest = 0;
    for (const auto& window : windows.tokens) {
        tokens += static_cast<int64_t>(window.size());
        longest = std::max(longest, static_cast<int64_t>(window.size()));
    }
    context.start("Calibrating", tokens * static_cast<int64_t>(parts.size()), "tokens");
    PartBuilder builder(*model.graph, weights);
    int64_t leftToProcessor = 0;
    for (size_t i = 0; i < parts.size(); ++i) {
        const GraphPart part = builder.build(parts[i]);
        PartRun run(part, options, context);
        HT_ASSIGN_OR_RETURN(auto statistics, run.run(backend, windows, i == 0, longest));
        leftToProcessor += run.leftToProcessor();
        HT_TRY(sink(std::move(statistics)));
    }
    if (leftToProcessor > 0 && options.remarks) {
        options.remarks->push_back(
            fmt::format("The processor summed up {} inputs of layers: their sums do not fit the device's memory.",
                        leftToProcessor));
    }
    return {};
}

Result<Calibration> collectCalibration(const LoadedModel& model, std::span<const TokenId> textTokens,
                                       const CalibrationOptions& options, const JobContext& context) {
    Calibration calibration;
    const auto keep = [&](std::map<std::string, InputStatistics> block) -> Status {
        calibration.byTensor.merge(block);
        return {};
    };
    HT_TRY(streamCalibration(model, textTokens, options, keep, context));
    if (!options.dataset.empty()) calibration.datasets.push_back(options.dataset);
    calibration.windows = windowsOf(model, textTokens, windowLength(model, options)).tokens;
    calibration.chunkCount = calibrationWindows(model, static_cast<int64_t>(textTokens.size()), options);
    calibration.chunkSize = windowLength(model, options);
    return calibration;
}

ImportanceData importanceFrom(const Calibration& calibration) {
    ImportanceData data;
    for (const auto& [name, statistics] : calibration.byTensor) data.byTensor[name] = statistics.importance();
    if (!calibration.datasets.empty()) data.dataset = calibration.datasets.front();
    data.chunkCount = calibration.chunkCount;
    return data;
}

Calibration calibrationFrom(const ImportanceData& importance) {
    Calibration calibration;
    for (const auto& [name, values] : importance.byTensor) {
        InputStatistics& entry = calibration.byTensor[name];
        entry.tokens = 1;
        entry.sumSquares.assign(values.begin(), values.end());
    }
    if (!importance.dataset.empty()) calibration.datasets.push_back(importance.dataset);
    calibration.chunkCount = importance.chunkCount;
    return calibration;
}

}  // namespace halftone
