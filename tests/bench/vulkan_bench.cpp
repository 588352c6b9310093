// SPDX-License-Identifier: GPL-3.0-or-later
// Rates of the Vulkan kernels and of whole models on one device. HT_VK_DEVICE chooses it; else the first usable one.
//   vulkan_bench                                   kernels, and the bundled model
//   HT_BENCH_MODEL=path vulkan_bench --benchmark_filter=Model
//   HT_BENCH_ARITHMETIC=integer ...                models with inputs rounded to bytes, as text generation does
//   vulkan_bench --benchmark_filter=Bytes          products with inputs as bytes beside those of binary32 (Linear)
//   vulkan_bench --benchmark_filter=Units          ... and as binary16 on matrix units
//   vulkan_bench --benchmark_filter=Moments        second moments of 512 rows of inputs
//   vulkan_bench --benchmark_filter=Encode         a layer quantized on the device beside the processor
// Every kernel's result is checked before it is timed. The empty dispatch is what a submission costs by itself. On a
// software device the limits are the processor's own, measured first: "of_peak" is the share of its binary32
// multiply-add rate, "of_read" the share of its plain read rate at which packed weight bytes are used. A hardware
// device's limits are its maker's figures.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>

#include "core/checkpoint/checkpoint.h"
#include "core/inference/cpu/multiply_adds.h"
#include "core/quant/methods/integer_fit.h"
#include "core/quant/methods/level_fit.h"
#include "gpu/engine/readback_queue.h"
#include "gpu/engine/vulkan_encoder.h"
#include "gpu/engine/vulkan_executable.h"
#include "gpu/kernels/moment_kernels.h"
#include "tests/bench/plain_read.h"

namespace halftone {
namespace {

std::shared_ptr<VulkanContext> g_context;

/// The best of some runs on all threads of the processor, in work per second.
template <typename Body>
double bestRate(const Body& body) {
    const ThreadPool pool;
    double best = 0;
    for (int i = 0; i < 20; ++i) {
        const auto start = std::chrono::steady_clock::now();
        pool.parallelFor(pool.threadCount(), 1, [&](int64_t begin, int64_t) { body(begin, pool.threadCount()); });
        best = std::max(best, 1.0 / std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    }
    return best;
}

struct Limits {
    double flops = 0, readBytes = 0;
    static const Limits& get() {
        static const Limits limits = [] {
            constexpr int64_t kRounds = 4'000'000;
            const std::vector<std::byte> bytes(size_t{256} << 20, std::byte{1});
            float sink = 0;
            const ThreadPool pool;
            const double operations = cpu::runMultiplyAdds(kRounds, &sink) * pool.threadCount();
            const double runs = bestRate([](int64_t, int) {
                float result = 0;
                benchmark::DoNotOptimize(cpu::runMultiplyAdds(kRounds, &result));
            });
            const double reads = bestRate([&](int64_t part, int parts) {
                const size_t size = bytes.size() / static_cast<size_t>(parts) / 64 * 64;
                benchmark::DoNotOptimize(
                    bench::readBytes(std::span(bytes).subspan(static_cast<size_t>(part) * size, size)));
            });
            return Limits{runs * operations, reads * double(bytes.size())};
        }();
        return limits;
    }
};

void reportShares(benchmark::State& state, double flops, double weightBytes) {
    const double runs = double(state.iterations());
    const auto rate = benchmark::Counter::kIsRate;
    state.counters["FLOP/s"] = benchmark::Counter(runs * flops, rate);
    state.counters["weights"] = benchmark::Counter(runs * weightBytes, rate);
    if (!g_context->plan().isSoftware) return;
    state.counters["of_peak"] = benchmark::Counter(runs * flops / Limits::get().flops, rate);
    state.counters["of_read"] = benchmark::Counter(runs * weightBytes / Limits::get().readBytes, rate);
}

std::vector<float> randomValues(int64_t count, unsigned seed) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal(0.0f, 0.5f);
    std::vector<float> values(static_cast<size_t>(count));
    for (float& value : values) value = normal(random);
    return values;
}

PackedTensor packRandom(const Format& format, int64_t rows, int64_t cols) {
    PackedTensor tensor;
    tensor.layout = PackedLayout::of(format, cols);
    tensor.rows = rows;
    auto bytes = std::make_shared<std::vector<std::byte>>(static_cast<size_t>(rows * tensor.layout.rowBytes));
    EncodeOptions options;
    options.tensorMin = -2.0f;
    options.tensorMax = 2.0f;
    const auto values = randomValues(rows * cols, 1);
    HT_CHECK(encodeRows(tensor.layout, values, rows, options, *bytes).has_value());
    tensor.bytes = *bytes;
    tensor.owner = std::move(bytes);
    return tensor;
}

/// One matrix on the device with an input and room for the output.
struct Product {
    Product(const Format& format, int64_t rows, int64_t cols, int64_t tokenCount,
            kernel::InputForm inputForm = kernel::InputForm::kFloats)
        : tensor(packRandom(format, rows, cols)), tokens(tokenCount), form(inputForm) {
        weight = g_context->weights->acquire(tensor, "benchmark matrix", JobContext()).value();
        inputValues = randomValues(cols * tokens, 2);
        input = g_context->allocator->createBuffer(inputValues.size() * 4, vk::MemoryUse::kDevice, "benchmark input")
                    .value();
        HT_CHECK(g_context->uploader->upload(std::as_bytes(std::span(inputValues)), input, JobContext()).has_value());
        output =
            g_context->allocator
                ->createBuffer(static_cast<uint64_t>(rows * tokens) * 4, vk::MemoryUse::kDevice, "benchmark output")
                .value();
        if (form != kernel::InputForm::kFloats) {
            const auto words = static_cast<uint64_t>(tokens * quantizedStride());
            quantized =
                g_context->allocator->createBuffer(words * 4, vk::MemoryUse::kDevice, "benchmark codes").value();
        }
        stream = vk::CommandStream::create(g_context->device, *g_context->pipelines, "benchmark").value();
        kernels = std::make_unique<kernel::Kernels>(g_context->plan(), *g_context->pipelines, *stream);
    }

