// SPDX-License-Identifier: GPL-3.0-or-later
// Products of many tokens on matrix units, where the caller allows inputs to be rounded: weights and inputs as
// binary16, an input's row scaled by a power of two before, sums in binary32. Few tokens are multiplied as they are.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/tensor/float16.h"
#include "tests/conformance/conformance_backend.h"
#include "tests/conformance/graph_sketch.h"
#include "tests/support/test_paths.h"

namespace halftone::test {
namespace {

/// One of every decoder.
std::vector<std::string> unitFormats() {
    return {"f32",
            "f16",
            "bf16",
            "q8_0",
            "q4_0",
            "q4_1",
            "q5_0",
            "q5_1",
            "q2_k",
            "q3_k",
            "q4_k",
            "q5_k",
            "q6_k",
            "iq4_nl",
            "iq4_xs",
            "mxfp4",
            "nvfp4",
            "q1_0",
            "q2_0",
            "tq1_0",
            "tq2_0",
            "int3_g64_asym",
            "int4_g32_fzero",
            "int8_channel_sym",
            "nf4_g64",
            "fp8_e4m3_channel",
            "kmeans3_channel",
            "int4_g64_asym+out2+rank7"};
}

float asHalf(float value) {
    return halfToFloat(floatToHalf(std::clamp(value, -65504.0f, 65504.0f)));
}

/// As the shader leaves rows of inputs: the largest value between 2^14 and 2^15, then binary16.
std::vector<float> halvedInput(std::span<const float> input, int64_t cols) {
    std::vector<float> halved(input.begin(), input.end());
    for (size_t begin = 0; begin < halved.size(); begin += static_cast<size_t>(cols)) {
        const auto row = std::span(halved).subspan(begin, static_cast<size_t>(cols));
        float largest = 0x1p-100f;
        for (const float value : row) largest = std::max(largest, std::abs(value));
        const int exponent = std::ilogb(largest) - 14;
        for (float& value : row) value = std::ldexp(asHalf(std::ldexp(value, -exponent)), exponent);
    }
    return halved;
}

/// The matrix that the packed one stands for, with every weight as binary16.
PackedTensor halvedMatrix(const PackedTensor& packed, const MatrixShape& shape) {
    std::vector<float> values(static_cast<size_t>(shape.rows * shape.cols));
    HT_CHECK(decodeRowsReference(packed.layout, packed.bytes, shape.rows, values).has_value());
    for (float& value : values) value = asHalf(value);
    return pack(Format::of(DType::kF32), values, shape.rows);
}

class MatrixUnitConformance : public testing::TestWithParam<ConformanceBackend> {};

constexpr double kTolerance = 1e-3;

/// The share of results that are not those expected. What comes back of a product is itself brought to the hidden state
/// by a product of zeros and ones, which rounds it to the 11 bits of binary16: sums that end near the middle of two
/// such numbers may fall either way.
double wrongShare(std::span<const float> made, std::span<const float> expected) {
    int64_t wrong = 0;
    for (size_t i = 0; i < made.size(); ++i) {
        int exponent = 0;
        const float rounded = asHalf(std::frexp(expected[i], &exponent));
        if (made[i] != std::ldexp(rounded, exponent)) ++wrong;
    }
    return static_cast<double>(wrong) / static_cast<double>(made.size());
}

void check(Backend& backend, const Format& format, const MatrixShape& shape) {
    const auto values =
        RandomValues(static_cast<uint64_t>(shape.rows * 1000 + shape.cols)).vector(shape.rows * shape.cols, 0.05f);
    const PackedTensor packed = pack(format, values, shape.rows);
    const GraphSketch sketch = productSketch(packed, shape);
    const bool isPure = format == format.base();
    const GraphSketch rounded = productSketch(isPure ? halvedMatrix(packed, shape) : packed, shape);
    const auto reference = sketch.compile(*createCpuReferenceBackend());
    const auto roundedReference = rounded.compile(*createCpuReferenceBackend());
    const auto executable = sketch.compile(backend);
    HT_ASSERT_OK(reference);
    HT_ASSERT_OK(roundedReference);
    HT_ASSERT_OK(executable);
    for (const int64_t tokens : {1, 33, 70}) {
        SCOPED_TRACE(testing::Message() << format.name() << ", " << shape.rows << " x " << shape.cols << ", " << tokens
                                        << " tokens");
        const std::vector<float> input = RandomValues(41).vector(tokens * shape.cols);
        const auto exact = runHidden(**reference, input, tokens);
        const auto expected = runHidden(**roundedReference, halvedInput(input, shape.cols), tokens);
        HT_ASSERT_OK(exact);
        HT_ASSERT_OK(expected);
        const auto made = runHidden(**executable, input, tokens, Arithmetic::kInteger);
        HT_ASSERT_OK(made);
        const double fromExact = relativeDifference(*made, *exact);
        if (tokens == 1) {
            EXPECT_LT(fromExact, 8e-6) << "few tokens are not worth it";
            continue;
        }
        EXPECT_LT(fromExact, kTolerance);
        EXPECT_GT(fromExact, 1e-5) << "the matrix units did not run";
        if (isPure) {
            EXPECT_LT(wrongShare(*made, *expected), 0.01);
        }
        const auto full = runHidden(**executable, input, tokens);
        HT_ASSERT_OK(full);
        EXPECT_LT(relativeDifference(*full, *exact), 8e-6) << "figures must not be rounded";
    }
}

TEST_P(MatrixUnitConformance, MultipliesEveryFormat) {
    if (!GetParam().halves) GTEST_SKIP() << "another entry covers it";
    HT_OPEN_BACKEND_OR_SKIP(backend, GetParam());
    for (const std::string& name : unitFormats()) {
        const Format format = Format::parse(name).value();
        // The last two end inside a tile of columns, and inside a unit of a decoder.
        for (const MatrixShape& shape : {MatrixShape{301, 256}, MatrixShape{70, 176}, MatrixShape{19, 172}}) {
            if (format.fitsRow(shape.cols)) check(backend, format, shape);
        }
    }
}

/// Rows of magnitudes far apart; what is no number shows in its row alone; weights that binary16 does not hold.
TEST_P(MatrixUnitConformance, ScalesEveryRow) {
    if (!GetParam().halves) GTEST_SKIP() << "another entry covers it";
    HT_OPEN_BACKEND_OR_SKIP(backend, GetParam());
    const MatrixShape shape{40, 256};
    const int64_t tokens = 12;
    auto weights = RandomValues(3).vector(shape.rows * shape.cols, 0.05f);
    const GraphSketch sketch = productSketch(pack(Format::of(DType::kF32), weights, shape.rows), shape);
    const auto reference = sketch.compile(*createCpuReferenceBackend());
    const auto executable = sketch.compile(backend);
    HT_ASSERT_OK(reference);
    HT_ASSERT_OK(executable);
    for (const float size : {0.0f, 1e-35f, 1e-20f, 1e5f, 1e20f}) {
        SCOPED_TRACE(size);
        std::vector<float> input = RandomValues(7).vector(tokens * shape.cols, size);
        const auto exact = runHidden(**reference, input, tokens);
        const auto made = runHidden(**executable, input, tokens, Arithmetic::kInteger);
        HT_ASSERT_OK(exact);
        HT_ASSERT_OK(made);
        EXPECT_LT(relativeDifference(*made, *exact), kTolerance);
        for (const float wrong : {NAN, -INFINITY}) {
            input[300] = wrong;
            const auto shown = runHidden(**executable, input, tokens, Arithmetic::kInteger);
            HT_ASSERT_OK(shown);
            EXPECT_TRUE(std::isfinite((*shown)[0]));
            EXPECT_FALSE(std::isfinite((*shown)[256]));
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Backends, MatrixUnitConformance, testing::ValuesIn(conformanceBackends()),
                         [](const auto& param) { return param.param.name; });

}  // namespace
}  // namespace halftone::test
