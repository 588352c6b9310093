// SPDX-License-Identifier: GPL-3.0-or-later
// Reductions of rows of logits on a device, held against plain sums in binary64 over the logits that it hands out.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <tuple>

#include "tests/conformance/conformance_backend.h"
#include "tests/conformance/graph_sketch.h"
#include "tests/support/test_paths.h"

namespace halftone::test {
namespace {

/// Of log-probabilities, entropies and divergences, in nats.
constexpr double kTolerance = 1e-6;

double logNormalizer(std::span<const float> row) {
    const double largest = double(std::ranges::max(row));
    double sum = 0;
    for (const float value : row) sum += std::exp(double(value) - largest);
    return largest + std::log(sum);
}

RowFigures plainFigures(std::span<const float> row, TokenId target) {
    RowFigures figures;
    figures.logNormalizer = logNormalizer(row);
    figures.targetLogit = row[static_cast<size_t>(target)];
    figures.top = static_cast<TokenId>(std::ranges::max_element(row) - row.begin());
    figures.rank = 1;
    for (size_t i = 0; i < row.size(); ++i) {
        const double logProb = double(row[i]) - figures.logNormalizer;
        figures.entropy -= std::exp(logProb) * logProb;
        const bool before =
            row[i] > figures.targetLogit || (row[i] == figures.targetLogit && static_cast<TokenId>(i) < target);
        if (before) ++figures.rank;
    }
    return figures;
}

double plainDivergence(std::span<const float> reference, std::span<const float> own) {
    const double referenceNormalizer = logNormalizer(reference), ownNormalizer = logNormalizer(own);
    double sum = 0;
    for (size_t i = 0; i < own.size(); ++i) {
        const double logP = double(reference[i]) - referenceNormalizer, logQ = double(own[i]) - ownNormalizer;
        sum += std::exp(logP) * (logP - logQ);
    }
    return sum;
}

/// A head over random weights, and the inputs and targets that it is run on.
class RowFiguresConformance : public testing::TestWithParam<ConformanceBackend> {
  protected:
    static std::unique_ptr<Executable> makeHead(Backend& backend, int64_t vocabulary, float change) {
        RandomValues random(static_cast<uint64_t>(vocabulary));
        std::vector<float> weights = random.vector(vocabulary * kWidth, 0.4f);
        RandomValues noise(7);
        for (float& weight : weights) weight += noise.next(change);
        // Equal rows: the first of equals counts.
        std::copy_n(weights.begin() + 5 * kWidth, kWidth, weights.begin() + 40 * kWidth);
        GraphSketch sketch(sketchConfig(), kWidth);
        sketch.head(pack(Format::of(DType::kF32), weights, vocabulary));
        return sketch.compile(backend).value();
    }
    void makeInput(int64_t vocabulary, int64_t rows) {
        RandomValues random(11);
        m_input = random.vector(rows * kWidth);
        m_targets.assign(kUnscored, -1);
        while (std::ssize(m_targets) < rows) m_targets.push_back(static_cast<TokenId>(random.index(vocabulary)));
        m_targets[kUnscored] = 40;
        m_targets[kUnscored + 1] = 5;
    }
    Status forward(Executable& executable, ForwardOptions options) {
        options.hiddenIn = m_input;
        const std::vector<TokenId> ids(m_targets.size(), 0);
        HT_ASSIGN_OR_RETURN(const auto sequence, executable.createSequence(std::ssize(ids)));
        return executable.forward(*sequence, ids, options, JobContext());
    }
    /// Of the positions with a target: the same rows in the same tiles, so that they are the same to the bit.
    std::vector<float> logitsOf(Executable& executable) {
        std::vector<float> logits;
        ForwardOptions options;
        options.logitsBegin = kUnscored;
        options.logitsEnd = std::ssize(m_targets);
        options.logitsSink = [&](int64_t, int64_t, std::span<const float> rows) -> Status {
            logits.insert(logits.end(), rows.begin(), rows.end());
            return {};
        };
        EXPECT_TRUE(forward(executable, options).has_value());
        return logits;
    }
    [[nodiscard]] int64_t scoredRows() const {
        return std::ranges::count_if(m_targets, [](TokenId target) { return target >= 0; });
    }

