// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/transforms/rotated_rows.h"

#include <algorithm>
#include <mutex>

#include <fmt/format.h>

#include "core/quant/formats/packed_values.h"
#include "core/quant/transforms/scaled_rows.h"

namespace halftone {
namespace {

constexpr int64_t kTogether = 16;  ///< vectors rotated side by side: two lines of the first-level cache

/// Rotates `count` rows of `cols` values, piece by piece.
void rotateRows(const Rotation& rotation, std::span<float> values, int64_t cols) {
    const int64_t rows = std::ssize(values) / cols;
    std::vector<double> tile(static_cast<size_t>(rotation.size() * kTogether));
    for (int64_t first = 0; first < rows; first += kTogether) {
        const int64_t width = std::min(kTogether, rows - first);
        const auto used = std::span(tile).first(static_cast<size_t>(rotation.size() * width));
        for (int64_t begin = 0; begin < cols; begin += rotation.size()) {
            float* corner = values.data() + first * cols + begin;
            for (int64_t i = 0; i < rotation.size(); ++i) {
                for (int64_t j = 0; j < width; ++j) used[static_cast<size_t>(i * width + j)] = corner[j * cols + i];
            }
            rotation.apply(used, width);
            for (int64_t i = 0; i < rotation.size(); ++i) {
                for (int64_t j = 0; j < width; ++j)
                    corner[j * cols + i] = static_cast<float>(used[static_cast<size_t>(i * width + j)]);
            }
        }
    }
}

/// Rotates the columns of rows [begin, begin + size) of a matrix, a strip of columns at a time.
void rotateColumns(const Rotation& rotation, float* matrix, int64_t cols, int64_t firstCol, int64_t width) {
    std::vector<double> tile(static_cast<size_t>(rotation.size() * width));
    for (int64_t i = 0; i < rotation.size(); ++i) {
        std::copy_n(matrix + i * cols + firstCol, width, tile.data() + i * width);
    }
    rotation.apply(tile, width);
    for (int64_t i = 0; i < rotation.size(); ++i) {
        for (int64_t j = 0; j < width; ++j)
            matrix[i * cols + firstCol + j] = static_cast<float>(tile[static_cast<size_t>(i * width + j)]);
    }
}

/// W R.
class RightRotated final : public RowSource {
  public:
    RightRotated(std::shared_ptr<const RowSource> source, std::shared_ptr<const Rotation> right)
        : m_source(std::move(source)), m_right(std::move(right)) {}

    [[nodiscard]] int64_t rows() const override { return m_source->rows(); }
    [[nodiscard]] int64_t cols() const override { return m_source->cols(); }
    [[nodiscard]] int64_t storedBytes(int64_t count) const override { return m_source->storedBytes(count); }
    Status readRows(int64_t first, int64_t count, std::span<float> out) const override {
        HT_TRY(m_source->readRows(first, count, out));
        rotateRows(*m_right, out, cols());
        return {};
    }

  private:
    std::shared_ptr<const RowSource> m_source;
    std::shared_ptr<const Rotation> m_right;
};

Status checkSide(const Rotation* rotation, int64_t size, std::string_view side) {
    if (!rotation || size % rotation->size() == 0) return {};
    return makeError(ErrorCode::kInvalidArgument,
                     fmt::format("A rotation of {} dimensions does not fit {} {}.", rotation->size(), size, side));
}

Result<std::vector<float>> readAll(const RowSource& source, const JobContext& context) {
    constexpr int64_t kRows = 64;
    const int64_t cols = source.cols();
    std::vector<float> values(static_cast<size_t>(source.rows() * cols));
    std::mutex mutex;
    Status failed;
    context.pool.parallelFor(source.rows(), kRows, [&](int64_t begin, int64_t end) {
        if (context.cancelled()) return;
        const auto target =
            std::span(values).subspan(static_cast<size_t>(begin * cols), static_cast<size_t>((end - begin) * cols));
        const Status status = source.readRows(begin, end - begin, target);
        const std::scoped_lock lock(mutex);
        if (!status && failed) failed = status;
    });
    HT_TRY(context.checkpoint());
    HT_TRY(failed);
    return values;
}

}  // namespace

Result<std::shared_ptr<const RowSource>> rotatedRows(std::shared_ptr<const RowSource> source,
                                                     const MatrixRotation& rotation, const JobContext& context) {
    const int64_t cols = source->cols();
    HT_TRY(checkSide(rotation.right.get(), cols, "columns"));
    HT_TRY(checkSide(rotation.left.get(), source->rows(), "rows"));
    if (!rotation.columnScale.empty() && std::ssize(rotation.columnScale) != cols)
        return makeError(ErrorCode::kInvalidArgument, "The factors of the columns do not fit the matrix.");
    auto rows = std::move(source);
    if (!rotation.columnScale.empty())
        rows = std::make_shared<ScaledRows>(std::move(rows), MatrixScale{.rows = {}, .columns = rotation.columnScale});
    if (rotation.right) rows = std::make_shared<RightRotated>(std::move(rows), rotation.right);
    if (!rotation.left) return rows;
    HT_ASSIGN_OR_RETURN(std::vector<float> values, readAll(*rows, context));
    for (int64_t begin = 0; begin < rows->rows(); begin += rotation.left->size()) {
        context.pool.parallelFor(cols, kTogether, [&](int64_t first, int64_t last) {
            for (int64_t col = first; col < last && !context.cancelled(); col += kTogether) {
                rotateColumns(*rotation.left, values.data() + begin * cols, cols, col, std::min(kTogether, last - col));
            }
        });
    }
    HT_TRY(context.checkpoint());
    return rowSourceOf(packedRows(std::move(values), cols));
}

Status rotateVector(std::span<float> values, const Rotation& left) {
    HT_TRY(checkSide(&left, std::ssize(values), "elements"));
    rotateRows(left, values, std::ssize(values));
    return {};
}

}  // namespace halftone
