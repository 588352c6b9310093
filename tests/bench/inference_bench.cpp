// SPDX-License-Identifier: GPL-3.0-or-later
// Rates of the CPU inference engine, beside the machine's own limits measured in the same run: multiply-adds on
// registers and copies of memory. "weights" is the rate of packed weight bytes read; a step of decoding reads every
// weight once, so the copy rate bounds it. The CPU column is the time of all threads together: on a busy machine,
// compare rates per CPU time. Models are synthetic, with random weights of the sizes given.
#include <cstring>
#include <memory>
#include <random>
#include <string>

#include <benchmark/benchmark.h>

#include "core/inference/backend.h"
#include "core/inference/cpu/linear.h"
#include "core/quant/formats/codec.h"
#include "tests/bench/fma_peak.h"

namespace {

using namespace halftone;
using benchmark::Counter;

PackedTensor randomMatrix(const Format& format, int64_t rows, int64_t cols) {
    std::mt19937 engine(1);
    std::normal_distribution<float> normal(0.0f, 0.02f);
    PackedTensor tensor;
    tensor.layout = PackedLayout::of(format, cols);
    tensor.rows = rows;
    auto bytes = std::make_shared<std::vector<std::byte>>(static_cast<size_t>(rows * tensor.layout.rowBytes));
    // Sixteen different rows, repeated: the rates do not depend on the values.
    std::vector<float> values(static_cast<size_t>(16 * cols));
    for (float& value : values) value = normal(engine);
    std::vector<std::byte> packed(static_cast<size_t>(16 * tensor.layout.rowBytes));
    EncodeOptions options;
    options.tensorMin = -0.1f;
    options.tensorMax = 0.1f;
    (void)encodeRows(tensor.layout, values, 16, options, packed);
    for (int64_t row = 0; row < rows; ++row) {
        std::memcpy(bytes->data() + row * tensor.layout.rowBytes, packed.data() + row % 16 * tensor.layout.rowBytes,
                    static_cast<size_t>(tensor.layout.rowBytes));
    }
    tensor.bytes = *bytes;
    tensor.owner = bytes;
    return tensor;
}

void multiplyAddPeak(benchmark::State& state) {
    const JobContext context;
    double operations = 0;
    for (auto _ : state) {
        std::vector<double> done(static_cast<size_t>(context.pool.threadCount()));
        context.pool.parallelFor(static_cast<int64_t>(done.size()), 1, [&](int64_t begin, int64_t) {
            float sink = 0;
            done[static_cast<size_t>(begin)] = bench::runMultiplyAdds(4'000'000, &sink);
            benchmark::DoNotOptimize(sink);
        });
        for (const double count : done) operations += count;
    }
    state.counters["FLOP/s"] = Counter(operations, Counter::kIsRate);
}

void copyMemory(benchmark::State& state) {
    const JobContext context;
    constexpr int64_t kBytes = int64_t{256} << 20, kPiece = int64_t{1} << 20;
    std::vector<std::byte> from(kBytes, std::byte{1}), to(kBytes);
    for (auto _ : state) {
        context.pool.parallelFor(kBytes / kPiece, 4, [&](int64_t begin, int64_t end) {
            std::memcpy(to.data() + begin * kPiece, from.data() + begin * kPiece,
                        static_cast<size_t>((end - begin) * kPiece));
        });
        benchmark::ClobberMemory();
    }
    state.counters["copied"] = Counter(double(state.iterations()) * double(kBytes), Counter::kIsRate);
}

/// 4096 x 4096 times some tokens. For one token the matrix is repeated until it exceeds the caches.
void linearRate(benchmark::State& state, const Format& format) {
    const int64_t tokens = state.range(0), cols = 4096, rows = tokens <= 8 ? 8 * 4096 : 4096;
    const PackedTensor weight = randomMatrix(format, rows, cols);
    const std::vector<float> input(static_cast<size_t>(tokens * cols), 0.5f);
    std::vector<float> output(static_cast<size_t>(tokens * rows));
    cpu::ScratchPool scratch;
    const JobContext context;
    const LinearCall call{&weight, nullptr, input.data(), output.data(), tokens};
    for (auto _ : state) {
        (void)cpu::runLinear({&call, 1}, scratch, context);
        benchmark::ClobberMemory();
    }
    const double runs = double(state.iterations());
    state.counters["FLOP/s"] = Counter(runs * 2.0 * double(rows * cols * tokens), Counter::kIsRate);
    state.counters["weights"] = Counter(runs * double(weight.bytes.size()), Counter::kIsRate);
}

struct Sizes {
    const char* name;
    int64_t hidden, ffn, blocks, heads, kvHeads, vocabulary;
};

constexpr Sizes kSizes[] = {{"0.1B", 768, 2048, 12, 12, 12, 32000}, {"1.1B", 2048, 5632, 22, 32, 4, 32000}};

/// A llama graph with random weights in one format; every block has its own, as a real model has.
class GraphAssembler {
  public:
    GraphAssembler(const Sizes& sizes, const Format& format) : m_format(format) {
        ModelConfig& config = m_graph.config;
        config.vocabSize = sizes.vocabulary;
        config.hiddenSize = sizes.hidden;
        config.ffnSize = sizes.ffn;
        config.blockCount = sizes.blocks;
        config.headCount = sizes.heads;
        config.kvHeadCount = sizes.kvHeads;
        config.headDim = config.rotaryDim = sizes.hidden / sizes.heads;
        config.contextLength = 4096;
        config.attentionScale = 0.1f;
        config.inverseFrequencies.assign(static_cast<size_t>(config.rotaryDim / 2), 0.01f);
    }
    ValueId value(int64_t width) {
        m_graph.values.push_back({"v", width});
        return static_cast<ValueId>(m_graph.values.size() - 1);
    }
    Op& op(OpKind kind, ValueId in, ValueId out) {
        Op op;
        op.kind = kind;
        op.block = m_block;
        op.in = in;
        op.out = out;
        m_graph.ops.push_back(op);
        return m_graph.ops.back();
    }
    void linear(ValueId in, ValueId out) {
        const int64_t rows = m_graph.values[static_cast<size_t>(out)].width,
                      cols = m_graph.values[static_cast<size_t>(in)].width;
        const WeightId id = weight(rows, cols, m_format, false);
        op(OpKind::kLinear, in, out).weight = id;
    }
    void norm(ValueId in, ValueId out) {
        const WeightId id = weight(1, m_graph.values[static_cast<size_t>(in)].width, Format::of(DType::kF32), true);
        op(OpKind::kRmsNorm, in, out).weight = id;
    }
    WeightId weight(int64_t rows, int64_t cols, const Format& format, bool isVector) {
        m_graph.weights.push_back(
            {"w" + std::to_string(m_tensors.size()), TensorRole::kOther, m_block, rows, cols, isVector});
        m_tensors.push_back(randomMatrix(format, rows, cols));
        return static_cast<WeightId>(m_tensors.size() - 1);
    }
    void block(int index, std::span<const ValueId> v);
    std::unique_ptr<Executable> assemble();

