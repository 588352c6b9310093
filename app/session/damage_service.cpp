// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/session/damage_service.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "app/language/core_text.h"
#include "app/session/evaluation_service.h"
#include "app/session/message_log.h"

namespace halftone::app {

namespace {

const QString kLookTag = QStringLiteral("damage-look");
const QString kLayersTag = QStringLiteral("damage-layers");
constexpr int64_t kMostRowBytes = int64_t(256) << 20;  // of one row

/// A part of the model that is tried by itself: a block, or a tensor outside the blocks.
struct Part {
    LayerDamage damage;
    std::vector<WeightId> weights;
};

/// Matrices that a recipe leaves alone share their bytes with the original; vectors may be copies.
bool isSame(const PackedTensor& a, const PackedTensor& b, bool isVector) {
    return areSameBytes(a, b) || (isVector && std::ranges::equal(a.bytes, b.bytes));
}

/// The parts that the recipe changes, in the order of the model: the embedding, the blocks, and what follows them. A
/// tensor that the graph names twice (tied embeddings) is one part.
std::vector<Part> changedParts(const LoadedModel& model, const ModelWeights& original, const ModelWeights& applied) {
    const auto blockCount = int(model.graph->config.blockCount);
    const auto& weights = model.graph->weights;
    std::map<std::string, int> orders;  // of tensors outside the blocks, by their first use
    std::map<std::pair<int, std::string>, Part> parts;
    for (size_t i = 0; i < weights.size(); ++i) {
        const auto& slot = weights[i];
        const auto id = WeightId(i);
        if (isSame(original.at(id), applied.at(id), slot.isVector)) continue;
        const bool isInBlock = slot.block >= 0 && slot.block < blockCount;
        const int outside = slot.role == TensorRole::kTokenEmbedding ? -1 : blockCount;
        const int order = isInBlock ? slot.block : orders.try_emplace(slot.name, outside).first->second;
        auto& part = parts[{order, isInBlock ? std::string() : slot.name}];
        part.damage.block = isInBlock ? slot.block : -1;
        part.damage.name =
            isInBlock ? DamageService::tr("block %1").arg(slot.block) : QString::fromStdString(slot.name);
        const auto* tensor = model.checkpoint->find(slot.name);
        const int index = tensor ? int(tensor - model.checkpoint->tensors().data()) : -1;
        if (index >= 0 && std::ranges::find(part.damage.tensors, index) == part.damage.tensors.end())
            part.damage.tensors.push_back(index);
        part.weights.push_back(id);
    }
    std::vector<Part> list;
    for (auto& [order, part] : parts) list.push_back(std::move(part));
    return list;
}

/// The original with one part as the recipe makes it.
ModelWeights withPart(const ModelGraph& graph, const ModelWeights& original, const ModelWeights& applied,
                      const Part& part) {
    ModelWeights weights = original;
    for (const WeightId id : part.weights)
        weights = weights.with(graph, graph.weights[size_t(id)].name, applied.at(id));
    return weights;
}

}  // namespace

struct DamageService::Request {
    int scored = -1;
    std::vector<TokenId> tokens;  ///< up to the one that is looked at, and with it
    EngineRequest engineRequest;
    WeightsRequest weights;
    std::shared_ptr<Engine> engine;
};

DamageService::DamageService(ModelJobs& modelJobs, EvaluationService& evaluation, QObject* parent)
    : QObject(parent), m_modelJobs(modelJobs), m_evaluation(evaluation) {
    connect(&m_evaluation, &EvaluationService::runAdded, this, &DamageService::follow);
    connect(&m_evaluation, &EvaluationService::runsReset, this, &DamageService::reset);
    connect(&m_evaluation, &EvaluationService::stateChanged, this, &DamageService::follow);
}

void DamageService::reset() {
    stop();
    m_run = -1;
    m_firstScored.clear();
    m_study = {};
    emit runChanged();
}

/// The newest run of the recipe in work, else the newest of any recipe.
void DamageService::follow() {
    const auto& runs = m_evaluation.runs();
    int chosen = -1;
    for (int at = int(runs.size()) - 1; at >= 0; --at) {
        if (!runs[at].windows || runs[at].result.tokenKld.empty()) continue;
        if (chosen < 0) chosen = at;
        if (m_evaluation.isStale(runs[at])) continue;
        chosen = at;
        break;
    }
    if (chosen == m_run) return;
    stop();
    m_run = chosen;
    m_study = {};
    m_firstScored.assign(1, 0);
    if (m_run >= 0) {
        for (const auto& window : *runs[m_run].windows)
            m_firstScored.push_back(m_firstScored.back() + window.scoreEnd - window.scoreBegin);
    }
    emit runChanged();
}

const EvaluationRun* DamageService::run() const {
    return m_run >= 0 && m_run < m_evaluation.runs().size() ? &m_evaluation.runs()[m_run] : nullptr;
}

int DamageService::scoredCount() const {
    return run() ? int(run()->result.tokenKld.size()) : 0;
}

ScoredPlace DamageService::placeOf(int scored) const {
    if (scored < 0 || scored >= scoredCount()) return {};
    const auto next = std::upper_bound(m_firstScored.begin(), m_firstScored.end(), int64_t(scored));
    const int window = int(next - m_firstScored.begin()) - 1;
    // A position predicts the token behind it.
    const auto& text = (*run()->windows)[size_t(window)];
    return {window, int(text.scoreBegin + scored - m_firstScored[size_t(window)] + 1)};
}

int DamageService::scoredAt(const ScoredPlace& place) const {
    if (!run() || place.window < 0 || size_t(place.window) >= run()->windows->size()) return -1;
    const auto& text = (*run()->windows)[size_t(place.window)];
    const int64_t position = place.token - 1;
    if (position < text.scoreBegin || position >= text.scoreEnd) return -1;
    return int(m_firstScored[size_t(place.window)] + position - text.scoreBegin);
}

std::vector<int> DamageService::worst(int most) const {
    const auto count = size_t(scoredCount());
    std::vector<int> order(count);
    if (order.empty()) return order;
    std::iota(order.begin(), order.end(), 0);
    const auto& kld = run()->result.tokenKld;
    const auto wanted = order.begin() + std::min<ptrdiff_t>(most, ptrdiff_t(count));
    std::partial_sort(order.begin(), wanted, order.end(), [&](int a, int b) {
        return kld[size_t(a)] != kld[size_t(b)] ? kld[size_t(a)] > kld[size_t(b)] : a < b;
    });
    order.erase(wanted, order.end());
    return order;
}

std::shared_ptr<const Tokenizer> DamageService::tokenizer() const {
    const auto& model = m_modelJobs.model();
    return model ? model->tokenizer : nullptr;
}

bool DamageService::isCurrent() const {
    return run() && !m_evaluation.isStale(*run()) && m_modelJobs.whyNot().isEmpty();
}

bool DamageService::isTrying() const {
    return m_modelJobs.jobs().hasTag(kLayersTag);
}

void DamageService::stop() {
    m_modelJobs.jobs().cancelTag(kLookTag);
    m_modelJobs.jobs().cancelTag(kLayersTag);
}

std::shared_ptr<const DamageService::Request> DamageService::requestFor(int scored) const {
    const auto place = placeOf(scored);
    if (place.window < 0 || !isCurrent()) return nullptr;
    const auto& tokens = (*run()->windows)[size_t(place.window)].tokens;
    auto request = std::make_shared<Request>();
    request->scored = scored;
    request->tokens.assign(tokens.begin(), tokens.begin() + place.token + 1);
    request->engineRequest = m_modelJobs.engineRequest();
    request->weights = m_modelJobs.weightsRequest();
    request->engine = m_modelJobs.engine();
    return request;
}

Result<TokenComparison> DamageService::compareAt(ModelJobs& modelJobs, Request request, const JobControl& control) {
    auto& engine = *request.engine;
    const auto& context = control.context();
    return engine.run<TokenComparison>(
        request.engineRequest, modelJobs.lostHandler(control), [&]() -> Result<TokenComparison> {
            HT_ASSIGN_OR_RETURN(auto* original, engine.original(request.engineRequest, context));
            HT_ASSIGN_OR_RETURN(auto* quantized, engine.quantized(request.engineRequest, request.weights, context));
            const auto last = int64_t(request.tokens.size()) - 1;
            HT_ASSIGN_OR_RETURN(auto compared, compareTokens(*original, *quantized, request.tokens, last, {}, context));
            return std::move(compared.front());
        });
}

void DamageService::look(int scored) {
    const auto request = requestFor(scored);
    if (scored != m_study.scored) {
        m_modelJobs.jobs().cancelTag(kLayersTag);
        m_study = {.scored = scored};
    }
    emit studyChanged();
    if (!request || m_study.comparison) return;
    m_modelJobs.jobs().start<TokenComparison>(
        {tr("Looking at a word"), JobLane::Compute, kLookTag, true}, this,
        [this, request](const JobControl& control) { return compareAt(m_modelJobs, *request, control); },
        [this, scored](const Result<TokenComparison>& comparison) {
            if (m_study.scored != scored) return;
            if (!comparison) return fail(scored, comparison.error());
            m_study.comparison = *comparison;
            emit studyChanged();
        });
}

void DamageService::fail(int scored, const Error& error) {
    if (error.code == ErrorCode::kCancelled || m_study.scored != scored) return;
    m_study.problem = errorText(error);
    m_modelJobs.messages().fail([] { return tr("Looking at a word"); }, error);
    emit studyChanged();
}

/// The original is evaluated once; every part is then swapped in by itself, from its own block on.
Result<bool> DamageService::tryAll(ModelJobs& modelJobs, Request request, const JobControl& control,
                                   const std::function<void(LayerDamage)>& onLayer) {
    auto& engine = *request.engine;
    const auto& context = control.context();
    const auto& model = *request.engineRequest.model;
    const auto last = int64_t(request.tokens.size()) - 1;
    const Protocol protocol{ProtocolKind::kPlainWindow, std::max<int64_t>(2, last + 1)};
    const std::vector<EvaluationWindow> windows{{request.tokens, last - 1, last}};
    return engine.run<bool>(request.engineRequest, modelJobs.lostHandler(control), [&]() -> Result<bool> {
        const JobContext quiet{context.stop, nullptr, context.pool};
        HT_ASSIGN_OR_RETURN(const auto session,
                            engine.separateEvaluation(request.engineRequest, windows, protocol, context));
        HT_ASSIGN_OR_RETURN(const auto applied, engine.recipeWeights(request.weights, context));
        const ModelWeights original = engine.originalWeights();
        const auto parts = changedParts(model, original, applied.weights);
        context.start("Trying layers", int64_t(parts.size()), "layers");
        HT_TRY(session->runReference(kMostRowBytes, {}, quiet));
        HT_TRY(session->evaluate(original, {}, {}, quiet));
        for (const auto& part : parts) {
            HT_ASSIGN_OR_RETURN(const auto figures,
                                session->probe(withPart(*model.graph, original, applied.weights, part), {}, {}, quiet));
            auto damage = part.damage;
            damage.kld = double(figures.result.tokenKld.front());
            onLayer(std::move(damage));
            context.advance(1);
        }
        return true;
    });
}

void DamageService::tryLayers(int scored) {
    look(scored);
    const auto request = requestFor(scored);
    if (!request) return;
    m_study.layers.clear();
    m_study.areLayersComplete = false;
    m_study.problem.clear();
    m_modelJobs.jobs().start<bool>(
        {tr("Trying layers on a word"), JobLane::Compute, kLayersTag}, this,
        [this, request, scored](const JobControl& control) {
            return tryAll(m_modelJobs, *request, control, [this, scored, &control](LayerDamage damage) {
                control.post([this, scored, damage = std::move(damage)] {
                    if (m_study.scored != scored) return;
                    m_study.layers.push_back(damage);
                    emit studyChanged();
                });
            });
        },
        [this, scored](const Result<bool>& done) {
            if (m_study.scored != scored) return;
            m_study.areLayersComplete = done.has_value();
            if (!done) fail(scored, done.error());
            emit studyChanged();
        });
    emit studyChanged();
}

}  // namespace halftone::app
