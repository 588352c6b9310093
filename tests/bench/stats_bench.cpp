// SPDX-License-Identifier: GPL-3.0-or-later
// Statistics in stored bytes per second, for each plain type, on one thread and on all: of a matrix in memory (read in
// place, and through decoded rows as block types are), and of a file mapped anew in each round. "of_read" is the rate
// as a share of a plain read of the same bytes by as many threads, measured beside it. "ns_element" is processor time
// of one thread per element; one counter increment for each element is the floor of a pass that keeps a histogram.
//   HT_BENCH_FILE=path     where to write the file of 1 GiB and leave it; by default a temporary one, removed at the
//   end
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <unistd.h>

#include "core/checkpoint/checkpoint.h"
#include "core/quant/formats/packed_tensor.h"
#include "core/stats/tensor_stats.h"
#include "core/tensor/float16.h"
#include "tests/bench/plain_read.h"

namespace halftone {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kCols = 4096;
constexpr int64_t kMemoryBytes = int64_t{256} << 20;  // many times the caches
constexpr int64_t kFileBytes = int64_t{1} << 30;
constexpr int64_t kReadPiece = int64_t{4} << 20;

std::vector<std::byte> gaussianBytes(DType type, int64_t bytes) {
    std::mt19937 random(1);
    std::normal_distribution<float> normal(0.0f, 0.02f);
    // A few million different values, repeated: drawing all of them would take longer than the benchmark.
    std::vector<std::byte> values(static_cast<size_t>(bytes));
    const auto elementBytes = static_cast<size_t>(dtypeInfo(type).blockBytes());
    const size_t distinct = std::min<size_t>(values.size() / elementBytes, 4'000'037);
    for (size_t i = 0; i < distinct; ++i) {
        const float value = normal(random);
        const uint16_t half = type == DType::kF16 ? floatToHalf(value) : floatToBfloat(value);
        if (type == DType::kF32) {
            std::memcpy(values.data() + i * elementBytes, &value, elementBytes);
        } else {
            std::memcpy(values.data() + i * elementBytes, &half, elementBytes);
        }
    }
    const size_t period = distinct * elementBytes;
    for (size_t i = period; i < values.size(); i += period) {
        std::memcpy(values.data() + i, values.data(), std::min(period, values.size() - i));
    }
    return values;
}

/// A matrix in memory that shows its stored values or hides them, as decoded types do.
class MatrixInMemory final : public RowSource {
  public:
    MatrixInMemory(DType type, std::span<const std::byte> bytes, bool isShown) : m_type(type), m_isShown(isShown) {
        m_packed.layout = PackedLayout::of(Format::of(type), kCols);
        m_packed.rows = std::ssize(bytes) / m_packed.layout.rowBytes;
        m_packed.bytes = bytes;
        m_decoded = rowSourceOf(m_packed);
    }
    [[nodiscard]] int64_t rows() const override { return m_packed.rows; }
    [[nodiscard]] int64_t cols() const override { return kCols; }
    [[nodiscard]] int64_t storedBytes(int64_t count) const override { return m_decoded->storedBytes(count); }
    Status readRows(int64_t first, int64_t count, std::span<float> out) const override {
        return m_decoded->readRows(first, count, out);
    }
    [[nodiscard]] std::optional<StoredRows> storedRows() const override {
        if (!m_isShown) return std::nullopt;
        return StoredRows{m_type, m_packed.bytes};
    }

  private:
    DType m_type;
    bool m_isShown;
    PackedTensor m_packed;
    std::shared_ptr<const RowSource> m_decoded;
};

const std::vector<std::byte>& memoryOf(DType type) {
    static std::vector<std::byte> values;
    static DType held = DType::kCount;
    if (held != type) values = gaussianBytes(type, kMemoryBytes);
    held = type;
    return values;
}

void readInPieces(std::span<const std::byte> bytes, const ThreadPool& pool) {
    std::atomic<uint64_t> sum{0};
    pool.parallelFor(std::ssize(bytes), kReadPiece, [&](int64_t begin, int64_t end) {
        sum += bench::readBytes(bytes.subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin)));
    });
    benchmark::DoNotOptimize(sum.load());
}

/// Seconds of the fastest of some runs.
template <typename Body>
double bestSeconds(int runs, const Body& body) {
    double best = 1e30;
    for (int i = 0; i < runs; ++i) {
        const auto start = std::chrono::steady_clock::now();
        body();
        best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    }
    return best;
}

/// Runs `pass` and reports its rate, also as a share of `readSeconds` for the same bytes. Both are best times: on a
/// busy machine means compare what else ran.
template <typename Pass>
void report(benchmark::State& state, int64_t bytes, int64_t elements, double readSeconds, const Pass& pass) {
    double best = 1e30;
    for (auto _ : state) best = std::min(best, bestSeconds(1, pass));
    state.SetBytesProcessed(state.iterations() * bytes);
    state.counters["best_B/s"] = static_cast<double>(bytes) / best;
    state.counters["read_B/s"] = static_cast<double>(bytes) / readSeconds;
    state.counters["of_read"] = readSeconds / best;
    state.counters["ns_element"] = best * 1e9 * static_cast<double>(state.range(0)) / static_cast<double>(elements);
}

