// SPDX-License-Identifier: GPL-3.0-or-later
// Attention with its cache: head sizes, grouped queries, windows, and every way of cutting a sequence into calls.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <tuple>

#include "tests/conformance/conformance_backend.h"
#include "tests/conformance/graph_sketch.h"
#include "tests/support/test_paths.h"

namespace halftone::test {
namespace {

struct AttentionShape {
    int64_t headDim, heads, kvHeads, window;
};

constexpr AttentionShape kShapes[] = {{8, 8, 4, 0},   {16, 6, 6, 0},  {64, 4, 4, 0},  {64, 8, 2, 0},
                                      {80, 3, 1, 0},  {96, 2, 2, 0},  {128, 4, 1, 0}, {16, 40, 1, 0},
                                      {256, 2, 1, 0}, {8, 8, 4, 1},   {64, 4, 2, 5},  {64, 4, 4, 16},
                                      {80, 2, 2, 17}, {32, 8, 1, 64}, {20, 3, 3, 0},  {100, 2, 1, 33}};

GraphSketch attentionSketch(const AttentionShape& shape) {
    ModelConfig config = sketchConfig();
    config.headDim = shape.headDim;
    config.headCount = shape.heads;
    config.kvHeadCount = shape.kvHeads;
    config.slidingWindow = shape.window;
    config.attentionScale = static_cast<float>(1.0 / std::sqrt(double(shape.headDim)));
    GraphSketch sketch(config, config.qSize() + 2 * config.kvSize());
    const ValueId q = sketch.value(config.qSize()), k = sketch.value(config.kvSize()),
                  v = sketch.value(config.kvSize());
    const ValueId attended = sketch.value(config.qSize());
    Op& split = sketch.op(OpKind::kSplit3, sketch.hidden(), q);
    split.out2 = k;
    split.out3 = v;
    Op& op = sketch.op(OpKind::kAttention, q, attended);
    op.in2 = k;
    op.in3 = v;
    sketch.returnToHidden(attended);
    return sketch;
}

/// Rows whose heads differ in magnitude, with heads of zeros and of equal values among them.
std::vector<float> variedRows(int64_t tokens, int64_t width) {
    std::vector<float> rows = RandomValues(17).vector(tokens * width, 1.5f);
    for (int64_t token = 0; token < tokens; ++token) {
        for (int64_t i = 0; i < width; ++i) {
            float& value = rows[static_cast<size_t>(token * width + i)];
            const int64_t kind = (token * 3 + i / 32) % 7;
            if (kind == 0) value *= 0.01f;
            if (kind == 1) value = token % 5 == 0 ? 0.0f : -0.5f;
            if (kind == 2 && i % 32 == 9) value *= 3.0f;
        }
    }
    return rows;
}

/// Hidden rows that go in, those that must come out, and how near.
struct HiddenRun {
    std::span<const float> input, expected;
    double tolerance;
};

void feedInPieces(Executable& executable, Sequence& sequence, const std::vector<int64_t>& pieces,
                  const HiddenRun& run) {
    const int64_t width = executable.graph().values[0].width;
    for (const int64_t tokens : pieces) {
        const auto begin = static_cast<size_t>(sequence.position() * width), size = static_cast<size_t>(tokens * width);
        const auto actual = continueHidden(executable, sequence, run.input.subspan(begin, size), tokens);
        HT_ASSERT_OK(actual);
        EXPECT_LT(relativeDifference(*actual, run.expected.subspan(begin, size)), run.tolerance)
            << tokens << " tokens up to position " << sequence.position();
    }
}

class AttentionConformance : public testing::TestWithParam<std::tuple<ConformanceBackend, AttentionShape>> {};

TEST_P(AttentionConformance, MatchesReferenceHoweverTheSequenceIsCut) {
    const auto& [entry, shape] = GetParam();
    HT_OPEN_BACKEND_OR_SKIP(backend, entry);
    const GraphSketch sketch = attentionSketch(shape);
    const auto reference = sketch.compile(*createCpuReferenceBackend());
    HT_ASSERT_OK(reference);
    const auto executable = sketch.compile(backend);
    HT_ASSERT_OK(executable);
    const int64_t width = sketch.graph().values[0].width, most = entry.maxTokens;
    // Scores of a few tens make a softmax that is neither flat nor a single spike.
    const int64_t total = 2 * most + 40;
    const std::vector<float> input = RandomValues(11).vector(total * width, 2.0f);
    const auto expected = runHidden(**reference, input, total);
    HT_ASSERT_OK(expected);
    const std::vector<std::vector<int64_t>> cuts{
        {total}, {1, 2, 3, 5, 8, 17}, {most, 1, 1, 33}, {31, 32, 33, 1}, {15, 1, 16, 2}};
    for (const std::vector<int64_t>& cut : cuts) {
        auto sequence = (*executable)->createSequence(total);
        HT_ASSERT_OK(sequence);
        feedInPieces(**executable, **sequence, cut, {input, *expected, entry.attentionTolerance});
    }
}

TEST_P(AttentionConformance, TruncatedSequenceForgets) {
    const auto& [entry, shape] = GetParam();
    HT_OPEN_BACKEND_OR_SKIP(backend, entry);
    const GraphSketch sketch = attentionSketch(shape);
    const auto executable = sketch.compile(backend);
    HT_ASSERT_OK(executable);
    const int64_t width = sketch.graph().values[0].width;
    const std::vector<float> right = RandomValues(12).vector(60 * width),
                             wrong = RandomValues(13).vector(40 * width, 5.0f);
    auto clean = (*executable)->createSequence(64), edited = (*executable)->createSequence(64);
    HT_ASSERT_OK(edited);
    const auto part = [&](int64_t begin, int64_t count) {
        return std::span<const float>(right).subspan(static_cast<size_t>(begin * width),
                                                     static_cast<size_t>(count * width));
    };
    HT_ASSERT_OK(continueHidden(**executable, **clean, part(0, 20), 20));
    HT_ASSERT_OK(continueHidden(**executable, **edited, part(0, 20), 20));
    HT_ASSERT_OK(continueHidden(**executable, **edited, wrong, 40));
    (*edited)->truncate(20);
    EXPECT_EQ((*edited)->position(), 20);
    const auto expected = continueHidden(**executable, **clean, part(20, 40), 40);
    const auto actual = continueHidden(**executable, **edited, part(20, 40), 40);
    HT_ASSERT_OK(actual);
    EXPECT_EQ(*actual, *expected);
}

struct CacheCase {
    AttentionShape shape;
    const char* cache;
};
constexpr CacheCase kCacheCases[] = {
    {{64, 8, 2, 0}, "f16"},           {{20, 3, 3, 0}, "f16"},           {{100, 2, 1, 33}, "k=f16,v=f32"},
    {{32, 3, 3, 0}, "q8_0"},          {{32, 8, 1, 64}, "q8_0"},         {{64, 4, 4, 0}, "q8_0"},
    {{64, 8, 2, 5}, "q8_0"},          {{96, 2, 2, 0}, "q8_0"},          {{128, 4, 1, 0}, "q8_0"},
    {{256, 2, 1, 17}, "q8_0"},        {{32, 3, 3, 0}, "q4_0"},          {{64, 4, 2, 16}, "q4_0"},
    {{96, 3, 1, 0}, "q4_0"},          {{128, 4, 4, 0}, "q4_0"},         {{256, 2, 1, 0}, "q4_0"},
    {{64, 8, 2, 0}, "k=q8_0,v=q4_0"}, {{64, 4, 4, 9}, "k=q4_0,v=f16"},  {{32, 8, 4, 0}, "k=f32,v=q8_0"},
    {{32, 5, 5, 0}, "k=q8_0,v=f32"},  {{128, 2, 1, 0}, "k=f16,v=q8_0"}, {{64, 4, 4, 5}, "f16"},
    {{30, 3, 3, 7}, "f16"},           {{64, 4, 2, 1}, "q8_0"},          {{32, 4, 2, 70}, "q4_0"},
    {{64, 6, 2, 70}, "k=q8_0,v=q4_0"}};

class CacheConformance : public testing::TestWithParam<std::tuple<ConformanceBackend, CacheCase>> {};

TEST_P(CacheConformance, MatchesReferenceHoweverTheSequenceIsCut) {
    const auto& [entry, param] = GetParam();
    HT_OPEN_BACKEND_OR_SKIP(backend, entry);
    const GraphSketch sketch = attentionSketch(param.shape);
    const RunFormat format{.cache = CacheFormat::parse(param.cache).value(), .activations = {}};
    const auto reference = sketch.compile(*createCpuReferenceBackend());
    HT_ASSERT_OK(reference);
    const auto executable = sketch.compile(backend);
    HT_ASSERT_OK(executable);
    const int64_t width = sketch.graph().values[0].width, most = entry.maxTokens, total = 2 * most + 40;
    const std::vector<float> input = variedRows(total, width);
    const auto expected = runHidden({**reference, format}, input, total);
    HT_ASSERT_OK(expected);
    const auto full = runHidden(**reference, input, total);
    HT_ASSERT_OK(full);
    EXPECT_NE(*expected, *full) << "the format changes nothing";
    for (const std::vector<int64_t>& cut : std::vector<std::vector<int64_t>>{{total}, {1, 2, 17, most, 1, 33}}) {
        const auto sequence = (*executable)->createSequence(total, format);
        HT_ASSERT_OK(sequence);
        EXPECT_EQ((*sequence)->format().cache, format.cache);
        feedInPieces(**executable, **sequence, cut, {input, *expected, entry.attentionTolerance});
    }
}

TEST_P(CacheConformance, RefusesHeadsThatBlocksDoNotDivide) {
    const auto& [entry, param] = GetParam();
    HT_OPEN_BACKEND_OR_SKIP(backend, entry);
    AttentionShape shape = param.shape;
    shape.headDim = 48;
    const auto executable = attentionSketch(shape).compile(backend);
    HT_ASSERT_OK(executable);
    const RunFormat format{.cache = {DType::kF16, DType::kQ8_0}, .activations = {}};
    const auto refused = (*executable)->createSequence(8, format);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().message, "Heads of 48 values are no whole number of Q8_0 blocks of 32; take F16 cells.");
}

INSTANTIATE_TEST_SUITE_P(Backends, CacheConformance,
                         testing::Combine(testing::ValuesIn(conformanceBackends()), testing::ValuesIn(kCacheCases)),
                         [](const auto& param) {
                             const CacheCase& tried = std::get<1>(param.param);
                             std::string cache = tried.cache;
                             std::ranges::replace_if(
                                 cache, [](char c) { return c == '=' || c == ','; }, '_');
                             return std::get<0>(param.param).name + "_d" + std::to_string(tried.shape.headDim) + "_h" +
                                    std::to_string(tried.shape.heads) + "_kv" + std::to_string(tried.shape.kvHeads) +
                                    "_w" + std::to_string(tried.shape.window) + "_" + cache;
                         });

INSTANTIATE_TEST_SUITE_P(Backends, AttentionConformance,
                         testing::Combine(testing::ValuesIn(conformanceBackends()), testing::ValuesIn(kShapes)),
                         [](const auto& param) {
                             const AttentionShape& shape = std::get<1>(param.param);
                             return std::get<0>(param.param).name + "_d" + std::to_string(shape.headDim) + "_h" +
                                    std::to_string(shape.heads) + "_kv" + std::to_string(shape.kvHeads) + "_w" +
                                    std::to_string(shape.window);
                         });

}  // namespace
}  // namespace halftone::test
