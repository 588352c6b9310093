// SPDX-License-Identifier: GPL-3.0-or-later
// Rates of the CPU inference engine on all threads, beside the machine's own limits, which are measured first: binary32
// multiply-adds on registers and a plain read of memory. "weights" is the rate at which packed weight bytes are used; a
// step of decoding reads every weight once, so the read rate bounds it ("of_read") unless the model fits the caches; a
// prompt is bounded by arithmetic ("of_peak", where a binary32 product counts two operations; formats whose products
// are taken on integers can pass it). Models: the bundled one, HT_BENCH_MODEL, and synthetic ones with random weights.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <random>
#include <string>

#include <benchmark/benchmark.h>

#include "core/checkpoint/checkpoint.h"
#include "core/inference/backend.h"
#include "core/inference/cpu/linear.h"
#include "core/inference/cpu/multiply_adds.h"
#include "core/quant/formats/codec.h"
#include "tests/bench/plain_read.h"

namespace {

using namespace halftone;
using benchmark::Counter;

/// HT_BENCH_ARITHMETIC=integer: inputs rounded to bytes, as generation does.
Arithmetic arithmeticOfRun() {
    const char* name = std::getenv("HT_BENCH_ARITHMETIC");
    return name && std::string(name) == "integer" ? Arithmetic::kInteger : Arithmetic::kFloat;
}

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

double runMultiplyAdds(const JobContext& context) {
    std::vector<double> done(static_cast<size_t>(context.pool.threadCount()));
    context.pool.parallelFor(std::ssize(done), 1, [&](int64_t begin, int64_t) {
        float sink = 0;
        done[static_cast<size_t>(begin)] = cpu::runMultiplyAdds(4'000'000, &sink);
        benchmark::DoNotOptimize(sink);
    });
    double operations = 0;
    for (const double count : done) operations += count;
    return operations;
}

constexpr int64_t kReadBytes = int64_t{256} << 20;

void readMemory(std::span<const std::byte> bytes, const JobContext& context) {
    constexpr int64_t kPiece = int64_t{4} << 20;
    context.pool.parallelFor(std::ssize(bytes), kPiece, [&](int64_t begin, int64_t end) {
        benchmark::DoNotOptimize(
            bench::readBytes(bytes.subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin))));
    });
}

