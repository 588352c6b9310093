// SPDX-License-Identifier: GPL-3.0-or-later
// Statistics in stored bytes per second, next to a plain read of the same bytes by the same threads.
#include <algorithm>
#include <atomic>
#include <cstring>
#include <random>
#include <thread>
#include <vector>

#include <benchmark/benchmark.h>

#include "core/base/job_context.h"
#include "core/stats/tensor_stats.h"
#include "core/tensor/float16.h"
#include "core/tensor/row_source.h"

namespace halftone {
namespace {

constexpr int64_t kRows = 8192, kCols = 4096;  // 64 MiB of BF16: larger than the caches

std::vector<uint16_t> gaussianBfloats() {
    std::mt19937 random(1);
    std::normal_distribution<float> normal(0.0f, 0.02f);
    // A few million different values, repeated: drawing all of them would take longer than the benchmark.
    std::vector<uint16_t> values(static_cast<size_t>(kRows * kCols));
    const size_t distinct = std::min<size_t>(values.size(), 4'000'037);
    for (size_t i = 0; i < distinct; ++i) values[i] = floatToBfloat(normal(random));
    for (size_t i = distinct; i < values.size(); ++i) values[i] = values[i - distinct];
    return values;
}

/// A BF16 matrix in memory.
class BfloatRows final : public RowSource {
  public:
    explicit BfloatRows(std::vector<uint16_t> values) : m_values(std::move(values)) {}
    [[nodiscard]] int64_t rows() const override { return kRows; }
    [[nodiscard]] int64_t cols() const override { return kCols; }
    Status readRows(int64_t first, int64_t count, std::span<float> out) const override {
        const uint16_t* from = m_values.data() + first * kCols;
        for (int64_t i = 0; i < count * kCols; ++i) out[static_cast<size_t>(i)] = bfloatToFloat(from[i]);
        return {};
    }
    [[nodiscard]] int64_t storedBytes(int64_t count) const override { return count * kCols * 2; }
    [[nodiscard]] const std::vector<uint16_t>& values() const { return m_values; }

  private:
    std::vector<uint16_t> m_values;
};

/// An F32 matrix in memory.
class FloatRows final : public RowSource {
  public:
    explicit FloatRows(const std::vector<uint16_t>& values) : m_values(values.size()) {
        std::ranges::transform(values, m_values.begin(), bfloatToFloat);
    }
    [[nodiscard]] int64_t rows() const override { return kRows; }
    [[nodiscard]] int64_t cols() const override { return kCols; }
    Status readRows(int64_t first, int64_t count, std::span<float> out) const override {
        std::memcpy(out.data(), m_values.data() + first * kCols, static_cast<size_t>(count * kCols) * sizeof(float));
        return {};
    }

  private:
    std::vector<float> m_values;
};

const BfloatRows& bfloatRows() {
    static const BfloatRows rows(gaussianBfloats());
    return rows;
}

void runStats(benchmark::State& state, const RowSource& source) {
    JobContext context;
    context.pool = ThreadPool(static_cast<int>(state.range(0)));
    for (auto _ : state) {
        const auto stats = computeTensorStats(source, context);
        if (!stats) state.SkipWithError(stats.error().message.c_str());
        benchmark::DoNotOptimize(stats);
    }
    state.SetBytesProcessed(state.iterations() * source.storedBytes(kRows));
    state.SetItemsProcessed(state.iterations() * kRows * kCols);
}

void StatisticsOfBfloat(benchmark::State& state) {
    runStats(state, bfloatRows());
}

void StatisticsOfFloat(benchmark::State& state) {
    static const FloatRows rows(bfloatRows().values());
    runStats(state, rows);
}

/// The limit: the same bytes read once and nothing else.
void PlainRead(benchmark::State& state) {
    const auto& values = bfloatRows().values();
    const ThreadPool pool(static_cast<int>(state.range(0)));
    const auto words = static_cast<int64_t>(values.size() / 4);
    for (auto _ : state) {
        std::atomic<uint64_t> sum{0};
        pool.parallelFor(words, 1 << 18, [&](int64_t begin, int64_t end) {
            uint64_t part = 0;
            for (int64_t i = begin; i < end; ++i) {
                uint64_t word;
                std::memcpy(&word, values.data() + 4 * i, sizeof(word));
                part += word;
            }
            sum += part;
        });
        benchmark::DoNotOptimize(sum.load());
    }
    state.SetBytesProcessed(state.iterations() * words * 8);
}

void statsArguments(benchmark::internal::Benchmark* benchmark) {
    const int most = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
    benchmark->Arg(1);
    if (most > 1) benchmark->Arg(most);
    benchmark->ArgName("threads")->UseRealTime()->Unit(benchmark::kMillisecond);
}

BENCHMARK(PlainRead)->Apply(statsArguments);
BENCHMARK(StatisticsOfBfloat)->Apply(statsArguments);
BENCHMARK(StatisticsOfFloat)->Apply(statsArguments);

}  // namespace
}  // namespace halftone
