// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inference/cpu/rates.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <vector>

#include "core/inference/cpu/multiply_adds.h"

namespace halftone::cpu {

namespace {

constexpr int kRounds = 6;
constexpr int64_t kCopiedBytes = int64_t{128} << 20;  // far beyond the caches
constexpr int64_t kPiece = int64_t{4} << 20;
constexpr int64_t kMultiplyAddRounds = 2'000'000;

/// Work per second of the fastest round; `body` returns its work.
template <typename Body>
Result<double> bestRate(const JobContext& context, const Body& body) {
    double best = 0;
    for (int round = 0; round < kRounds; ++round) {
        HT_TRY(context.checkpoint());
        const auto start = std::chrono::steady_clock::now();
        const double work = body();
        const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start;
        best = std::max(best, work / std::max(passed.count(), 1e-9));
    }
    return best;
}

Result<double> copyRate(const JobContext& context) {
    const std::unique_ptr<std::byte[]> from(new (std::nothrow) std::byte[kCopiedBytes]);
    const std::unique_ptr<std::byte[]> to(new (std::nothrow) std::byte[kCopiedBytes]);
    if (!from || !to) return makeError(ErrorCode::kOutOfMemory, "Measuring memory needs 256 MB, which are not free.");
    // Pages exist once they are written to.
    std::memset(from.get(), 1, kCopiedBytes);
    std::memset(to.get(), 0, kCopiedBytes);
    return bestRate(context, [&] {
        context.pool.parallelFor(kCopiedBytes, kPiece, [&](int64_t begin, int64_t end) {
            std::memcpy(to.get() + begin, from.get() + begin, static_cast<size_t>(end - begin));
        });
        return 2.0 * static_cast<double>(kCopiedBytes);
    });
}

Result<double> operationRate(const JobContext& context) {
    std::vector<double> operations(static_cast<size_t>(context.pool.threadCount()));
    std::vector<float> sinks(operations.size());
    return bestRate(context, [&] {
        context.pool.parallelFor(std::ssize(operations), 1, [&](int64_t begin, int64_t end) {
            for (auto i = static_cast<size_t>(begin); i < static_cast<size_t>(end); ++i)
                operations[i] = runMultiplyAdds(kMultiplyAddRounds, &sinks[i]);
        });
        double sum = 0;
        for (const double count : operations) sum += count;
        return sum;
    });
}

}  // namespace

Result<DeviceRates> measureRates(const JobContext& context) {
    DeviceRates rates;
    HT_ASSIGN_OR_RETURN(rates.copiedBytes, copyRate(context));
    HT_ASSIGN_OR_RETURN(rates.operations, operationRate(context));
    return rates;
}

}  // namespace halftone::cpu
