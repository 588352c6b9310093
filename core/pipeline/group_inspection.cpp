// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/pipeline/group_inspection.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <numeric>

#include <fmt/format.h>

#include "core/quant/corrections/correction.h"
#include "core/quant/formats/codec.h"
#include "core/quant/formats/packed_values.h"

namespace halftone {

namespace {

constexpr int64_t kTileValues = int64_t(1) << 16;
constexpr std::chrono::milliseconds kPatience{50};  // between two looks at whether to stop
constexpr GroupMeasure kMeasures[] = {GroupMeasure::kSquaredError, GroupMeasure::kRelativeError,
                                      GroupMeasure::kLargestError};

GroupError errorOf(int64_t row, int64_t group, std::span<const float> original, std::span<const float> decoded) {
    GroupError error{.row = row, .group = group};
    for (size_t i = 0; i < original.size(); ++i) {
        const double difference = double(original[i]) - double(decoded[i]);
        error.squaredError += difference * difference;
        error.squares += double(original[i]) * double(original[i]);
        error.largest = std::max(error.largest, std::abs(difference));
    }
    return error;
}

bool isWorse(const GroupError& a, const GroupError& b, GroupMeasure measure) {
    const double left = a.value(measure), right = b.value(measure);
    if (left != right) return left > right;
    return a.row != b.row ? a.row < b.row : a.group < b.group;
}

/// Cuts a list down to the worst, in order.
void keepWorst(std::vector<GroupError>& list, size_t most, GroupMeasure measure) {
    const auto worse = [measure](const GroupError& a, const GroupError& b) { return isWorse(a, b, measure); };
    const auto kept = std::min(most, list.size());
    std::partial_sort(list.begin(), list.begin() + std::ptrdiff_t(kept), list.end(), worse);
    list.resize(kept);
}

/// Adds the groups of packed rows to a ranking, a piece of rows at a time.
class Ranker {
  public:
    /// `correction` may be null.
    Ranker(const PackedLayout& layout, const RowSource& source, size_t most, const Correction* correction)
        : m_layout(layout), m_source(source), m_most(most), m_correction(correction) {
        m_ranking.rows = source.rows();
    }

    [[nodiscard]] const GroupRanking& ranking() const { return m_ranking; }

    /// The next rows, in order.
    Status add(std::span<const std::byte> packed, const JobContext& context) {
        const int64_t first = m_ranking.seenRows;
        const int64_t count = int64_t(packed.size()) / m_layout.rowBytes;
        const int64_t perTile = std::max<int64_t>(1, kTileValues / m_layout.cols);
        std::vector<Tile> tiles(size_t((count + perTile - 1) / perTile));
        context.pool.parallelFor(count, perTile, [&](int64_t begin, int64_t end) {
            if (context.cancelled()) return;
            const auto bytes =
                packed.subspan(size_t(begin * m_layout.rowBytes), size_t((end - begin) * m_layout.rowBytes));
            Tile& tile = tiles[size_t(begin / perTile)];
            tile.status = compare(first + begin, end - begin, bytes, tile);
        });
        HT_TRY(context.checkpoint());
        for (const Tile& tile : tiles) HT_TRY(merge(tile));
        m_ranking.seenRows += count;
        return {};
    }

  private:
    struct Tile {
        Status status;
        int64_t groups = 0;
        double squaredError = 0;
        std::array<std::vector<GroupError>, kGroupMeasures> worst;
    };

