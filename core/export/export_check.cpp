// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/export/export_check.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/export/carrier.h"
#include "core/export/export_rows.h"

namespace halftone {
namespace {

tl::unexpected<Error> differs(const std::string& tensor, std::string_view what) {
    return makeError(
        ErrorCode::kInternal,
        fmt::format(
            "The written file was read back and {} of {} is not what was meant; the file was discarded. The disk "
            "or memory may be faulty.",
            what, tensor));
}

// Bytes of source row `row` encoded as the plan says.
Result<std::vector<std::byte>> encodeAgain(const RowSource& rows, const WrittenTensor& tensor, int64_t row) {
    std::vector<float> values(static_cast<size_t>(rows.cols()));
    HT_TRY(rows.readRows(row, 1, values));
    const PackedLayout layout = PackedLayout::of(tensor.plan->format, rows.cols());
    std::vector<std::byte> packed(static_cast<size_t>(layout.rowBytes));
    HT_TRY(encodeRows(layout, values, 1, {.importance = tensor.importance}, packed));
    if (!tensor.plan->carried) return packed;
    const PackedLayout carrier = PackedLayout::of(Format::of(tensor.plan->storage), rows.cols());
    std::vector<std::byte> carried(static_cast<size_t>(carrier.rowBytes));
    HT_TRY(carryRows(layout, packed, 1, tensor.plan->storage, carried));
    return carried;
}

bool canEncodeRowAlone(const WrittenTensor& tensor) {
    if (!tensor.source || tensor.plan->copied || tensor.byMethod) return false;
    return !tensor.plan->format.sharesScalesBetweenRows();
}

Status checkDecodes(const WrittenTensor& tensor, std::span<const std::byte> row, int64_t cols) {
    // What is copied may hold whatever the source holds, NaN included.
    if (tensor.plan->copied || !dtypeInfo(tensor.plan->storage).decodable) return {};
    std::vector<float> values(static_cast<size_t>(cols));
    HT_TRY(decodeRows(PackedLayout::of(Format::of(tensor.plan->storage), cols), row, 1, values));
    if (!std::ranges::all_of(values, [](float value) { return std::isfinite(value); })) {
        return differs(tensor.plan->targetName, "a value");
    }
    return {};
}

Status checkTensor(const Checkpoint& written, const std::shared_ptr<const Checkpoint>& source,
                   const WrittenTensor& tensor) {
    const ExportTensorPlan& plan = *tensor.plan;
    const TensorInfo* info = written.find(plan.targetName);
    if (!info || info->dtype != plan.storage || info->shape != plan.shape)
        return differs(plan.targetName, "the header");
    if (static_cast<int64_t>(info->sizeBytes) != plan.bytes) return differs(plan.targetName, "the size");
    std::shared_ptr<const RowSource> rows;
    if (canEncodeRowAlone(tensor)) {
        HT_ASSIGN_OR_RETURN(rows, openExportRows(source, *tensor.source, plan));
    }
    const std::span<const std::byte> bytes = written.bytes(*info);
    for (const auto& [row, meant] : tensor.samples.rows()) {
        const auto found = bytes.subspan(static_cast<size_t>(row) * meant.size(), meant.size());
        if (!std::ranges::equal(found, meant)) return differs(plan.targetName, fmt::format("row {}", row));
        HT_TRY(checkDecodes(tensor, found, info->cols()));
        if (!rows) continue;
        HT_ASSIGN_OR_RETURN(const auto again, encodeAgain(*rows, tensor, row));
        if (!std::ranges::equal(found, again)) return differs(plan.targetName, fmt::format("row {}", row));
    }
    return {};
}

}  // namespace

SampledRows::SampledRows(int64_t rows, int64_t rowBytes) : m_rowBytes(rowBytes) {
    if (rows <= 0 || rowBytes <= 0) return;
    for (int64_t row : {int64_t{0}, rows / 2, rows - 1}) m_rows[row] = {};
}

void SampledRows::add(std::span<const std::byte> wholeRows) {
    if (m_rowBytes <= 0) return;
    const int64_t count = static_cast<int64_t>(wholeRows.size()) / m_rowBytes;
    for (auto& [row, bytes] : m_rows) {
        if (row < m_next || row >= m_next + count) continue;
        const auto found =
            wholeRows.subspan(static_cast<size_t>((row - m_next) * m_rowBytes), static_cast<size_t>(m_rowBytes));
        bytes.assign(found.begin(), found.end());
    }
    m_next += count;
}

Result<int64_t> checkWrittenFile(const std::filesystem::path& path, std::shared_ptr<const Checkpoint> source,
                                 std::span<const WrittenTensor> tensors, const JobContext& context) {
    HT_ASSIGN_OR_RETURN(const auto written, Checkpoint::open(path));
    if (written->tensors().size() != tensors.size()) return differs("the file", "the number of tensors");
    int64_t count = 0;
    for (const WrittenTensor& tensor : tensors) {
        HT_TRY(context.checkpoint());
        HT_TRY(checkTensor(*written, source, tensor));
        ++count;
    }
    return count;
}

}  // namespace halftone