    void run(int times) {
        kernel::LinearCall call;
        call.input = {vk::BufferSlice(input), tensor.cols(), tensor.cols()};
        call.output = {vk::BufferSlice(output), tensor.rows, tensor.rows};
        call.tokens = tokens;
        call.form = form;
        if (quantized) call.quantized = {vk::BufferSlice(quantized), quantizedStride()};
        for (int i = 0; i < times; ++i) {
            if (form == kernel::InputForm::kBytes)
                HT_CHECK(kernels->quantizeRows({.input = call.input, .output = call.quantized, .tokens = tokens})
                             .has_value());
            if (form == kernel::InputForm::kHalves)
                HT_CHECK(
                    kernels->halveRows({.input = call.input, .output = call.quantized, .tokens = tokens}).has_value());
            for (const auto& chunk : weight->chunks) {
                call.weights = weight->chunkRows(chunk);
                HT_CHECK(kernels->linear(call).has_value());
            }
        }
        HT_CHECK(stream->finish().has_value());
    }

    /// Whether the last token's first and last rows are right.
    bool isRight() {
        run(1);
        std::vector<float> result;
        ReadbackQueue queue(*g_context->allocator, *stream);
        const vk::BufferSlice slice(output);
        HT_CHECK(queue.enqueue({&slice, 1}, [&](std::span<const std::byte> bytes) {
            result.resize(bytes.size() / 4);
            std::memcpy(result.data(), bytes.data(), bytes.size());
            return Status();
        }));
        HT_CHECK(queue.drain().has_value());
        std::vector<float> row(static_cast<size_t>(tensor.cols()));
        for (const int64_t index : {int64_t{0}, tensor.rows - 1}) {
            HT_CHECK(decodeRowsReference(tensor.layout, tensor.row(index), 1, row).has_value());
            double expected = 0, magnitude = 0;
            for (size_t i = 0; i < row.size(); ++i) {
                const double term =
                    double(row[i]) * double(inputValues[static_cast<size_t>(tokens - 1) * row.size() + i]);
                expected += term;
                magnitude += std::abs(term);
            }
            if (std::abs(expected - double(result[static_cast<size_t>((tokens - 1) * tensor.rows + index)])) >
                (quantized ? 1e-2 : 1e-5) * magnitude)
                return false;
        }
        return true;
    }

    [[nodiscard]] int64_t quantizedStride() const {
        return form == kernel::InputForm::kHalves ? kernel::halvedStride(tensor.cols())
                                                  : kernel::quantizedStride(tensor.cols());
    }