void requireStats(benchmark::State& state, const RowSource& source, const JobContext& context) {
    const auto stats = computeTensorStats(source, context);
    if (!stats) state.SkipWithError(stats.error().message.c_str());
    benchmark::DoNotOptimize(stats);
}

void statisticsInMemory(benchmark::State& state, DType type, bool isShown) {
    const auto& bytes = memoryOf(type);
    const MatrixInMemory source(type, bytes, isShown);
    JobContext context;
    context.pool = ThreadPool(static_cast<int>(state.range(0)));
    const double readSeconds = bestSeconds(5, [&] { readInPieces(bytes, context.pool); });
    report(state, std::ssize(bytes), source.rows() * kCols, readSeconds, [&] { requireStats(state, source, context); });
}

fs::path benchFile() {
    if (const char* given = std::getenv("HT_BENCH_FILE")) return given;
    return fs::temp_directory_path() / ("halftone_stats_bench_" + std::to_string(getpid()) + ".safetensors");
}

/// A file with one matrix of Gaussian values.
void writeFile(DType type) {
    const auto values = gaussianBytes(type, int64_t{64} << 20);
    const int64_t rows = kFileBytes / kCols / dtypeInfo(type).blockBytes();
    std::string header = R"({"model.layers.0.mlp.up_proj.weight":{"dtype":")" +
                         std::string(dtypeInfo(type).safetensorsName) + R"(","shape":[)" + std::to_string(rows) + "," +
                         std::to_string(kCols) + R"(],"data_offsets":[0,)" + std::to_string(kFileBytes) + "]}}";
    header.resize((header.size() + 7) / 8 * 8, ' ');
    std::ofstream file(benchFile(), std::ios::binary);
    const uint64_t size = header.size();
    file.write(reinterpret_cast<const char*>(&size), sizeof(size));
    file.write(header.data(), static_cast<std::streamsize>(header.size()));
    for (int64_t done = 0; done < kFileBytes; done += std::ssize(values)) {
        file.write(reinterpret_cast<const char*>(values.data()), std::ssize(values));
    }
}

void readThroughMapping(const ThreadPool& pool) {
    const auto checkpoint = Checkpoint::open(benchFile()).value();
    readInPieces(checkpoint->bytes(checkpoint->tensors()[0]), pool);
}

/// read() into a buffer per piece, and a look at what came.
void readThroughCalls(const ThreadPool& pool) {
    const int file = open(benchFile().c_str(), O_RDONLY | O_CLOEXEC);
    std::atomic<uint64_t> sum{0};
    pool.parallelFor(kFileBytes, kReadPiece, [&](int64_t begin, int64_t end) {
        static thread_local std::vector<std::byte> buffer(size_t{256} << 10);
        for (int64_t at = begin; at < end; at += std::ssize(buffer)) {
            const auto count = pread(file, buffer.data(), buffer.size(), at);
            if (count > 0) sum += bench::readBytes(std::span(buffer).first(static_cast<size_t>(count)));
        }
    });
    benchmark::DoNotOptimize(sum.load());
    close(file);
}

void statisticsOfFile(benchmark::State& state, DType type) {
    static DType written = DType::kCount;
    if (written != type) writeFile(type);
    written = type;
    JobContext context;
    context.pool = ThreadPool(static_cast<int>(state.range(0)));
    const double mapped = bestSeconds(3, [&] { readThroughMapping(context.pool); });
    const double called = bestSeconds(3, [&] { readThroughCalls(context.pool); });
    const int64_t elements = kFileBytes / dtypeInfo(type).blockBytes();
    report(state, kFileBytes, elements, mapped, [&] {
        const auto checkpoint = Checkpoint::open(benchFile()).value();
        requireStats(state, *openRows(checkpoint, checkpoint->tensors()[0]).value(), context);
    });
    state.counters["pread_B/s"] = static_cast<double>(kFileBytes) / called;
}

void configure(benchmark::internal::Benchmark* benchmark) {
    const int most = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
    benchmark->Arg(1);
    if (most > 1) benchmark->Arg(most);
    benchmark->ArgName("threads")->UseRealTime()->Unit(benchmark::kMillisecond);
}

void registerAll() {
    for (const DType type : {DType::kF32, DType::kF16, DType::kBF16}) {
        const std::string name(dtypeInfo(type).name);
        configure(benchmark::RegisterBenchmark(("memory/" + name).c_str(), statisticsInMemory, type, true));
        configure(benchmark::RegisterBenchmark(("decoded/" + name).c_str(), statisticsInMemory, type, false));
    }
    for (const DType type : {DType::kF32, DType::kF16, DType::kBF16}) {
        const std::string name(dtypeInfo(type).name);
        configure(benchmark::RegisterBenchmark(("file/" + name).c_str(), statisticsOfFile, type));
    }
}

}  // namespace
}  // namespace halftone

int main(int argc, char** argv) {
    halftone::registerAll();
    benchmark::Initialize(&argc, argv);
    benchmark::RunSpecifiedBenchmarks();
    std::error_code ignored;
    if (!std::getenv("HT_BENCH_FILE")) std::filesystem::remove(halftone::benchFile(), ignored);
    return 0;
}