    Status compare(int64_t first, int64_t count, std::span<const std::byte> bytes, Tile& tile) const {
        const auto cols = size_t(m_layout.cols), width = size_t(m_layout.groupSize);
        std::vector<float> original(size_t(count) * cols), decoded(size_t(count) * cols);
        HT_TRY(m_source.readRows(first, count, original));
        HT_TRY(decodeRows(m_layout, bytes, count, decoded));
        if (m_correction) {
            std::vector<int64_t> rows(static_cast<size_t>(count));
            std::iota(rows.begin(), rows.end(), first);
            HT_TRY(addCorrection(*m_correction, rows, decoded));
        }
        std::vector<GroupError> errors;
        for (size_t row = 0; row < size_t(count); ++row) {
            for (size_t begin = 0; begin < cols; begin += width) {
                const size_t size = std::min(width, cols - begin);
                errors.push_back(errorOf(first + int64_t(row), int64_t(begin / width),
                                         std::span(original).subspan(row * cols + begin, size),
                                         std::span(decoded).subspan(row * cols + begin, size)));
                tile.squaredError += errors.back().squaredError;
            }
        }
        tile.groups = int64_t(errors.size());
        for (const GroupMeasure measure : kMeasures) {
            auto& worst = tile.worst[size_t(measure)];
            worst = errors;
            keepWorst(worst, m_most, measure);
        }
        return {};
    }

    Status merge(const Tile& tile) {
        HT_TRY(tile.status);
        m_ranking.groups += tile.groups;
        m_ranking.squaredError += tile.squaredError;
        for (const GroupMeasure measure : kMeasures) {
            auto& worst = m_ranking.worst[size_t(measure)];
            const auto& added = tile.worst[size_t(measure)];
            worst.insert(worst.end(), added.begin(), added.end());
            keepWorst(worst, m_most, measure);
        }
        return {};
    }

