// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/session/engine.h"

#include "app/session/backend_factory.h"

namespace halftone::app {

Status Engine::prepare(const EngineRequest& request, const JobContext& context) {
    HT_TRY(context.checkpoint());
    const bool sameModel = m_model == request.model && m_weights;
    if (sameModel && m_device == request.device && m_backend) return {};
    if (!sameModel) drop();
    // Quantized weights outlive a change of the device; executables do not.
    m_original.reset();
    m_quantized.reset();
    m_backend.reset();
    HT_ASSIGN_OR_RETURN(m_backend, createBackend(request.device));
    m_device = request.device;
    if (sameModel) return {};
    HT_ASSIGN_OR_RETURN(m_weights, RecipeWeights::create(request.model->checkpoint, request.model->graph));
    m_model = request.model;
    return {};
}

Result<Executable*> Engine::original(const EngineRequest& request, const JobContext& context) {
    HT_TRY(prepare(request, context));
    if (!m_original) {
        HT_ASSIGN_OR_RETURN(m_original, m_backend->compile(m_model->graph, m_weights->original(), context));
    }
    return m_original.get();
}

Result<Executable*> Engine::quantized(const EngineRequest& request, const WeightsRequest& weights,
                                      const JobContext& context) {
    HT_TRY(prepare(request, context));
    if (m_quantized && m_quantizedKey == weights.key) return m_quantized.get();
    static const ImportanceData kNone;
    HT_ASSIGN_OR_RETURN(const auto applied,
                        m_weights->apply(weights.recipe, weights.importance ? *weights.importance : kNone, context));
    if (m_quantized) {
        if (auto status = m_quantized->updateWeights(applied.weights, context); !status) {
            m_quantized.reset();  // may be half updated
            return tl::unexpected(status.error());
        }
    } else {
        HT_ASSIGN_OR_RETURN(m_quantized, m_backend->compile(m_model->graph, applied.weights, context));
    }
    m_quantizedKey = weights.key;
    return m_quantized.get();
}

std::string Engine::deviceDescription() const {
    return m_backend ? m_backend->name() + " " + m_backend->description() : m_device;
}

void Engine::drop() {
    m_original.reset();
    m_quantized.reset();
    m_weights.reset();
    m_backend.reset();
    m_model.reset();
    m_device.clear();
    m_quantizedKey = 0;
}

}  // namespace halftone::app
