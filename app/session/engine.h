// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/evaluation/evaluation_session.h"
#include "core/inference/backend.h"
#include "core/pipeline/loaded_model.h"
#include "core/pipeline/recipe_weights.h"

namespace halftone::app {

/// The weights a job wants: the recipe applied to the checkpoint.
struct WeightsRequest {
    uint64_t key = 0;  ///< equal keys mean equal weights (recipe and calibration)
    ResolvedRecipe recipe;
    std::shared_ptr<const Calibration> calibration;  ///< null: none
};

/// The most that the original's distributions may take in memory.
constexpr int64_t kMostReferenceBytes = int64_t(4) << 30;

/// What a job asks the engine for.
struct EngineRequest {
    std::shared_ptr<const LoadedModel> model;
    std::string device;            ///< id of a DeviceEntry
    int64_t memoryLimitBytes = 0;  ///< of a Vulkan device; 0: what there is
};

/// The executables of the model in work: the original's and the current recipe's, kept between jobs. Used by jobs of
/// the compute lane only, which run one after the other, so at most one thread is inside.
class Engine {
  public:
    /// Called when a device fails while running and the CPU takes over; on the worker thread.
    using LostHandler = std::function<void(const std::string& device, const std::string& message)>;

    /// Runs `body`; if the device is lost meanwhile, says so and runs it again on the CPU.
    template <typename T>
    Result<T> run(EngineRequest& request, const LostHandler& lost, const std::function<Result<T>()>& body) {
        auto result = body();
        noteStreaming();
        if (result || result.error().code != ErrorCode::kDeviceLost || request.device == "cpu") return result;
        lost(request.device, result.error().message);
        drop();
        request.device = "cpu";
        return body();
    }

    Result<Executable*> original(const EngineRequest& request, const JobContext& context);
    Result<Executable*> quantized(const EngineRequest& request, const WeightsRequest& weights,
                                  const JobContext& context);
    /// The evaluation of one version of the weights after another on the same windows; made anew for other windows,
    /// another model or device. It works on the executable of quantized().
    Result<EvaluationSession*> evaluation(const EngineRequest& request, const std::vector<EvaluationWindow>& windows,
                                          const Protocol& protocol, const JobContext& context);
    /// One for a question beside, which leaves evaluation() and what it keeps alone. It works on the same executable
    /// and must not outlive the job.
    Result<std::unique_ptr<EvaluationSession>> separateEvaluation(const EngineRequest& request,
                                                                  const std::vector<EvaluationWindow>& windows,
                                                                  const Protocol& protocol, const JobContext& context);
    /// What runs the model, for work that makes executables of its own; until the next request with another device.
    Result<Backend*> backend(const EngineRequest& request, const JobContext& context);
    /// The checkpoint's weights. After prepare by one of the above.
    [[nodiscard]] const ModelWeights& originalWeights() const { return m_weights->original(); }
    /// What the recipe makes of the weights. After prepare by one of the above.
    Result<RecipeWeights::Applied> recipeWeights(const WeightsRequest& weights, const JobContext& context);
    /// The device that runs, as results name it: "vulkan:0 AMD Radeon 780M", "cpu AVX-512, 8 threads".
    [[nodiscard]] std::string deviceDescription() const;
    /// Bytes of weights that streamed in the last use, of the executable that streams most; 0: all fit. Any thread.
    [[nodiscard]] int64_t streamedBytes() const { return m_streamedBytes; }
    /// Frees executables and quantized weights.
    void drop();

  private:
    /// Frees what a device holds; quantized weights stay.
    void dropExecutables();
    Status prepare(const EngineRequest& request, const JobContext& context);
    /// To be called where blocks may have moved: after a run, a compilation, an edit.
    void noteStreaming();
    /// The executable that evaluations use, with whatever weights.
    Status prepareEvaluated(const JobContext& context);

    std::shared_ptr<const LoadedModel> m_model;
    std::string m_device;
    int64_t m_memoryLimitBytes = 0;
    std::shared_ptr<Backend> m_backend;
    std::unique_ptr<RecipeWeights> m_weights;
    std::unique_ptr<Executable> m_original, m_quantized;
    uint64_t m_quantizedKey = 0;
    std::unique_ptr<EvaluationSession> m_evaluation;
    Protocol m_evaluationProtocol;
    std::atomic<int64_t> m_streamedBytes = 0;
};

}  // namespace halftone::app
