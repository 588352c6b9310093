// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/conformance/graph_sketch.h"

#include <algorithm>
#include <cmath>

#include "core/quant/corrections/correction.h"
#include "core/tensor/float16.h"

namespace halftone::test {

float RandomValues::next(float scale) {
    double sum = 0;
    for (int i = 0; i < 4; ++i) sum += double(m_random() >> 11) * 0x1p-53 - 0.5;
    return static_cast<float>(sum * std::sqrt(3.0)) * scale;
}

std::vector<float> RandomValues::vector(int64_t count, float scale) {
    std::vector<float> values(static_cast<size_t>(count));
    for (float& value : values) value = next(scale);
    return values;
}

namespace {

/// Outliers in random places, first and last column among them, and random factors.
std::shared_ptr<const Correction> randomCorrection(const FormatExtras& extras, int64_t rows, int64_t cols, float scale) {
    RandomValues random(static_cast<uint64_t>(rows + cols));
    std::vector<uint32_t> words;
    if (extras.outliersPerMille > 0) {
        std::vector<std::vector<Outlier>> outliers(static_cast<size_t>(rows));
        for (int64_t row = 0; row < rows; ++row) {
            for (int64_t col = 0; col < cols; ++col) {
                const bool edge = row % 7 == 3 && (col == 0 || col == cols - 1);
                if (!edge && random.index(1000) >= extras.outliersPerMille) continue;
                outliers[static_cast<size_t>(row)].push_back(
                    {static_cast<uint32_t>(col), floatToHalf(random.next(4 * scale))});
            }
        }
        words = packOutliers(outliers, cols);
    }
    auto correction = makeCorrection(std::move(words), rows, cols);
    if (extras.rank == 0) return correction;
    const int64_t rank = std::min<int64_t>({extras.rank, rows, cols});
    const float factor = std::sqrt(scale / std::sqrt(static_cast<float>(rank)));
    return withLowRank(*correction, pack(Format::of(DType::kF16), random.vector(rows * rank, factor), rows),
                       pack(Format::of(DType::kF16), random.vector(rank * cols, factor), rank));
}

float deviationOf(std::span<const float> values) {
    double sum = 0;
    for (const float value : values) sum += double(value) * double(value);
    return static_cast<float>(std::sqrt(sum / double(values.size())));
}

}  // namespace

PackedTensor pack(const Format& format, std::span<const float> values, int64_t rows) {
    PackedTensor tensor;
    tensor.layout = PackedLayout::of(format, static_cast<int64_t>(values.size()) / rows);
    tensor.rows = rows;
    auto bytes = std::make_shared<std::vector<std::byte>>(static_cast<size_t>(rows * tensor.layout.rowBytes));
    EncodeOptions options;
    const auto [least, most] = std::ranges::minmax(values);
    options.tensorMin = least;
    options.tensorMax = most;
    const Status status = encodeRows(tensor.layout, values, rows, options, *bytes);
    HT_CHECK(status.has_value());
    tensor.bytes = *bytes;
    tensor.owner = std::move(bytes);
    if (format.extras().hasCorrection())
        tensor.correction = randomCorrection(format.extras(), rows, tensor.cols(), deviationOf(values));
    return tensor;
}

GraphSketch::GraphSketch(const ModelConfig& config, int64_t hiddenWidth) {
    m_graph.config = config;
    m_graph.config.hiddenSize = hiddenWidth;
    m_graph.values.push_back({"hidden", hiddenWidth});
    m_graph.hidden = 0;
    m_graph.blockBegin = {0, 0};
}

ValueId GraphSketch::value(int64_t width) {
    m_graph.values.push_back({"value" + std::to_string(m_graph.values.size()), width});
    return static_cast<ValueId>(m_graph.values.size() - 1);
}

WeightId GraphSketch::matrix(PackedTensor tensor) {
    const std::string name = "weight" + std::to_string(m_graph.weights.size());
    m_graph.weights.push_back({name, TensorRole::kOther, m_block, tensor.rows, tensor.cols(), false});
    m_tensors.push_back(std::move(tensor));
    return static_cast<WeightId>(m_tensors.size() - 1);
}

WeightId GraphSketch::vector(const std::vector<float>& values) {
    const WeightId id = matrix(pack(Format::of(DType::kF32), values, 1));
    m_graph.weights.back().isVector = true;
    return id;
}

Op& GraphSketch::op(OpKind kind, ValueId in, ValueId out) {
    Op op;
    op.kind = kind;
    op.block = m_block;
    op.in = in;
    op.out = out;
    m_graph.ops.push_back(op);
    const auto count = static_cast<int32_t>(m_graph.ops.size());
    if (m_block < 0) m_graph.blockBegin[0] = count;
    if (m_block < 1) m_graph.blockBegin[1] = count;
    return m_graph.ops.back();
}

void GraphSketch::beginBlock() {
    m_block = 0;
}

void GraphSketch::returnToHidden(ValueId value, int64_t first) {
    const int64_t rows = m_graph.values[0].width, cols = m_graph.values[static_cast<size_t>(value)].width;
    std::vector<float> selection(static_cast<size_t>(rows * cols));
    for (int64_t row = 0; row < rows && first + row < cols; ++row)
        selection[static_cast<size_t>(row * cols + first + row)] = 1.0f;
    const WeightId weight = matrix(pack(Format::of(DType::kF32), selection, rows));
    op(OpKind::kLinear, value, hidden()).weight = weight;
}

void GraphSketch::head(PackedTensor weight) {
    m_block = 1;
    m_graph.config.vocabSize = weight.rows;
    m_graph.logits = value(weight.rows);
    const WeightId id = matrix(std::move(weight));
    op(OpKind::kLinear, hidden(), m_graph.logits).weight = id;
}

Result<std::unique_ptr<Executable>> GraphSketch::compile(Backend& backend) const {
    HT_ASSIGN_OR_RETURN(const ModelWeights weights, ModelWeights::fromTensors(m_graph, m_tensors));
    return backend.compile(std::make_shared<const ModelGraph>(m_graph), weights, JobContext());
}

ModelConfig sketchConfig() {
    ModelConfig config;
    config.vocabSize = 1 << 20;
    config.blockCount = 1;
    config.headCount = config.kvHeadCount = 1;
    config.headDim = 8;
    config.ffnSize = 8;
    config.contextLength = 4096;
    config.ropeStyle = RopeStyle::kNone;
    config.attentionScale = 1.0f;
    return config;
}

GraphSketch productSketch(PackedTensor matrix, const MatrixShape& shape) {
    GraphSketch sketch(sketchConfig(), shape.cols);
    const ValueId product = sketch.value(shape.rows);
    const WeightId weight = sketch.matrix(std::move(matrix));
    const WeightId bias = sketch.vector(RandomValues(11).vector(shape.rows, 0.1f));
    Op& op = sketch.op(OpKind::kLinear, sketch.hidden(), product);
    op.weight = weight;
    op.bias = bias;
    sketch.returnToHidden(product, std::max<int64_t>(0, shape.rows - shape.cols));
    return sketch;
}

Result<std::vector<float>> continueHidden(Executable& executable, Sequence& sequence, std::span<const float> input,
                                          int64_t tokens, Arithmetic arithmetic) {
    std::vector<float> result;
    ForwardOptions options;
    options.arithmetic = arithmetic;
    options.hiddenIn = input;
    options.boundarySink = [&](int, std::span<const float> hidden) -> Status {
        result.assign(hidden.begin(), hidden.end());
        return {};
    };
    const std::vector<TokenId> ids(static_cast<size_t>(tokens), 0);
    HT_TRY(executable.forward(sequence, ids, options, JobContext()));
    return result;
}

Result<std::vector<float>> runHidden(const ModelRun& run, std::span<const float> input, int64_t tokens,
                                     Arithmetic arithmetic) {
    HT_ASSIGN_OR_RETURN(const auto sequence, run.executable.createSequence(tokens, run.format));
    return continueHidden(run.executable, *sequence, input, tokens, arithmetic);
}

Result<std::vector<float>> runTokenIds(Executable& executable, Sequence& sequence, std::span<const TokenId> tokens) {
    std::vector<float> result;
    ForwardOptions options;
    options.boundarySink = [&](int, std::span<const float> hidden) -> Status {
        result.assign(hidden.begin(), hidden.end());
        return {};
    };
    HT_TRY(executable.forward(sequence, tokens, options, JobContext()));
    return result;
}

double relativeDifference(std::span<const float> a, std::span<const float> b) {
    if (a.size() != b.size()) return INFINITY;
    double difference = 0, largest = 0;
    for (size_t i = 0; i < a.size(); ++i) {
        if (!std::isfinite(a[i])) return INFINITY;
        difference = std::max(difference, std::abs(double(a[i]) - double(b[i])));
        largest = std::max(largest, std::abs(double(b[i])));
    }
    return largest > 0 ? difference / largest : difference;
}

std::vector<int64_t> oddTokenCounts(int64_t most) {
    std::vector<int64_t> counts{1, 2, 3, 5, 8, 9, 17, 31, 32, 33, 127, 128, 129};
    std::erase_if(counts, [most](int64_t count) { return count > most; });
    return counts;
}

}  // namespace halftone::test
