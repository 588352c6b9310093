// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inference/device_trial.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>

#include "core/quant/formats/codec.h"

namespace halftone {

namespace {

// Two matrices of a small layer. Larger ones would take a software device seconds.
constexpr int64_t kWidth = 1024, kInnerWidth = 2816, kPromptTokens = 64, kRounds = 4, kGenerated = 8;

/// Any values will do; rows repeat, as encoding is not what is measured.
Result<PackedTensor> someMatrix(const Format& format, int64_t rows, int64_t cols) {
    constexpr int64_t kDifferentRows = 8;
    PackedTensor tensor;
    tensor.layout = PackedLayout::of(format, cols);
    tensor.rows = rows;
    std::vector<float> values(static_cast<size_t>(kDifferentRows * cols));
    for (size_t i = 0; i < values.size(); ++i) values[i] = 0.03f * std::sin(static_cast<float>(i) * 0.7f);
    std::vector<std::byte> packed(static_cast<size_t>(kDifferentRows * tensor.layout.rowBytes));
    EncodeOptions options;
    HT_TRY(encodeRows(tensor.layout, values, kDifferentRows, options, packed));
    auto bytes = std::make_shared<std::vector<std::byte>>(static_cast<size_t>(rows * tensor.layout.rowBytes));
    for (size_t at = 0; at < bytes->size(); at += packed.size())
        std::memcpy(bytes->data() + at, packed.data(), std::min(packed.size(), bytes->size() - at));
    tensor.bytes = *bytes;
    tensor.owner = std::move(bytes);
    return tensor;
}

/// One block: hidden += down * (up * hidden).
ModelGraph trialGraph() {
    ModelGraph graph;
    graph.config.vocabSize = graph.config.contextLength = 1 << 12;
    graph.config.hiddenSize = kWidth;
    graph.config.ffnSize = kInnerWidth;
    graph.config.blockCount = graph.config.headCount = graph.config.kvHeadCount = 1;
    graph.config.headDim = 8;
    graph.config.ropeStyle = RopeStyle::kNone;
    graph.config.attentionScale = 1.0f;
    graph.values = {{"hidden", kWidth}, {"inner", kInnerWidth}, {"change", kWidth}};
    graph.hidden = 0;
    graph.weights = {{"up", TensorRole::kFfnUp, 0, kInnerWidth, kWidth, false},
                     {"down", TensorRole::kFfnDown, 0, kWidth, kInnerWidth, false}};
    graph.ops = {{.kind = OpKind::kLinear, .block = 0, .in = 0, .out = 1, .weight = 0},
                 {.kind = OpKind::kLinear, .block = 0, .in = 1, .out = 2, .weight = 1},
                 {.kind = OpKind::kAdd, .block = 0, .in = 0, .in2 = 2, .out = 0}};
    graph.blockBegin = {0, 3};
    return graph;
}

class Trial {
  public:
    Trial(Executable& executable, Sequence& sequence, const JobContext& context)
        : m_executable(executable), m_sequence(sequence), m_context(context) {
        m_context.progress = nullptr;
    }

    /// The best of some rounds: other programs can only make one slower. The first also compiles.
    Result<double> rate(int64_t tokensAtOnce, int64_t times) {
        double best = 0;
        for (int64_t round = 0; round <= kRounds; ++round) {
            const auto start = std::chrono::steady_clock::now();
            for (int64_t i = 0; i < times; ++i) HT_TRY(forward(tokensAtOnce));
            const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start;
            best = std::max(best, static_cast<double>(times * tokensAtOnce) / std::max(passed.count(), 1e-9));
        }
        return best;
    }

  private:
    Status forward(int64_t tokens) {
        m_sequence.truncate(0);
        const std::vector<TokenId> ids(static_cast<size_t>(tokens));
        const std::vector<float> hidden(static_cast<size_t>(tokens * kWidth), 0.5f);
        ForwardOptions options;
        options.arithmetic = Arithmetic::kInteger;
        options.hiddenIn = hidden;
        // Reading the result back is what makes the call wait for it.
        options.boundarySink = [](int, std::span<const float>) -> Status { return {}; };
        return m_executable.forward(m_sequence, ids, options, m_context);
    }

    Executable& m_executable;
    Sequence& m_sequence;
    JobContext m_context;
};

}  // namespace

Result<DeviceTrial> tryDevice(Backend& backend, const JobContext& context) {
    const ModelGraph graph = trialGraph();
    const Format format = Format::of(DType::kQ4_K);
    HT_ASSIGN_OR_RETURN(auto up, someMatrix(format, kInnerWidth, kWidth));
    HT_ASSIGN_OR_RETURN(auto down, someMatrix(format, kWidth, kInnerWidth));
    HT_ASSIGN_OR_RETURN(const auto weights, ModelWeights::fromTensors(graph, {std::move(up), std::move(down)}));
    HT_ASSIGN_OR_RETURN(const auto executable,
                        backend.compile(std::make_shared<const ModelGraph>(graph), weights, context));
    HT_ASSIGN_OR_RETURN(const auto sequence, executable->createSequence(kPromptTokens));
    Trial trial(*executable, *sequence, context);
    DeviceTrial result;
    HT_ASSIGN_OR_RETURN(result.promptRate, trial.rate(kPromptTokens, 1));
    HT_ASSIGN_OR_RETURN(result.generateRate, trial.rate(1, kGenerated));
    return result;
}

double timesAsFast(const DeviceTrial& a, const DeviceTrial& b) {
    if (!(b.promptRate > 0) || !(b.generateRate > 0)) return 0;
    return std::sqrt(a.promptRate / b.promptRate * (a.generateRate / b.generateRate));
}

std::optional<size_t> fastestOf(std::span<const std::optional<DeviceTrial>> trials) {
    std::optional<size_t> best;
    for (size_t i = 0; i < trials.size(); ++i) {
        if (!trials[i]) return std::nullopt;
        if (!best || timesAsFast(*trials[i], *trials[*best]) > 1) best = i;
    }
    return best;
}

std::optional<DeviceTrial> trialOf(const DeviceTrials& trials, const std::string& device) {
    const auto found = trials.find(device);
    return found == trials.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace halftone
