// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/pipeline/recipe_weights.h"

#include <algorithm>
#include <set>
#include <unordered_map>

#include <fmt/format.h>

#include "core/base/hash.h"

namespace halftone {
namespace {

// 0 where no importance was given.
uint64_t importanceId(std::span<const float> importance) {
    return importance.empty() ? 0 : std::max<uint64_t>(1, hashBytes(std::as_bytes(importance)));
}

std::span<const float> importanceOf(const ImportanceData& data, const std::string& tensor) {
    const auto found = data.byTensor.find(tensor);
    return found == data.byTensor.end() ? std::span<const float>() : std::span<const float>(found->second);
}

int64_t sizeOf(const QuantizedTensor& tensor) {
    return static_cast<int64_t>(tensor.packed.bytes.size());
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

Result<RecipeWeights::Applied> RecipeWeights::apply(const ResolvedRecipe& recipe, const ImportanceData& importance,
                                                    const JobContext& context) {
    const auto error = std::ranges::find(recipe.problems, RecipeProblem::Severity::kError, &RecipeProblem::severity);
    if (error != recipe.problems.end()) return makeError(ErrorCode::kInvalidArgument, error->message);
    const std::vector<const ResolvedTensor*> changed = changedTensors(*m_graph, recipe);
    int64_t rows = 0;
    for (const ResolvedTensor* tensor : changed) rows += tensor->rows;
    context.start("Quantizing", rows, "rows");
    JobContext inner = context;
    inner.progress = nullptr;  // one count over all tensors, not one each
    Applied applied{.weights = m_original, .distortion = {}};
    for (const ResolvedTensor* tensor : changed) {
        HT_TRY(context.checkpoint());
        if (context.progress) context.progress->setStage("Quantizing " + tensor->name);
        HT_ASSIGN_OR_RETURN(QuantizedTensor result, quantized(*tensor, importance, applied, inner));
        applied.distortion[tensor->name] = result.distortion;
        applied.weights = applied.weights.with(*m_graph, tensor->name, std::move(result.packed));
        context.advance(tensor->rows);
    }
    return applied;
}

Result<QuantizedTensor> RecipeWeights::quantized(const ResolvedTensor& tensor, const ImportanceData& importance,
                                                 Applied& applied, const JobContext& context) {
    const std::span<const float> weights = importanceOf(importance, tensor.name);
    Key key{tensor.name, tensor.format, importanceId(weights)};
    const auto found = m_index.find(key);
    if (found != m_index.end()) {
        m_recent.splice(m_recent.begin(), m_recent, found->second);
        return found->second->tensor;
    }
    const TensorInfo* info = m_checkpoint->find(tensor.name);
    HT_CHECK(info != nullptr);
    if (!weights.empty() && static_cast<int64_t>(weights.size()) != info->cols()) {
        return makeError(ErrorCode::kInvalidArgument,
                         fmt::format("The importance of {} has {} values, but the tensor has rows of {}.", tensor.name,
                                     weights.size(), info->cols()));
    }
    HT_ASSIGN_OR_RETURN(const auto rows, openRows(m_checkpoint, *info));
    const QuantizeOptions options{.importance = weights, .tensorName = tensor.name};
    HT_ASSIGN_OR_RETURN(QuantizedTensor result, quantizeTensor(*rows, tensor.format, options, context));
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
