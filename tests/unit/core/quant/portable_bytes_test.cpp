// SPDX-License-Identifier: GPL-3.0-or-later
// The bytes of every format and every method, as hashes that are kept: whatever processor, instruction set or compiler
// runs this must come to the same. Inputs are made of whole numbers alone, so that no mathematical function of a C
// library stands before the code in question.
#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <random>
#include <sstream>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <hwy/targets.h>

#include "core/base/hash.h"
#include "core/quant/formats/codec.h"
#include "core/quant/methods/cholesky.h"
#include "core/quant/transforms/rotated_rows.h"
#include "tests/support/test_paths.h"
#include "tests/unit/core/quant/method_support.h"
#include "tests/unit/core/quant/test_data.h"

namespace halftone::test {
namespace {

constexpr int64_t kRows = 24, kCols = 512;

/// Sums of four uniform numbers: nearly normal.
std::vector<float> wholeNumberNoise(int64_t count, uint32_t seed) {
    std::mt19937 engine(seed);
    std::vector<float> values(static_cast<size_t>(count));
    for (float& value : values) {
        int32_t sum = 0;
        for (int i = 0; i < 4; ++i) sum += static_cast<int32_t>(engine() >> 12) - (1 << 19);
        value = static_cast<float>(sum) * 0x1p-24f;
    }
    return values;
}

/// Weights with rows of all sizes, outliers, zeros, ties and numbers near the end of binary16 and of binary32.
MatrixRows awkwardWeights() {
    std::vector<float> values = wholeNumberNoise(kRows * kCols, 71);
    std::mt19937 engine(72);
    for (size_t i = 0; i < values.size(); ++i) {
        const size_t row = i / kCols, kind = row % 12;
        const uint32_t pick = engine() % 64;
        if (kind == 1 && pick == 0) values[i] *= 64.0f;
        if (kind == 2 && pick < 16) values[i] = pick % 2 ? 0.0f : -0.0f;
        if (kind == 3) values[i] = static_cast<float>(static_cast<int>(pick) - 32) * 0.125f;
        if (kind == 4) values[i] *= 0x1p-24f;
        if (kind == 5) values[i] *= 0x1p12f;
        if (kind == 6) values[i] = i / 16 % 2 ? values[i] : values[i] * 0x1p-10f;
        if (kind == 7) values[i] += 0.25f;
    }
    return {kRows, kCols, std::move(values)};
}

/// Inputs of a layer: channels of different size that depend on each other, whole multiples of 2^-20, so that their
/// sums are the same in whatever order.
InputStatistics wholeNumberStatistics() {
    constexpr int64_t kTokens = 640;
    std::vector<float> inputs(static_cast<size_t>(kTokens * kCols));
    const std::vector<float> noise = wholeNumberNoise(kTokens * kCols, 73);
    for (size_t i = 0; i < inputs.size(); ++i) {
        const size_t channel = i % kCols;
        const float neighbour = channel > 0 ? noise[i - 1] : 0.0f;
        const float mixed = std::round((noise[i] + 0.75f * neighbour) * 256.0f) / 256.0f;
        inputs[i] = std::ldexp(mixed, static_cast<int>(channel % 5) - 2);
    }
    return statisticsOf(inputs, kCols);
}

std::string hashOf(std::span<const std::byte> bytes, uint64_t seed = 0) {
    return toHex(hashBytes(bytes, seed));
}

/// Lines "what,hash" of the kept file.
std::map<std::string, std::string> keptHashes() {
    std::map<std::string, std::string> kept;
    std::istringstream lines(readFile(sourceDir() / "tests" / "golden" / "portable_bytes.csv"));
    std::string line;
    while (std::getline(lines, line)) {
        const size_t comma = line.rfind(',');
        if (comma != std::string::npos) kept[line.substr(0, comma)] = line.substr(comma + 1);
    }
    return kept;
}

/// The inverse of the second moments' factor, as GPTQ takes it apart, with a tenth of the mean on the diagonal.
Result<SquareMatrix> inverseFactorOf(const Hessian& hessian) {
    const int64_t size = hessian.channels;
    SquareMatrix matrix{size, std::vector<double>(hessian.sums.begin(), hessian.sums.end())};
    double trace = 0;
    for (int64_t i = 0; i < size; ++i) trace += matrix.at(i, i);
    for (int64_t i = 0; i < size; ++i) matrix.at(i, i) += 0.1 * trace / static_cast<double>(size);
    HT_TRY(factorCholesky(matrix, contextOf(2)));
    HT_TRY(invertLower(matrix, contextOf(2)));
    return matrix;
}

/// Runs each test once per instruction set and compares hashes as they come; what was found lies in the working
/// directory afterwards, where somebody who knows why bytes changed can take it from.
class PortableBytes : public testing::TestWithParam<int64_t> {
  protected:
    void SetUp() override {
        hwy::SetSupportedTargetsForTest(GetParam());
        hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    }
    void TearDown() override {
        hwy::SetSupportedTargetsForTest(0);
        hwy::GetChosenTarget().Update(hwy::SupportedTargets());
        if (!HasFailure()) return;
        std::string name = testing::UnitTest::GetInstance()->current_test_info()->name();
        std::ranges::replace(name, '/', '_');
        std::ofstream("portable_bytes_" + name + ".csv") << m_found;
    }

