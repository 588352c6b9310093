// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/checkpoint/checkpoint.h"
#include "core/pipeline/method_plan.h"
#include "core/tuning/auto_round.h"

namespace halftone {

/// Learns the rounding of the tensors that a recipe gives to AutoRound, block by block, from the windows of a
/// calibration. What was learned stays with the calibration (Calibration::learned), so that whoever asks again, in
/// another plan too, gets the same bytes for nothing. Any thread. Private to core/pipeline.
class RoundingTuner {
  public:
    /// The plan's factors must be found by now; it must outlive this.
    RoundingTuner(std::shared_ptr<const Checkpoint> checkpoint, const ModelGraph& graph, const ResolvedRecipe& recipe,
                  std::shared_ptr<const Calibration> calibration, const MethodPlan& plan);

    /// Whether the tensor is one of a block; others (head, embeddings) are rounded to nearest.
    [[nodiscard]] bool covers(const std::string& tensor) const { return groupOf(tensor) != nullptr; }
    /// Gives a covered tensor its learned encoder, and the first one of a block a note of what was gained; learns the
    /// block if need be. kInvalidArgument without a calibration text.
    Status prepare(const std::string& tensor, PreparedMethod& prepared, const JobContext& context) const;
    /// Learns all blocks. Progress in steps.
    Status learn(const JobContext& context) const;
    /// Changes whenever prepare() would give other bytes.
    [[nodiscard]] uint64_t identity(const std::string& tensor) const;

  private:
    /// Tensors of one block with the same parameters: they learn together.
    struct Group {
        int block = 0;
        MethodChoice method;
        std::vector<ResolvedTensor> tensors;
        std::vector<WeightId> weights;  ///< of the tensors
        uint64_t key = 0;
    };
    /// Hidden states of the original model at the entry of a block, all windows one behind the other.
    struct States {
        int64_t tokenLimit = 0;
        int block = -1;
        std::vector<std::vector<int32_t>> windows;
        std::vector<int64_t> lengths;
        std::vector<float> hidden;
    };

    [[nodiscard]] const Group* groupOf(const std::string& tensor) const;
    [[nodiscard]] uint64_t keyOf(const Group& group) const;
    Result<std::shared_ptr<const LearnedBlock>> learned(const Group& group, const JobContext& context) const;
    Result<std::shared_ptr<const LearnedBlock>> tune(const Group& group, const JobContext& context) const;
    Result<TunedMatrix> matrixOf(const Group& group, size_t index, FactorCache& factors,
                                 const JobContext& context) const;
    Result<std::vector<float>> weightValues(WeightId id) const;
    Status goTo(int block, int64_t tokenLimit, const JobContext& context) const;
    Status begin(int64_t tokenLimit) const;
    Status advance(const JobContext& context) const;
    [[nodiscard]] Status checkCalibration(const Group& group) const;

    std::shared_ptr<const Checkpoint> m_checkpoint;
    ModelGraph m_graph;
    std::shared_ptr<const Calibration> m_calibration;
    const MethodPlan& m_plan;
    std::vector<Group> m_groups;  // by block
    mutable States m_states;      // guarded by LearnedCodes::learning()
};

}  // namespace halftone
