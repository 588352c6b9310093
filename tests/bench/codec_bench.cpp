// SPDX-License-Identifier: GPL-3.0-or-later
// Encoding and decoding rates per format beside memcpy of the same floats, on 1 and 2 threads. bytes_per_second counts
// the F32 side; "of_copy" is the best round as a share of the best memcpy by as many threads, measured first.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <random>
#include <string>

#include <benchmark/benchmark.h>

#include "core/quant/methods/quantize.h"

namespace {

using namespace halftone;

constexpr int64_t kCols = 4096;
constexpr int64_t kRows = 2048;  // 32 MiB of F32: larger than the last-level cache share of a core
constexpr int64_t kTileRows = 16;

const std::vector<float>& sourceValues() {
    static const std::vector<float> values = [] {
        std::mt19937 engine(1);
        std::normal_distribution<float> normal(0.0f, 0.02f);
        std::vector<float> filled(static_cast<size_t>(kRows * kCols));
        for (float& value : filled) value = normal(engine);
        return filled;
    }();
    return values;
}

struct Buffers {
    PackedLayout layout;
    std::vector<std::byte> packed;
    std::vector<float> decoded;

    explicit Buffers(const Format& format)
        : layout(PackedLayout::of(format, kCols)),
          packed(static_cast<size_t>(kRows * layout.rowBytes)),
          decoded(static_cast<size_t>(kRows * kCols)) {}