    PackedTensor tensor;
    int64_t tokens;
    kernel::InputForm form;
    std::shared_ptr<const DeviceWeight> weight;
    std::vector<float> inputValues;
    vk::Buffer input, output, quantized;
    std::unique_ptr<vk::CommandStream> stream;
    std::unique_ptr<kernel::Kernels> kernels;
};

void emptyDispatch(benchmark::State& state) {
    Product product(Format::of(DType::kF32), 16, 16, 1);
    for (auto _ : state) product.run(1);
}

void linear(benchmark::State& state, const Format& format, std::pair<int64_t, int64_t> sizeAndTokens,
            kernel::InputForm form) {
    const auto [size, tokens] = sizeAndTokens;
    Product product(format, size, size, tokens, form);
    const auto started = std::chrono::steady_clock::now();
    const bool right = product.isRight();
    // The first run builds the pipeline, unless a cache has it.
    state.counters["first_s"] = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    if (!right) {
        state.SkipWithError("the result is wrong");
        return;
    }
    constexpr int kRepeats = 4;
    for (auto _ : state) product.run(kRepeats);
    reportShares(state, 2.0 * double(size) * double(size) * double(tokens) * kRepeats,
                 double(product.tensor.bytes.size()) * kRepeats);
}

/// Prompt and generation rates of a checkpoint.
void model(benchmark::State& state, int64_t tokensAtOnce) {
    const char* given = std::getenv("HT_BENCH_MODEL");
    const auto checkpoint = Checkpoint::open(given ? given : HT_BENCH_SAMPLE);
    if (!checkpoint) {
        state.SkipWithError(checkpoint.error().message.c_str());
        return;
    }
    const ModelConfig config = readModelConfig(**checkpoint).value();
    const auto graph = std::make_shared<const ModelGraph>(buildGraph(config, **checkpoint).value());
    const ModelWeights weights = ModelWeights::fromCheckpoint(*graph, *checkpoint).value();
    const auto executable = VulkanExecutable::create(g_context, graph, weights, JobContext());
    if (!executable) {
        state.SkipWithError(executable.error().message.c_str());
        return;
    }
    const auto sequence = (*executable)->createSequence(config.contextLength).value();
    const std::vector<TokenId> tokens(static_cast<size_t>(std::min(tokensAtOnce, config.contextLength)), 3);
    ForwardOptions options;
    options.logitsBegin = static_cast<int64_t>(tokens.size()) - 1;
    options.logitsEnd = options.logitsBegin + 1;
    const char* arithmetic = std::getenv("HT_BENCH_ARITHMETIC");
    if (arithmetic && std::string_view(arithmetic) == "integer") options.arithmetic = Arithmetic::kInteger;
    options.logitsSink = [](int64_t, int64_t, std::span<const float>) { return Status(); };
    for (auto _ : state) {
        if (sequence->capacity() - sequence->position() < static_cast<int64_t>(tokens.size())) sequence->truncate(0);
        HT_CHECK((*executable)->forward(*sequence, tokens, options, JobContext()).has_value());
    }
    const auto count = double(tokens.size());
    state.counters["tokens/s"] = benchmark::Counter(double(state.iterations()) * count, benchmark::Counter::kIsRate);
    double flops = 0, weightBytes = 0;
    for (const Op& op : graph->ops) {
        if (op.kind != OpKind::kLinear) continue;
        const PackedTensor& weight = weights.at(op.weight);
        flops += 2.0 * double(weight.rows * weight.cols()) * (op.out == graph->logits ? 1.0 : count);
        weightBytes += double(weight.bytes.size());
    }
    reportShares(state, flops, weightBytes);
}

/// A layer as checkpoints have it, BF16.
constexpr int64_t kEncodeRows = 4096, kEncodeCols = 14336;
const RowSource& layerToEncode() {
    static const auto rows = [] {
        PackedTensor tensor;
        tensor.layout = PackedLayout::of(Format::of(DType::kBF16), kEncodeCols);
        tensor.rows = kEncodeRows;
        auto bytes = std::make_shared<std::vector<std::byte>>(size_t(kEncodeRows * tensor.layout.rowBytes));
        const auto values = randomValues(kEncodeRows * kEncodeCols, 5);
        HT_CHECK(encodeRows(tensor.layout, values, kEncodeRows, {}, *bytes).has_value());
        tensor.bytes = *bytes;
        tensor.owner = std::move(bytes);
        return rowSourceOf(std::move(tensor));
    }();
    return *rows;
}

enum class EncodeOn { kProcessor, kDevice, kDeviceFigures };

/// The whole matrix: on the processor; on the device, values there and bytes back; its figures alone, with the values
/// on the device already (what the window does when a format is changed).
void encodeLayer(benchmark::State& state, const Format& format, bool searches, EncodeOn where) {
    const auto encoder = VulkanEncoder::create(g_context);
    if (!encoder) return state.SkipWithError(encoder.error().message.c_str());
    const auto method = format.isLevel() ? createLevelMseEncoder({}, {}) : createMseEncoder({}, {});
    QuantizeOptions options;
    if (searches) options.encoder = method.get();
    if (where != EncodeOn::kProcessor) options.device = encoder->get();
    const RowSource& layer = layerToEncode();
    DeviceMatrix matrix;
    if (where == EncodeOn::kDeviceFigures) {
        matrix = DeviceMatrix::upload(**encoder, layer, JobContext()).value();
        options.deviceMatrix = &matrix;
    }
    for (auto _ : state) {
        if (where == EncodeOn::kDeviceFigures) {
            HT_CHECK(measureQuantized(layer, format, options, JobContext()).has_value());
        } else {
            HT_CHECK(quantizeTensor(layer, format, options, JobContext()).has_value());
        }
    }
    state.SetItemsProcessed(int64_t(state.iterations()) * kEncodeRows * kEncodeCols);
}

void registerEncoders() {
    constexpr std::array<std::pair<EncodeOn, const char*>, 3> kPlaces{
        {{EncodeOn::kProcessor, "processor"}, {EncodeOn::kDevice, "device"}, {EncodeOn::kDeviceFigures, "figures"}}};
    for (const char* name :
         {"q8_0", "q4_0", "q5_1", "int4_g128_asym", "int4_g128_asym/mse", "fp8_e4m3_channel", "nf4_g64"}) {
        const std::string title = std::string("Encode/") + name;
        const Format format = Format::parse(title.substr(7, title.find('/', 7) - 7)).value();
        const bool searches = title.ends_with("/mse");
        for (const auto& [where, place] : kPlaces) {
            benchmark::RegisterBenchmark((title + "/" + place).c_str(),
                                         [format, searches, place = where](benchmark::State& state) {
                                             encodeLayer(state, format, searches, place);
                                         })
                ->Unit(benchmark::kMillisecond)
                ->UseRealTime();
        }
    }
}

constexpr std::array<std::pair<kernel::InputForm, const char*>, 3> kForms{{{kernel::InputForm::kFloats, "Linear"},
                                                                           {kernel::InputForm::kBytes, "Bytes"},
                                                                           {kernel::InputForm::kHalves, "Units"}}};

/// Second moments of rows: H += X^T X, the upper triangle alone.
struct MomentSums {
    explicit MomentSums(int64_t width) : channels(width), values(randomValues(kRows * width, 3)) {
        const auto buffer = [](uint64_t bytes, const char* name) {
            return g_context->allocator->createBuffer(bytes, vk::MemoryUse::kDevice, name).value();
        };
        rows = buffer(values.size() * 4, "benchmark rows");
        tiles = buffer(static_cast<uint64_t>(kernel::momentTiles(channels)) * kernel::kMomentTileBytes, "moments");
        HT_CHECK(g_context->uploader->upload(std::as_bytes(std::span(values)), rows, JobContext()).has_value());
        stream = vk::CommandStream::create(g_context->device, *g_context->pipelines, "benchmark").value();
        kernels = std::make_unique<kernel::MomentKernels>(g_context->plan(), *g_context->pipelines, *stream);
        HT_CHECK(stream->fill(vk::BufferSlice(tiles), 0).has_value());
        HT_CHECK(stream->finish().has_value());
    }

