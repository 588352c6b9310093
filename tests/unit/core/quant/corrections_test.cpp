// SPDX-License-Identifier: GPL-3.0-or-later
// Outliers and low-rank products beside packed codes: what is chosen, what it costs, what it makes up for.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <random>

#include <Eigen/Dense>

#include "core/quant/corrections/correction.h"
#include "core/quant/corrections/low_rank.h"
#include "core/quant/corrections/outliers.h"
#include "core/quant/formats/format_extras.h"
#include "core/quant/methods/error_report.h"
#include "core/tensor/float16.h"
#include "tests/support/test_paths.h"
#include "tests/unit/core/quant/method_support.h"
#include "tests/unit/core/quant/test_data.h"

namespace halftone::test {
namespace {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

Matrix toMatrix(std::span<const float> values, int64_t rows) {
    const auto cols = static_cast<int64_t>(values.size()) / rows;
    return Eigen::Map<const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>(values.data(), rows,
                                                                                                   cols)
        .cast<double>();
}

std::vector<float> decodedRows(const PackedTensor& tensor) {
    std::vector<float> values(static_cast<size_t>(tensor.rows * tensor.cols()));
    EXPECT_TRUE(rowSourceOf(tensor)->readRows(0, tensor.rows, values));
    return values;
}

Matrix productOf(const LowRankFactors& factors) {
    return toMatrix(decodedRows(factors.left), factors.left.rows) *
           toMatrix(decodedRows(factors.right), factors.right.rows);
}

/// tr((E - P) H (E - P)^T).
double weightedError(const Matrix& error, const Matrix& product, const Matrix& metric) {
    const Matrix rest = error - product;
    return (rest * metric * rest.transpose()).trace();
}

/// Weights with a few large ones and some large columns, as layers have them.
MatrixRows layerWeights(int64_t rows, int64_t cols, uint32_t seed) {
    std::vector<float> values = gaussian(static_cast<size_t>(rows * cols), 0.02f, seed);
    std::mt19937 random(seed + 1);
    for (size_t i = 0; i < values.size() / 150; ++i) values[random() % values.size()] *= 6.0f;
    return {rows, cols, std::move(values)};
}

std::vector<std::vector<Outlier>> rowsOf(std::span<const uint32_t> words, int64_t rows, int64_t cols) {
    const OutlierRows view{.words = words, .totalRows = rows, .firstRow = 0, .isWide = cols > kNarrowColumns};
    std::vector<std::vector<Outlier>> found(static_cast<size_t>(rows));
    for (int64_t row = 0; row < rows; ++row) {
        for (int64_t entry = view.begin(row); entry < view.end(row); ++entry)
            found[static_cast<size_t>(row)].push_back(
                {static_cast<uint32_t>(view.column(entry)), floatToHalf(view.value(entry))});
    }
    return found;
}

TEST(Outliers, AreTheLargestElements) {
    const MatrixRows source = layerWeights(97, 203, 1);
    const auto words = chooseOutliers(source, 400, {}, contextOf(2));
    HT_ASSERT_OK(words);
    std::vector<float> magnitudes;
    for (const float value : source.values()) magnitudes.push_back(std::fabs(value));
    std::ranges::nth_element(magnitudes, magnitudes.begin() + 399, std::ranges::greater());
    size_t total = 0;
    const auto rows = rowsOf(*words, 97, 203);
    for (size_t row = 0; row < rows.size(); ++row) {
        EXPECT_TRUE(std::ranges::is_sorted(rows[row], {}, &Outlier::column));
        total += rows[row].size();
        for (const Outlier& outlier : rows[row]) {
            const float value = source.values()[row * 203 + outlier.column];
            EXPECT_GE(std::fabs(value), magnitudes[399]);
            EXPECT_EQ(outlier.value, floatToHalf(value));
        }
    }
    EXPECT_EQ(total, 400u);
}

TEST(Outliers, WeighByTheImportanceOfTheColumn) {
    MatrixRows source(4, 8, std::vector<float>(32, 1.0f));
    std::vector<float> importance(8, 1.0f);
    importance[5] = 100;
    const auto words = chooseOutliers(source, 4, importance, contextOf(1));
    HT_ASSERT_OK(words);
    for (const auto& row : rowsOf(*words, 4, 8)) {
        ASSERT_EQ(row.size(), 1u);
        EXPECT_EQ(row[0].column, 5u);
    }
    // An importance of zeros says nothing.
    const auto plain = chooseOutliers(source, 4, std::vector<float>(8, 0.0f), contextOf(1));
    EXPECT_EQ(*plain, *chooseOutliers(source, 4, {}, contextOf(1)));
}

TEST(Outliers, OfEqualsTheFirstAreTakenAndNeverZerosOrNan) {
    std::vector<float> values(64, 0.0f);
    for (const size_t at : {9u, 3u, 60u, 33u}) values[at] = at == 33 ? -2.0f : 2.0f;
    values[0] = NAN;
    values[63] = INFINITY;
    const MatrixRows source(8, 8, values);
    const auto three = rowsOf(*chooseOutliers(source, 3, {}, contextOf(1)), 8, 8);
    EXPECT_EQ(three[0].size() + three[1].size() + three[4].size(), 3u);
    EXPECT_TRUE(three[7].empty());
    const auto words = *chooseOutliers(source, 20, {}, contextOf(1));
    const OutlierRows all{.words = words, .totalRows = 8};
    EXPECT_EQ(all.words[8], 4u);
}

TEST(Outliers, AreTheSameOnAnyNumberOfThreads) {
    const MatrixRows source = layerWeights(700, 512, 3);
    const std::vector<float> importance = importanceWeights(512, 4);
    EXPECT_EQ(*chooseOutliers(source, 1792, importance, contextOf(1)),
              *chooseOutliers(source, 1792, importance, contextOf(2)));
}

TEST(Outliers, TakeTwoWordsWhereColumnsAreMany) {
    std::vector<float> values(2 * 70000, 0.0f);
    values[69999] = 3.0f;
    values[70001] = -1e6f;
    const MatrixRows source(2, 70000, std::move(values));
    const auto words = chooseOutliers(source, 2, {}, contextOf(1));
    HT_ASSERT_OK(words);
    EXPECT_EQ(words->size(), 3u + 4u);
    const auto rows = rowsOf(*words, 2, 70000);
    EXPECT_EQ(rows[0][0].column, 69999u);
    EXPECT_EQ(halfToFloat(rows[1][0].value), -65504.0f);  // the rest stays with the codes
    std::vector<float> rest(70000);
    const RemainderRows remainder(source, {.words = *words, .totalRows = 2, .firstRow = 0, .isWide = true});
    HT_ASSERT_OK(remainder.readRows(1, 1, rest));
    EXPECT_EQ(rest[1], -1e6f + 65504.0f);
}

TEST(LowRank, FindsNearlyTheBestProductInEveryMetric) {
    const int64_t rows = 90, cols = 130;
    const MatrixRows error(rows, cols, gaussian(static_cast<size_t>(rows * cols), 1e-3f, 5));
    const std::vector<float> inputs = correlatedInputs(400, cols, 6);
    const InputStatistics statistics = statisticsOf(inputs, cols);
    const std::vector<float> importance = statistics.importance();
    const Matrix e = toMatrix(error.values(), rows);
    const Matrix h = toMatrix(statistics.hessian->sums, cols);
    const Matrix diagonal = toMatrix(importance, 1).row(0).asDiagonal();
    const ErrorMetric metrics[] = {
        {}, {.hessian = nullptr, .importance = importance}, {.hessian = statistics.hessian.get(), .importance = {}}};
    const Matrix weights[] = {Matrix::Identity(cols, cols), diagonal, h};
    for (size_t i = 0; i < 3; ++i) {
        const auto factors = fitLowRank(error, 12, metrics[i], contextOf(2));
        HT_ASSERT_OK(factors);
        ASSERT_EQ(factors->left.cols(), 12);
        const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(e * weights[i] * e.transpose());
        const double best = eigen.eigenvalues().head(rows - 12).cwiseMax(0.0).sum();
        const double found = weightedError(e, productOf(*factors), weights[i]);
        EXPECT_LT(found, 1.02 * best) << "metric " << i;
        EXPECT_GT(found, 0.999 * best);
    }
}

TEST(LowRank, ReproducesAMatrixOfThatRankAndClampsTheRank) {
    const MatrixRows left(40, 3, gaussian(120, 1.0f, 7)), right(3, 25, gaussian(75, 0.01f, 8));
    const Matrix product = toMatrix(left.values(), 40) * toMatrix(right.values(), 3);
    std::vector<float> values;
    for (int64_t i = 0; i < product.size(); ++i) values.push_back(static_cast<float>(product.data()[i]));
    const MatrixRows error(40, 25, std::move(values));
    const auto factors = fitLowRank(error, 3, {}, contextOf(1));
    HT_ASSERT_OK(factors);
    EXPECT_LT((productOf(*factors) - product).norm(), 2e-3 * product.norm());
    const auto whole = fitLowRank(error, 1000, {}, contextOf(1));
    HT_ASSERT_OK(whole);
    EXPECT_EQ(whole->right.rows, 25);
    const auto zero = fitLowRank(MatrixRows(9, 7, std::vector<float>(63)), 4, {}, contextOf(1));
    HT_ASSERT_OK(zero);
    EXPECT_EQ(productOf(*zero).norm(), 0.0);
}

TEST(LowRank, SaysThatACalibrationIsOfAnotherModel) {
    const MatrixRows error(8, 8, gaussian(64, 1.0f, 9));
    const std::vector<float> importance(9, 1.0f);
    const auto factors = fitLowRank(error, 2, {.hessian = nullptr, .importance = importance}, contextOf(1));
    ASSERT_FALSE(factors);
    EXPECT_NE(factors.error().message.find("9 channels"), std::string::npos);
}

TEST(Corrected, BytesAreTheSameOnAnyNumberOfThreads) {
    const MatrixRows source = layerWeights(300, 256, 10);
    const InputStatistics statistics = statisticsOf(correlatedInputs(300, 256, 11), 256);
    const auto make = [&](int threads) {
        return quantizeTensor(source, format("int3_g64_asym+out0.5+rank16"),
                              {.tensorName = "w", .statistics = &statistics}, contextOf(threads))
            .value()
            .packed;
    };
    const PackedTensor one = make(1), two = make(2);
    EXPECT_TRUE(std::ranges::equal(one.bytes, two.bytes));
    EXPECT_TRUE(std::ranges::equal(one.correction->outliers.words, two.correction->outliers.words));
    EXPECT_TRUE(std::ranges::equal(one.correction->left.bytes, two.correction->left.bytes));
    EXPECT_TRUE(std::ranges::equal(one.correction->right.bytes, two.correction->right.bytes));
}

TEST(Corrected, RowsAreReadWithTheCorrectionHoweverTheyAreCut) {
    const MatrixRows source = layerWeights(70, 96, 12);
    const auto quantized = quantizeTensor(source, format("q4_0+out1+rank8"), {}, contextOf(2));
    HT_ASSERT_OK(quantized);
    const PackedTensor& packed = quantized->packed;
    EXPECT_EQ(packed.layout.format, format("q4_0"));
    EXPECT_EQ(quantized->format, format("q4_0+out1+rank8"));
    const std::vector<float> whole = decodedRows(packed);
    std::vector<float> bare(whole.size());
    HT_ASSERT_OK(decodeRows(packed.layout, packed.bytes, 70, bare));
    EXPECT_NE(whole, bare);
    for (int64_t row = 0; row < 70; ++row) {
        std::vector<float> reference(bare.begin() + row * 96, bare.begin() + (row + 1) * 96);
        HT_ASSERT_OK(addCorrectionReference(*packed.correction, row, reference));
        for (size_t i = 0; i < 96; ++i) EXPECT_NEAR(reference[i], whole[static_cast<size_t>(row) * 96 + i], 1e-6f);
    }
    const PackedTensor part = halftone::rowsOf(packed, 23, 31);
    EXPECT_EQ(decodedRows(part), std::vector<float>(whole.begin() + 23 * 96, whole.begin() + 54 * 96));
    const int64_t some[] = {69, 0, 41};
    std::vector<float> picked(3 * 96);
    HT_ASSERT_OK(readPackedRows(packed, some, picked));
    EXPECT_TRUE(std::equal(picked.begin(), picked.begin() + 96, whole.begin() + 69 * 96));
    EXPECT_TRUE(std::equal(picked.begin() + 96, picked.begin() + 192, whole.begin()));
}

TEST(Corrected, SizesAreWhatTheFormatPromises) {
    const MatrixRows source = layerWeights(128, 192, 13);
    for (const char* name :
         {"int4_g64_asym+out0.5", "int4_g64_asym+rank16", "int3_g32_sym+out2+rank300", "q8_0+out0.1"}) {
        const auto quantized = quantizeTensor(source, format(name), {}, contextOf(2));
        HT_ASSERT_OK(quantized);
        const auto& correction = *quantized->packed.correction;
        const int64_t rowWord = correction.outliers.empty() ? 0 : 4;  // one more beginning than rows
        EXPECT_EQ(correction.sizeBytes() - rowWord,
                  format(name).storageBytes(128, 192) - format(name).base().storageBytes(128, 192))
            << name;
        EXPECT_EQ(quantized->packed.sizeBytes(), std::ssize(quantized->packed.bytes) + correction.sizeBytes());
        const auto error = measureTensorError(source, *quantized, nullptr, contextOf(2));
        HT_ASSERT_OK(error);
        EXPECT_EQ(error->bytes, format(name).storageBytes(128, 192));
    }
}

struct Measured {
    double output = 0, weights = 0;
};

/// Output error on the inputs themselves, and squared error of the weights.
Measured measure(const char* name, const char* methodName, const InputStatistics* statistics) {
    static const MatrixRows source = layerWeights(160, 256, 14);
    static const std::vector<float> inputs = correlatedInputs(600, 256, 15);
    const auto result = quantizeBy(source, name, methodName, statistics);
    EXPECT_TRUE(result) << (result ? "" : result.error().message);
    return {directOutputError(source, result->decoded, inputs), result->tensor.distortion.sumSquaredError};
}

TEST(Corrected, ErrorsFallInTheOrderOfWhatIsKnownAndStored) {
    const InputStatistics statistics = statisticsOf(correlatedInputs(600, 256, 15), 256);
    InputStatistics diagonal = statistics;
    diagonal.hessian = nullptr;
    for (const char* base : {"int3_g64_asym", "q4_0", "int2_g32_asym"}) {
        SCOPED_TRACE(base);
        const auto with = [&](const char* extras, const InputStatistics* known) {
            return measure((std::string(base) + extras).c_str(), "nearest", known);
        };
        const Measured none = with("", nullptr), out = with("+out0.5", nullptr), rank8 = with("+rank8", nullptr);
        const Measured rank32 = with("+rank32", nullptr), both = with("+out0.5+rank32", nullptr);
        EXPECT_LT(out.weights, none.weights);
        EXPECT_LT(with("+out2", nullptr).weights, out.weights);
        EXPECT_LT(rank8.weights, none.weights);
        EXPECT_LT(rank32.weights, rank8.weights);
        EXPECT_LT(both.weights, std::min(out.weights, rank32.weights));
        // In output space: more is known, less is lost. What knows the outputs pays with squared error.
        const Measured lqer = with("+rank32", &diagonal), eora = with("+rank32", &statistics);
        EXPECT_LT(lqer.output, rank32.output);
        EXPECT_LT(eora.output, lqer.output);
        EXPECT_LT(with("+rank32", &statistics).output, with("+rank8", &statistics).output);
        EXPECT_LT(with("+out0.5", &statistics).output, with("", &statistics).output);
        EXPECT_LT(with("+out0.5+rank32", &statistics).output, eora.output);
    }
}

TEST(Corrected, GoesWithEveryMethod) {
    const InputStatistics statistics = statisticsOf(correlatedInputs(600, 256, 15), 256);
    for (const char* methodName : {"mse", "hqq", "gptq", "percentile"}) {
        const Measured bare = measure("int3_g64_asym", methodName, &statistics);
        const Measured outliers = measure("int3_g64_asym+out0.5", methodName, &statistics);
        const Measured both = measure("int3_g64_asym+out0.5+rank16", methodName, &statistics);
        EXPECT_LT(outliers.output, bare.output) << methodName;
        EXPECT_LT(both.output, outliers.output) << methodName;
    }
}

TEST(Corrected, NonFiniteWeightsAreRefusedOrMappedAsEver) {
    MatrixRows clean = layerWeights(8, 64, 16);
    std::vector<float> values = clean.values();
    values[70] = NAN;
    const MatrixRows source(8, 64, std::move(values));
    const auto refused = quantizeTensor(source, format("q4_0+out1+rank2"), {.tensorName = "w"}, contextOf(1));
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message.find("NaN at row 1, column 6"), std::string::npos);
    const auto mapped =
        quantizeTensor(source, format("q4_0+out1+rank2"), {.nonFinite = NonFinitePolicy::kMapToZero}, contextOf(1));
    HT_ASSERT_OK(mapped);
    EXPECT_EQ(mapped->nonFiniteCount, 1);
    EXPECT_TRUE(std::isfinite(mapped->distortion.sumSquaredError));
}

TEST(Corrected, CancelIsNoticed) {
    const MatrixRows source = layerWeights(512, 512, 17);
    std::stop_source stop;
    stop.request_stop();
    JobContext context = contextOf(2);
    context.stop = stop.get_token();
    const auto result = quantizeTensor(source, format("q4_0+out1+rank8"), {}, context);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::kCancelled);
}

}  // namespace
}  // namespace halftone::test
