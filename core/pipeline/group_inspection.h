// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "core/base/job_context.h"
#include "core/checkpoint/checkpoint.h"
#include "core/pipeline/method_plan.h"
#include "core/quant/formats/group_description.h"
#include "core/quant/formats/packed_tensor.h"
#include "core/quant/methods/quantize.h"
#include "core/recipe/recipe.h"

namespace halftone {

/// What "worst" means for a group.
enum class GroupMeasure : uint8_t {
    kSquaredError,   ///< summed over the group: what adds up to the tensor's error
    kRelativeError,  ///< squared error / squared weights
    kLargestError,   ///< of a single value
};
inline constexpr size_t kGroupMeasures = 3;

/// What one group loses.
struct GroupError {
    int64_t row = 0;
    int64_t group = 0;  ///< of the row
    double squaredError = 0;
    double squares = 0;  ///< of the original
    double largest = 0;  ///< largest magnitude of a single error
    /// squaredError / squares; 0 where nothing is lost.
    [[nodiscard]] double relative() const;
    [[nodiscard]] double value(GroupMeasure measure) const;
};

/// The groups that lose most, worst first, by each measure (ties by row, then by group).
struct GroupRanking {
    std::array<std::vector<GroupError>, kGroupMeasures> worst;
    int64_t seenRows = 0, rows = 0;  ///< fewer seen than there are: not finished
    int64_t groups = 0;              ///< in the rows seen
    double squaredError = 0;         ///< of the rows seen
    [[nodiscard]] const std::vector<GroupError>& by(GroupMeasure measure) const {
        return worst[static_cast<size_t>(measure)];
    }
};

/// A group with what it was made from.
struct InspectedGroup {
    GroupDescription description;
    std::vector<float> original;  ///< empty where it is not known: the checkpoint itself stores the codes
    GroupError error;             ///< of meaning where the original is known
};

struct InspectedRow {
    int64_t row = 0;
    std::vector<InspectedGroup> groups;
};

struct GroupInspectionRequest {
    std::shared_ptr<const Checkpoint> checkpoint;
    int tensor = -1;
    std::optional<ResolvedTensor> target;    ///< what the recipe makes of it; nullopt: as it is stored
    std::shared_ptr<const MethodPlan> plan;  ///< of the recipe's methods; null: to nearest
};

/// One tensor, to be looked at group by group. A row is encoded when it is asked for, so that the first one is there at
/// once however large the tensor is; only formats whose rows share a scale, and those with corrections, are encoded
/// whole, on the first call that needs them. With corrections, groups say what their codes are, and errors are those of
/// the corrected matrix. Any thread.
class GroupInspection {
  public:
    GroupInspection(const GroupInspection&) = delete;
    GroupInspection& operator=(const GroupInspection&) = delete;

    /// Makes the method ready, which may take seconds for GPTQ. kUnsupported with a sentence to show for formats
    /// without groups.
    static Result<std::shared_ptr<GroupInspection>> open(const GroupInspectionRequest& request,
                                                         const JobContext& context);

    [[nodiscard]] const PackedLayout& layout() const { return m_layout; }
    [[nodiscard]] int64_t rows() const { return m_rows->rows(); }
    [[nodiscard]] int64_t groupsPerRow() const { return groupCount(m_layout); }
    /// Whether the values before rounding are known.
    [[nodiscard]] bool knowsOriginal() const { return m_knowsOriginal; }

    /// kInvalidArgument for a row that is not there.
    Result<InspectedRow> row(int64_t row, const JobContext& context);

    /// Compares every group with its original and keeps the `most` worst ones of each measure. `partial` sees the
    /// ranking grow, on the calling thread; it may be empty. Progress in rows. Same result for any number of threads.
    /// kUnsupported without an original.
    Result<GroupRanking> rank(size_t most, const std::function<void(const GroupRanking&)>& partial,
                              const JobContext& context);

  private:
    GroupInspection() = default;
    Status prepare(const GroupInspectionRequest& request, const JobContext& context);
    /// The encoded tensor where rows cannot be encoded alone, else nothing.
    Result<std::optional<PackedTensor>> wholeTensor(const JobContext& context);
    [[nodiscard]] QuantizeOptions options() const;
    Result<std::vector<std::byte>> packedRow(int64_t row, std::span<const float> values, const JobContext& context);

    /// The row as it is with outliers and low rank; empty where its codes say it all.
    Result<std::vector<float>> correctedRow(int64_t row, const JobContext& context);

    Format m_format;
    PackedLayout m_layout;
    std::shared_ptr<const RowSource> m_rows;
    PreparedMethod m_method;
    std::string m_name;
    bool m_knowsOriginal = false;
    std::timed_mutex m_encoding;           ///< guards m_packed
    std::optional<PackedTensor> m_packed;  ///< as stored, or what wholeTensor() made
};

}  // namespace halftone