  private:
    Format m_format;
    ModelGraph m_graph;
    std::vector<PackedTensor> m_tensors;
    int m_block = -1;
};

void GraphAssembler::block(int index, std::span<const ValueId> v) {
    const ValueId hidden = v[0], normed = v[1], q = v[2], k = v[3], value = v[4], attended = v[5], change = v[6],
                  gate = v[7], up = v[8], product = v[9];
    m_block = index;
    m_graph.blockBegin.push_back(static_cast<int32_t>(m_graph.ops.size()));
    norm(hidden, normed);
    linear(normed, q);
    linear(normed, k);
    linear(normed, value);
    op(OpKind::kRope, q, q).heads = m_graph.config.headCount;
    op(OpKind::kRope, k, k).heads = m_graph.config.kvHeadCount;
    Op& attention = op(OpKind::kAttention, q, attended);
    attention.in2 = k;
    attention.in3 = value;
    linear(attended, change);
    op(OpKind::kAdd, hidden, hidden).in2 = change;
    norm(hidden, normed);
    linear(normed, gate);
    linear(normed, up);
    op(OpKind::kGatedActivation, gate, product).in2 = up;
    linear(product, change);
    op(OpKind::kAdd, hidden, hidden).in2 = change;
}

std::unique_ptr<Executable> GraphAssembler::assemble() {
    const ModelConfig& config = m_graph.config;
    const int64_t widths[] = {config.hiddenSize, config.hiddenSize, config.qSize(), config.kvSize(), config.kvSize(),
                              config.qSize(),    config.hiddenSize, config.ffnSize, config.ffnSize,  config.ffnSize};
    std::vector<ValueId> values;
    for (const int64_t width : widths) values.push_back(value(width));
    m_graph.hidden = values[0];
    const WeightId table = weight(config.vocabSize, config.hiddenSize, m_format, false);
    op(OpKind::kEmbed, -1, values[0]).weight = table;
    for (int index = 0; index < config.blockCount; ++index) block(index, values);
    m_block = static_cast<int>(config.blockCount);
    m_graph.blockBegin.push_back(static_cast<int32_t>(m_graph.ops.size()));
    norm(values[0], values[1]);
    m_graph.logits = value(config.vocabSize);
    linear(values[1], m_graph.logits);
    const ModelWeights weights = ModelWeights::fromTensors(m_graph, m_tensors).value();
    return createCpuBackend()->compile(std::make_shared<const ModelGraph>(m_graph), weights, JobContext()).value();
}

std::unique_ptr<Executable> makeModel(const Sizes& sizes, const Format& format) {
    return GraphAssembler(sizes, format).assemble();
}

Status runTokens(Executable& executable, Sequence& sequence, int64_t count, const JobContext& context) {
    std::vector<TokenId> tokens(static_cast<size_t>(count));
    for (size_t i = 0; i < tokens.size(); ++i) tokens[i] = static_cast<TokenId>((i * 7919) % 32000);
    ForwardOptions options;
    options.logitsBegin = count - 1;
    options.logitsEnd = count;
    options.logitsSink = [](int64_t, int64_t, std::span<const float>) -> Status { return {}; };
    return executable.forward(sequence, tokens, options, context);
}

void promptRate(benchmark::State& state, const Sizes& sizes, const Format& format) {
    const auto executable = makeModel(sizes, format);
    const auto sequence = executable->createSequence(4096).value();
    const JobContext context;
    for (auto _ : state) {
        sequence->truncate(0);
        if (!runTokens(*executable, *sequence, 512, context)) state.SkipWithError("the run failed");
    }
    state.counters["tokens/s"] = Counter(double(state.iterations()) * 512.0, Counter::kIsRate);
}

void decodeRate(benchmark::State& state, const Sizes& sizes, const Format& format) {
    const auto executable = makeModel(sizes, format);
    const auto sequence = executable->createSequence(4096).value();
    const JobContext context;
    (void)runTokens(*executable, *sequence, 128, context);
    for (auto _ : state) {
        sequence->truncate(128);
        for (int step = 0; step < 16; ++step) (void)runTokens(*executable, *sequence, 1, context);
    }
    state.counters["tokens/s"] = Counter(double(state.iterations()) * 16.0, Counter::kIsRate);
}

}  // namespace

