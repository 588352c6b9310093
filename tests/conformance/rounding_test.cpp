// SPDX-License-Identifier: GPL-3.0-or-later
// Linear layers whose inputs a sequence's format rounds. Every backend rounds to the same values, so what is left is
// the rounding of sums, as in the other products.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "tests/conformance/conformance_backend.h"
#include "tests/conformance/graph_sketch.h"
#include "tests/support/test_paths.h"

namespace halftone::test {
namespace {

/// hidden += (A + B) round(hidden): two layers that share an input, and nothing that would round their outputs again.
GraphSketch sharedInputSketch(int64_t width,
                              std::array<Format, 2> formats = {Format::of(DType::kF32), Format::of(DType::kF32)}) {
    GraphSketch sketch(sketchConfig(), width);
    RandomValues random(static_cast<uint64_t>(width));
    std::vector<ValueId> products;
    for (const Format& format : formats) {
        const WeightId weight = sketch.matrix(pack(format, random.vector(width * width, 0.5f), width));
        products.push_back(sketch.value(width));
        sketch.op(OpKind::kLinear, sketch.hidden(), products.back()).weight = weight;
    }
    for (const ValueId product : products) sketch.op(OpKind::kAdd, sketch.hidden(), sketch.hidden()).in2 = product;
    return sketch;
}

/// Rows of different magnitudes; one of zeros, one with an outlier.
std::vector<float> variedRows(int64_t tokens, int64_t width) {
    std::vector<float> rows = RandomValues(23).vector(tokens * width, 1.5f);
    for (int64_t token = 0; token < tokens; ++token) {
        const auto first = static_cast<size_t>(token * width);
        if (token % 4 == 1) rows[first] = 40.0f;
        for (size_t i = 0; token % 4 == 2 && i < static_cast<size_t>(width); ++i) rows[first + i] = 0.0f;
        for (size_t i = 0; token % 4 == 3 && i < static_cast<size_t>(width); ++i) rows[first + i] *= 1e-3f;
    }
    return rows;
}

RunFormat roundingBy(ActivationRounding rounding, const ModelGraph& graph) {
    RunFormat format;
    format.activations.rounding = rounding;
    if (rounding == ActivationRounding::kInt8Static)
        format.activations.scales = std::make_shared<const std::vector<float>>(graph.weights.size(), 0.0371f);
    return format;
}

class RoundedInputs : public testing::TestWithParam<ConformanceBackend> {
  protected:
    void check(Backend& backend, ActivationRounding rounding, int64_t width) {
        const Format plain = Format::of(DType::kF32);
        check(backend, rounding, width, {plain, plain}, oddTokenCounts(GetParam().maxTokens));
    }
    void check(Backend& backend, ActivationRounding rounding, int64_t width, const std::array<Format, 2>& weights,
               const std::vector<int64_t>& tokenCounts) {
        const GraphSketch sketch = sharedInputSketch(width, weights);
        const auto reference = sketch.compile(*createCpuReferenceBackend());
        HT_ASSERT_OK(reference);
        const auto executable = sketch.compile(backend);
        HT_ASSERT_OK(executable);
        const RunFormat format = roundingBy(rounding, sketch.graph());
        for (const int64_t tokens : tokenCounts) {
            SCOPED_TRACE(testing::Message() << format.name() << ", " << tokens << " x " << width);
            const std::vector<float> input = variedRows(tokens, width);
            const auto expected = runHidden({**reference, format}, input, tokens);
            HT_ASSERT_OK(expected);
            const auto actual = runHidden({**executable, format}, input, tokens);
            HT_ASSERT_OK(actual);
            EXPECT_LT(relativeDifference(*actual, *expected), GetParam().opTolerance);
            const auto full = runHidden(**executable, input, tokens);
            HT_ASSERT_OK(full);
            EXPECT_GT(relativeDifference(*full, *expected), 1e-5) << "the format changes nothing";
        }
    }
};

TEST_P(RoundedInputs, MatchReference) {
    HT_OPEN_BACKEND_OR_SKIP(backend, GetParam());
    for (const ActivationRounding rounding :
         {ActivationRounding::kInt8, ActivationRounding::kInt8Static, ActivationRounding::kFp8}) {
        for (const int64_t width : {7, 33, 160, 515}) check(backend, rounding, width);
    }
}

/// Weights that are integers as well, which backends may multiply as such.
TEST_P(RoundedInputs, MatchReferenceInIntegerFormats) {
    HT_OPEN_BACKEND_OR_SKIP(backend, GetParam());
    // Emulated devices take long; what they do with a format's codes is tested beside these (integer_test.cpp).
    constexpr int64_t kFewTokens = 100;
    std::vector<const char*> names{"q8_0", "int4_g128_asym", "q4_k", "int4_g64_asym+out1"};
    if (GetParam().maxTokens > kFewTokens) {
        names.insert(names.end(), {"q4_0", "q5_k", "q6_k", "int8_channel_sym", "int8_g64_asym", "int4_g32_sym",
                                   "int4_g64_fzero", "int4_channel_sym", "q8_0+out2+rank33"});
    }
    for (const char* name : names) {
        const Format format = Format::parse(name).value();
        SCOPED_TRACE(name);
        for (const ActivationRounding rounding : {ActivationRounding::kInt8, ActivationRounding::kInt8Static})
            check(backend, rounding, 256, {format, format}, {1, 3, 4, 17, 33});
    }
}

/// One layer that multiplies integers and one that does not, on one input.
TEST_P(RoundedInputs, ServeIntegersAndFloatsThatShareThem) {
    HT_OPEN_BACKEND_OR_SKIP(backend, GetParam());
    const Format integers = Format::parse("q8_0").value(), floats = Format::parse("f16").value();
    for (const auto rounding : {ActivationRounding::kInt8, ActivationRounding::kInt8Static}) {
        check(backend, rounding, 288, {integers, floats}, {1, 5, 33});
        check(backend, rounding, 288, {floats, integers}, {1, 5, 33});
    }
}

TEST_P(RoundedInputs, ShowWhatIsNotFinite) {
    HT_OPEN_BACKEND_OR_SKIP(backend, GetParam());
    for (const char* weights : {"f32", "q8_0"}) {
        const Format format = Format::parse(weights).value();
        const GraphSketch sketch = sharedInputSketch(64, {format, format});
        const auto executable = sketch.compile(backend);
        HT_ASSERT_OK(executable);
        for (const float wrong : {NAN, INFINITY}) {
            std::vector<float> input = variedRows(3, 64);
            input[70] = wrong;
            const auto rows =
                runHidden({**executable, roundingBy(ActivationRounding::kInt8, sketch.graph())}, input, 3);
            HT_ASSERT_OK(rows);
            EXPECT_FALSE(std::isfinite((*rows)[100])) << weights;
            EXPECT_TRUE(std::isfinite((*rows)[0]));
            EXPECT_TRUE(std::isfinite((*rows)[140]));
        }
    }
}

TEST_P(RoundedInputs, RefuseStaticScalesThatAreNotThere) {
    HT_OPEN_BACKEND_OR_SKIP(backend, GetParam());
    const auto executable = sharedInputSketch(16).compile(backend);
    HT_ASSERT_OK(executable);
    RunFormat format;
    format.activations.rounding = ActivationRounding::kInt8Static;
    const auto refused = (*executable)->createSequence(8, format);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
    EXPECT_NE(refused.error().message.find("'weight0'"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Backends, RoundedInputs, testing::ValuesIn(conformanceBackends()),
                         [](const auto& param) { return param.param.name; });

}  // namespace
}  // namespace halftone::test
