// SPDX-License-Identifier: GPL-3.0-or-later
// Sums over the inputs of linear layers on every backend: against sums in binary64 where the inputs are known, against
// the reference where a model makes them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

#include "core/checkpoint/checkpoint.h"
#include "tests/conformance/conformance_backend.h"
#include "tests/conformance/graph_sketch.h"
#include "tests/support/test_paths.h"

namespace halftone::test {
namespace {

/// Sums in binary64 over the rows that are finite.
struct ExactSums {
    ExactSums(std::span<const float> rows, int64_t width)
        : channels(width),
          squares(static_cast<size_t>(width * width)),
          magnitudes(static_cast<size_t>(width)),
          largest(static_cast<size_t>(width)) {
        for (; !rows.empty(); rows = rows.subspan(static_cast<size_t>(width))) {
            const auto row = rows.first(static_cast<size_t>(width));
            if (std::ranges::all_of(row, [](float value) { return std::isfinite(value); })) add(row);
        }
    }
    void add(std::span<const float> row) {
        ++tokens;
        for (size_t i = 0; i < row.size(); ++i) {
            magnitudes[i] += std::abs(double(row[i]));
            largest[i] = std::max(largest[i], std::abs(row[i]));
            for (size_t j = 0; j < row.size(); ++j) squares[i * row.size() + j] += double(row[i]) * double(row[j]);
        }
    }
    [[nodiscard]] double at(int64_t i, int64_t j) const { return squares[static_cast<size_t>(i * channels + j)]; }

    int64_t channels, tokens = 0;
    std::vector<double> squares, magnitudes;
    std::vector<float> largest;
};

/// The largest |difference| / sqrt(H_ii H_jj); infinite where a sum is not symmetric or one over a dead channel not 0.
double hessianError(const Hessian& actual, const ExactSums& exact) {
    if (actual.channels != exact.channels || actual.tokens != exact.tokens) return INFINITY;
    double worst = 0;
    for (int64_t i = 0; i < exact.channels; ++i) {
        for (int64_t j = 0; j < exact.channels; ++j) {
            const double scale = std::sqrt(exact.at(i, i) * exact.at(j, j));
            const double difference = std::abs(double(actual.at(i, j)) - exact.at(i, j));
            if (actual.at(i, j) != actual.at(j, i) || (scale == 0 && difference != 0)) return INFINITY;
            if (scale > 0) worst = std::max(worst, difference / scale);
        }
    }
    return worst;
}

double largestRelative(std::span<const double> actual, std::span<const double> exact) {
    if (actual.size() != exact.size()) return INFINITY;
    double worst = 0;
    for (size_t i = 0; i < exact.size(); ++i) {
        if (exact[i] == 0 && actual[i] != 0) return INFINITY;
        if (exact[i] != 0) worst = std::max(worst, std::abs(actual[i] / exact[i] - 1));
    }
    return worst;
}

std::vector<double> diagonalOf(const ExactSums& sums) {
    std::vector<double> diagonal;
    for (int64_t i = 0; i < sums.channels; ++i) diagonal.push_back(sums.at(i, i));
    return diagonal;
}

/// Two matrices that read the hidden state, whose rows the test knows, and one that reads what they made.
struct Known {
    Known(Backend& backend, int64_t channels, uint64_t seed)
        : width(channels), random(seed), sketch(config(), channels) {
        sketch.beginBlock();
        const ValueId first = sketch.value(32), second = sketch.value(32);
        for (const ValueId value : {first, second}) {
            sketch.op(OpKind::kLinear, sketch.hidden(), value).weight =
                sketch.matrix(pack(Format::of(DType::kF32), random.vector(32 * channels), 32));
        }
        sketch.returnToHidden(second);
        names = {sketch.graph().weights[0].name, sketch.graph().weights[1].name};
        executable = sketch.compile(backend).value();
        sequence = executable->createSequence(2048).value();
    }
    static ModelConfig config() {
        ModelConfig config = sketchConfig();
        config.contextLength = 2048;
        return config;
    }

