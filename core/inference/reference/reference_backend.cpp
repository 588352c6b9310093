// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inference/backend.h"
#include "core/inference/graph_executable.h"
#include "core/inference/reference/reference_kernels.h"

namespace halftone {
namespace {

class CpuReferenceBackend final : public Backend {
  public:
    [[nodiscard]] std::string name() const override { return "cpu-reference"; }
    [[nodiscard]] std::string description() const override { return "scalar reference, one thread"; }
    Result<std::unique_ptr<Executable>> compile(std::shared_ptr<const ModelGraph> graph, const ModelWeights& weights,
                                                const JobContext& context) override {
        HT_TRY(context.checkpoint());
        HT_TRY(checkWeights(*graph, weights));
        auto kernels = std::make_unique<ReferenceKernels>(graph->config);
        return std::make_unique<GraphExecutable>(std::move(graph), weights, std::move(kernels));
    }
};

}  // namespace

std::shared_ptr<Backend> createCpuReferenceBackend() {
    return std::make_shared<CpuReferenceBackend>();
}

}  // namespace halftone
