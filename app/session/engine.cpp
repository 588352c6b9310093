// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/session/engine.h"

#include <algorithm>

#include "app/session/backend_factory.h"

namespace halftone::app {

namespace {
bool sameWindows(const std::vector<EvaluationWindow>& a, const std::vector<EvaluationWindow>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
        return x.scoreBegin == y.scoreBegin && x.scoreEnd == y.scoreEnd && x.tokens == y.tokens;
    });
}
}  // namespace

Status Engine::prepare(const EngineRequest& request, const JobContext& context) {
    HT_TRY(context.checkpoint());
    const bool sameModel = m_model == request.model && m_weights;
    const bool sameDevice = m_device == request.device && m_memoryLimitBytes == request.memoryLimitBytes;
    if (sameModel && sameDevice && m_backend) return {};
    if (!sameModel) drop();
    // Quantized weights outlive a change of the device; executables do not.
    dropExecutables();
    HT_ASSIGN_OR_RETURN(m_backend, createBackend(request.device, request.memoryLimitBytes));
    m_device = request.device;
    m_memoryLimitBytes = request.memoryLimitBytes;
    if (!sameModel) {
        HT_ASSIGN_OR_RETURN(m_weights, RecipeWeights::create(request.model->checkpoint, request.model->graph));
        m_model = request.model;
    }
    m_weights->setEncoder(m_backend->encoder());
    return {};
}

Result<Executable*> Engine::original(const EngineRequest& request, const JobContext& context) {
    HT_TRY(prepare(request, context));
    if (!m_original) {
        HT_ASSIGN_OR_RETURN(m_original, m_backend->compile(m_model->graph, m_weights->original(), context));
    }
    return m_original.get();
}

Result<Backend*> Engine::backend(const EngineRequest& request, const JobContext& context) {
    HT_TRY(prepare(request, context));
    return m_backend.get();
}

Result<Executable*> Engine::quantized(const EngineRequest& request, const WeightsRequest& weights,
                                      const JobContext& context) {
    HT_TRY(prepare(request, context));
    if (m_quantized && m_quantizedKey == weights.key) return m_quantized.get();
    HT_ASSIGN_OR_RETURN(const auto applied, recipeWeights(weights, context));
    m_quantizedKey = 0;
    if (m_quantized) {
        if (auto status = m_quantized->updateWeights(applied.weights, context); !status) {
            m_evaluation.reset();
            m_quantized.reset();  // may be half updated
            return tl::unexpected(status.error());
        }
    } else {
        HT_ASSIGN_OR_RETURN(m_quantized, m_backend->compile(m_model->graph, applied.weights, context));
    }
    m_quantizedKey = weights.key;
    return m_quantized.get();
}

Result<RecipeWeights::Applied> Engine::recipeWeights(const WeightsRequest& weights, const JobContext& context) {
    return m_weights->applyMethods(weights.recipe, weights.calibration, context);
}

Result<EvaluationSession*> Engine::evaluation(const EngineRequest& request,
                                              const std::vector<EvaluationWindow>& windows, const Protocol& protocol,
                                              const JobContext& context) {
    HT_TRY(prepare(request, context));
    // The session leaves the executable with weights of its own choice.
    m_quantizedKey = 0;
    if (m_evaluation && m_evaluationProtocol == protocol && sameWindows(m_evaluation->windows(), windows))
        return m_evaluation.get();
    m_evaluation.reset();
    HT_TRY(prepareEvaluated(context));
    HT_ASSIGN_OR_RETURN(m_evaluation,
                        EvaluationSession::create(*m_quantized, m_weights->original(), windows, protocol));
    m_evaluationProtocol = protocol;
    return m_evaluation.get();
}

Result<std::unique_ptr<EvaluationSession>> Engine::separateEvaluation(const EngineRequest& request,
                                                                      const std::vector<EvaluationWindow>& windows,
                                                                      const Protocol& protocol,
                                                                      const JobContext& context) {
    HT_TRY(prepare(request, context));
    m_quantizedKey = 0;
    HT_TRY(prepareEvaluated(context));
    return EvaluationSession::create(*m_quantized, m_weights->original(), windows, protocol);
}

Status Engine::prepareEvaluated(const JobContext& context) {
    if (m_quantized) return {};
    HT_ASSIGN_OR_RETURN(m_quantized, m_backend->compile(m_model->graph, m_weights->original(), context));
    return {};
}

void Engine::noteStreaming() {
    int64_t most = 0;
    for (const auto* executable : {m_original.get(), m_quantized.get()})
        if (executable) most = std::max(most, executable->streamedWeightBytes());
    m_streamedBytes = most;
}

std::string Engine::deviceDescription() const {
    return m_backend ? m_backend->name() + " " + m_backend->description() : m_device;
}

void Engine::dropExecutables() {
    m_evaluation.reset();
    m_original.reset();
    m_quantized.reset();
    m_backend.reset();
    m_quantizedKey = 0;
    m_streamedBytes = 0;
}

void Engine::drop() {
    dropExecutables();
    m_weights.reset();
    m_model.reset();
    m_device.clear();
}

}  // namespace halftone::app
