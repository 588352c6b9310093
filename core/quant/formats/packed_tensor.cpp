// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/formats/packed_tensor.h"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/base/aligned_buffer.h"
#include "core/base/checked.h"
#include "core/checkpoint/checkpoint.h"
#include "core/quant/corrections/correction.h"
#include "core/quant/formats/block_codec.h"

namespace halftone {
namespace {

Status checkRange(int64_t first, int64_t count, int64_t rows, size_t values, int64_t cols) {
    if (first < 0 || count < 0 || first > rows - count) {
        return makeError(
            ErrorCode::kInvalidArgument,
            fmt::format("{} rows from row {} on were asked for of a tensor with {} rows.", count, first, rows));
    }
    if (values < static_cast<size_t>(count) * static_cast<size_t>(cols)) {
        return makeError(ErrorCode::kInvalidArgument,
                         fmt::format("The buffer holds {} values, fewer than {} rows of {}.", values, count, cols));
    }
    return {};
}

class PackedRowSource final : public RowSource {
  public:
    explicit PackedRowSource(PackedTensor tensor) : m_tensor(std::move(tensor)) {}
    [[nodiscard]] int64_t rows() const override { return m_tensor.rows; }
    [[nodiscard]] int64_t cols() const override { return m_tensor.cols(); }
    [[nodiscard]] int64_t storedBytes(int64_t count) const override { return count * m_tensor.layout.rowBytes; }

    [[nodiscard]] std::optional<StoredRows> storedRows() const override {
        if (!m_tensor.layout.format.isPlain() || m_tensor.correction) return std::nullopt;
        const DType type = m_tensor.layout.format.storage();
        if (type != DType::kF32 && type != DType::kF16 && type != DType::kBF16) return std::nullopt;
        return StoredRows{type, m_tensor.bytes.first(static_cast<size_t>(storedBytes(rows())))};
    }

    Status readRows(int64_t first, int64_t count, std::span<float> out) const override {
        HT_TRY(checkRange(first, count, rows(), out.size(), cols()));
        HT_TRY(decodeRows(m_tensor.layout,
                          m_tensor.bytes.subspan(static_cast<size_t>(first * m_tensor.layout.rowBytes)), count, out));
        if (!m_tensor.correction) return {};
        std::vector<int64_t> numbers(static_cast<size_t>(count));
        std::iota(numbers.begin(), numbers.end(), first);
        return addCorrection(*m_tensor.correction, numbers, out.first(static_cast<size_t>(count * cols())));
    }

  private:
    PackedTensor m_tensor;
};

/// A plain-typed matrix stored [cols][rows].
class TransposedRowSource final : public RowSource {
  public:
    /// `stored` holds the matrix as it lies in the file: cols() rows of rows() values.
    explicit TransposedRowSource(PackedTensor stored) : m_stored(std::move(stored)) {}
    [[nodiscard]] int64_t rows() const override { return m_stored.cols(); }
    [[nodiscard]] int64_t cols() const override { return m_stored.rows; }
    [[nodiscard]] int64_t storedBytes(int64_t count) const override {
        return count * m_stored.layout.rowBytes / rows() * cols();
    }

    Status readRows(int64_t first, int64_t count, std::span<float> out) const override {
        HT_TRY(checkRange(first, count, rows(), out.size(), cols()));
        // A strip of stored rows at a time, so that each output row is written in runs rather than single values.
        constexpr int64_t kStrip = 16;
        const int64_t elementBytes = dtypeInfo(m_stored.layout.format.storage()).blockBytes();
        const PackedLayout part = PackedLayout::of(m_stored.layout.format, std::max<int64_t>(count, 1));
        std::vector<float> strip(static_cast<size_t>(kStrip * count));
        for (int64_t begin = 0; begin < cols() && count > 0; begin += kStrip) {
            const int64_t width = std::min(kStrip, cols() - begin);
            for (int64_t i = 0; i < width; ++i) {
                const auto bytes = m_stored.row(begin + i).subspan(static_cast<size_t>(first * elementBytes));
                HT_TRY(decodeRows(part, bytes, 1, std::span(strip).subspan(static_cast<size_t>(i * count))));
            }
            for (int64_t r = 0; r < count; ++r) {
                float* row = out.data() + r * cols() + begin;
                for (int64_t i = 0; i < width; ++i) row[i] = strip[static_cast<size_t>(i * count + r)];
            }
        }
        return {};
    }

