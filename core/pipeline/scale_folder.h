// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/pipeline/method_plan.h"

namespace halftone {

/// Finds where a graph lets channels be scaled for free and searches the factors of AWQ or SmoothQuant there: behind a
/// norm whose output only linear layers read (norm weight and bias divided, columns of the readers multiplied), and
/// between up and down of a gated feed-forward (rows of up divided). Source: the reference page on algorithms,
/// section 4. A place is used when all its readers are to be quantized by AWQ; a note says why where only some are.
/// Private to core/pipeline.
class ScaleFolder {
  public:
    ScaleFolder(std::shared_ptr<const Checkpoint> checkpoint, const ModelGraph& graph, const ResolvedRecipe& recipe,
                MethodPlan& plan);
    Status run(const JobContext& context);

  private:
    /// Layers that read one value, and the tensors that take the other side of the factors.
    struct Place {
        std::vector<const ResolvedTensor*> readers;
        std::vector<std::string> vectors;  ///< divided element by element
        std::string rowsOf;                ///< matrix whose rows are divided; empty: none
    };
    [[nodiscard]] std::vector<Place> findPlaces();
    /// Operations are named by their index: buffers are written anew by later operations, so a value alone says little.
    [[nodiscard]] bool addReaders(int32_t writer, Place& place);
    [[nodiscard]] bool addProducer(int32_t writer, Place& place) const;
    [[nodiscard]] int32_t writerOf(ValueId value, int32_t before) const;
    [[nodiscard]] std::vector<int32_t> readersOf(int32_t writer) const;
    [[nodiscard]] const ResolvedTensor* quantized(WeightId id) const;
    [[nodiscard]] bool isUsedOnce(WeightId id) const;
    Result<std::vector<float>> searchFactors(const Place& place, const JobContext& context) const;
    Status fold(const Place& place, const JobContext& context);
    Status divideVector(const std::string& name, const std::vector<float>& factors);

    std::shared_ptr<const Checkpoint> m_checkpoint;
    const ModelGraph& m_graph;
    MethodPlan& m_plan;
    std::map<std::string, const ResolvedTensor*> m_resolved;
    std::map<std::string, int> m_uses;  // slots and operations that name a tensor
};

}  // namespace halftone
