// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "core/base/job_context.h"
#include "core/quant/formats/packed_layout.h"

namespace halftone {

/// How far a search for the range of least squared error goes down, and in how many steps.
struct MseSettings {
    float shrink = 0.2f;
    int steps = 80;

    /// Share of the full range that step 0, 1, ... `steps` tries.
    [[nodiscard]] float part(int step) const {
        return 1.0f - (1.0f - shrink) * static_cast<float>(step) / static_cast<float>(steps);
    }
};

/// A search for the range of least squared error, and what each column counts in it; empty: all alike. Borrowed.
struct ClipSearch {
    MseSettings settings;
    std::span<const float> weights;
};

/// A method made ready for one tensor: packs rows of it. What a row becomes depends on that row alone, so that rows
/// may be cut into tiles, permuted and streamed as one likes. Immutable; any number of threads.
class RowEncoder {
  public:
    virtual ~RowEncoder() = default;
    /// `values` holds rows * layout.cols finite floats, `packed` rows * layout.rowBytes bytes, which are overwritten.
    /// kCancelled if the context's stop was asked for.
    virtual Status encode(const PackedLayout& layout, std::span<const float> values, int64_t rows,
                          std::span<std::byte> packed, const JobContext& context) const = 0;
    /// Rows that are best encoded together; 0: any number.
    [[nodiscard]] virtual int64_t preferredRows() const { return 0; }
    /// Whether it leaves out what the format's pattern leaves out. Others get rows in which that is zero already.
    [[nodiscard]] virtual bool prunes() const { return false; }
    /// The search for the range of least squared error, if that is what it does: something that an EncodeDevice may do
    /// in its place.
    [[nodiscard]] virtual std::optional<ClipSearch> clipSearch() const { return std::nullopt; }
};

}  // namespace halftone
