// SPDX-License-Identifier: GPL-3.0-or-later
// The end of a model: logits of some positions, probabilities of single tokens.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/conformance/conformance_backend.h"
#include "tests/conformance/graph_sketch.h"
#include "tests/support/test_paths.h"

namespace halftone::test {
namespace {

struct HeadRun {
    std::vector<float> logits;
    std::vector<int64_t> positions;
    std::vector<float> logProbs;
};

struct HeadRequest {
    int64_t tokens, begin, end;
    std::vector<TokenId> targets;
};

Result<HeadRun> runHead(Executable& executable, std::span<const float> input, const HeadRequest& request) {
    HeadRun run;
    run.logProbs.assign(request.targets.size(), 1.0f);
    ForwardOptions options;
    options.hiddenIn = input;
    options.logitsBegin = request.begin;
    options.logitsEnd = request.end;
    options.logitsSink = [&](int64_t first, int64_t rows, std::span<const float> logits) -> Status {
        for (int64_t row = 0; row < rows; ++row) run.positions.push_back(first + row);
        run.logits.insert(run.logits.end(), logits.begin(), logits.end());
        return {};
    };
    options.targets = request.targets;
    options.logProbs = run.logProbs;
    HT_ASSIGN_OR_RETURN(const auto sequence, executable.createSequence(request.tokens));
    const std::vector<TokenId> ids(static_cast<size_t>(request.tokens), 0);
    HT_TRY(executable.forward(*sequence, ids, options, JobContext()));
    return run;
}

class HeadConformance : public testing::TestWithParam<ConformanceBackend> {};

TEST_P(HeadConformance, LogitsAndProbabilitiesMatchReference) {
    HT_OPEN_BACKEND_OR_SKIP(backend, GetParam());
    const int64_t width = 256, most = GetParam().maxTokens;
    for (const int64_t vocabulary : {54, 2048, 5003}) {
        for (const char* format : {"f32", "q8_0", "q6_k", "q4_0+out1+rank9"}) {
            SCOPED_TRACE(testing::Message() << vocabulary << " " << format);
            RandomValues random(static_cast<uint64_t>(vocabulary));
            GraphSketch sketch(sketchConfig(), width);
            sketch.head(pack(Format::parse(format).value(), random.vector(vocabulary * width, 0.3f), vocabulary));
            const auto reference = sketch.compile(*createCpuReferenceBackend());
            const auto executable = sketch.compile(backend);
            HT_ASSERT_OK(executable);
            const std::vector<float> input = random.vector(most * width);
            std::vector<TokenId> targets;
            for (int64_t i = 0; i < most; ++i)
                targets.push_back(i % 5 == 2 ? -1 : static_cast<TokenId>(random.index(vocabulary)));
            const HeadRequest requests[] = {{most, 0, most, targets},
                                            {most, most - 1, most, {}},
                                            {most, 0, 0, targets},
                                            {most, 3, 20, targets},
                                            {1, 0, 1, {targets[0]}}};
            for (const HeadRequest& request : requests) {
                const auto part = std::span<const float>(input).first(static_cast<size_t>(request.tokens * width));
                const auto expected = runHead(**reference, part, request),
                           actual = runHead(**executable, part, request);
                HT_ASSERT_OK(actual);
                EXPECT_EQ(actual->positions, expected->positions);
                EXPECT_LT(relativeDifference(actual->logits, expected->logits), GetParam().modelTolerance);
                for (size_t i = 0; i < request.targets.size(); ++i) {
                    const double allowed = 1e-5 + 20 * GetParam().modelTolerance;
                    EXPECT_NEAR(double(actual->logProbs[i]), double(expected->logProbs[i]), allowed)
                        << "position " << i;
                    if (request.targets[i] < 0) {
                        EXPECT_EQ(actual->logProbs[i], 1.0f) << "position " << i << " was to be left alone";
                    }
                }
            }
        }
    }
}

TEST_P(HeadConformance, ProbabilitiesOfAllTokensSumToOne) {
    HT_OPEN_BACKEND_OR_SKIP(backend, GetParam());
    const int64_t vocabulary = 61, width = 64;
    GraphSketch sketch(sketchConfig(), width);
    sketch.head(pack(Format::of(DType::kF32), RandomValues(5).vector(vocabulary * width), vocabulary));
    const auto executable = sketch.compile(backend);
    HT_ASSERT_OK(executable);
    // The same hidden state at every position, another target at each.
    const std::vector<float> state = RandomValues(6).vector(width);
    std::vector<float> input;
    std::vector<TokenId> targets;
    for (TokenId id = 0; id < vocabulary; ++id) {
        input.insert(input.end(), state.begin(), state.end());
        targets.push_back(id);
    }
    const auto run = runHead(**executable, input, {vocabulary, 0, 0, targets});
    HT_ASSERT_OK(run);
    double sum = 0;
    for (const float logProb : run->logProbs) sum += std::exp(double(logProb));
    EXPECT_NEAR(sum, 1.0, 1e-4);
}

INSTANTIATE_TEST_SUITE_P(Backends, HeadConformance, testing::ValuesIn(conformanceBackends()),
                         [](const auto& param) { return param.param.name; });

}  // namespace
}  // namespace halftone::test
