// SPDX-License-Identifier: GPL-3.0-or-later
// Attention with its cache: head sizes, grouped queries, windows, and every way of cutting a sequence into calls.
#include <gtest/gtest.h>

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
        for (const int64_t tokens : cut) {
            const auto begin = static_cast<size_t>((*sequence)->position() * width),
                       size = static_cast<size_t>(tokens * width);
            const auto actual =
                continueHidden(**executable, **sequence, std::span<const float>(input).subspan(begin, size), tokens);
            HT_ASSERT_OK(actual);
            EXPECT_LT(relativeDifference(*actual, std::span<const float>(*expected).subspan(begin, size)),
                      entry.attentionTolerance)
                << tokens << " tokens up to position " << (*sequence)->position();
        }
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
