// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tuning/block_tape.h"

#include <cmath>
#include <numeric>

#include <gtest/gtest.h>

#include "tests/support/test_paths.h"
#include "tests/unit/core/tuning/tuning_support.h"

namespace halftone::test {
namespace {

constexpr int kBlock = 1;
// LayerNorm, fused q, k and v, GELU: the small random models are all llama-like.
constexpr const char* kGpt2 = "models/slm4096-gpt2";

class BlockTapeTest : public testing::TestWithParam<std::string> {
  protected:
    void SetUp() override {
        if (GetParam() == "gpt2" && !sharedPath(kGpt2)) GTEST_SKIP() << "test data absent: ../shared/" << kGpt2;
        auto model = GetParam() == "gpt2" ? openTuningModel(*sharedPath(kGpt2), {19, 5}) : makeTuningModel(GetParam());
        HT_ASSERT_OK(model);
        m_model = std::move(*model);
        m_tape = std::make_unique<BlockTape>(*m_model.graph, kBlock);
        for (const WeightId id : m_tape->weights()) m_tape->setWeight(id, m_model.weights[static_cast<size_t>(id)]);
    }

    Status forward() { return m_tape->forward({m_model.states[kBlock], m_model.lengths}, m_context); }

    /// Some figure of the output, and its derivative: a weighted sum.
    double figure() {
        EXPECT_TRUE(forward());
        const std::vector<float> weights = direction();
        return std::inner_product(weights.begin(), weights.end(), m_tape->output().begin(), 0.0, std::plus<>(),
                                  [](float a, float b) { return double(a) * double(b); });
    }
    [[nodiscard]] std::vector<float> direction() const { return randomValues(m_model.states[kBlock].size(), 99); }

    std::vector<WeightId> matrices() {
        std::vector<WeightId> out;
        for (const WeightId id : m_tape->weights()) {
            if (!m_model.graph->weights[static_cast<size_t>(id)].isVector) out.push_back(id);
        }
        return out;
    }

    JobContext m_context;
    TuningModel m_model;
    std::unique_ptr<BlockTape> m_tape;
};

TEST_P(BlockTapeTest, TheForwardPassIsThatOfTheReference) {
    HT_ASSERT_OK(forward());
    const std::vector<float>& expected = m_model.states[kBlock + 1];
    ASSERT_EQ(m_tape->output().size(), expected.size());
    EXPECT_LT(relativeError(m_tape->output(), expected), 2e-6);
}

TEST_P(BlockTapeTest, GradientsAreDifferenceQuotients) {
    for (const WeightId id : matrices()) m_tape->want(id);
    HT_ASSERT_OK(forward());
    HT_ASSERT_OK(m_tape->backward(direction(), m_context));
    for (const WeightId id : matrices()) {
        const std::vector<float> gradient(m_tape->gradient(id).begin(), m_tape->gradient(id).end());
        std::vector<float> values = m_model.weights[static_cast<size_t>(id)];
        ASSERT_EQ(gradient.size(), values.size());
        const auto along = randomValues(values.size(), static_cast<uint64_t>(id));
        double expected = 0;
        for (size_t i = 0; i < values.size(); ++i) expected += double(gradient[i]) * double(along[i]);
        constexpr float kStep = 1e-3f;
        const auto moved = [&](float step) {
            std::vector<float> shifted = values;
            for (size_t i = 0; i < values.size(); ++i) shifted[i] += step * along[i];
            m_tape->setWeight(id, shifted);
            return figure();
        };
        const double quotient = (moved(kStep) - moved(-kStep)) / (2.0 * double(kStep));
        m_tape->setWeight(id, m_model.weights[static_cast<size_t>(id)]);
        const std::string& name = m_model.graph->weights[static_cast<size_t>(id)].name;
        EXPECT_NEAR(quotient, expected, 5e-3 * std::abs(expected) + 0.02) << name;
        EXPECT_GT(std::abs(expected), 0.1) << name << ": nothing was measured";
    }
}

TEST_P(BlockTapeTest, GradientsOfSomeMatricesAreThoseOfAll) {
    BlockTape all(*m_model.graph, kBlock);
    for (const WeightId id : matrices()) {
        all.want(id);
    }
    for (const WeightId id : all.weights()) all.setWeight(id, m_model.weights[static_cast<size_t>(id)]);
    HT_ASSERT_OK(all.forward({m_model.states[kBlock], m_model.lengths}, m_context));
    HT_ASSERT_OK(all.backward(direction(), m_context));
    m_context.pool = ThreadPool(1);
    const WeightId last = matrices().back();
    m_tape->want(last);
    HT_ASSERT_OK(forward());
    HT_ASSERT_OK(m_tape->backward(direction(), m_context));
    EXPECT_TRUE(std::ranges::equal(m_tape->gradient(last), all.gradient(last))) << "on one thread too";
}

TEST_P(BlockTapeTest, WindowsDoNotSeeEachOther) {
    HT_ASSERT_OK(forward());
    const std::vector<float> together(m_tape->output().begin(), m_tape->output().end());
    const auto first = static_cast<size_t>(m_model.lengths[0] * m_model.graph->config.hiddenSize);
    const std::vector<int64_t> length = {m_model.lengths[1]};
    HT_ASSERT_OK(m_tape->forward({std::span(m_model.states[kBlock]).subspan(first), length}, m_context));
    EXPECT_TRUE(std::ranges::equal(m_tape->output(), std::span(together).subspan(first)));
}

TEST_P(BlockTapeTest, ACancelIsNoticed) {
    std::stop_source stop;
    stop.request_stop();
    m_context.stop = stop.get_token();
    const Status status = forward();
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, ErrorCode::kCancelled);
}

INSTANTIATE_TEST_SUITE_P(Architectures, BlockTapeTest, testing::Values("llama", "qwen2", "qwen3", "mistral", "gpt2"),
                         [](const auto& made) { return made.param; });

}  // namespace
}  // namespace halftone::test
