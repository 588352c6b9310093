// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/pipeline/method_plan.h"

#include <algorithm>
#include <chrono>
#include <set>

#include <fmt/format.h>

#include "core/base/hash.h"
#include "core/pipeline/calibrate.h"
#include "core/pipeline/rounding_tuner.h"
#include "core/pipeline/scale_folder.h"
#include "core/quant/formats/packed_values.h"

namespace halftone {
namespace {

const MatrixScale kIdentity;

template <typename T>
uint64_t hashOf(std::span<const T> values, uint64_t seed) {
    return hashBytes(std::as_bytes(values), seed);
}

// The diagonal and one row tell one matrix from another; hashing all of it would cost more than many methods.
uint64_t statisticsId(const InputStatistics& statistics, bool withHessian, uint64_t seed) {
    const std::vector<float> importance = statistics.importance();
    seed = hashOf(std::span<const float>(importance), seed);
    if (!withHessian || !statistics.hessian) return seed;
    const auto channels = static_cast<size_t>(statistics.hessian->channels);
    return hashOf(statistics.hessian->sums.subspan(channels / 2 * channels, channels), seed);
}

bool learnsRounding(const ResolvedRecipe& recipe) {
    return std::ranges::any_of(recipe.tensors, [](const ResolvedTensor& tensor) {
        return !tensor.kept && tensor.method.id == MethodId::kAutoRound;
    });
}

/// A plan as the exporter asks it.
class PlannedExport final : public ExportMethods {
  public:
    explicit PlannedExport(std::shared_ptr<const MethodPlan> plan) : m_plan(std::move(plan)) {}

    Result<PreparedMethod> prepare(const ResolvedTensor& tensor, const JobContext& context) override {
        return m_plan->prepare(tensor, m_factors, context);
    }
    [[nodiscard]] bool changes(const std::string& name) const override {
        return m_plan->vectors().contains(name) || !m_plan->scaleOf(name).isIdentity();
    }
    Result<std::shared_ptr<const RowSource>> rows(const std::string& name, std::shared_ptr<const RowSource> rows,
                                                  const JobContext&) const override {
        const auto vector = m_plan->vectors().find(name);
        if (vector == m_plan->vectors().end()) return m_plan->scaled(name, std::move(rows));
        return rowSourceOf(packedVector(vector->second));
    }

