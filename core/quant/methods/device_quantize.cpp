// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/methods/device_quantize.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "core/base/checked.h"
#include "core/quant/formats/block_codec.h"

namespace halftone {
namespace {

/// Of the groups of a part, one in this many may be left before the whole part is not worth the device.
constexpr int64_t kLeftShare = 16;

/// Some rows of another source.
class RowRange final : public RowSource {
  public:
    RowRange(const RowSource& all, int64_t first, int64_t count) : m_all(all), m_first(first), m_count(count) {}
    [[nodiscard]] int64_t rows() const override { return m_count; }
    [[nodiscard]] int64_t cols() const override { return m_all.cols(); }
    Status readRows(int64_t first, int64_t count, std::span<float> out) const override {
        return m_all.readRows(m_first + first, count, out);
    }

  private:
    const RowSource& m_all;
    int64_t m_first, m_count;
};

/// Whether there are scales to find, by rules that a device can follow.
bool hasScales(const Format& format) {
    if (format.isStorage()) return !format.isPlain();
    return !format.isCodebook();
}

/// Whether the default encoder would look at the importance of the columns.
bool weighsColumns(const Format& format, const QuantizeOptions& options) {
    if (options.importance.empty() || !format.isStorage()) return false;
    const BlockCodec* codec = findBlockCodec(format.storage());
    return codec && codec->usesImportance;
}

void merge(DeviceOutcome& total, const DeviceOutcome& part) {
    total.distortion.merge(part.distortion);
    total.nonFiniteCount += part.nonFiniteCount;
}

}  // namespace

int64_t EncodeTask::groupsPerRow() const {
    return ceilDiv(layout.cols, groupColumns());
}

int64_t EncodeTask::groupColumns() const {
    const bool isNested = !layout.format.isStorage() && layout.format.scaleType() == ScaleType::kNested;
    return isNested ? layout.cols : layout.groupSize;
}

int64_t EncodeTask::bandRows() const {
    return layout.format.granularity() == Granularity::kBlock ? kBlockSide : 1;
}

int64_t EncodeTask::groupCount(int64_t rows) const {
    return ceilDiv(rows, bandRows()) * groupsPerRow();
}

int64_t EncodeTask::groupValues(int64_t group, int64_t rows) const {
    const int64_t column = group % groupsPerRow() * groupColumns();
    const int64_t row = group / groupsPerRow() * bandRows();
    return std::min(groupColumns(), layout.cols - column) * std::min(bandRows(), rows - row);
}

int64_t partRows(const EncodeDevice& device, int64_t cols) {
    const int64_t most = device.mostRows(cols);
    return most > kBlockSide ? most - most % kBlockSide : most;
}

std::optional<EncodeTask> encodeTaskOf(const Format& format, int64_t cols, const QuantizeOptions& options) {
    if (!format.extras().isNone() || !hasScales(format) || cols == 0 || !format.fitsRow(cols)) return std::nullopt;
    EncodeTask task{.layout = PackedLayout::of(format, cols), .search = {}, .importance = {}, .range = {}};
    if (options.encoder) {
        const auto search = options.encoder->clipSearch();
        if (!search || format.sharesScalesBetweenRows()) return std::nullopt;
        task.search = search->settings;
        task.importance = search->weights;
        return task;
    }
    if (weighsColumns(format, options)) task.importance = options.importance;
    return task;
}

Result<DeviceMatrix> DeviceMatrix::upload(EncodeDevice& device, const RowSource& source, const JobContext& context) {
    const int64_t most = partRows(device, source.cols());
    if (most == 0) return makeError(ErrorCode::kOutOfMemory, "A row of the tensor is longer than the device's memory.");
    DeviceMatrix matrix;
    for (int64_t first = 0; first < source.rows(); first += most) {
        HT_ASSIGN_OR_RETURN(auto part, device.upload(source, first, std::min(most, source.rows() - first), context));
        matrix.m_parts.push_back(std::move(part));
    }
    return matrix;
}

int64_t DeviceMatrix::sizeBytes() const {
    int64_t total = 0;
    for (const auto& part : m_parts) total += part->sizeBytes();
    return total;
}

DeviceQuantizer::DeviceQuantizer(const RowSource& source, const Format& format, const QuantizeOptions& options)
    : m_source(source), m_format(format), m_options(options) {
    if (!options.device) return;
    m_task = encodeTaskOf(format, source.cols(), options);
    if (m_task && !isTaken()) m_task.reset();
}

bool DeviceQuantizer::isTaken() const {
    const int64_t most = partRows(*m_options.device, m_source.cols());
    const bool holdsBands = most % m_task->bandRows() == 0 || most >= m_source.rows();
    return most > 0 && holdsBands && m_options.device->takes(*m_task);
}

std::vector<DeviceQuantizer::Part> DeviceQuantizer::cutIntoParts() const {
    std::vector<Part> parts;
    int64_t first = 0;
    if (m_options.deviceMatrix) {
        for (const auto& rows : m_options.deviceMatrix->parts()) {
            parts.push_back({first, rows->rows(), rows});
            first += rows->rows();
        }
        HT_CHECK(first == m_source.rows());
        return parts;
    }
    const int64_t most = partRows(*m_options.device, m_source.cols());
    for (; first < m_source.rows(); first += most) parts.push_back({first, std::min(most, m_source.rows() - first)});
    return parts;
}

size_t DeviceQuantizer::packedBytes(const Part& part) const {
    return static_cast<size_t>(part.count * m_task->layout.rowBytes);
}

Result<DeviceOutcome> DeviceQuantizer::run(const PackedSink& sink, const JobContext& context) {
    DeviceOutcome total;
    std::vector<std::byte> packed;
    std::vector<Part> parts = cutIntoParts();
    HT_TRY(findRange(parts, context));
    for (Part& part : parts) {
        packed.resize(sink ? packedBytes(part) : 0);
        HT_ASSIGN_OR_RETURN(const DeviceOutcome outcome, encodePart(part, packed, context));
        merge(total, outcome);
        if (sink) HT_TRY(sink(packed));
    }
    return total;
}

Result<DeviceOutcome> DeviceQuantizer::runInto(std::span<std::byte> packed, const JobContext& context) {
    DeviceOutcome total;
    std::vector<Part> parts = cutIntoParts();
    HT_TRY(findRange(parts, context));
    for (Part& part : parts) {
        HT_ASSIGN_OR_RETURN(const DeviceOutcome outcome, encodePart(part, packed.first(packedBytes(part)), context));
        merge(total, outcome);
        packed = packed.subspan(packedBytes(part));
    }
    return total;
}

/// One scale for the whole tensor: no row can be encoded before all have been seen.
Status DeviceQuantizer::findRange(std::vector<Part>& parts, const JobContext& context) {
    if (!m_task->needsRange() || parts.empty()) return {};
    const JobContext quiet{context.stop, nullptr, context.pool};
    std::optional<ValueRange> all;
    for (Part& part : parts) {
        HT_TRY(context.checkpoint());
        HT_ASSIGN_OR_RETURN(const ValueRange range, rangeOfPart(part, quiet));
        if (!all) all = range;
        all->minimum = std::min(all->minimum, range.minimum);
        all->maximum = std::max(all->maximum, range.maximum);
        // A tensor that takes several parts is brought a second time, as it may be larger than the device's memory.
        if (parts.size() > 1 && !m_options.deviceMatrix) part.rows.reset();
    }
    m_task->range = all;
    return {};
}

Result<ValueRange> DeviceQuantizer::rangeOfPart(Part& part, const JobContext& context) {
    if (!m_deviceFailed) {
        const auto measure = [&]() -> Result<std::optional<ValueRange>> {
            HT_TRY(bring(part, context));
            return m_options.device->rangeOf(*part.rows, context);
        };
        const auto range = measure();
        HT_TRY(context.checkpoint());
        m_deviceFailed = !range.has_value();
        if (range && *range) return **range;
    }
    return measureRange(RowRange(m_source, part.first, part.count), processorsOptions(part.first), context);
}

Status DeviceQuantizer::bring(Part& part, const JobContext& context) const {
    if (part.rows) return {};
    HT_ASSIGN_OR_RETURN(part.rows, m_options.device->upload(m_source, part.first, part.count, context));
    return {};
}

Result<DeviceOutcome> DeviceQuantizer::encodePart(Part& part, std::span<std::byte> packed, const JobContext& context) {
    HT_TRY(context.checkpoint());
    const JobContext quiet{context.stop, nullptr, context.pool};
    Result<DeviceOutcome> outcome;
    if (m_deviceFailed) {
        outcome = encodeOnProcessor(part, packed, quiet);
    } else {
        auto encoding = encodeOnDevice(part, packed, quiet);
        HT_TRY(context.checkpoint());
        m_deviceFailed = !encoding.has_value();
        const int64_t most = m_task->groupCount(part.count) / kLeftShare;
        const bool isWorthwhile =
            encoding && !encoding->leftAll && static_cast<int64_t>(encoding->left.size()) <= std::max<int64_t>(most, 1);
        outcome = isWorthwhile ? encodeLeft(part, std::move(*encoding), packed, quiet)
                               : encodeOnProcessor(part, packed, quiet);
    }
    if (outcome) context.advance(part.count);
    return outcome;
}

Result<DeviceEncoding> DeviceQuantizer::encodeOnDevice(Part& part, std::span<std::byte> packed,
                                                       const JobContext& context) const {
    HT_TRY(bring(part, context));
    return m_options.device->encode(*m_task, *std::exchange(part.rows, nullptr), packed, context);
}

/// For the rows from `first` on.
QuantizeOptions DeviceQuantizer::processorsOptions(int64_t first) const {
    QuantizeOptions options = m_options;
    options.device = nullptr;
    options.deviceMatrix = nullptr;
    options.firstRow = m_options.firstRow + first;
    options.tensorRange = m_task->range ? &*m_task->range : nullptr;
    return options;
}

Result<QuantizedTensor> DeviceQuantizer::quantizeRows(int64_t first, int64_t count, const JobContext& context) const {
    return quantizeTensor(RowRange(m_source, first, count), m_format, processorsOptions(first), context);
}

Result<DeviceOutcome> DeviceQuantizer::encodeOnProcessor(const Part& part, std::span<std::byte> packed,
                                                         const JobContext& context) const {
    HT_ASSIGN_OR_RETURN(const QuantizedTensor result, quantizeRows(part.first, part.count, context));
    if (!packed.empty()) std::ranges::copy(result.packed.bytes, packed.begin());
    return DeviceOutcome{result.distortion, result.nonFiniteCount};
}

/// Band by band: what a band becomes depends on that band alone.
Result<DeviceOutcome> DeviceQuantizer::encodeLeft(const Part& part, DeviceEncoding encoding,
                                                  std::span<std::byte> packed, const JobContext& context) const {
    DeviceOutcome outcome{encoding.distortion, 0};
    std::ranges::sort(encoding.left);
    const std::span<const int64_t> left = encoding.left;
    const int64_t groupsPerBand = m_task->groupsPerRow();
    for (size_t begin = 0, end = 0; begin < left.size(); begin = end) {
        HT_TRY(context.checkpoint());
        const int64_t band = left[begin] / groupsPerBand, row = band * m_task->bandRows();
        while (end < left.size() && left[end] / groupsPerBand == band) ++end;
        const Part own{part.first + row, std::min(m_task->bandRows(), part.count - row)};
        const auto ownPacked =
            packed.empty() ? packed
                           : packed.subspan(static_cast<size_t>(row * m_task->layout.rowBytes), packedBytes(own));
        HT_TRY(encodeLeftBand(own, left.subspan(begin, end - begin), ownPacked, outcome, context));
    }
    return outcome;
}

Status DeviceQuantizer::encodeLeftBand(const Part& band, std::span<const int64_t> groups, std::span<std::byte> packed,
                                       DeviceOutcome& outcome, const JobContext& context) const {
    HT_ASSIGN_OR_RETURN(const QuantizedTensor result, quantizeRows(band.first, band.count, context));
    outcome.nonFiniteCount += result.nonFiniteCount;
    if (!packed.empty()) std::ranges::copy(result.packed.bytes, packed.begin());
    return addLeftGroups(band, groups, result.packed.bytes, outcome);
}

/// The figures of the groups that were left: the device has counted the others of the band.
Status DeviceQuantizer::addLeftGroups(const Part& band, std::span<const int64_t> groups,
                                      std::span<const std::byte> packed, DeviceOutcome& outcome) const {
    const PackedLayout& layout = m_task->layout;
    const auto rowBytes = static_cast<size_t>(layout.rowBytes);
    std::vector<float> values(static_cast<size_t>(layout.cols)), decoded(values.size());
    for (int64_t row = 0; row < band.count; ++row) {
        HT_TRY(m_source.readRows(band.first + row, 1, values));
        std::ranges::replace_if(
            values, [](float value) { return !std::isfinite(value); }, 0.0f);
        HT_TRY(decodeRows(layout, packed.subspan(static_cast<size_t>(row) * rowBytes, rowBytes), 1, decoded));
        for (const int64_t group : groups) {
            const int64_t begin = group % m_task->groupsPerRow() * m_task->groupColumns();
            const auto first = static_cast<size_t>(begin);
            const auto count = static_cast<size_t>(std::min(m_task->groupColumns(), layout.cols - begin));
            outcome.distortion.add(std::span(values).subspan(first, count), std::span(decoded).subspan(first, count));
        }
    }
    return {};
}

}  // namespace halftone
