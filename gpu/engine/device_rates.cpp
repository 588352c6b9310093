// SPDX-License-Identifier: GPL-3.0-or-later
#include "gpu/engine/device_rates.h"

#include <algorithm>
#include <chrono>

#include "gpu/kernels/kernels.h"

namespace halftone {

namespace {

constexpr int kRounds = 4;
constexpr double kLongEnough = 0.02;                   // seconds; a submission takes a ten-thousandth
constexpr uint64_t kMostCopied = uint64_t{256} << 20;  // beyond the caches of large devices
constexpr uint64_t kInvocations = uint64_t{1} << 18;
constexpr int kMostDoublings = 16;

/// Work per second of the fastest round. `record` records `times` units of work of `unit` each.
template <typename Record>
Result<double> bestRate(vk::CommandStream& stream, const JobContext& job, double unit, const Record& record) {
    double best = 0;
    int times = 1, doublings = 0;
    for (int round = 0; round < kRounds;) {
        HT_TRY(job.checkpoint());
        const auto start = std::chrono::steady_clock::now();
        for (int i = 0; i < times; ++i) HT_TRY(record());
        HT_TRY(stream.finish());
        const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start;
        if (passed.count() < kLongEnough && doublings < kMostDoublings) {
            times *= 2;
            ++doublings;
            continue;
        }
        best = std::max(best, unit * times / std::max(passed.count(), 1e-9));
        ++round;
    }
    return best;
}

Result<double> matrixRate(VulkanContext& context, vk::CommandStream& stream, const vk::BufferSlice& target,
                          const JobContext& job) {
    kernel::Kernels kernels(context.plan(), *context.pipelines, stream);
    const uint64_t lanes = context.plan().subgroupSize, bytes = kernels.matrixValues() * sizeof(float);
    const uint64_t subgroups = std::min(kInvocations / lanes, target.sizeBytes / bytes);
    constexpr uint32_t kMatrixRounds = 256;
    const kernel::MultiplyAddCall call{
        .output = target.part(0, subgroups * bytes), .invocations = subgroups * lanes, .rounds = kMatrixRounds};
    const double operations = static_cast<double>(subgroups) * kMatrixRounds * kernels.matrixOperations();
    return bestRate(stream, job, operations, [&] { return kernels.multiplyMatrices(call); });
}

}  // namespace

Result<DeviceRates> measureDeviceRates(VulkanContext& context, const JobContext& job) {
    HT_ASSIGN_OR_RETURN(const auto stream, vk::CommandStream::create(context.device, *context.pipelines, "rates"));
    kernel::Kernels kernels(context.plan(), *context.pipelines, *stream);
    const uint64_t copied = std::min(kMostCopied, context.plan().maxBindingBytes);
    HT_ASSIGN_OR_RETURN(const auto from,
                        context.allocator->createBuffer(copied, vk::MemoryUse::kDevice, "copy source"));
    HT_ASSIGN_OR_RETURN(const auto to, context.allocator->createBuffer(copied, vk::MemoryUse::kDevice, "copy target"));
    const vk::BufferSlice source(from), target(to);
    HT_TRY(stream->fill(source, 0));
    DeviceRates rates;
    HT_ASSIGN_OR_RETURN(rates.copiedBytes, bestRate(*stream, job, 2.0 * static_cast<double>(copied),
                                                    [&] { return stream->copy(source, target); }));
    constexpr uint32_t kMultiplyAddRounds = 256;
    const kernel::MultiplyAddCall call{.output = target.part(0, kInvocations * sizeof(float)),
                                       .invocations = kInvocations,
                                       .rounds = kMultiplyAddRounds};
    const double operations = static_cast<double>(kInvocations) * kMultiplyAddRounds * kernel::kMultiplyAddOperations;
    HT_ASSIGN_OR_RETURN(rates.operations,
                        bestRate(*stream, job, operations, [&] { return kernels.multiplyAdds(call); }));
    if (!context.plan().units.matmul) return rates;
    HT_ASSIGN_OR_RETURN(rates.matrixOperations, matrixRate(context, *stream, target, job));
    return rates;
}

}  // namespace halftone