    void run() {
        HT_CHECK(kernels
                     ->addMoments({.rows = vk::BufferSlice(rows),
                                   .channels = channels,
                                   .tokens = kRows,
                                   .tiles = vk::BufferSlice(tiles),
                                   .tileCount = kernel::momentTiles(channels)},
                                  JobContext())
                     .has_value());
        HT_CHECK(stream->finish().has_value());
    }

    /// Whether the last column of the first tile of the last column of tiles is right.
    bool isRight() {
        run();
        const auto edge = channels / kernel::kMomentTile;
        const auto tile = static_cast<uint64_t>(edge * (edge - 1) / 2);
        std::vector<float> sums(kernel::kMomentTileBytes / 4);
        ReadbackQueue queue(*g_context->allocator, *stream);
        const auto slice = vk::BufferSlice(tiles).part(tile * kernel::kMomentTileBytes, kernel::kMomentTileBytes);
        HT_CHECK(queue.enqueue({&slice, 1}, [&](std::span<const std::byte> bytes) {
            std::memcpy(sums.data(), bytes.data(), bytes.size());
            return Status();
        }));
        HT_CHECK(queue.drain().has_value());
        for (int64_t row = 0; row < kernel::kMomentTile; ++row) {
            double expected = 0, magnitude = 0;
            for (int64_t t = 0; t < kRows; ++t) {
                const float* token = values.data() + t * channels;
                const double term = double(token[row]) * double(token[channels - 1]);
                expected += term;
                magnitude += std::abs(term);
            }
            const auto at = static_cast<size_t>(row * kernel::kMomentTile + kernel::kMomentTile - 1);
            if (std::abs(expected - double(sums[at])) > 1e-5 * magnitude) return false;
        }
        return true;
    }