  private:
    std::shared_ptr<const MethodPlan> m_plan;
    FactorCache m_factors;
};

}  // namespace

Result<ExportReport> exportWithMethods(std::shared_ptr<const Checkpoint> checkpoint, const ModelGraph& graph,
                                       const ResolvedRecipe& recipe, const std::string& recipeText,
                                       std::shared_ptr<const Calibration> calibration,
                                       const std::filesystem::path& target, const JobContext& context,
                                       EncodeDevice* encoder) {
    const auto start = std::chrono::steady_clock::now();
    ImportanceData importance;
    if (calibration) importance = importanceFrom(*calibration);
    HT_ASSIGN_OR_RETURN(auto plan, MethodPlan::create(checkpoint, graph, recipe, std::move(calibration), context));
    HT_TRY(plan->learnRounding(context));
    PlannedExport methods(plan);
    HT_ASSIGN_OR_RETURN(ExportReport report, exportGguf(std::move(checkpoint), recipe, recipeText, importance, target,
                                                        context, {.methods = &methods, .device = encoder}));
    for (const std::string& note : plan->notes()) {
        report.problems.push_back({RecipeProblem::Severity::kNote, note, {}});
    }
    report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return report;
}

Result<std::shared_ptr<const MethodPlan>> MethodPlan::create(std::shared_ptr<const Checkpoint> checkpoint,
                                                             const ModelGraph& graph, const ResolvedRecipe& recipe,
                                                             std::shared_ptr<const Calibration> calibration,
                                                             const JobContext& context) {
    auto plan = std::make_shared<MethodPlan>();
    plan->m_calibration = std::move(calibration);
    std::set<std::string> read;
    for (const Op& op : graph.ops) {
        if (op.kind == OpKind::kLinear) read.insert(graph.weights[static_cast<size_t>(op.weight)].name);
    }
    for (const WeightSlot& slot : graph.weights) {
        if (!slot.isVector) plan->m_isLookedUpOnly[slot.name] = !read.contains(slot.name);
    }
    ScaleFolder folder(checkpoint, graph, recipe, *plan);
    HT_TRY(folder.run(context));
    if (learnsRounding(recipe)) {
        plan->m_tuner = std::make_unique<RoundingTuner>(checkpoint, graph, recipe, plan->m_calibration, *plan);
    }
    return std::shared_ptr<const MethodPlan>(std::move(plan));
}

Result<PreparedMethod> MethodPlan::prepare(const ResolvedTensor& tensor, FactorCache& factors,
                                           const JobContext& context) const {
    const InputStatistics* statistics = m_calibration ? m_calibration->find(tensor.name) : nullptr;
    MethodRequest request{.format = tensor.format,
                          .cols = tensor.cols,
                          .method = tensor.method,
                          .statistics = statistics,
                          .channelScale = scaleOf(tensor.name).columns,
                          .mayClip = tensor.role != TensorRole::kAttnQ && tensor.role != TensorRole::kAttnK,
                          .tensor = tensor.name};
    const auto lookedUp = m_isLookedUpOnly.find(tensor.name);
    const bool hasNoInputs = lookedUp == m_isLookedUpOnly.end() || lookedUp->second;
    if (hasNoInputs && !statistics && describeMethod(tensor.method.id).need >= CalibrationNeed::kMeanSquares) {
        request.method = MethodChoice{};
    }
    if (tensor.method.id != MethodId::kAutoRound) return prepareMethod(request, factors, context);
    const bool learns = m_tuner && m_tuner->covers(tensor.name);
    // The head is in no block: it gets what comes nearest.
    const bool hasMoments = statistics && statistics->hessian && !learns;
    request.method = MethodChoice{.id = hasMoments ? MethodId::kGptq : MethodId::kNearest, .parameters = {}};
    HT_ASSIGN_OR_RETURN(PreparedMethod prepared, prepareMethod(request, factors, context));
    if (learns) HT_TRY(m_tuner->prepare(tensor.name, prepared, context));
    return prepared;
}

MethodPlan::MethodPlan() = default;
MethodPlan::~MethodPlan() = default;

Status MethodPlan::learnRounding(const JobContext& context) const {
    return m_tuner ? m_tuner->learn(context) : Status();
}

const MatrixScale& MethodPlan::scaleOf(const std::string& tensor) const {
    const auto found = m_scales.find(tensor);
    return found == m_scales.end() ? kIdentity : found->second;
}

std::shared_ptr<const RowSource> MethodPlan::scaled(const std::string& tensor,
                                                    std::shared_ptr<const RowSource> rows) const {
    const MatrixScale& scale = scaleOf(tensor);
    if (scale.isIdentity()) return rows;
    return std::make_shared<ScaledRows>(std::move(rows), scale);
}

uint64_t MethodPlan::identity(const ResolvedTensor& tensor) const {
    const InputStatistics* statistics = m_calibration ? m_calibration->find(tensor.name) : nullptr;
    const MatrixScale& scale = scaleOf(tensor.name);
    if (!statistics && tensor.method.isDefault() && scale.isIdentity()) return 0;
    const std::string name = tensor.method.name();
    uint64_t id = hashOf(std::span<const char>(name), 1);
    id = hashOf(std::span<const float>(scale.rows), id);
    id = hashOf(std::span<const float>(scale.columns), id);
    if (m_tuner && tensor.method.id == MethodId::kAutoRound) id ^= m_tuner->identity(tensor.name);
    const CalibrationNeed need = describeMethod(tensor.method.id).need;
    const FormatExtras& extras = tensor.format.extras();
    if (statistics && (need != CalibrationNeed::kNone || extras.hasCorrection())) {
        id = statisticsId(*statistics, need >= CalibrationNeed::kHessian || extras.rank > 0, id);
    }
    return std::max<uint64_t>(1, id);
}

bool needsHessians(const ResolvedRecipe& recipe) {
    return std::ranges::any_of(recipe.tensors, [](const ResolvedTensor& tensor) {
        if (tensor.kept) return false;
        return tensor.format.extras().rank > 0 || describeMethod(tensor.method.id).need >= CalibrationNeed::kHessian;
    });
}

}  // namespace halftone
