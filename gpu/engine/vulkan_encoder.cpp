// SPDX-License-Identifier: GPL-3.0-or-later
#include "gpu/engine/vulkan_encoder.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cmath>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "core/base/checked.h"
#include "core/quant/methods/integer_fit.h"
#include "core/quant/methods/level_fit.h"

namespace halftone {
namespace {

constexpr int64_t kReadRows = 64;                     // at once, from a source that must be decoded
constexpr int64_t kProbeRows = 32, kProbeCols = 512;  // of the matrix that a kind of task is tried on

class VulkanRows final : public DeviceRows {
  public:
    VulkanRows(vk::Buffer values, DType type, int64_t rows, int64_t cols)
        : m_values(std::move(values)), m_type(type), m_rows(rows), m_cols(cols) {}
    [[nodiscard]] int64_t rows() const override { return m_rows; }
    [[nodiscard]] int64_t cols() const override { return m_cols; }
    [[nodiscard]] int64_t sizeBytes() const override { return static_cast<int64_t>(m_values.sizeBytes()); }
    [[nodiscard]] const vk::Buffer& values() const { return m_values; }
    [[nodiscard]] DType type() const { return m_type; }

  private:
    vk::Buffer m_values;
    DType m_type;
    int64_t m_rows, m_cols;
};

/// All rows of a part as binary32.
Result<std::vector<float>> readRows(const RowSource& source, int64_t first, int64_t count, const JobContext& context) {
    const auto cols = static_cast<size_t>(source.cols());
    std::vector<float> values(static_cast<size_t>(count) * cols);
    std::mutex mutex;
    Status status;
    context.pool.parallelFor(count, kReadRows, [&](int64_t begin, int64_t end) {
        if (context.cancelled()) return;
        const auto out =
            std::span(values).subspan(static_cast<size_t>(begin) * cols, static_cast<size_t>(end - begin) * cols);
        const Status read = source.readRows(first + begin, end - begin, out);
        const std::scoped_lock lock(mutex);
        if (!read && status) status = read;
    });
    HT_TRY(context.checkpoint());
    HT_TRY(status);
    return values;
}

/// Values as weights have them, with the scales of groups between 2^-30 and 2^5, groups of zeros, single large values,
/// and values in the middle between two codes.
std::vector<float> probeValues() {
    std::vector<float> values(static_cast<size_t>(kProbeRows * kProbeCols));
    uint32_t state = 0x9E3779B9u;
    const auto next = [&state] {
        state = state * 1664525u + 1013904223u;
        return static_cast<float>(state >> 8) * 0x1p-23f - 1.0f;
    };
    for (size_t i = 0; i < values.size(); ++i) {
        const size_t row = i / kProbeCols, run = i / 16 % 8;
        const float scale = std::ldexp(1.0f, static_cast<int>(row % 8) * 5 - 30);
        const float wide = next() + next() + next();
        values[i] = scale * (run == 7 ? std::round(8 * wide) / 16 : wide);
        if (run == 3 && row % 4 == 1) values[i] = 0;
        if (i % 97 == 5) values[i] *= 50;
    }
    return values;
}

/// Weights of the probe's columns, some thousand times as large as others.
std::vector<float> probeImportance() {
    std::vector<float> importance(kProbeCols);
    for (size_t i = 0; i < importance.size(); ++i)
        importance[i] = std::ldexp(1.0f + 0.07f * static_cast<float>(i % 13), static_cast<int>(i % 7) - 5);
    return importance;
}

/// The values in `type`, as a checkpoint has them.
Result<std::shared_ptr<const RowSource>> probeRows(DType type) {
    PackedTensor tensor{
        .layout = PackedLayout::of(Format::of(type), kProbeCols), .rows = kProbeRows, .bytes = {}, .owner = nullptr};
    auto bytes = std::make_shared<std::vector<std::byte>>(static_cast<size_t>(tensor.layout.rowBytes * kProbeRows));
    HT_TRY(encodeRows(tensor.layout, probeValues(), kProbeRows, {}, *bytes));
    tensor.bytes = *bytes;
    tensor.owner = std::move(bytes);
    return rowSourceOf(std::move(tensor));
}

std::shared_ptr<const RowEncoder> processorsEncoder(const EncodeTask& task) {
    if (!task.search) return nullptr;
    std::vector<float> weights(task.importance.begin(), task.importance.end());
    return task.layout.format.isLevel() ? createLevelMseEncoder(*task.search, std::move(weights))
                                        : createMseEncoder(*task.search, std::move(weights));
}

double floatAt(std::span<const std::byte> bytes, uint64_t word) {
    float value = 0;
    std::memcpy(&value, bytes.data() + word * sizeof(float), sizeof(float));
    return static_cast<double>(value);
}
uint32_t wordAt(std::span<const std::byte> bytes, uint64_t word) {
    uint32_t value = 0;
    std::memcpy(&value, bytes.data() + word * sizeof(uint32_t), sizeof(uint32_t));
    return value;
}

}  // namespace

Result<std::shared_ptr<VulkanEncoder>> VulkanEncoder::create(std::shared_ptr<VulkanContext> context) {
    if (!context->plan().encode.usable) {
        return makeError(ErrorCode::kUnsupported,
                         fmt::format("{} does not quantize: its driver does not promise to round binary32 numbers to "
                                     "nearest. The processor does it.",
                                     context->plan().deviceName));
    }
    auto encoder = std::shared_ptr<VulkanEncoder>(new VulkanEncoder(context));
    HT_ASSIGN_OR_RETURN(encoder->m_stream, vk::CommandStream::create(context->device, *context->pipelines, "encoder"));
    encoder->m_kernels =
        std::make_unique<kernel::EncodeKernels>(context->plan(), *context->pipelines, *encoder->m_stream);
    return encoder;
}

std::string VulkanEncoder::description() const {
    return fmt::format("{} ({})", m_context->plan().deviceName, m_context->plan().driver);
}

bool VulkanEncoder::takes(const EncodeTask& task) const {
    if (m_context->device->isLost() || !kernel::EncodeKernels::has(task)) return false;
    const std::scoped_lock lock(m_mutex);
    return std::ranges::none_of(m_kinds, [&](const auto& entry) {
        return !entry.second && entry.first.format == task.layout.format &&
               entry.first.searches == task.search.has_value() && entry.first.isWeighted == !task.importance.empty();
    });
}

int64_t VulkanEncoder::mostRows(int64_t cols) const {
    return static_cast<int64_t>(m_context->plan().encode.partBytes / sizeof(float)) / std::max<int64_t>(cols, 1);
}

Result<std::shared_ptr<const DeviceRows>> VulkanEncoder::upload(const RowSource& source, int64_t first, int64_t count,
                                                                const JobContext& context) {
    const auto stored = source.storedRows();
    const DType type = stored ? stored->type : DType::kF32;
    const auto valueBytes = static_cast<uint64_t>(type == DType::kF32 ? 4 : 2);
    const uint64_t size = static_cast<uint64_t>(count * source.cols()) * valueBytes;
    HT_ASSIGN_OR_RETURN(vk::Buffer buffer,
                        m_context->allocator->createBuffer(std::max<uint64_t>((size + 3) / 4 * 4, 4),
                                                           vk::MemoryUse::kDevice, "values to quantize"));
    const JobContext quiet{context.stop, nullptr, context.pool};
    if (stored) {
        const auto bytes = stored->bytes.subspan(static_cast<uint64_t>(first * source.cols()) * valueBytes, size);
        HT_TRY(m_context->uploader->upload(bytes, buffer, quiet));
    } else {
        HT_ASSIGN_OR_RETURN(const auto values, readRows(source, first, count, quiet));
        HT_TRY(m_context->uploader->upload(std::as_bytes(std::span(values)), buffer, quiet));
    }
    return std::make_shared<VulkanRows>(std::move(buffer), type, count, source.cols());
}

Result<DeviceEncoding> VulkanEncoder::encode(const EncodeTask& task, const DeviceRows& rows,
                                             std::span<std::byte> packed, const JobContext& context) {
    const std::scoped_lock lock(m_encoding);
    const auto checked = [&]() -> Result<DeviceEncoding> {
        HT_TRY(checkKind(task, static_cast<const VulkanRows&>(rows).type(), context));
        return encodeRows(task, rows, packed, context);
    };
    auto result = checked();
    if (!result) recover(result.error());
    return result;
}

Result<std::optional<ValueRange>> VulkanEncoder::rangeOf(const DeviceRows& rows, const JobContext& context) {
    const std::scoped_lock lock(m_encoding);
    auto result = findRange(rows, context);
    if (!result) recover(result.error());
    return result;
}

void VulkanEncoder::recover(const Error& error) {
    m_stream->abandon();
    if (error.code == ErrorCode::kCancelled || error.code == ErrorCode::kUnsupported) return;
    const std::scoped_lock lock(m_mutex);
    m_remarks.push_back(error.message);
}

std::vector<std::string> VulkanEncoder::remarks() const {
    const std::scoped_lock lock(m_mutex);
    std::vector<std::string> remarks = m_context->remarks;
    remarks.insert(remarks.end(), m_remarks.begin(), m_remarks.end());
    return remarks;
}

/// A kind that has not been tried is tried now; one that failed is an error.
Status VulkanEncoder::checkKind(const EncodeTask& task, DType source, const JobContext& context) {
    const Kind kind{task.layout.format, task.search.has_value(), !task.importance.empty(), source};
    std::optional<bool> known;
    {
        const std::scoped_lock lock(m_mutex);
        if (const auto found = m_kinds.find(kind); found != m_kinds.end()) known = found->second;
    }
    if (!known) {
        HT_ASSIGN_OR_RETURN(known, givesProcessorsBytes(task, source, context));
        const std::scoped_lock lock(m_mutex);
        m_kinds[kind] = *known;
        if (!*known) {
            m_remarks.push_back(fmt::format("{} does not give the processor's bytes in {}; the processor quantizes it.",
                                            description(), task.layout.format.displayName()));
        }
    }
    if (*known) return {};
    return makeError(ErrorCode::kUnsupported,
                     fmt::format("{} does not quantize to {}.", description(), task.layout.format.displayName()));
}

Result<bool> VulkanEncoder::givesProcessorsBytes(const EncodeTask& task, DType source, const JobContext& context) {
    HT_ASSIGN_OR_RETURN(const auto values, probeRows(source));
    const std::vector<float> importance = task.importance.empty() ? std::vector<float>() : probeImportance();
    EncodeTask probe{.layout = PackedLayout::of(task.layout.format, kProbeCols),
                     .search = task.search,
                     .importance = importance,
                     .range = {}};
    const auto encoder = processorsEncoder(probe);
    QuantizeOptions options;
    options.encoder = encoder.get();
    options.importance = importance;
    const JobContext quiet{context.stop, nullptr, context.pool};
    HT_ASSIGN_OR_RETURN(const QuantizedTensor expected, quantizeTensor(*values, probe.layout.format, options, quiet));
    HT_ASSIGN_OR_RETURN(const auto rows, upload(*values, 0, kProbeRows, quiet));
    if (probe.needsRange()) {
        HT_ASSIGN_OR_RETURN(probe.range, findRange(*rows, quiet));
    }
    std::vector<std::byte> packed(expected.packed.bytes.size());
    HT_ASSIGN_OR_RETURN(const DeviceEncoding encoding, encodeRows(probe, *rows, packed, quiet));
    const auto rowBytes = static_cast<size_t>(probe.layout.rowBytes);
    for (int64_t row = 0; row < kProbeRows; ++row) {
        const auto isOfRow = [&](int64_t group) { return group / probe.groupsPerRow() == row / probe.bandRows(); };
        if (encoding.leftAll || std::ranges::any_of(encoding.left, isOfRow)) continue;
        const size_t begin = static_cast<size_t>(row) * rowBytes;
        if (std::memcmp(packed.data() + begin, expected.packed.bytes.data() + begin, rowBytes) != 0) return false;
    }
    return true;
}

Status VulkanEncoder::growBuffer(vk::Buffer& buffer, uint64_t sizeBytes, vk::MemoryUse use, std::string_view name) {
    if (buffer.sizeBytes() >= sizeBytes) return {};
    buffer = {};
    HT_ASSIGN_OR_RETURN(buffer, m_context->allocator->createBuffer(sizeBytes, use, name));
    return {};
}

Status VulkanEncoder::prepareBuffers(const BufferBytes& bytes) {
    using vk::MemoryUse;
    HT_TRY(growBuffer(m_packed, bytes.packed, MemoryUse::kDevice, "quantized rows"));
    HT_TRY(growBuffer(m_notes, bytes.notes, MemoryUse::kDevice, "figures of quantized rows"));
    HT_TRY(growBuffer(m_scratch, bytes.scratch, MemoryUse::kDevice, "scales of quantized rows"));
    return growBuffer(m_readback, bytes.result, MemoryUse::kReadback, "readback of quantized rows");
}

Result<std::optional<ValueRange>> VulkanEncoder::findRange(const DeviceRows& rows, const JobContext& context) {
    const auto& own = static_cast<const VulkanRows&>(rows);
    const int64_t values = rows.rows() * rows.cols();
    if (values == 0) return ValueRange{};
    const uint64_t noteBytes = kernel::EncodeKernels::rangeNoteBytes(values);
    constexpr uint64_t kUnused = 4;
    HT_TRY(prepareBuffers({.packed = kUnused, .notes = noteBytes, .scratch = kUnused, .result = noteBytes}));
    const kernel::EncodeBuffers buffers{.source = vk::BufferSlice(own.values()),
                                        .sourceType = own.type(),
                                        .packed = vk::BufferSlice(m_packed).part(0, kUnused),
                                        .notes = vk::BufferSlice(m_notes).part(0, noteBytes),
                                        .scratch = vk::BufferSlice(m_scratch).part(0, kUnused)};
    HT_TRY(m_kernels->range(values, buffers, context));
    HT_TRY(m_stream->copy(buffers.notes, vk::BufferSlice(m_readback).part(0, noteBytes)));
    HT_TRY(m_stream->makeVisibleToHost());
    HT_TRY(m_stream->finish());
    return kernel::EncodeKernels::rangeOf({m_readback.mapped(), noteBytes});
}

Result<DeviceEncoding> VulkanEncoder::encodeRows(const EncodeTask& task, const DeviceRows& rows,
                                                 std::span<std::byte> packed, const JobContext& context) {
    const auto& own = static_cast<const VulkanRows&>(rows);
    const uint64_t noteBytes = m_kernels->noteBytes(task, rows.rows());
    const uint64_t packedBytes = kernel::EncodeKernels::packedBytes(task, rows.rows());
    const uint64_t returnedBytes = packed.empty() ? 0 : packedBytes;
    const uint64_t scratchBytes = kernel::EncodeKernels::scratchBytes(task, rows.rows());
    HT_TRY(prepareBuffers({packedBytes, noteBytes, scratchBytes, noteBytes + returnedBytes}));
    const kernel::EncodeBuffers buffers{.source = vk::BufferSlice(own.values()),
                                        .sourceType = own.type(),
                                        .packed = vk::BufferSlice(m_packed).part(0, packedBytes),
                                        .notes = vk::BufferSlice(m_notes).part(0, noteBytes),
                                        .scratch = vk::BufferSlice(m_scratch).part(0, scratchBytes)};
    const auto tables = kernel::EncodeKernels::tables(task);
    const JobContext quiet{context.stop, nullptr, context.pool};
    HT_TRY(m_context->uploader->upload(std::as_bytes(std::span(tables)), m_scratch, quiet));
    if (!task.importance.empty()) {
        const uint64_t place = kernel::EncodeKernels::importancePlace(task, rows.rows());
        HT_TRY(m_context->uploader->upload(std::as_bytes(task.importance), {m_scratch, place}, quiet));
    }
    HT_TRY(m_stream->fill(buffers.notes.part(0, sizeof(uint32_t)), 0));
    HT_TRY(m_kernels->encode(task, rows.rows(), buffers, context));
    const vk::BufferSlice result(m_readback);
    HT_TRY(m_stream->copy(buffers.notes, result.part(0, noteBytes)));
    HT_TRY(m_stream->copy(buffers.packed.part(0, returnedBytes), result.part(noteBytes, returnedBytes)));
    HT_TRY(m_stream->makeVisibleToHost());
    HT_TRY(m_stream->finish());
    if (!packed.empty()) std::memcpy(packed.data(), m_readback.mapped() + noteBytes, packed.size());
    return readNotes(task, rows.rows(), {m_readback.mapped(), noteBytes});
}

Result<DeviceEncoding> VulkanEncoder::readNotes(const EncodeTask& task, int64_t rows,
                                                std::span<const std::byte> bytes) const {
    DeviceEncoding encoding;
    const uint64_t left = wordAt(bytes, 0);
    encoding.leftAll = left > kernel::kMostLeftGroups;
    if (encoding.leftAll) return encoding;
    Distortion& sums = encoding.distortion;
    sums.count = rows * task.layout.cols;
    for (uint64_t i = 0; i < left; ++i) {
        const auto group = static_cast<int64_t>(wordAt(bytes, kernel::kFirstLeftGroup + i));
        if (group >= task.groupCount(rows))
            return makeError(ErrorCode::kInternal, "The device named a group that the tensor does not have.");
        encoding.left.push_back(group);
        sums.count -= task.groupValues(group, rows);
    }
    for (uint64_t at = kernel::kFiguresBegin; at < bytes.size() / sizeof(float); at += kernel::kFigureWords) {
        sums.sumSquaredError += floatAt(bytes, at);
        sums.sumSquares += floatAt(bytes, at + 1);
        sums.sumProduct += floatAt(bytes, at + 2);
        sums.sumSquaresQuantized += floatAt(bytes, at + 3);
        sums.maxAbsError = std::max(sums.maxAbsError, floatAt(bytes, at + 4));
    }
    return encoding;
}

}  // namespace halftone
