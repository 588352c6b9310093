// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include "core/inference/backend.h"
#include "core/inference/cpu/cpu_kernels.h"
#include "core/inference/cpu/rates.h"
#include "core/inference/cpu/simd_kernels.h"
#include "core/inference/graph_executable.h"

namespace halftone {
namespace {

class CpuBackend final : public Backend {
  public:
    [[nodiscard]] std::string name() const override { return "cpu"; }
    [[nodiscard]] std::string description() const override {
        return fmt::format("{}, {} threads", cpu::instructionSetName(), ThreadPool().threadCount());
    }
    Result<std::unique_ptr<Executable>> compile(std::shared_ptr<const ModelGraph> graph, const ModelWeights& weights,
                                                const JobContext& context) override {
        HT_TRY(context.checkpoint());
        HT_TRY(checkWeights(*graph, weights));
        auto kernels = std::make_unique<cpu::CpuKernels>(graph->config);
        return std::make_unique<GraphExecutable>(std::move(graph), weights, std::move(kernels));
    }
    Result<DeviceRates> measureRates(const JobContext& context) override { return cpu::measureRates(context); }
};

}  // namespace

std::shared_ptr<Backend> createCpuBackend() {
    return std::make_shared<CpuBackend>();
}

}  // namespace halftone