int main(int argc, char** argv) {
    benchmark::RegisterBenchmark("limit/multiply-add", multiplyAddPeak)->MeasureProcessCPUTime()->UseRealTime();
    benchmark::RegisterBenchmark("limit/copy", copyMemory)->MeasureProcessCPUTime()->UseRealTime();
    for (const char* name :
         {"f32", "f16", "bf16", "q8_0", "q4_0", "q4_1", "q5_0", "q5_1", "q4_k", "q5_k", "q6_k", "int4_g128_asym"}) {
        const Format format = Format::parse(name).value();
        benchmark::RegisterBenchmark(("linear/" + format.name()).c_str(),
                                     [format](benchmark::State& state) { linearRate(state, format); })
            ->Arg(1)
            ->Arg(4)
            ->Arg(512)
            ->MeasureProcessCPUTime()
            ->UseRealTime();
    }
    for (const Sizes& sizes : kSizes) {
        for (const char* name : {"f16", "q8_0", "q4_0", "q4_k"}) {
            const Format format = Format::parse(name).value();
            const std::string label = std::string("/") + sizes.name + "/" + name;
            benchmark::RegisterBenchmark(("prompt" + label).c_str(),
                                         [=](benchmark::State& state) { promptRate(state, sizes, format); })
                ->MeasureProcessCPUTime()
                ->UseRealTime();
            benchmark::RegisterBenchmark(("decode" + label).c_str(),
                                         [=](benchmark::State& state) { decodeRate(state, sizes, format); })
                ->MeasureProcessCPUTime()
                ->UseRealTime();
        }
    }
    benchmark::Initialize(&argc, argv);
    benchmark::RunSpecifiedBenchmarks();
    return 0;
}