  private:
    PackedTensor m_stored;
};

tl::unexpected<Error> cannotRead(const TensorInfo& tensor, ErrorCode code, std::string_view why) {
    return makeError(
        code, fmt::format("Tensor {} of type {} cannot be read: {}.", tensor.name, dtypeInfo(tensor.dtype).name, why));
}

/// The tensor's bytes with the geometry in which they are stored (transposed tensors: as they lie in the file).
Result<PackedTensor> storedTensor(const std::shared_ptr<const Checkpoint>& checkpoint, const TensorInfo& tensor) {
    const Format format = Format::of(tensor.dtype);
    if (!canDecode(format)) return cannotRead(tensor, ErrorCode::kUnsupported, "this program does not decode the type");
    const int64_t rows = tensor.transposed ? tensor.cols() : tensor.rows();
    const int64_t cols = tensor.transposed ? tensor.rows() : tensor.cols();
    if (rows <= 0 || !format.fitsRow(cols)) {
        return cannotRead(tensor, ErrorCode::kInvalidData,
                          fmt::format("it is a matrix of {} rows and {} columns", rows, cols));
    }
    if (tensor.transposed && dtypeInfo(tensor.dtype).isBlock()) {
        return cannotRead(tensor, ErrorCode::kUnsupported, "it is transposed, which only plain types can be");
    }
    PackedTensor stored{PackedLayout::of(format, cols), rows, checkpoint->bytes(tensor), checkpoint};
    const auto needed = checkedMul(static_cast<uint64_t>(rows), static_cast<uint64_t>(stored.layout.rowBytes));
    if (!needed || *needed > stored.bytes.size()) {
        return cannotRead(tensor, ErrorCode::kInvalidData,
                          fmt::format("its {} bytes are too few for its shape", stored.bytes.size()));
    }
    stored.bytes = stored.bytes.first(static_cast<size_t>(*needed));
    return stored;
}

std::shared_ptr<const RowSource> sourceOfStored(PackedTensor stored, bool transposed) {
    if (transposed) return std::make_shared<TransposedRowSource>(std::move(stored));
    return rowSourceOf(std::move(stored));
}

/// The type in which backends execute a stored type: itself, or the smallest plain one that holds its values (F32 for
/// those that are wider than that).
DType executableType(DType type) {
    using enum DType;
    if (dtypeInfo(type).isBlock() || type == kF32 || type == kF16 || type == kBF16) return type;
    return type == kF8E4M3 || type == kF8E5M2 ? kF16 : kF32;
}

/// Whether floats and halves may be read where they lie.
bool isAligned(const PackedTensor& tensor) {
    const size_t alignment = tensor.layout.format.storage() == DType::kF32 ? 4 : 2;
    return reinterpret_cast<uintptr_t>(tensor.bytes.data()) % alignment == 0;
}

Result<PackedTensor> copyAs(const RowSource& source, DType type) {
    constexpr int64_t kTileValues = 1 << 16;
    PackedTensor copy;
    copy.layout = PackedLayout::of(Format::of(type), source.cols());
    copy.rows = source.rows();
    auto buffer = std::make_shared<AlignedBuffer>(static_cast<size_t>(copy.rows * copy.layout.rowBytes));
    const int64_t tileRows = std::max<int64_t>(1, kTileValues / source.cols());
    std::vector<float> tile(static_cast<size_t>(std::min(tileRows, copy.rows) * source.cols()));
    for (int64_t first = 0; first < copy.rows; first += tileRows) {
        const int64_t count = std::min(tileRows, copy.rows - first);
        HT_TRY(source.readRows(first, count, tile));
        HT_TRY(encodeRows(copy.layout, tile, count, {},
                          buffer->bytes().subspan(static_cast<size_t>(first * copy.layout.rowBytes))));
    }
    copy.bytes = std::as_const(*buffer).bytes();
    copy.owner = std::move(buffer);
    return copy;
}

PackedTensor alignedCopy(PackedTensor tensor) {
    auto buffer = std::make_shared<AlignedBuffer>(tensor.bytes.size());
    std::ranges::copy(tensor.bytes, buffer->data());
    tensor.bytes = std::as_const(*buffer).bytes();
    tensor.owner = std::move(buffer);
    return tensor;
}

}  // namespace

int64_t PackedTensor::sizeBytes() const {
    return static_cast<int64_t>(bytes.size()) + (correction ? correction->sizeBytes() : 0);
}

PackedTensor rowsOf(const PackedTensor& tensor, int64_t first, int64_t count) {
    PackedTensor part = tensor;
    part.rows = count;
    part.bytes = tensor.bytes.subspan(static_cast<size_t>(first * tensor.layout.rowBytes),
                                      static_cast<size_t>(count * tensor.layout.rowBytes));
    part.correction = correctionOfRows(tensor.correction, first, count);
    return part;
}

bool areSameBytes(const PackedTensor& a, const PackedTensor& b) {
    return a.bytes.data() == b.bytes.data() && a.bytes.size() == b.bytes.size() && a.rows == b.rows &&
           a.cols() == b.cols() && a.layout.format == b.layout.format && a.correction == b.correction;
}

Status readPackedRows(const PackedTensor& tensor, std::span<const int64_t> rows, std::span<float> out) {
    const auto cols = static_cast<size_t>(tensor.cols());
    for (size_t i = 0; i < rows.size(); ++i)
        HT_TRY(decodeRows(tensor.layout, tensor.row(rows[i]), 1, out.subspan(i * cols, cols)));
    return tensor.correction ? addCorrection(*tensor.correction, rows, out.first(rows.size() * cols)) : Status();
}

std::shared_ptr<const RowSource> rowSourceOf(PackedTensor tensor) {
    return std::make_shared<PackedRowSource>(std::move(tensor));
}

Result<std::shared_ptr<const RowSource>> openRows(std::shared_ptr<const Checkpoint> checkpoint,
                                                  const TensorInfo& tensor) {
    HT_ASSIGN_OR_RETURN(PackedTensor stored, storedTensor(checkpoint, tensor));
    return sourceOfStored(std::move(stored), tensor.transposed);
}

Result<PackedTensor> openPacked(std::shared_ptr<const Checkpoint> checkpoint, const TensorInfo& tensor) {
    HT_ASSIGN_OR_RETURN(PackedTensor stored, storedTensor(checkpoint, tensor));
    const DType type = executableType(tensor.dtype);
    if (tensor.transposed || type != tensor.dtype)
        return copyAs(*sourceOfStored(std::move(stored), tensor.transposed), type);
    return isAligned(stored) ? stored : alignedCopy(std::move(stored));
}

}  // namespace halftone
