// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/checkpoint/checkpoint.h"
#include "core/export/gguf_export.h"
#include "core/model/model_graph.h"
#include "core/quant/methods/calibration.h"
#include "core/quant/methods/prepare_method.h"
#include "core/quant/transforms/scaled_rows.h"
#include "core/recipe/recipe.h"

namespace halftone {

class RoundingTuner;

/// What the methods of a recipe do to one model before and while its tensors are rounded: factors that are folded into
/// neighbouring tensors (AWQ), codes that a block's tensors learn together (AutoRound), and an encoder for each tensor.
/// Whoever quantizes - weights to run, files to write - asks the plan, so that both get the same bytes.
class MethodPlan {
  public:
    MethodPlan();
    ~MethodPlan();

    /// Searches the factors. `calibration` must hold what the methods need; kInvalidArgument names a tensor and what is
    /// missing. Needs the calibration alive as long as the plan.
    static Result<std::shared_ptr<const MethodPlan>> create(std::shared_ptr<const Checkpoint> checkpoint,
                                                            const ModelGraph& graph, const ResolvedRecipe& recipe,
                                                            std::shared_ptr<const Calibration> calibration,
                                                            const JobContext& context);

    /// Learns what the tensors of AutoRound need, so that prepare() has it at once; nothing to do for other recipes.
    /// Progress in steps.
    Status learnRounding(const JobContext& context) const;

    /// The tensor's method made ready. Tensors without a method of their own (and embeddings that are only looked up)
    /// get the default encoder.
    Result<PreparedMethod> prepare(const ResolvedTensor& tensor, FactorCache& factors, const JobContext& context) const;

    /// The factors of a tensor; identity for most.
    [[nodiscard]] const MatrixScale& scaleOf(const std::string& tensor) const;
    /// `rows` as the plan changes it.
    [[nodiscard]] std::shared_ptr<const RowSource> scaled(const std::string& tensor,
                                                          std::shared_ptr<const RowSource> rows) const;
    /// Norm weights and biases that take the other side of the factors, by canonical name.
    [[nodiscard]] const std::map<std::string, std::vector<float>>& vectors() const { return m_vectors; }
    /// Changes whenever prepare() would give other bytes for this tensor: a key for caches. 0: nothing but the default
    /// encoder without importance.
    [[nodiscard]] uint64_t identity(const ResolvedTensor& tensor) const;
    /// Sentences for the problems list.
    [[nodiscard]] const std::vector<std::string>& notes() const { return m_notes; }

  private:
    friend class ScaleFolder;
    std::shared_ptr<const Calibration> m_calibration;
    std::map<std::string, MatrixScale> m_scales;
    std::map<std::string, std::vector<float>> m_vectors;
    std::map<std::string, bool> m_isLookedUpOnly;
    std::vector<std::string> m_notes;
    std::unique_ptr<const RoundingTuner> m_tuner;  // null: no tensor learns its codes
};

/// exportGguf() with the recipe's methods: the file holds the bytes that RecipeWeights::applyMethods runs. `encoder`
/// encodes in place of the processor where it can; null: nothing does.
Result<ExportReport> exportWithMethods(std::shared_ptr<const Checkpoint> checkpoint, const ModelGraph& graph,
                                       const ResolvedRecipe& recipe, const std::string& recipeText,
                                       std::shared_ptr<const Calibration> calibration,
                                       const std::filesystem::path& target, const JobContext& context,
                                       EncodeDevice* encoder = nullptr);

/// Whether any tensor of the recipe needs second moments, or is better for them (low-rank corrections).
bool needsHessians(const ResolvedRecipe& recipe);

}  // namespace halftone
