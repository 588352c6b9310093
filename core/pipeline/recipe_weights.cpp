// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/pipeline/recipe_weights.h"

#include <algorithm>
#include <set>
#include <unordered_map>

#include <fmt/format.h>

#include "core/pipeline/calibrate.h"
#include "core/quant/formats/packed_values.h"

namespace halftone {
namespace {

int64_t sizeOf(const QuantizedTensor& tensor) {
    return tensor.packed.sizeBytes();
}

// What the search for factors and the learning of codes depend on; empty where there is neither.
std::string foldingRequest(const ResolvedRecipe& recipe) {
    std::string request;
    bool folds = false;
    for (const ResolvedTensor& tensor : recipe.tensors) {
        folds = folds || tensor.method.id == MethodId::kAwq || tensor.method.id == MethodId::kSmoothQuant ||
                tensor.method.id == MethodId::kAutoRound;
        request += fmt::format("{} {} {} {}\n", tensor.name, tensor.format.name(), tensor.method.name(), tensor.kept);
    }
    return folds ? request : std::string();
}

// The matrices of the graph that the recipe changes, each once (tied embeddings have two slots), in graph order.
std::vector<const ResolvedTensor*> changedTensors(const ModelGraph& graph, const ResolvedRecipe& recipe) {
    std::unordered_map<std::string_view, const ResolvedTensor*> byName;
    for (const ResolvedTensor& tensor : recipe.tensors) byName.emplace(tensor.name, &tensor);
    std::vector<const ResolvedTensor*> changed;
    std::set<std::string_view> seen;
    for (const WeightSlot& slot : graph.weights) {
        const auto found = byName.find(slot.name);
        if (slot.isVector || found == byName.end() || found->second->kept || !found->second->quantizable) continue;
        if (seen.insert(slot.name).second) changed.push_back(found->second);
    }
    return changed;
}

}  // namespace

RecipeWeights::RecipeWeights(std::shared_ptr<const Checkpoint> checkpoint, std::shared_ptr<const ModelGraph> graph,
                             ModelWeights original, int64_t cacheBytes)
    : m_checkpoint(std::move(checkpoint)),
      m_graph(std::move(graph)),
      m_original(std::move(original)),
      m_cacheLimit(cacheBytes) {}

Result<std::unique_ptr<RecipeWeights>> RecipeWeights::create(std::shared_ptr<const Checkpoint> checkpoint,
                                                             std::shared_ptr<const ModelGraph> graph,
                                                             int64_t cacheBytes) {
    HT_ASSIGN_OR_RETURN(ModelWeights original, ModelWeights::fromCheckpoint(*graph, checkpoint));
    return std::unique_ptr<RecipeWeights>(
        new RecipeWeights(std::move(checkpoint), std::move(graph), std::move(original), cacheBytes));
}

Result<RecipeWeights::Applied> RecipeWeights::applyMethods(const ResolvedRecipe& recipe,
                                                           std::shared_ptr<const Calibration> calibration,
                                                           const JobContext& context) {
    const auto error = std::ranges::find(recipe.problems, RecipeProblem::Severity::kError, &RecipeProblem::severity);
    if (error != recipe.problems.end()) return makeError(ErrorCode::kInvalidArgument, error->message);
    HT_ASSIGN_OR_RETURN(const auto plan, planFor(recipe, std::move(calibration), context));
    HT_TRY(plan->learnRounding(context));
    const std::vector<const ResolvedTensor*> changed = changedTensors(*m_graph, recipe);
    int64_t rows = 0;
    for (const ResolvedTensor* tensor : changed) rows += tensor->rows;
    context.start("Quantizing", rows, "rows");
    JobContext inner = context;
    inner.progress = nullptr;  // one count over all tensors, not one each
    Applied applied{.weights = m_original, .distortion = {}, .notes = plan->notes()};
    for (const auto& [name, values] : plan->vectors()) {
        applied.weights = applied.weights.with(*m_graph, name, packedVector(values));
    }
    for (const WeightSlot& slot : m_graph->weights) {
        const std::vector<float>& columns = plan->scaleOf(slot.name).columns;
        if (!columns.empty()) applied.inputScales[slot.name] = columns;
    }
    for (const ResolvedTensor* tensor : changed) {
        HT_TRY(context.checkpoint());
        if (context.progress) context.progress->setStage("Quantizing " + tensor->name);
        HT_ASSIGN_OR_RETURN(QuantizedTensor result, quantized(*tensor, *plan, applied, inner));
        applied.distortion[tensor->name] = result.distortion;
        applied.weights = applied.weights.with(*m_graph, tensor->name, std::move(result.packed));
        context.advance(tensor->rows);
    }
    m_factors = {};  // a factor is as large as the matrix of its layer
    return applied;
}

Result<std::shared_ptr<const MethodPlan>> RecipeWeights::planFor(const ResolvedRecipe& recipe,
                                                                 std::shared_ptr<const Calibration> calibration,
                                                                 const JobContext& context) {
    std::string request = foldingRequest(recipe);
    if (m_plan && m_planSource == calibration && m_planRequest == request) return m_plan;
    HT_ASSIGN_OR_RETURN(m_plan, MethodPlan::create(m_checkpoint, *m_graph, recipe, calibration, context));
    m_planSource = std::move(calibration);
    m_planRequest = std::move(request);
    return m_plan;
}

Result<QuantizedTensor> RecipeWeights::quantized(const ResolvedTensor& tensor, const MethodPlan& plan, Applied& applied,
                                                 const JobContext& context) {
    Key key{tensor.name, tensor.format, plan.identity(tensor)};
    const auto found = m_index.find(key);
    if (found != m_index.end()) {
        m_recent.splice(m_recent.begin(), m_recent, found->second);
        return found->second->tensor;
    }
    const TensorInfo* info = m_checkpoint->find(tensor.name);
    HT_CHECK(info != nullptr);
    HT_ASSIGN_OR_RETURN(const PreparedMethod method, plan.prepare(tensor, m_factors, context));
    HT_ASSIGN_OR_RETURN(auto rows, openRows(m_checkpoint, *info));
    rows = plan.scaled(tensor.name, std::move(rows));
    QuantizeOptions options = method.options(tensor.name);
    options.device = m_encoder.get();
    HT_ASSIGN_OR_RETURN(QuantizedTensor result, quantizeTensor(*rows, tensor.format, options, context));
    applied.notes.insert(applied.notes.end(), method.notes.begin(), method.notes.end());
    ++applied.quantizedNow;
    remember(std::move(key), result);
    return result;
}

void RecipeWeights::remember(Key key, const QuantizedTensor& tensor) {
    m_recent.push_front({key, tensor});
    m_index.emplace(std::move(key), m_recent.begin());
    m_cachedBytes += sizeOf(tensor);
    while (m_cachedBytes > m_cacheLimit && m_recent.size() > 1) {
        m_cachedBytes -= sizeOf(m_recent.back().tensor);
        m_index.erase(m_recent.back().key);
        m_recent.pop_back();
    }
}

}  // namespace halftone