    static constexpr int64_t kRows = 512;
    int64_t channels;
    std::vector<float> values;
    vk::Buffer rows, tiles;
    std::unique_ptr<vk::CommandStream> stream;
    std::unique_ptr<kernel::MomentKernels> kernels;
};

void moments(benchmark::State& state, int64_t channels) {
    MomentSums sums(channels);
    if (!sums.isRight()) {
        state.SkipWithError("the result is wrong");
        return;
    }
    for (auto _ : state) sums.run();
    // Of the triangle with its diagonal: what is needed, not what tiles compute beyond it.
    reportShares(state, double(channels) * double(channels + 1) * double(MomentSums::kRows), 0);
}

void registerAll() {
    using benchmark::RegisterBenchmark;
    RegisterBenchmark("EmptyDispatch", emptyDispatch)->Unit(benchmark::kMicrosecond)->UseRealTime();
    const int64_t size = g_context->plan().isSoftware ? 1024 : 4096;
    for (const char* name : {"f32", "f16", "q8_0", "q4_0", "q4_k", "q6_k", "int4_g64_asym"}) {
        const Format format = Format::parse(name).value();
        for (const auto& [form, family] : kForms) {
            if (form == kernel::InputForm::kBytes &&
                !(g_context->plan().integer.usable && kernel::hasIntegerKernels(format)))
                continue;
            if (form == kernel::InputForm::kHalves && !g_context->plan().units.usable) continue;
            for (const int64_t tokens : {1, 8, 64, 512}) {
                if (form == kernel::InputForm::kHalves && tokens < 64) continue;
                if (tokens > 64 && g_context->plan().isSoftware) continue;
                const std::string title = std::string(family) + "/" + name + "/" + std::to_string(size) + "x" +
                                          std::to_string(size) + "/" + std::to_string(tokens);
                RegisterBenchmark(title.c_str(),
                                  [=, form = form](benchmark::State& state) {
                                      linear(state, format, {size, tokens}, form);
                                  })
                    ->Unit(benchmark::kMillisecond)
                    ->UseRealTime();
            }
        }
    }
    registerEncoders();
    for (const int64_t channels : {size, 4 * size}) {
        RegisterBenchmark(("Moments/" + std::to_string(channels)).c_str(), moments, channels)
            ->Unit(benchmark::kMillisecond)
            ->UseRealTime();
    }
    RegisterBenchmark("Model/generate", model, 1)->Unit(benchmark::kMillisecond)->UseRealTime();
    RegisterBenchmark("Model/prompt", model, 128)->Unit(benchmark::kMillisecond)->UseRealTime();
}

}  // namespace
}  // namespace halftone

int main(int argc, char** argv) {
    auto context = halftone::openVulkanContext(-1, {});
    if (!context) {
        std::fprintf(stderr, "%s\n", context.error().message.c_str());
        return 1;
    }
    halftone::g_context = *context;
    context->reset();
    std::printf("%s (%s)\n", halftone::g_context->plan().deviceName.c_str(),
                halftone::g_context->plan().driver.c_str());
    halftone::registerAll();
    benchmark::Initialize(&argc, argv);
    benchmark::RunSpecifiedBenchmarks();
    halftone::g_context.reset();
    return 0;
}