/// The best of some runs, in work per second.
template <typename Body>
double bestRate(const Body& body) {
    double best = 0;
    for (int i = 0; i < 20; ++i) {
        const auto start = std::chrono::steady_clock::now();
        const double work = body();
        best = std::max(best, work / std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    }
    return best;
}

/// What this machine can do at most, measured once.
struct Limits {
    double flops = 0, readBytes = 0;
    static const Limits& get() {
        static const Limits limits = [] {
            const JobContext context;
            const std::vector<std::byte> bytes(kReadBytes, std::byte{1});
            return Limits{bestRate([&] { return runMultiplyAdds(context); }), bestRate([&] {
                              readMemory(bytes, context);
                              return double(kReadBytes);
                          })};
        }();
        return limits;
    }
};

void multiplyAddPeak(benchmark::State& state) {
    const JobContext context;
    double operations = 0;
    for (auto _ : state) operations += runMultiplyAdds(context);
    state.counters["FLOP/s"] = Counter(operations, Counter::kIsRate);
}

void plainRead(benchmark::State& state) {
    const JobContext context;
    const std::vector<std::byte> bytes(kReadBytes, std::byte{1});
    for (auto _ : state) readMemory(bytes, context);
    state.counters["read"] = Counter(double(state.iterations()) * double(kReadBytes), Counter::kIsRate);
}

/// Rates and shares of the limits for `flops` operations and `weightBytes` bytes in each iteration.
void reportShares(benchmark::State& state, double flops, double weightBytes) {
    const double runs = double(state.iterations());
    state.counters["FLOP/s"] = Counter(runs * flops, Counter::kIsRate);
    state.counters["of_peak"] = Counter(runs * flops / Limits::get().flops, Counter::kIsRate);
    state.counters["weights"] = Counter(runs * weightBytes, Counter::kIsRate);
    state.counters["of_read"] = Counter(runs * weightBytes / Limits::get().readBytes, Counter::kIsRate);
}

/// 4096 x 4096 times some tokens. For one token the matrix is repeated until it exceeds the caches.
void linearRate(benchmark::State& state, const Format& format) {
    const int64_t tokens = state.range(0), cols = 4096, rows = tokens <= 8 ? 8 * 4096 : 4096;
    const PackedTensor weight = randomMatrix(format, rows, cols);
    const std::vector<float> input(static_cast<size_t>(tokens * cols), 0.5f);
    std::vector<float> output(static_cast<size_t>(tokens * rows));
    cpu::ScratchPool scratch;
    const JobContext context;
    const LinearCall call{&weight, nullptr, input.data(), output.data(), tokens, arithmeticOfRun()};
    for (auto _ : state) {
        (void)cpu::runLinear({&call, 1}, scratch, context);
        benchmark::ClobberMemory();
    }
    reportShares(state, 2.0 * double(rows * cols * tokens), double(weight.bytes.size()));
}

struct Sizes {
    const char* name;
    int64_t hidden, ffn, blocks, heads, kvHeads, vocabulary;
};

constexpr Sizes kSizes[] = {{"0.1B", 768, 2048, 12, 12, 12, 32000}, {"1.1B", 2048, 5632, 22, 32, 4, 32000}};

/// A compiled model, and what one token costs in its matrices: multiply-adds count two operations.
struct BenchModel {
    std::unique_ptr<Executable> executable;
    int64_t context = 0, vocabulary = 0;
    double flops = 0;        ///< of the blocks, for one token
    double headFlops = 0;    ///< of the output matrix, for one row of logits
    double weightBytes = 0;  ///< of all matrices
};

BenchModel compileModel(const ModelGraph& graph, const ModelWeights& weights) {
    BenchModel model;
    model.context = graph.config.contextLength;
    model.vocabulary = graph.config.vocabSize;
    for (const Op& op : graph.ops) {
        if (op.kind != OpKind::kLinear) continue;
        const PackedTensor& weight = weights.at(op.weight);
        (op.out == graph.logits ? model.headFlops : model.flops) += 2.0 * double(weight.rows * weight.cols());
        model.weightBytes += double(weight.bytes.size());
    }
    model.executable =
        createCpuBackend()->compile(std::make_shared<const ModelGraph>(graph), weights, JobContext()).value();
    return model;
}

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
    BenchModel assemble();

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

BenchModel GraphAssembler::assemble() {
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
    return compileModel(m_graph, weights);
}

/// A checkpoint as it lies on disk.
BenchModel openModel(const std::string& path) {
    const auto checkpoint = Checkpoint::open(path).value();
    const ModelConfig config = readModelConfig(*checkpoint).value();
    const ModelGraph graph = buildGraph(config, *checkpoint).value();
    return compileModel(graph, ModelWeights::fromCheckpoint(graph, checkpoint).value());
}

Status runTokens(const BenchModel& model, Sequence& sequence, int64_t count, const JobContext& context) {
    std::vector<TokenId> tokens(static_cast<size_t>(count));
    for (size_t i = 0; i < tokens.size(); ++i) {
        tokens[i] = static_cast<TokenId>(static_cast<int64_t>(i) * 7919 % model.vocabulary);
    }
    ForwardOptions options;
    options.arithmetic = arithmeticOfRun();
    options.logitsBegin = count - 1;
    options.logitsEnd = count;
    options.logitsSink = [](int64_t, int64_t, std::span<const float>) -> Status { return {}; };
    return model.executable->forward(sequence, tokens, options, context);
}

void promptRate(benchmark::State& state, const BenchModel& model) {
    const int64_t length = std::min<int64_t>(512, model.context);
    const auto sequence = model.executable->createSequence(length).value();
    const JobContext context;
    for (auto _ : state) {
        sequence->truncate(0);
        if (!runTokens(model, *sequence, length, context)) state.SkipWithError("the run failed");
    }
    state.counters["tokens/s"] = Counter(double(state.iterations()) * double(length), Counter::kIsRate);
    reportShares(state, model.flops * double(length) + model.headFlops, model.weightBytes);
}

void decodeRate(benchmark::State& state, const BenchModel& model) {
    constexpr int64_t kSteps = 16;
    const int64_t start = std::min<int64_t>(128, model.context - kSteps);
    const auto sequence = model.executable->createSequence(start + kSteps).value();
    const JobContext context;
    (void)runTokens(model, *sequence, start, context);
    for (auto _ : state) {
        sequence->truncate(start);
        for (int64_t step = 0; step < kSteps; ++step) {
            if (!runTokens(model, *sequence, 1, context)) state.SkipWithError("the run failed");
        }
    }
    const double steps = double(kSteps);
    state.counters["tokens/s"] = Counter(double(state.iterations()) * steps, Counter::kIsRate);
    reportShares(state, (model.flops + model.headFlops) * steps, model.weightBytes * steps);
}

using ModelMaker = std::function<BenchModel()>;

void registerModel(const std::string& label, const ModelMaker& make) {
    benchmark::RegisterBenchmark(("prompt/" + label).c_str(), [=](benchmark::State& state) {
        promptRate(state, make());
    })->UseRealTime();
    benchmark::RegisterBenchmark(("decode/" + label).c_str(), [=](benchmark::State& state) {
        decodeRate(state, make());
    })->UseRealTime();
}

}  // namespace

int main(int argc, char** argv) {
    benchmark::RegisterBenchmark("limit/multiply-add", multiplyAddPeak)->UseRealTime();
    benchmark::RegisterBenchmark("limit/read", plainRead)->UseRealTime();
    for (const char* name :
         {"f32", "f16", "bf16", "q8_0", "q4_0", "q4_1", "q5_0", "q5_1", "q4_k", "q5_k", "q6_k", "int4_g128_asym",
          "int4_g64_fzero", "nf4_g64", "nf4_g64_dq", "kmeans4_channel", "fp8_e4m3_channel"}) {
        const Format format = Format::parse(name).value();
        benchmark::RegisterBenchmark(("linear/" + format.name()).c_str(),
                                     [format](benchmark::State& state) { linearRate(state, format); })
            ->Arg(1)
            ->Arg(4)
            ->Arg(512)
            ->ArgName("tokens")
            ->UseRealTime();
    }
    registerModel("sample", [] { return openModel(HT_BENCH_SAMPLE); });
    if (const char* given = std::getenv("HT_BENCH_MODEL")) {
        registerModel("given", [path = std::string(given)] { return openModel(path); });
    }
    for (const Sizes& sizes : kSizes) {
        for (const char* name : {"f16", "q8_0", "q4_0", "q4_k"}) {
            const Format format = Format::parse(name).value();
            registerModel(std::string(sizes.name) + "/" + name,
                          [=] { return GraphAssembler(sizes, format).assemble(); });
        }
    }
    benchmark::Initialize(&argc, argv);
    benchmark::RunSpecifiedBenchmarks();
    return 0;
}
