// SPDX-License-Identifier: GPL-3.0-or-later
// Products with inputs rounded to 8 bits per 32 values, where the caller allows them: they must be the products of the
// rounded inputs, up to the rounding of sums. A backend that multiplies some formats or numbers of tokens in binary32
// must do that with inputs as they are.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <tuple>

#include "tests/conformance/conformance_backend.h"
#include "tests/conformance/graph_sketch.h"
#include "tests/support/test_paths.h"

namespace halftone::test {
namespace {

/// Formats whose values are whole numbers times a scale; one of every shader and every kind of scale and zero point.
std::vector<std::string> integerFormats() {
    return {"q8_0",
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
            "int2_g16_sym",
            "int3_g64_asym",
            "int4_g64_asym",
            "int4_g32_fzero",
            "int5_g32_asym",
            "int6_channel_sym",
            "int7_g64_sym",
            "int8_g64_asym",
            "int8_channel_sym",
            "int8_g32_fzero",
            "int4_channel_asym_f32",
            "int2_g16_fzero_dq",
            "int8_g64_asym+out2+rank7",
            "fp4_e2m1_g32",
            "pow2_4bit_g64_e8m0",
            "apot4_channel",
            "ternary_channel_f32",
            "binary_channel"};
}

/// Codes of the largest of 32 over 127, each to the nearest.
std::vector<float> roundedInput(std::span<const float> input, int64_t cols) {
    std::vector<float> rounded(input.begin(), input.end());
    for (int64_t row = 0; row < std::ssize(rounded); row += cols) {
        for (int64_t begin = row; begin < row + cols; begin += 32) {
            const auto block = std::span(rounded).subspan(
                static_cast<size_t>(begin), static_cast<size_t>(std::min<int64_t>(32, row + cols - begin)));
            float largest = 0;
            for (const float value : block) largest = std::max(largest, std::abs(value));
            const float scale = largest / 127.0f, inverse = scale > 0 ? 1.0f / scale : 0.0f;
            for (float& value : block) value = scale * std::nearbyint(value * inverse);
        }
    }
    return rounded;
}

PackedTensor randomMatrix(const Format& format, const MatrixShape& shape) {
    RandomValues random(static_cast<uint64_t>(shape.rows * 1000 + shape.cols));
    return pack(format, random.vector(shape.rows * shape.cols, 0.05f), shape.rows);
}

class IntegerConformance : public testing::TestWithParam<std::tuple<ConformanceBackend, std::string>> {
  protected:
    [[nodiscard]] const ConformanceBackend& entry() const { return std::get<0>(GetParam()); }
    void check(Backend& backend, const Format& format, const MatrixShape& shape);
};

void IntegerConformance::check(Backend& backend, const Format& format, const MatrixShape& shape) {
    const GraphSketch sketch = productSketch(randomMatrix(format, shape), shape);
    const auto reference = sketch.compile(*createCpuReferenceBackend());
    HT_ASSERT_OK(reference);
    const auto executable = sketch.compile(backend);
    HT_ASSERT_OK(executable);
    // What is added to the codes meets inputs as they are.
    const bool isPure = format == format.base();
    for (const int64_t tokens : {1, 3, 33}) {
        SCOPED_TRACE(testing::Message() << shape.rows << " x " << shape.cols << ", " << tokens << " tokens");
        const std::vector<float> input = RandomValues(41).vector(tokens * shape.cols);
        const auto exact = runHidden(**reference, input, tokens);
        const auto expected = runHidden(**reference, roundedInput(input, shape.cols), tokens);
        HT_ASSERT_OK(exact);
        HT_ASSERT_OK(expected);
        const auto rounded = runHidden(**executable, input, tokens, Arithmetic::kInteger);
        HT_ASSERT_OK(rounded);
        const double fromExact = relativeDifference(*rounded, *exact),
                     fromExpected = relativeDifference(*rounded, *expected);
        EXPECT_LT(fromExact, 0.02);
        if (isPure) {
            EXPECT_LT(entry().integers ? fromExpected : std::min(fromExpected, fromExact), 2 * entry().opTolerance);
        }
        if (entry().integers) {
            EXPECT_GT(fromExact, 1e-4) << "the integer kernels did not run";
        }
        const auto full = runHidden(**executable, input, tokens);
        HT_ASSERT_OK(full);
        EXPECT_LT(relativeDifference(*full, *exact), 2 * entry().opTolerance) << "figures must not be rounded";
    }
}

TEST_P(IntegerConformance, MultipliesTheRoundedInputs) {
    if (entry().halves) GTEST_SKIP() << "it rounds inputs to binary16";
    const auto& chosen = entry().formats;
    if (!chosen.empty() && std::ranges::find(chosen, std::get<1>(GetParam())) == chosen.end())
        GTEST_SKIP() << "another entry of this backend covers it";
    HT_OPEN_BACKEND_OR_SKIP(backend, entry());
    const Format format = Format::parse(std::get<1>(GetParam())).value();
    // The last two end inside a block of inputs, and inside what kernels read at once.
    for (const MatrixShape& shape : {MatrixShape{301, 256}, MatrixShape{70, 176}, MatrixShape{19, 172}}) {
        if (format.fitsRow(shape.cols)) check(backend, format, shape);
    }
}

INSTANTIATE_TEST_SUITE_P(Backends, IntegerConformance,
                         testing::Combine(testing::ValuesIn(conformanceBackends()),
                                          testing::ValuesIn(integerFormats())),
                         [](const auto& param) {
                             std::string name = std::get<0>(param.param).name + "_" + std::get<1>(param.param);
                             std::ranges::replace(name, '+', '_');
                             return name;
                         });

class IntegerInputs : public testing::TestWithParam<ConformanceBackend> {};

/// Blocks of zeros and of magnitudes far apart, beside each other; a value that is no number shows in its row alone.
TEST_P(IntegerInputs, KeepMagnitudesApart) {
    if (GetParam().halves) GTEST_SKIP() << "it rounds inputs to binary16";
    HT_OPEN_BACKEND_OR_SKIP(backend, GetParam());
    const MatrixShape shape{40, 256};
    const GraphSketch sketch = productSketch(randomMatrix(Format::parse("q8_0").value(), shape), shape);
    const auto reference = sketch.compile(*createCpuReferenceBackend());
    HT_ASSERT_OK(reference);
    const auto executable = sketch.compile(backend);
    HT_ASSERT_OK(executable);
    for (const int64_t tokens : {2, 12}) {
        std::vector<float> input = RandomValues(7).vector(tokens * shape.cols);
        for (size_t i = 0; i < 256; ++i) input[i] *= i < 64 ? 0.0f : i < 128 ? 1e-20f : i < 160 ? 1e-38f : 1e3f;
        const auto expected = runHidden(**reference, roundedInput(input, shape.cols), tokens);
        HT_ASSERT_OK(expected);
        const auto rounded = runHidden(**executable, input, tokens, Arithmetic::kInteger);
        HT_ASSERT_OK(rounded);
        EXPECT_LT(relativeDifference(*rounded, *expected), GetParam().integers ? 1e-5 : 0.02);
        if (!GetParam().integers) continue;
        for (const float wrong : {NAN, -INFINITY}) {
            input[300] = wrong;
            const auto shown = runHidden(**executable, input, tokens, Arithmetic::kInteger);
            HT_ASSERT_OK(shown);
            EXPECT_TRUE(std::isfinite((*shown)[0]));
            EXPECT_FALSE(std::isfinite((*shown)[256]));
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Backends, IntegerInputs, testing::ValuesIn(conformanceBackends()),
                         [](const auto& param) { return param.param.name; });

}  // namespace
}  // namespace halftone::test
