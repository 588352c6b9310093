// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <tuple>

#include "core/checkpoint/checkpoint.h"
#include "core/export/gguf_export.h"
#include "core/inference/model_weights.h"
#include "core/pipeline/method_plan.h"
#include "core/recipe/recipe.h"

namespace halftone {

/// From recipe to weights that an Executable takes (Executable::updateWeights). What was quantized once is kept, keyed
/// by tensor, format, method and calibration, so that an edit costs only the tensors it changes and an undo nothing.
/// Not thread-safe: one call at a time. What it hands out is immutable and stays valid on its own.
class RecipeWeights {
  public:
    /// `cacheBytes`: how much quantized data is kept for later; the tensors last used stay.
    static Result<std::unique_ptr<RecipeWeights>> create(std::shared_ptr<const Checkpoint> checkpoint,
                                                         std::shared_ptr<const ModelGraph> graph,
                                                         int64_t cacheBytes = kDefaultCacheBytes);
    static constexpr int64_t kDefaultCacheBytes = int64_t{4} << 30;

    [[nodiscard]] const ModelWeights& original() const { return m_original; }

    /// What encodes in place of the processor where it can, from now on; null: nothing. The bytes are the same.
    void setEncoder(std::shared_ptr<EncodeDevice> encoder) { m_encoder = std::move(encoder); }

    struct Applied {
        ModelWeights weights;
        std::map<std::string, Distortion> distortion;  ///< by canonical name, tensors that the recipe changes
        int64_t quantizedNow = 0;                      ///< tensors that were not in the cache
        std::vector<std::string> notes;                ///< sentences of the methods to show beside the result
        /// What the inputs of a tensor are divided by, channel by channel, where methods folded factors into its
        /// neighbours (AWQ, SmoothQuant); by canonical name.
        std::map<std::string, std::vector<float>> inputScales{};
    };
    /// Every matrix of the graph in the format that the recipe gives it; vectors as they are. Progress in rows.
    /// The first error of the recipe is an error here.
    /// `calibration` is what the methods know of the activations: importance, and what GPTQ and AWQ need; may be null.
    Result<Applied> applyMethods(const ResolvedRecipe& recipe, std::shared_ptr<const Calibration> calibration,
                                 const JobContext& context);

    [[nodiscard]] int64_t cachedBytes() const { return m_cachedBytes; }

  private:
    using Key = std::tuple<std::string, Format, uint64_t>;
    struct Entry {
        Key key;
        QuantizedTensor tensor;
    };
    RecipeWeights(std::shared_ptr<const Checkpoint> checkpoint, std::shared_ptr<const ModelGraph> graph,
                  ModelWeights original, int64_t cacheBytes);
    Result<std::shared_ptr<const MethodPlan>> planFor(const ResolvedRecipe& recipe,
                                                      std::shared_ptr<const Calibration> calibration,
                                                      const JobContext& context);
    Result<QuantizedTensor> quantized(const ResolvedTensor& tensor, const MethodPlan& plan, Applied& applied,
                                      const JobContext& context);
    void remember(Key key, const QuantizedTensor& tensor);

    std::shared_ptr<const Checkpoint> m_checkpoint;
    std::shared_ptr<const ModelGraph> m_graph;
    std::shared_ptr<EncodeDevice> m_encoder;
    ModelWeights m_original;
    int64_t m_cacheLimit;
    int64_t m_cachedBytes = 0;
    FactorCache m_factors;                            // of the call in progress
    std::shared_ptr<const MethodPlan> m_plan;         // the last one: its search is not repeated for the same request
    std::shared_ptr<const Calibration> m_planSource;  // what it was made from
    std::string m_planRequest;
    std::list<Entry> m_recent;  // last used first
    std::map<Key, std::list<Entry>::iterator> m_index;
};

}  // namespace halftone
