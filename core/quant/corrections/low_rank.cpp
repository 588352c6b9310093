// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/corrections/low_rank.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <mutex>
#include <random>
#include <vector>

#include <fmt/format.h>
#include <Eigen/Dense>

#include "core/base/aligned_buffer.h"
#include "core/base/checked.h"
#include "core/quant/methods/dense_kernels.h"

namespace halftone {
namespace {

constexpr int64_t kTileRows = 64;
/// Pieces that sums over rows are cut into, whatever the number of threads.
constexpr int64_t kSumPieces = 16;
/// Vectors beyond the rank: the subspace found is then nearly the best one after few rounds.
constexpr int64_t kSpareVectors = 16;
constexpr uint64_t kSeed = 0x9E3779B97F4A7C15u;

using Columns = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic>;

/// Row-major F32.
struct Tall {
    int64_t rows = 0, width = 0;
    std::vector<float> values;
    Tall(int64_t rowCount, int64_t columnCount)
        : rows(rowCount), width(columnCount), values(static_cast<size_t>(rowCount * columnCount)) {}
    [[nodiscard]] float* row(int64_t index) { return values.data() + index * width; }
    [[nodiscard]] const float* row(int64_t index) const { return values.data() + index * width; }
    [[nodiscard]] Columns toDouble() const {
        using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
        return Eigen::Map<const RowMajor>(values.data(), rows, width).cast<double>();
    }
    void assign(const Columns& from) {
        for (int64_t i = 0; i < rows; ++i)
            for (int64_t j = 0; j < width; ++j) row(i)[j] = static_cast<float>(from(i, j));
    }
};

/// The first error of tiles that run at once; which one is first does not matter to the result.
class TileStatus {
  public:
    void keep(const Status& status) {
        if (status) return;
        const std::scoped_lock lock(m_mutex);
        if (m_status) m_status = status;
    }
    [[nodiscard]] Status take() const { return m_status; }

  private:
    std::mutex m_mutex;
    Status m_status;
};

class LowRankFit {
  public:
    LowRankFit(const RowSource& error, int64_t rank, const ErrorMetric& metric, const JobContext& context)
        : m_error(error),
          m_metric(metric),
          m_context(context),
          m_rank(rank),
          m_width(usableRank(rank + kSpareVectors, error.rows(), error.cols())) {}

    Result<LowRankFactors> run() {
        Tall subspace = randomVectors();  // cols x width
        Tall basis(m_error.rows(), m_width);
        for (int round = 0; round <= kSubspaceRounds; ++round) {
            HT_TRY(weigh(subspace));
            HT_TRY(multiply(subspace, basis));
            HT_TRY(orthonormalize(basis));
            HT_TRY(multiplyTransposed(basis, subspace));
        }
        // subspace = E^T basis now.
        Tall weighted = subspace;
        HT_TRY(weigh(weighted));
        const Columns projected = subspace.toDouble(), gram = projected.transpose() * weighted.toDouble();
        const Eigen::SelfAdjointEigenSolver<Columns> eigen((gram + gram.transpose()) / 2.0);
        if (eigen.info() != Eigen::Success)
            return makeError(ErrorCode::kInternal, "The singular vectors of an error matrix could not be found.");
        HT_TRY(m_context.checkpoint());
        const Columns leading = eigen.eigenvectors().rightCols(m_rank).rowwise().reverse();
        return pack(basis.toDouble() * leading, projected * leading);
    }

  private:
    /// Sums of uniform numbers: the same on every machine.
    [[nodiscard]] Tall randomVectors() const {
        Tall random(m_error.cols(), m_width);
        std::mt19937_64 generator(kSeed);
        for (float& value : random.values) {
            double sum = 0;
            for (int i = 0; i < 4; ++i) sum += double(generator() >> 11) * 0x1p-53 - 0.5;
            value = static_cast<float>(sum);
        }
        return random;
    }

    template <class Body>
    Status overTiles(int64_t rows, const Body& body) const {
        TileStatus status;
        m_context.pool.parallelFor(rows, kTileRows, [&](int64_t begin, int64_t end) {
            if (!m_context.cancelled()) status.keep(body(begin, end - begin));
        });
        HT_TRY(m_context.checkpoint());
        return status.take();
    }

    /// t <- H t.
    Status weigh(Tall& t) const {
        if (!m_metric.hessian) {
            for (int64_t i = 0; !m_metric.importance.empty() && i < t.rows; ++i)
                for (int64_t j = 0; j < t.width; ++j) t.row(i)[j] *= m_metric.importance[static_cast<size_t>(i)];
            return {};
        }
        const Tall from = t;
        std::ranges::fill(t.values, 0.0f);
        const float* sums = m_metric.hessian->sums.data();
        return overTiles(t.rows, [&](int64_t first, int64_t count) -> Status {
            addProduct({count, t.width, t.rows}, MatrixView<float>{sums + first * t.rows, t.rows, 1},
                       MatrixView<float>{from.values.data(), t.width, 1}, ProductTarget<float>{t.row(first), t.width});
            return {};
        });
    }