    const PackedLayout& m_layout;
    const RowSource& m_source;
    size_t m_most;
    const Correction* m_correction;
    GroupRanking m_ranking;
};

}  // namespace

double GroupError::relative() const {
    if (squaredError == 0) return 0;
    return squares > 0 ? squaredError / squares : std::numeric_limits<double>::infinity();
}

double GroupError::value(GroupMeasure measure) const {
    switch (measure) {
        case GroupMeasure::kSquaredError:
            return squaredError;
        case GroupMeasure::kRelativeError:
            return relative();
        case GroupMeasure::kLargestError:
            return largest;
    }
    return 0;
}

Result<std::shared_ptr<GroupInspection>> GroupInspection::open(const GroupInspectionRequest& request,
                                                               const JobContext& context) {
    std::shared_ptr<GroupInspection> inspection(new GroupInspection);
    HT_TRY(inspection->prepare(request, context));
    return inspection;
}

Status GroupInspection::prepare(const GroupInspectionRequest& request, const JobContext& context) {
    const auto& info = request.checkpoint->tensors()[size_t(request.tensor)];
    m_name = info.canonicalName;
    HT_ASSIGN_OR_RETURN(m_rows, openRows(request.checkpoint, info));
    m_format = request.target ? request.target->format : Format::of(info.dtype);
    if (m_format.isPlain()) {
        return makeError(
            ErrorCode::kUnsupported,
            fmt::format("{} stores every value by itself: there are no groups to look at.", m_format.displayName()));
    }
    if (!request.target) {
        HT_ASSIGN_OR_RETURN(m_packed, openPacked(request.checkpoint, info));
        m_layout = m_packed->layout;
        return {};
    }
    m_knowsOriginal = true;
    m_layout = PackedLayout::of(m_format, m_rows->cols());
    if (!request.plan) return {};
    FactorCache factors;
    HT_ASSIGN_OR_RETURN(m_method, request.plan->prepare(*request.target, factors, context));
    m_rows = request.plan->scaled(m_name, std::move(m_rows));
    return {};
}

QuantizeOptions GroupInspection::options() const {
    return m_method.options(m_name);
}

Result<std::optional<PackedTensor>> GroupInspection::wholeTensor(const JobContext& context) {
    std::unique_lock lock(m_encoding, std::defer_lock);
    while (!lock.try_lock_for(kPatience)) HT_TRY(context.checkpoint());
    const bool rowsStandAlone = !m_layout.format.sharesScalesBetweenRows() && !m_format.extras().hasCorrection();
    if (m_packed || rowsStandAlone) return m_packed;
    HT_ASSIGN_OR_RETURN(auto quantized, quantizeTensor(*m_rows, m_format, options(), context));
    m_packed = std::move(quantized.packed);
    return m_packed;
}

Result<std::vector<std::byte>> GroupInspection::packedRow(int64_t row, std::span<const float> values,
                                                          const JobContext& context) {
    HT_ASSIGN_OR_RETURN(const auto whole, wholeTensor({context.stop, nullptr, context.pool}));
    if (whole) {
        const auto stored = whole->row(row);
        return std::vector<std::byte>(stored.begin(), stored.end());
    }
    const JobContext quiet{context.stop, nullptr, context.pool};
    const auto source = rowSourceOf(packedView(values, std::ssize(values)));
    HT_ASSIGN_OR_RETURN(const auto alone, quantizeTensor(*source, m_format, options(), quiet));
    return std::vector<std::byte>(alone.packed.bytes.begin(), alone.packed.bytes.end());
}

Result<std::vector<float>> GroupInspection::correctedRow(int64_t row, const JobContext& context) {
    if (!m_format.extras().hasCorrection()) return std::vector<float>();
    HT_ASSIGN_OR_RETURN(const auto whole, wholeTensor({context.stop, nullptr, context.pool}));
    std::vector<float> values(size_t(m_layout.cols));
    HT_TRY(readPackedRows(*whole, std::span(&row, 1), values));
    return values;
}

Result<InspectedRow> GroupInspection::row(int64_t row, const JobContext& context) {
    if (row < 0 || row >= rows()) {
        return makeError(ErrorCode::kInvalidArgument, fmt::format("{} has no row {}.", m_name, row));
    }
    std::vector<float> values(size_t(m_layout.cols));
    HT_TRY(m_rows->readRows(row, 1, values));
    if (std::ranges::any_of(values, [](float value) { return !std::isfinite(value); })) {
        return makeError(
            ErrorCode::kInvalidData,
            fmt::format("Row {} of {} holds NaN or an infinity, which no quantized format can store.", row, m_name));
    }
    HT_ASSIGN_OR_RETURN(const auto packed, packedRow(row, values, context));
    HT_ASSIGN_OR_RETURN(const std::vector<float> corrected, correctedRow(row, context));
    InspectedRow result;
    result.row = row;
    for (int64_t index = 0; index < groupsPerRow(); ++index) {
        InspectedGroup group;
        HT_ASSIGN_OR_RETURN(group.description, describeGroup(m_layout, packed, index));
        if (m_knowsOriginal) {
            const auto begin = values.begin() + std::ptrdiff_t(group.description.firstColumn);
            group.original.assign(begin, begin + std::ptrdiff_t(group.description.columns));
            const auto meant = std::span<const float>(corrected.empty() ? group.description.values : corrected);
            const auto skipped = corrected.empty() ? size_t{0} : size_t(group.description.firstColumn);
            group.error = errorOf(row, index, group.original, meant.subspan(skipped, group.original.size()));
        }
        result.groups.push_back(std::move(group));
    }
    return result;
}

Result<GroupRanking> GroupInspection::rank(size_t most, const std::function<void(const GroupRanking&)>& partial,
                                           const JobContext& context) {
    if (!m_knowsOriginal) {
        return makeError(ErrorCode::kUnsupported,
                         fmt::format("{} is stored so in the checkpoint; what it was before is not known.", m_name));
    }
    context.start("quantizing", rows(), "rows");
    HT_ASSIGN_OR_RETURN(const auto whole, wholeTensor(context));
    Ranker ranker(m_layout, *m_rows, most, whole ? whole->correction.get() : nullptr);
    const auto add = [&](std::span<const std::byte> packed) -> Status {
        HT_TRY(ranker.add(packed, context));
        if (partial) partial(ranker.ranking());
        return {};
    };
    if (whole) {
        HT_TRY(add(whole->bytes));
    } else {
        HT_TRY(quantizeStreaming(*m_rows, m_format, options(), add, context));
    }
    return ranker.ranking();
}

}  // namespace halftone