    static constexpr int64_t kWidth = 48;
    static constexpr size_t kUnscored = 3;  ///< positions at the front
    std::vector<float> m_input;
    std::vector<TokenId> m_targets;
};

TEST_P(RowFiguresConformance, FiguresAndDivergencesAreThoseOfPlainSums) {
    HT_OPEN_BACKEND_OR_SKIP(backend, GetParam());
    // A large vocabulary once: what other plans change does not depend on it.
    const int largest = GetParam().formats.empty() ? 140001 : 9001;
    for (const auto& [vocabulary, rows, change] : {std::tuple(61, 9, 0.1f), std::tuple(5003, 30, 0.01f),
                                                   std::tuple(5003, 30, 1.0f), std::tuple(largest, 7, 0.05f)}) {
        SCOPED_TRACE(testing::Message() << vocabulary << " tokens, change " << change);
        const auto reference = makeHead(backend, vocabulary, 0), own = makeHead(backend, vocabulary, change);
        if (!reference->sumsUpRows()) GTEST_SKIP() << "takes the logits";
        makeInput(vocabulary, rows);
        const auto referenceLogits = logitsOf(*reference), ownLogits = logitsOf(*own);
        auto kept = reference->createLogitRows(scoredRows());
        HT_ASSERT_OK(kept);
        ASSERT_TRUE(own->canCompareWith(**kept));
        std::vector<RowFigures> referenceFigures(m_targets.size()), figures(m_targets.size());
        ForwardOptions options;
        options.targets = m_targets;
        options.reduction = RowReduction{.figures = referenceFigures, .keep = kept->get()};
        HT_ASSERT_OK(forward(*reference, options));
        options.reduction = RowReduction{.figures = figures, .compareWith = kept->get()};
        HT_ASSERT_OK(forward(*own, options));
        for (size_t i = 0; i < m_targets.size(); ++i) {
            if (m_targets[i] < 0) {
                EXPECT_EQ(figures[i].rank, 0) << "position " << i << " was to be left alone";
                continue;
            }
            const auto width = static_cast<size_t>(vocabulary);
            const auto referenceRow = std::span<const float>(referenceLogits).subspan((i - kUnscored) * width, width);
            const auto ownRow = std::span<const float>(ownLogits).subspan((i - kUnscored) * width, width);
            const RowFigures expected = plainFigures(ownRow, m_targets[i]);
            EXPECT_TRUE(figures[i].isFinite);
            EXPECT_EQ(figures[i].targetLogit, expected.targetLogit);
            EXPECT_EQ(figures[i].rank, expected.rank);
            EXPECT_EQ(figures[i].top, expected.top);
            EXPECT_NEAR(figures[i].logProb(), expected.logProb(), kTolerance);
            EXPECT_NEAR(figures[i].entropy, expected.entropy, kTolerance);
            EXPECT_NEAR(figures[i].divergence, plainDivergence(referenceRow, ownRow), kTolerance);
            EXPECT_EQ(referenceFigures[i].divergence, 0.0);
        }
    }
}

TEST_P(RowFiguresConformance, ARowHasNoDivergenceFromItself) {
    HT_OPEN_BACKEND_OR_SKIP(backend, GetParam());
    const auto executable = makeHead(backend, 997, 0);
    if (!executable->sumsUpRows()) GTEST_SKIP() << "takes the logits";
    makeInput(997, 12);
    auto kept = executable->createLogitRows(12);
    HT_ASSERT_OK(kept);
    std::vector<RowFigures> first(12), second(12);
    ForwardOptions options;
    options.targets = m_targets;
    options.reduction = RowReduction{.figures = first, .keep = kept->get()};
    HT_ASSERT_OK(forward(*executable, options));
    options.reduction = RowReduction{.figures = second, .compareWith = kept->get()};
    HT_ASSERT_OK(forward(*executable, options));
    for (size_t i = 0; i < second.size(); ++i) EXPECT_EQ(second[i].divergence, 0.0) << i;
}

TEST_P(RowFiguresConformance, ChosenLogitsAreThoseOfTheRows) {
    HT_OPEN_BACKEND_OR_SKIP(backend, GetParam());
    const auto executable = makeHead(backend, 2003, 0);
    if (!executable->sumsUpRows()) GTEST_SKIP() << "takes the logits";
    makeInput(2003, 21);
    const auto logits = logitsOf(*executable);
    std::vector<uint32_t> ids;
    RandomValues random(3);
    for (int64_t i = 0; i < scoredRows() * 5; ++i)
        ids.push_back(i % 11 == 0 ? 0xFFFFFFFFu : static_cast<uint32_t>(random.index(2003)));
    std::vector<float> picked(ids.size(), -1.0f);
    std::vector<RowFigures> figures(m_targets.size());
    ForwardOptions options;
    options.targets = m_targets;
    options.reduction = RowReduction{.figures = figures, .idsPerRow = 5, .ids = ids, .logits = picked};
    HT_ASSERT_OK(forward(*executable, options));
    size_t at = 0;
    for (size_t i = 0; i < m_targets.size(); ++i) {
        if (m_targets[i] < 0) continue;
        for (size_t k = 0; k < 5; ++k, ++at)
            EXPECT_EQ(picked[at], ids[at] == 0xFFFFFFFFu ? 0.0f : logits[(i - kUnscored) * 2003 + ids[at]]) << i;
    }
}

TEST_P(RowFiguresConformance, RowsThatAreNotFiniteAreMarked) {
    HT_OPEN_BACKEND_OR_SKIP(backend, GetParam());
    GraphSketch sketch(sketchConfig(), kWidth);
    std::vector<float> weights = RandomValues(1).vector(100 * kWidth);
    weights[37 * kWidth] = INFINITY;
    sketch.head(pack(Format::of(DType::kF32), weights, 100));
    const auto executable = sketch.compile(backend).value();
    if (!executable->sumsUpRows()) GTEST_SKIP() << "takes the logits";
    makeInput(100, 6);
    std::vector<RowFigures> figures(m_targets.size());
    ForwardOptions options;
    options.targets = m_targets;
    options.reduction = RowReduction{.figures = figures};
    HT_ASSERT_OK(forward(*executable, options));
    for (size_t i = kUnscored; i < figures.size(); ++i) EXPECT_FALSE(figures[i].isFinite) << i;
}

TEST_P(RowFiguresConformance, RefusesWhatHasNoRoom) {
    HT_OPEN_BACKEND_OR_SKIP(backend, GetParam());
    const auto executable = makeHead(backend, 100, 0);
    makeInput(100, 9);
    std::vector<RowFigures> figures(m_targets.size());
    ForwardOptions options;
    options.targets = m_targets;
    if (!executable->sumsUpRows()) {
        options.reduction = RowReduction{.figures = figures};
        EXPECT_EQ(forward(*executable, options).error().code, ErrorCode::kUnsupported);
        EXPECT_EQ(executable->createLogitRows(3).error().code, ErrorCode::kUnsupported);
        return;
    }
    const auto small = executable->createLogitRows(2), foreign = makeHead(backend, 101, 0)->createLogitRows(9);
    HT_ASSERT_OK(small);
    HT_ASSERT_OK(foreign);
    options.reduction = RowReduction{.figures = figures, .keep = small->get()};
    EXPECT_EQ(forward(*executable, options).error().code, ErrorCode::kInvalidArgument);
    options.reduction = RowReduction{.figures = figures, .compareWith = foreign->get()};
    EXPECT_EQ(forward(*executable, options).error().code, ErrorCode::kInvalidArgument);
    options.reduction = RowReduction{.figures = std::span(figures).first(2)};
    EXPECT_EQ(forward(*executable, options).error().code, ErrorCode::kInvalidArgument);
}

INSTANTIATE_TEST_SUITE_P(Backends, RowFiguresConformance, testing::ValuesIn(conformanceBackends()),
                         [](const auto& param) { return param.param.name; });

}  // namespace
}  // namespace halftone::test