    void encodeTile(int64_t begin, int64_t end) {
        const std::span<const float> values(sourceValues().data() + begin * kCols,
                                            static_cast<size_t>((end - begin) * kCols));
        (void)encodeRows(layout, values, end - begin, {},
                         std::span(packed).subspan(static_cast<size_t>(begin * layout.rowBytes)));
    }
    void decodeTile(int64_t begin, int64_t end) {
        (void)decodeRows(layout, std::span(packed).subspan(static_cast<size_t>(begin * layout.rowBytes)), end - begin,
                         std::span(decoded).subspan(static_cast<size_t>(begin * kCols)));
    }
};

constexpr double kFloatBytes = double(kRows * kCols * 4);

template <typename Body>
double secondsOf(const Body& body) {
    const auto start = std::chrono::steady_clock::now();
    body();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void copyOnce(std::vector<float>& target, const ThreadPool& pool) {
    pool.parallelFor(kRows, kTileRows, [&](int64_t begin, int64_t end) {
        std::memcpy(target.data() + begin * kCols, sourceValues().data() + begin * kCols,
                    static_cast<size_t>((end - begin) * kCols) * 4);
    });
    benchmark::ClobberMemory();
}

/// The best of some copies, in bytes per second; measured once for each number of threads.
double copyRate(int threads) {
    static std::array<double, 3> rates{};
    double& rate = rates[static_cast<size_t>(threads)];
    if (rate > 0) return rate;
    const ThreadPool pool(threads);
    std::vector<float> target(sourceValues().size());
    for (int i = 0; i < 10; ++i) rate = std::max(rate, kFloatBytes / secondsOf([&] { copyOnce(target, pool); }));
    return rate;
}

/// Times the rounds of a pass over all floats.
template <typename Pass>
void measure(benchmark::State& state, const Pass& pass) {
    double best = 1e30;
    for (auto _ : state) best = std::min(best, secondsOf(pass));
    state.SetBytesProcessed(state.iterations() * kRows * kCols * 4);
    state.counters["best_B/s"] = kFloatBytes / best;
    state.counters["of_copy"] = kFloatBytes / best / copyRate(static_cast<int>(state.range(0)));
}

void copyFloats(benchmark::State& state) {
    const ThreadPool pool(static_cast<int>(state.range(0)));
    std::vector<float> target(sourceValues().size());
    measure(state, [&] { copyOnce(target, pool); });
}

void encodeFormat(benchmark::State& state, const Format& format) {
    const ThreadPool pool(static_cast<int>(state.range(0)));
    Buffers buffers(format);
    measure(state, [&] {
        pool.parallelFor(kRows, kTileRows, [&](int64_t begin, int64_t end) { buffers.encodeTile(begin, end); });
    });
}

void decodeFormat(benchmark::State& state, const Format& format) {
    const ThreadPool pool(static_cast<int>(state.range(0)));
    Buffers buffers(format);
    buffers.encodeTile(0, kRows);
    measure(state, [&] {
        pool.parallelFor(kRows, kTileRows, [&](int64_t begin, int64_t end) { buffers.decodeTile(begin, end); });
    });
}

/// The scalar definition, for the gain of the vectorized encoder.
void encodeReference(benchmark::State& state, const Format& format) {
    const ThreadPool pool(static_cast<int>(state.range(0)));
    Buffers buffers(format);
    const std::span<const float> values(sourceValues());
    measure(state, [&] {
        pool.parallelFor(kRows, kTileRows, [&](int64_t begin, int64_t end) {
            const auto offset = static_cast<size_t>(begin * buffers.layout.rowBytes);
            (void)encodeRowsReference(buffers.layout, values.subspan(static_cast<size_t>(begin * kCols)), end - begin,
                                      {}, std::span(buffers.packed).subspan(offset));
        });
    });
}

/// The same of the decoder.
void decodeReference(benchmark::State& state, const Format& format) {
    const ThreadPool pool(static_cast<int>(state.range(0)));
    Buffers buffers(format);
    buffers.encodeTile(0, kRows);
    std::vector<float> decoded(sourceValues().size());
    measure(state, [&] {
        pool.parallelFor(kRows, kTileRows, [&](int64_t begin, int64_t end) {
            const auto offset = static_cast<size_t>(begin * buffers.layout.rowBytes);
            (void)decodeRowsReference(buffers.layout, std::span(buffers.packed).subspan(offset), end - begin,
                                      std::span(decoded).subspan(static_cast<size_t>(begin * kCols)));
        });
    });
}

/// The whole job: read, check, encode, validate, decode, measure the distortion.
void quantizeWhole(benchmark::State& state, const Format& format) {
    Buffers source(Format::of(DType::kF32));
    source.encodeTile(0, kRows);
    const auto rows = rowSourceOf({source.layout, kRows, source.packed, nullptr});
    JobContext context;
    context.pool = ThreadPool(static_cast<int>(state.range(0)));
    measure(state, [&] { benchmark::DoNotOptimize(quantizeTensor(*rows, format, {}, context).has_value()); });
}

benchmark::internal::Benchmark* configure(benchmark::internal::Benchmark* benchmark) {
    return benchmark->Arg(1)->Arg(2)->ArgName("threads")->UseRealTime()->Unit(benchmark::kMillisecond);
}

}  // namespace

int main(int argc, char** argv) {
    configure(benchmark::RegisterBenchmark("memcpy", copyFloats));
    for (const Format& format : offeredFormats()) {
        configure(benchmark::RegisterBenchmark(("encode/" + format.name()).c_str(), encodeFormat, format));
        configure(benchmark::RegisterBenchmark(("decode/" + format.name()).c_str(), decodeFormat, format));
    }
    for (const char* name : {"q8_0", "q6_k", "q5_k", "q4_k", "q4_0", "int4_g128_asym"}) {
        const Format format = Format::parse(name).value();
        configure(benchmark::RegisterBenchmark(("encode_scalar/" + format.name()).c_str(), encodeReference, format));
        configure(benchmark::RegisterBenchmark(("quantize/" + format.name()).c_str(), quantizeWhole, format));
    }
    for (const char* name : {"q2_k", "q3_k", "iq4_nl", "iq4_xs", "mxfp4", "nvfp4", "tq1_0", "tq2_0", "q2_0", "q1_0"}) {
        const Format format = Format::parse(name).value();
        configure(benchmark::RegisterBenchmark(("encode_scalar/" + format.name()).c_str(), encodeReference, format));
        configure(benchmark::RegisterBenchmark(("decode_scalar/" + format.name()).c_str(), decodeReference, format));
    }
    benchmark::Initialize(&argc, argv);
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return 0;
}
