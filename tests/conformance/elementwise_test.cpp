// SPDX-License-Identifier: GPL-3.0-or-later
// Everything but products and attention: embeddings, norms, rotation, activations, sums, splits.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/conformance/conformance_backend.h"
#include "tests/conformance/graph_sketch.h"
#include "tests/support/test_paths.h"

namespace halftone::test {
namespace {

constexpr int64_t kWidths[] = {8, 64, 172, 640};

class OpConformance : public testing::TestWithParam<ConformanceBackend> {
  protected:
    /// Runs the sketch on both backends with every odd token count.
    void compare(Backend& backend, const GraphSketch& sketch, float inputScale, int64_t width);
};

void OpConformance::compare(Backend& backend, const GraphSketch& sketch, float inputScale, int64_t width) {
    const auto reference = sketch.compile(*createCpuReferenceBackend());
    HT_ASSERT_OK(reference);
    const auto executable = sketch.compile(backend);
    HT_ASSERT_OK(executable);
    for (const int64_t tokens : oddTokenCounts(GetParam().maxTokens)) {
        const std::vector<float> input =
            RandomValues(static_cast<uint64_t>(tokens + width)).vector(tokens * width, inputScale);
        const auto expected = runHidden(**reference, input, tokens);
        HT_ASSERT_OK(expected);
        const auto actual = runHidden(**executable, input, tokens);
        HT_ASSERT_OK(actual);
        EXPECT_LT(relativeDifference(*actual, *expected), GetParam().opTolerance) << tokens << " tokens of " << width;
    }
}

TEST_P(OpConformance, RmsNorm) {
    HT_OPEN_BACKEND_OR_SKIP(backend, GetParam());
    for (const int64_t width : kWidths) {
        GraphSketch sketch(sketchConfig(), width);
        const ValueId normed = sketch.value(width);
        const WeightId weight = sketch.vector(RandomValues(1).vector(width));
        sketch.op(OpKind::kRmsNorm, sketch.hidden(), normed).weight = weight;
        sketch.returnToHidden(normed);
        for (const float scale : {1e-3f, 1.0f, 100.0f}) compare(backend, sketch, scale, width);
    }
}

TEST_P(OpConformance, LayerNorm) {
    HT_OPEN_BACKEND_OR_SKIP(backend, GetParam());
    for (const int64_t width : kWidths) {
        GraphSketch sketch(sketchConfig(), width);
        const ValueId normed = sketch.value(width);
        const WeightId weight = sketch.vector(RandomValues(1).vector(width)),
                       bias = sketch.vector(RandomValues(2).vector(width));
        Op& op = sketch.op(OpKind::kLayerNorm, sketch.hidden(), normed);
        op.weight = weight;
        op.bias = bias;
        sketch.returnToHidden(normed);
        compare(backend, sketch, 3.0f, width);
    }
}

TEST_P(OpConformance, HeadRmsNorm) {
    HT_OPEN_BACKEND_OR_SKIP(backend, GetParam());
    for (const int64_t headDim : {8, 64, 80, 128}) {
        ModelConfig config = sketchConfig();
        config.headDim = headDim;
        config.headCount = config.kvHeadCount = 3;
        GraphSketch sketch(config, 3 * headDim);
        const WeightId weight = sketch.vector(RandomValues(1).vector(headDim));
        Op& op = sketch.op(OpKind::kHeadRmsNorm, sketch.hidden(), sketch.hidden());
        op.weight = weight;
        op.heads = 3;
        compare(backend, sketch, 2.0f, 3 * headDim);
    }
}

TEST_P(OpConformance, Activation) {
    HT_OPEN_BACKEND_OR_SKIP(backend, GetParam());
    for (const Activation activation : {Activation::kSilu, Activation::kGeluErf, Activation::kGeluTanh}) {
        for (const float scale : {0.1f, 2.0f, 40.0f}) {
            ModelConfig config = sketchConfig();
            config.activation = activation;
            GraphSketch sketch(config, 172);
            const ValueId activated = sketch.value(172);
            sketch.op(OpKind::kActivation, sketch.hidden(), activated);
            sketch.returnToHidden(activated);
            compare(backend, sketch, scale, 172);
        }
    }
}

TEST_P(OpConformance, SplitAndGatedActivation) {
    HT_OPEN_BACKEND_OR_SKIP(backend, GetParam());
    for (const Activation activation : {Activation::kSilu, Activation::kGeluErf, Activation::kGeluTanh}) {
        ModelConfig config = sketchConfig();
        config.activation = activation;
        GraphSketch sketch(config, 352);
        const ValueId gate = sketch.value(172), up = sketch.value(172), rest = sketch.value(8),
                      product = sketch.value(172);
        Op& split = sketch.op(OpKind::kSplit3, sketch.hidden(), gate);
        split.out2 = up;
        split.out3 = rest;
        sketch.op(OpKind::kGatedActivation, gate, product).in2 = up;
        sketch.returnToHidden(product);
        compare(backend, sketch, 4.0f, 352);
    }
}

TEST_P(OpConformance, AddInPlace) {
    HT_OPEN_BACKEND_OR_SKIP(backend, GetParam());
    for (const int64_t width : kWidths) {
        GraphSketch sketch(sketchConfig(), width);
        const ValueId change = sketch.value(width);
        const WeightId weight = sketch.vector(RandomValues(1).vector(width));
        sketch.op(OpKind::kRmsNorm, sketch.hidden(), change).weight = weight;
        sketch.op(OpKind::kAdd, sketch.hidden(), sketch.hidden()).in2 = change;
        compare(backend, sketch, 2.0f, width);
    }
}

TEST_P(OpConformance, Rope) {
    HT_OPEN_BACKEND_OR_SKIP(backend, GetParam());
    struct Case {
        int64_t headDim, rotaryDim, heads;
    };
    for (const RopeStyle style : {RopeStyle::kHalfSplit, RopeStyle::kInterleaved}) {
        for (const Case& c : {Case{8, 8, 4}, Case{64, 64, 3}, Case{80, 32, 2}, Case{128, 128, 5}, Case{12, 6, 1}}) {
            ModelConfig config = sketchConfig();
            config.ropeStyle = style;
            config.headDim = c.headDim;
            config.headCount = config.kvHeadCount = c.heads;
            config.rotaryDim = c.rotaryDim;
            config.ropeAttentionFactor = 1.25f;
            for (int64_t pair = 0; pair < c.rotaryDim / 2; ++pair) {
                config.inverseFrequencies.push_back(
                    static_cast<float>(std::pow(10000.0, -2.0 * double(pair) / double(c.rotaryDim))));
            }
            const int64_t width = c.headDim * c.heads;
            GraphSketch sketch(config, width);
            sketch.op(OpKind::kRope, sketch.hidden(), sketch.hidden()).heads = c.heads;
            compare(backend, sketch, 1.0f, width);

            // Positions go on from call to call.
            const auto reference = sketch.compile(*createCpuReferenceBackend());
            const auto executable = sketch.compile(backend);
            HT_ASSERT_OK(executable);
            auto expectedSequence = (*reference)->createSequence(256),
                 actualSequence = (*executable)->createSequence(256);
            HT_ASSERT_OK(actualSequence);
            for (const int64_t tokens : {int64_t{40}, int64_t{1}, GetParam().maxTokens, int64_t{1}}) {
                const std::vector<float> input = RandomValues(7).vector(tokens * width);
                const auto expected = continueHidden(**reference, **expectedSequence, input, tokens);
                const auto actual = continueHidden(**executable, **actualSequence, input, tokens);
                HT_ASSERT_OK(actual);
                EXPECT_LT(relativeDifference(*actual, *expected), 8 * GetParam().opTolerance)
                    << "from position " << (*actualSequence)->position();
            }
        }
    }
}

TEST_P(OpConformance, EmbeddingsInEveryFormat) {
    HT_OPEN_BACKEND_OR_SKIP(backend, GetParam());
    std::vector<Format> formats(offeredFormats().begin(), offeredFormats().end());
    for (const char* name : {"q4_0+out1", "q8_0+rank5", "int4_g64_asym+out0.5+rank16"})
        formats.push_back(Format::parse(name).value());
    for (const Format& format : formats) {
        if (!format.fitsRow(256)) continue;
        SCOPED_TRACE(format.displayName());
        ModelConfig config = sketchConfig();
        config.vocabSize = 300;
        config.contextLength = 200;
        GraphSketch sketch(config, 256);
        sketch.beginPrologue();
        const WeightId table = sketch.matrix(pack(format, RandomValues(3).vector(300 * 256), 300));
        const WeightId positions = sketch.matrix(pack(Format::of(DType::kF32), RandomValues(4).vector(200 * 256), 200));
        sketch.op(OpKind::kEmbed, -1, sketch.hidden()).weight = table;
        sketch.op(OpKind::kAddPosition, sketch.hidden(), sketch.hidden()).weight = positions;
        const auto reference = sketch.compile(*createCpuReferenceBackend());
        const auto executable = sketch.compile(backend);
        HT_ASSERT_OK(executable);
        auto expectedSequence = (*reference)->createSequence(200), actualSequence = (*executable)->createSequence(200);
        HT_ASSERT_OK(actualSequence);
        for (const int64_t count : {1, 33, 2, 17}) {
            RandomValues random(static_cast<uint64_t>(count));
            std::vector<TokenId> tokens;
            for (int64_t i = 0; i < count; ++i) tokens.push_back(static_cast<TokenId>(random.index(300)));
            tokens.front() = 299;
            const auto expected = runTokenIds(**reference, **expectedSequence, tokens);
            const auto actual = runTokenIds(**executable, **actualSequence, tokens);
            HT_ASSERT_OK(actual);
            EXPECT_LT(relativeDifference(*actual, *expected), GetParam().opTolerance) << count << " tokens";
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Backends, OpConformance, testing::ValuesIn(conformanceBackends()),
                         [](const auto& param) { return param.param.name; });

}  // namespace
}  // namespace halftone::test