    /// Rows whose channels differ in size; some are never active.
    std::vector<float> makeRows(int64_t tokens) {
        std::vector<float> rows;
        for (int64_t t = 0; t < tokens; ++t) {
            for (int64_t i = 0; i < width; ++i) {
                const float scale = i % 7 == 3 ? 0.0f : i % 5 == 0 ? 40.0f : 0.5f;
                rows.push_back(random.next(scale) + scale * 0.25f);
            }
        }
        return rows;
    }
    Status add(InputMoments& moments, std::span<const float> rows, const JobContext& context = JobContext()) {
        const std::vector<TokenId> tokens(rows.size() / static_cast<size_t>(width), 0);
        ForwardOptions options;
        options.hiddenIn = rows;
        options.moments = &moments;
        sequence->truncate(0);
        return executable->forward(*sequence, tokens, options, context);
    }
    Result<InputStatistics> sumsOf(std::span<const float> rows, int64_t tokensAtOnce) {
        HT_ASSIGN_OR_RETURN(const auto moments, executable->createInputMoments(true));
        while (!rows.empty()) {
            const auto count = std::min(rows.size(), static_cast<size_t>(tokensAtOnce * width));
            HT_TRY(add(*moments, rows.first(count)));
            rows = rows.subspan(count);
        }
        HT_ASSIGN_OR_RETURN(auto taken, moments->take(JobContext()));
        if (taken.size() != 3 || taken.at(names[0]).hessian != taken.at(names[1]).hessian)
            return makeError(ErrorCode::kInternal, "Layers that share an input do not share its sums.");
        return taken.at(names[0]);
    }

