// SPDX-License-Identifier: GPL-3.0-or-later
// Diagonal blocks by Eigen; everything around them by the product kernel, cut into pieces that do not depend on the
// number of threads.
#include "core/quant/methods/cholesky.h"

#include <algorithm>

#include <Eigen/Cholesky>
#include <Eigen/Dense>

#include "core/base/checked.h"
#include "core/quant/methods/dense_kernels.h"

namespace halftone {
namespace {

constexpr int64_t kBlock = 64;

using Block = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using BlockMap = Eigen::Map<Block, 0, Eigen::OuterStride<>>;

BlockMap mapOf(SquareMatrix& matrix, int64_t row, int64_t col, int64_t rows, int64_t cols) {
    return {&matrix.at(row, col), rows, cols, Eigen::OuterStride<>(matrix.size)};
}

/// Rows below the diagonal block [first, next): L21 = A21 L11^-T, then A22 -= L21 L21^T in the lower triangle.
void updateBelow(SquareMatrix& matrix, int64_t first, int64_t next, const JobContext& context) {
    const int64_t size = matrix.size, width = next - first;
    const int64_t pieces = ceilDiv(size - next, kBlock);
    const Block diagonal = mapOf(matrix, first, first, width, width);
    std::vector<double> transposed(static_cast<size_t>(width * (size - next)));
    context.pool.parallelFor(pieces, 1, [&](int64_t begin, int64_t end) {
        for (int64_t piece = begin; piece < end; ++piece) {
            const int64_t row = next + piece * kBlock, rows = std::min(kBlock, size - row);
            auto panel = mapOf(matrix, row, first, rows, width);
            diagonal.triangularView<Eigen::Lower>().transpose().solveInPlace<Eigen::OnTheRight>(panel);
            for (int64_t i = 0; i < rows; ++i) {
                for (int64_t t = 0; t < width; ++t) {
                    transposed[static_cast<size_t>(t * (size - next) + row - next + i)] = panel(i, t);
                }
            }
        }
    });
    context.pool.parallelFor(pieces, 1, [&](int64_t begin, int64_t end) {
        for (int64_t piece = begin; piece < end; ++piece) {
            if (context.cancelled()) return;
            const int64_t row = next + piece * kBlock, rows = std::min(kBlock, size - row);
            addProduct({rows, row + rows - next, width}, MatrixView<double>{&matrix.at(row, first), size, 1},
                       MatrixView<double>{transposed.data(), size - next, 1},
                       ProductTarget<double>{&matrix.at(row, next), size}, true);
        }
    });
}

}  // namespace

Status factorCholesky(SquareMatrix& matrix, const JobContext& context) {
    for (int64_t first = 0; first < matrix.size; first += kBlock) {
        HT_TRY(context.checkpoint());
        const int64_t next = std::min(matrix.size, first + kBlock);
        auto diagonal = mapOf(matrix, first, first, next - first, next - first);
        const Eigen::LLT<Block> factor(diagonal);
        if (factor.info() != Eigen::Success || !factor.matrixLLT().allFinite()) {
            return makeError(ErrorCode::kInvalidData, "The matrix is not positive definite.");
        }
        diagonal = factor.matrixL();
        if (next < matrix.size) updateBelow(matrix, first, next, context);
    }
    HT_TRY(context.checkpoint());
    for (int64_t row = 0; row < matrix.size; ++row) {
        std::fill(&matrix.at(row, row) + 1, matrix.values.data() + (row + 1) * matrix.size, 0.0);
    }
    return {};
}

Status invertLower(SquareMatrix& matrix, const JobContext& context) {
    const int64_t size = matrix.size;
    std::vector<double> products(static_cast<size_t>(kBlock * size));
    for (int64_t first = 0; first < size; first += kBlock) {
        HT_TRY(context.checkpoint());
        const int64_t rows = std::min(kBlock, size - first);
        auto diagonal = mapOf(matrix, first, first, rows, rows);
        const Block inverse = diagonal.triangularView<Eigen::Lower>().solve(Block::Identity(rows, rows));
        // X[i][j] = -X[i][i] * sum over k in j..i-1 of L[i][k] X[k][j], for each block column j before i.
        context.pool.parallelFor(first / kBlock, 1, [&](int64_t begin, int64_t end) {
            for (int64_t block = begin; block < end; ++block) {
                const int64_t col = block * kBlock;
                double* sums = products.data() + col;
                for (int64_t i = 0; i < rows; ++i) std::fill(sums + i * size, sums + i * size + kBlock, 0.0);
                addProduct({rows, kBlock, first - col}, MatrixView<double>{&matrix.at(first, col), size, 1},
                           MatrixView<double>{&matrix.at(col, col), size, 1}, ProductTarget<double>{sums, size});
            }
        });
        context.pool.parallelFor(first / kBlock, 1, [&](int64_t begin, int64_t end) {
            for (int64_t block = begin; block < end; ++block) {
                const int64_t col = block * kBlock;
                auto target = mapOf(matrix, first, col, rows, kBlock);
                const Eigen::Map<const Block, 0, Eigen::OuterStride<>> sums(products.data() + col, rows, kBlock,
                                                                            Eigen::OuterStride<>(size));
                target.noalias() = -(inverse.triangularView<Eigen::Lower>() * sums);
            }
        });
        diagonal = inverse;
    }
    return {};
}

}  // namespace halftone