    /// out = E z.
    Status multiply(const Tall& z, Tall& out) const {
        std::ranges::fill(out.values, 0.0f);
        return overTiles(out.rows, [&](int64_t first, int64_t count) -> Status {
            std::vector<float> tile(static_cast<size_t>(count * z.rows));
            HT_TRY(m_error.readRows(first, count, tile));
            addProduct({count, z.width, z.rows}, MatrixView<float>{tile.data(), z.rows, 1},
                       MatrixView<float>{z.values.data(), z.width, 1}, ProductTarget<float>{out.row(first), z.width});
            return {};
        });
    }

    /// out = E^T y: every piece of rows has sums of its own, added up in order.
    Status multiplyTransposed(const Tall& y, Tall& out) const {
        const int64_t perPiece = roundUp(ceilDiv(y.rows, kSumPieces), kTileRows), pieces = ceilDiv(y.rows, perPiece);
        std::vector<Tall> sums(static_cast<size_t>(pieces), Tall(out.rows, out.width));
        TileStatus status;
        m_context.pool.parallelFor(pieces, 1, [&](int64_t begin, int64_t end) {
            for (int64_t piece = begin; piece < end; ++piece) {
                const int64_t last = std::min((piece + 1) * perPiece, y.rows);
                for (int64_t first = piece * perPiece; first < last && !m_context.cancelled(); first += kTileRows)
                    status.keep(
                        addTransposed(y, first, std::min(kTileRows, last - first), sums[static_cast<size_t>(piece)]));
            }
        });
        HT_TRY(m_context.checkpoint());
        HT_TRY(status.take());
        std::ranges::fill(out.values, 0.0f);
        for (const Tall& sum : sums)
            for (size_t i = 0; i < out.values.size(); ++i) out.values[i] += sum.values[i];
        return {};
    }

    Status addTransposed(const Tall& y, int64_t first, int64_t count, Tall& sum) const {
        std::vector<float> tile(static_cast<size_t>(count * sum.rows));
        HT_TRY(m_error.readRows(first, count, tile));
        addProduct({sum.rows, sum.width, count}, MatrixView<float>{tile.data(), 1, sum.rows},
                   MatrixView<float>{y.row(first), y.width, 1}, ProductTarget<float>{sum.values.data(), sum.width});
        return {};
    }

    Status orthonormalize(Tall& basis) const {
        HT_TRY(m_context.checkpoint());
        const Eigen::HouseholderQR<Columns> factored(basis.toDouble());
        basis.assign(factored.householderQ() * Columns::Identity(basis.rows, basis.width));
        return m_context.checkpoint();
    }

    /// Both factors of a vector get about the same magnitude, which keeps small ones out of F16's subnormal numbers.
    static Result<LowRankFactors> pack(Columns left, Columns right) {
        for (int64_t k = 0; k < left.cols(); ++k) {
            const double a = left.col(k).cwiseAbs().maxCoeff(), b = right.col(k).cwiseAbs().maxCoeff();
            if (a == 0 || b == 0) continue;
            const double factor = std::exp2(std::round(std::log2(b / a) / 2));
            left.col(k) *= factor;
            right.col(k) /= factor;
        }
        HT_ASSIGN_OR_RETURN(PackedTensor packedLeft, packHalves(left));
        HT_ASSIGN_OR_RETURN(PackedTensor packedRight, packHalves(right.transpose()));
        return LowRankFactors{std::move(packedLeft), std::move(packedRight)};
    }

    static Result<PackedTensor> packHalves(const Columns& matrix) {
        Tall values(matrix.rows(), matrix.cols());
        values.assign(matrix);
        PackedTensor packed;
        packed.layout = PackedLayout::of(Format::of(DType::kF16), matrix.cols());
        packed.rows = matrix.rows();
        auto buffer = std::make_shared<AlignedBuffer>(static_cast<size_t>(packed.rows * packed.layout.rowBytes));
        HT_TRY(encodeRows(packed.layout, values.values, packed.rows, {}, buffer->bytes()));
        packed.bytes = std::as_const(*buffer).bytes();
        packed.owner = std::move(buffer);
        return packed;
    }

    const RowSource& m_error;
    const ErrorMetric& m_metric;
    const JobContext& m_context;
    int64_t m_rank, m_width;
};

}  // namespace

int64_t usableRank(int64_t rank, int64_t rows, int64_t cols) {
    return std::min({rank, rows, cols});
}

Result<LowRankFactors> fitLowRank(const RowSource& error, int64_t rank, const ErrorMetric& metric,
                                  const JobContext& context) {
    const int64_t channels = metric.hessian ? metric.hessian->channels : std::ssize(metric.importance);
    if (channels != error.cols() && (metric.hessian || channels > 0)) {
        return makeError(
            ErrorCode::kInvalidArgument,
            fmt::format("The calibration has {} channels, but the matrix has rows of {}.", channels, error.cols()));
    }
    return LowRankFit(error, usableRank(rank, error.rows(), error.cols()), metric, context).run();
}

}  // namespace halftone
