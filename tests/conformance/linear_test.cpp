// SPDX-License-Identifier: GPL-3.0-or-later
// Matrix products in every format over odd shapes. The reference multiplies in binary64, so what is measured is the
// backend's own rounding, in units of |weight row| * |input|.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <tuple>

#include "tests/conformance/conformance_backend.h"
#include "tests/conformance/graph_sketch.h"
#include "tests/support/test_paths.h"

namespace halftone::test {
namespace {

std::vector<Format> testedFormats() {
    std::vector<Format> formats(offeredFormats().begin(), offeredFormats().end());
    for (int type = 0; type < static_cast<int>(DType::kCount); ++type) {
        const DType dtype = static_cast<DType>(type);
        const bool isWeightType = dtypeInfo(dtype).ggmlId >= 0 && (dtype < DType::kF64 || dtypeInfo(dtype).isBlock());
        if (isWeightType && canEncode(Format::of(dtype)) && canDecode(Format::of(dtype))) formats.push_back(Format::of(dtype));
    }
    for (const char* name : {"int2_g16_asym", "int3_g32_sym", "int4_g64_sym", "int5_channel_asym", "int6_g256_asym", "int7_tensor_sym",
                             "int8_tensor_asym", "int3_g128_asym", "int4_g64_asym_bf16", "int8_channel_sym_f32", "int5_g32_asym_f32",
                             "int2_g16_fzero", "int3_channel_fzero", "int5_g256_fzero_bf16", "int8_g32_fzero", "int4_channel_fzero_f32", "int6_tensor_fzero",
                             "int2_g16_fzero_dq", "int8_g16_sym_dq", "int5_g32_asym_dq", "nf4_g16_dq", "fp4_e2m1_g32_dq", "fp8_e4m3_g16_dq",
                             "nf4_g16_bf16", "fp8_e4m3_g32_f16", "fp8_e5m2_g16", "pow2_4bit_g64_e8m0", "binary_channel", "ternary_channel_f32", "fp6_e2m3_tensor",
                             "fp6_e3m2_b128x128", "fp4_bnb_g256_bf16", "apot4_channel",
                             "q4_0+out0.5", "int3_g64_asym+rank16", "q8_0+out2+rank33", "int4_g64_asym+out0.5+rank7", "nf4_g64+rank1", "q6_k+out10", "int8_g64_asym+out2+rank7"}) {
        formats.push_back(Format::parse(name).value());
    }
    std::ranges::sort(formats, {}, &Format::name);
    const auto repeated = std::ranges::unique(formats);
    formats.erase(repeated.begin(), repeated.end());
    return formats;
}

bool isOffered(const Format& format) { return std::ranges::find(offeredFormats(), format) != offeredFormats().end(); }

struct Shape {
    int64_t rows, cols;
};

double norm(std::span<const float> values) {
    double sum = 0;
    for (const float value : values) sum += double(value) * double(value);
    return std::sqrt(sum);
}

/// Largest error in units of |weight row| |input|, over the part of the product that came back.
double scaledError(std::span<const float> actual, std::span<const float> expected, std::span<const float> input,
                   std::span<const double> rowNorms, int64_t width) {
    if (actual.size() != expected.size()) return INFINITY;
    double worst = 0;
    for (size_t i = 0; i < actual.size(); ++i) {
        const size_t token = i / static_cast<size_t>(width), row = i % static_cast<size_t>(width);
        if (!std::isfinite(actual[i])) return INFINITY;
        const double unit = row < rowNorms.size() ? rowNorms[row] * norm(input.subspan(token * static_cast<size_t>(width), static_cast<size_t>(width))) : 1.0;
        worst = std::max(worst, std::abs(double(actual[i]) - double(expected[i])) / std::max(unit, 1e-30));
    }
    return worst;
}

class LinearConformance : public testing::TestWithParam<std::tuple<ConformanceBackend, Format>> {
  protected:
    [[nodiscard]] const ConformanceBackend& entry() const { return std::get<0>(GetParam()); }
    [[nodiscard]] const Format& format() const { return std::get<1>(GetParam()); }
    void checkShape(Backend& backend, const Shape& shape);
};

void LinearConformance::checkShape(Backend& backend, const Shape& shape) {
    SCOPED_TRACE(testing::Message() << format().displayName() << " " << shape.rows << " x " << shape.cols);
    RandomValues random(static_cast<uint64_t>(shape.rows * 1000 + shape.cols));
    const PackedTensor weight = pack(format(), random.vector(shape.rows * shape.cols, 0.05f), shape.rows);
    GraphSketch sketch(sketchConfig(), shape.cols);
    const ValueId product = sketch.value(shape.rows);
    const WeightId weightId = sketch.matrix(weight), biasId = sketch.vector(random.vector(shape.rows));
    Op& op = sketch.op(OpKind::kLinear, sketch.hidden(), product);
    op.weight = weightId;
    op.bias = biasId;
    const int64_t first = std::max<int64_t>(0, shape.rows - shape.cols);  // the last rows, where tails are
    sketch.returnToHidden(product, first);

    std::vector<float> decoded(static_cast<size_t>(shape.rows * shape.cols));
    HT_ASSERT_OK(rowSourceOf(weight)->readRows(0, shape.rows, decoded));
    std::vector<double> rowNorms;
    for (int64_t row = first; row < shape.rows; ++row) {
        rowNorms.push_back(norm(std::span<const float>(decoded).subspan(static_cast<size_t>(row * shape.cols), static_cast<size_t>(shape.cols))) + 0.1);
    }
    const auto reference = sketch.compile(*createCpuReferenceBackend());
    HT_ASSERT_OK(reference);
    const auto executable = sketch.compile(backend);
    if (!executable && executable.error().code == ErrorCode::kUnsupported && !isOffered(format().base())) {
        GTEST_SKIP() << executable.error().message;
    }
    HT_ASSERT_OK(executable);
    const std::vector<float> input = random.vector(entry().maxTokens * shape.cols);
    const auto expected = runHidden(**reference, input, entry().maxTokens);
    HT_ASSERT_OK(expected);
    for (const int64_t tokens : oddTokenCounts(entry().maxTokens)) {
        const auto size = static_cast<size_t>(tokens * shape.cols);
        const auto actual = runHidden(**executable, std::span<const float>(input).first(size), tokens);
        HT_ASSERT_OK(actual);
        const double error = scaledError(*actual, std::span<const float>(*expected).first(size), std::span<const float>(input).first(size),
                                         rowNorms, shape.cols);
        EXPECT_LT(error, entry().linearTolerance) << tokens << " tokens";
    }
}

TEST_P(LinearConformance, MatchesReference) {
    const auto& chosen = entry().formats;
    if (!chosen.empty() && std::ranges::find(chosen, format().name()) == chosen.end()) GTEST_SKIP() << "another entry of this backend covers it";
    HT_OPEN_BACKEND_OR_SKIP(backend, entry());
    for (const Shape& shape : {Shape{64, 64}, Shape{172, 172}, Shape{37, 172}, Shape{256, 256}, Shape{301, 256}, Shape{5, 512}, Shape{515, 512}, Shape{90, 2304}}) {
        if (format().fitsRow(shape.cols)) checkShape(backend, shape);
    }
}

INSTANTIATE_TEST_SUITE_P(Backends, LinearConformance,
                         testing::Combine(testing::ValuesIn(conformanceBackends()), testing::ValuesIn(testedFormats())),
                         [](const auto& param) { std::string name = std::get<0>(param.param).name + "_" + std::get<1>(param.param).name();
                             std::ranges::replace_if(name, [](char c) { return c == '+' || c == '.'; }, '_');
                             return name;
                         });

}  // namespace
}  // namespace halftone::test