    void expect(const std::string& what, const std::string& hash) {
        m_found += fmt::format("{},{}\n", what, hash);
        const auto kept = m_kept.find(what);
        EXPECT_TRUE(kept != m_kept.end() && kept->second == hash)
            << what << ": " << hash << ", kept is " << (kept == m_kept.end() ? "nothing" : kept->second);
    }
    void expectMethod(const MatrixRows& source, const std::string& format, const std::string& method,
                      const InputStatistics* statistics) {
        const auto result = quantizeBy(source, format, method, statistics);
        HT_ASSERT_OK(result);
        const uint64_t packed = hashBytes(result->tensor.packed.bytes);
        expect(format + " by " + method + (statistics ? " with inputs" : ""),
               hashOf(std::as_bytes(std::span(result->decoded)), packed));
    }

  private:
    std::map<std::string, std::string> m_kept = keptHashes();
    std::string m_found;
};

TEST_P(PortableBytes, OfEveryFormat) {
    const MatrixRows source = awkwardWeights();
    std::vector<float> importance = wholeNumberNoise(kCols, 74);
    for (float& value : importance) value = value < -0.05f ? 0.0f : value * value;
    const auto [low, high] = std::ranges::minmax(source.values());
    for (const Format& format : encodableFormats()) {
        const PackedLayout layout = PackedLayout::of(format, kCols);
        std::vector<std::byte> packed(static_cast<size_t>(kRows * layout.rowBytes));
        EncodeOptions options{.importance = {}, .tensorMin = low, .tensorMax = high};
        HT_ASSERT_OK(encodeRows(layout, source.values(), kRows, options, packed));
        std::vector<float> decoded(source.values().size());
        HT_ASSERT_OK(decodeRows(layout, packed, kRows, decoded));
        expect(format.name(), hashOf(std::as_bytes(std::span(decoded)), hashBytes(packed)));
        if (!format.isStorage()) continue;
        options.importance = importance;
        HT_ASSERT_OK(encodeRows(layout, source.values(), kRows, options, packed));
        expect(format.name() + " weighted", hashOf(packed));
    }
}

TEST_P(PortableBytes, OfMethodsThatLookAtTheWeightsAlone) {
    const MatrixRows source(kRows, kCols, wholeNumberNoise(kRows * kCols, 75));
    for (const char* name : {"int2_g64_asym", "int3_channel_sym", "int4_g32_fzero", "int8_channel_asym", "nf4_g64"}) {
        for (const char* method : {"percentile:percent=99", "mse"}) expectMethod(source, name, method, nullptr);
    }
    for (const char* name : {"int2_g64_asym", "int4_g32_fzero"}) expectMethod(source, name, "hqq", nullptr);
    for (const char* name : {"kmeans3_channel", "kmeans4_tensor", "int4_g64_sym+2of4", "f16+sparse50", "q4_0+out1"})
        expectMethod(source, name, "nearest", nullptr);
}

TEST_P(PortableBytes, OfMethodsThatLookAtTheInputs) {
    const MatrixRows source(kRows, kCols, wholeNumberNoise(kRows * kCols, 76));
    const InputStatistics statistics = wholeNumberStatistics();
    expect("second moments", hashOf(std::as_bytes(std::span(statistics.hessian->sums))));
    const auto factor = inverseFactorOf(*statistics.hessian);
    HT_ASSERT_OK(factor);
    expect("inverse factor", hashOf(std::as_bytes(std::span(factor->values))));
    for (const char* name : {"int3_g64_asym", "int4_channel_sym", "q4_0", "q4_k", "nf4_g64"}) {
        if (!methodObstacle(MethodId::kGptq, format(name)).empty()) continue;
        expectMethod(source, name, "gptq", &statistics);
    }
    expectMethod(source, "int3_g64_asym", "gptq:static_groups=1:mse=0:refine=0", &statistics);
    expectMethod(source, "int4_g64_asym", "awq", &statistics);
    expectMethod(source, "int4_g64_sym+2of4", "wanda", &statistics);
    expectMethod(source, "int4_g64_sym+2of4", "sparsegpt", &statistics);
    expectMethod(source, "kmeans3_channel", "nearest", &statistics);
    expectMethod(source, "q4_0+out1+rank8", "nearest", &statistics);
}

TEST_P(PortableBytes, OfRotations) {
    const auto source = std::make_shared<MatrixRows>(48, kCols, wholeNumberNoise(48 * kCols, 77));
    MatrixRotation rotation;
    rotation.right = std::make_shared<const Rotation>(Rotation::create(kCols, 5).value());
    rotation.left = std::make_shared<const Rotation>(Rotation::create(48, 6).value());
    const auto rotated = rotatedRows(source, rotation, contextOf(2));
    HT_ASSERT_OK(rotated);
    std::vector<float> values(source->values().size());
    HT_ASSERT_OK((*rotated)->readRows(0, 48, values));
    expect("rotation", hashOf(std::as_bytes(std::span(values))));
}

INSTANTIATE_TEST_SUITE_P(EveryTarget, PortableBytes, testing::ValuesIn(hwy::SupportedAndGeneratedTargets()),
                         [](const auto& target) { return std::string(hwy::TargetName(target.param)); });

}  // namespace
}  // namespace halftone::test