    int64_t width;
    RandomValues random;
    GraphSketch sketch;
    std::vector<std::string> names;
    std::unique_ptr<Executable> executable;
    std::unique_ptr<Sequence> sequence;
};

class MomentsConformance : public testing::TestWithParam<ConformanceBackend> {
  protected:
    static void expectSums(const InputStatistics& actual, const ExactSums& exact) {
        EXPECT_EQ(actual.tokens, double(exact.tokens));
        EXPECT_LT(largestRelative(actual.sumSquares, diagonalOf(exact)), 2e-7);
        EXPECT_LT(largestRelative(actual.sumMagnitudes, exact.magnitudes), 2e-7);
        EXPECT_EQ(actual.largest, exact.largest);
        ASSERT_TRUE(actual.hessian);
        EXPECT_LT(hessianError(*actual.hessian, exact), 2e-6);
    }
};

TEST_P(MomentsConformance, AreThoseOfTheRows) {
    HT_OPEN_BACKEND_OR_SKIP(backend, GetParam());
    // Less than a tile, tails of tiles, several tiles and, on a small device, several bindings.
    for (const auto& [width, tokens] : {std::pair<int64_t, int64_t>{5, 7}, {64, 1}, {130, 33}, {1100, 6}}) {
        SCOPED_TRACE(testing::Message() << width << " channels, " << tokens << " tokens");
        Known known(backend, width, 31);
        const std::vector<float> rows = known.makeRows(tokens);
        const auto sums = known.sumsOf(rows, tokens);
        HT_ASSERT_OK(sums);
        expectSums(*sums, ExactSums(rows, width));
    }
}

TEST_P(MomentsConformance, DoNotDependOnCallsMuchAndStayExactOverManyTokens) {
    HT_OPEN_BACKEND_OR_SKIP(backend, GetParam());
    Known known(backend, 72, 32);
    const std::vector<float> rows = known.makeRows(1203);
    const ExactSums exact(rows, known.width);
    for (const int64_t atOnce : {1203, 401}) {
        const auto sums = known.sumsOf(rows, atOnce);
        HT_ASSERT_OK(sums);
        expectSums(*sums, exact);
        EXPECT_GT(hessianError(*sums->hessian, exact), 1e-9) << "sums of binary32 are never all exact";
    }
}

TEST_P(MomentsConformance, LeaveOutTokensThatAreNotFinite) {
    HT_OPEN_BACKEND_OR_SKIP(backend, GetParam());
    Known known(backend, 70, 33);
    std::vector<float> rows = known.makeRows(9);
    rows[3] = std::numeric_limits<float>::quiet_NaN();
    rows[70 * 5 + 69] = -std::numeric_limits<float>::infinity();
    const auto sums = known.sumsOf(rows, 9);
    HT_ASSERT_OK(sums);
    EXPECT_EQ(sums->tokens, 7);
    expectSums(*sums, ExactSums(rows, 70));
}

TEST_P(MomentsConformance, BeginAnewWhenTaken) {
    HT_OPEN_BACKEND_OR_SKIP(backend, GetParam());
    Known known(backend, 66, 34);
    const auto moments = known.executable->createInputMoments(true);
    HT_ASSERT_OK(moments);
    EXPECT_TRUE((*moments)->take(JobContext())->empty()) << "nothing has run";
    const std::vector<float> first = known.makeRows(8), second = known.makeRows(5);
    HT_ASSERT_OK(known.add(**moments, first));
    HT_ASSERT_OK((*moments)->take(JobContext()));
    HT_ASSERT_OK(known.add(**moments, second));
    const auto taken = (*moments)->take(JobContext());
    HT_ASSERT_OK(taken);
    expectSums(taken->at(known.names[0]), ExactSums(second, 66));
}

TEST_P(MomentsConformance, WithoutHessiansTheRestIsTheSame) {
    HT_OPEN_BACKEND_OR_SKIP(backend, GetParam());
    Known known(backend, 66, 35);
    const auto moments = known.executable->createInputMoments(false);
    HT_ASSERT_OK(moments);
    const std::vector<float> rows = known.makeRows(8);
    HT_ASSERT_OK(known.add(**moments, rows));
    const auto taken = (*moments)->take(JobContext());
    HT_ASSERT_OK(taken);
    const InputStatistics& sums = taken->at(known.names[1]);
    EXPECT_FALSE(sums.hessian);
    EXPECT_LT(largestRelative(sums.sumSquares, diagonalOf(ExactSums(rows, 66))), 2e-7);
}

TEST_P(MomentsConformance, OfAnotherBackendAreRefused) {
    HT_OPEN_BACKEND_OR_SKIP(backend, GetParam());
    class Others final : public InputMoments {
        Result<std::map<std::string, InputStatistics>> take(const JobContext&) override {
            return std::map<std::string, InputStatistics>();
        }
    };
    Known known(backend, 8, 36);
    Others others;
    const auto refused = known.add(others, known.makeRows(1));
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
}

INSTANTIATE_TEST_SUITE_P(Backends, MomentsConformance, testing::ValuesIn(conformanceBackends()),
                         [](const auto& param) { return param.param.name; });

class ModelMoments : public testing::TestWithParam<std::tuple<ConformanceBackend, const char*>> {};

Result<std::map<std::string, InputStatistics>> momentsOfModel(Backend& backend,
                                                              const std::shared_ptr<const ModelGraph>& graph,
                                                              const ModelWeights& weights,
                                                              std::span<const TokenId> tokens) {
    HT_ASSIGN_OR_RETURN(const auto executable, backend.compile(graph, weights, JobContext()));
    HT_ASSIGN_OR_RETURN(const auto sequence, executable->createSequence(std::ssize(tokens)));
    HT_ASSIGN_OR_RETURN(const auto moments, executable->createInputMoments(true));
    // One token first: what decoding does.
    for (const auto& part : {tokens.first(1), tokens.subspan(1)}) {
        ForwardOptions options;
        options.moments = moments.get();
        HT_TRY(executable->forward(*sequence, part, options, JobContext()));
    }
    return moments->take(JobContext());
}

TEST_P(ModelMoments, AreThoseOfTheReference) {
    const auto& [entry, path] = GetParam();
    HT_OPEN_BACKEND_OR_SKIP(backend, entry);
    HT_SHARED_OR_SKIP(folder, std::string("models/") + path);
    const auto checkpoint = Checkpoint::open(folder).value();
    const ModelConfig config = readModelConfig(*checkpoint).value();
    const auto graph = std::make_shared<const ModelGraph>(buildGraph(config, *checkpoint).value());
    const ModelWeights weights = ModelWeights::fromCheckpoint(*graph, checkpoint).value();
    RandomValues random(22);
    std::vector<TokenId> tokens;
    const int64_t count = std::min(entry.maxTokens, config.contextLength);
    for (int64_t i = 0; i < count; ++i) tokens.push_back(TokenId(random.index(config.vocabSize)));
    const auto expected = momentsOfModel(*createCpuReferenceBackend(), graph, weights, tokens);
    const auto actual = momentsOfModel(backend, graph, weights, tokens);
    HT_ASSERT_OK(actual);
    int64_t linears = 0;
    for (const Op& op : graph->ops) linears += op.kind == OpKind::kLinear && op.out != graph->logits ? 1 : 0;
    EXPECT_EQ(std::ssize(*expected), linears);
    ASSERT_EQ(actual->size(), expected->size());
    for (const auto& [name, sums] : *expected) {
        SCOPED_TRACE(name);
        ASSERT_TRUE(actual->contains(name));
        const InputStatistics& other = actual->at(name);
        EXPECT_EQ(other.tokens, sums.tokens);
        EXPECT_LT(relativeDifference(other.importance(), sums.importance()), 20 * entry.modelTolerance);
        EXPECT_LT(relativeDifference(other.largest, sums.largest), 10 * entry.modelTolerance);
        EXPECT_LT(relativeDifference(other.hessian->sums, sums.hessian->sums), 20 * entry.modelTolerance);
    }
}

INSTANTIATE_TEST_SUITE_P(Backends, ModelMoments,
                         testing::Combine(testing::ValuesIn(conformanceBackends()),
                                          testing::Values("stories260K", "slm4096-gpt2")),
                         [](const auto& param) {
                             return std::get<0>(param.param).name + (param.index % 2 == 0 ? "_llama" : "_gpt2");
                         });

}  // namespace
}  // namespace halftone::test
