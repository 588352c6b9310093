// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tuning/auto_round.h"

#include <cmath>

#include <gtest/gtest.h>

#include "core/tuning/block_tape.h"
#include "tests/support/test_paths.h"
#include "tests/unit/core/tuning/tuning_support.h"

namespace halftone::test {
namespace {

class AutoRoundTest : public testing::Test {
  protected:
    void SetUp() override {
        auto model = makeTuningModel("llama", {40, 40, 40, 23});
        HT_ASSERT_OK(model);
        m_model = std::move(*model);
    }

    BlockTuning request(const std::string& format, int iterations) {
        BlockTuning tuning{.graph = m_model.graph.get(),
                           .block = 1,
                           .matrices = {},
                           .weight = [this](WeightId id) -> Result<std::vector<float>> {
                               return m_model.weights[static_cast<size_t>(id)];
                           },
                           .hidden = m_model.states[1],
                           .lengths = m_model.lengths,
                           .settings = {.iterations = iterations, .batchTokens = 80}};
        const BlockTape tape(*m_model.graph, 1);
        for (const WeightId id : tape.weights()) {
            if (!m_model.graph->weights[static_cast<size_t>(id)].isVector) {
                tuning.matrices.push_back({id, Format::parse(format).value()});
            }
        }
        return tuning;
    }

    /// What the packed matrices do to the block's output, by the tape: mean over tokens of squared error over the
    /// square.
    double errorOf(const TunedBlock& block) {
        BlockTape tape(*m_model.graph, 1);
        std::vector<std::vector<float>> values(m_model.weights);
        for (const auto& [id, packed] : block.packed) {
            EXPECT_TRUE(rowSourceOf(packed)->readRows(0, packed.rows, values[static_cast<size_t>(id)]));
        }
        for (const WeightId id : tape.weights()) tape.setWeight(id, values[static_cast<size_t>(id)]);
        EXPECT_TRUE(tape.forward({m_model.states[1], m_model.lengths}, m_context));
        const auto width = static_cast<size_t>(m_model.graph->config.hiddenSize);
        double sum = 0;
        for (size_t token = 0; token < tape.output().size() / width; ++token) {
            double error = 0, square = 0;
            for (size_t i = token * width; i < (token + 1) * width; ++i) {
                const double target = double(m_model.states[2][i]);
                error += (double(tape.output()[i]) - target) * (double(tape.output()[i]) - target);
                square += target * target;
            }
            sum += error / square;
        }
        return sum / (double(tape.output().size()) / double(width));
    }

    JobContext m_context;
    TuningModel m_model;
};

TEST_F(AutoRoundTest, TheOutputOfTheBlockGetsCloser) {
    for (const char* format : {"int4_g16_asym", "int3_g16_sym", "int2_g16_asym", "nf4_g16"}) {
        const auto tuned = tuneBlock(request(format, 60), m_context);
        HT_ASSERT_OK(tuned);
        EXPECT_LT(tuned->errorAfter, 0.7 * tuned->errorBefore) << format;
        EXPECT_NEAR(errorOf(*tuned), tuned->errorAfter, 1e-3 * tuned->errorAfter)
            << format << ": the bytes are the best";
        EXPECT_EQ(tuned->packed.size(), 7u);
    }
}

TEST_F(AutoRoundTest, OneStepIsNeverWorseThanNearest) {
    BlockTuning tuning = request("int4_g16_asym", 1);
    tuning.settings.reach = 1.0f;  // one wild jump
    const auto tuned = tuneBlock(tuning, m_context);
    HT_ASSERT_OK(tuned);
    EXPECT_LE(tuned->errorAfter, tuned->errorBefore);
    EXPECT_NEAR(errorOf(*tuned), tuned->errorAfter, 1e-3 * tuned->errorAfter);
}

TEST_F(AutoRoundTest, SameBytesOnAnyNumberOfThreads) {
    const auto many = tuneBlock(request("int3_g16_asym", 12), m_context);
    m_context.pool = ThreadPool(1);
    const auto one = tuneBlock(request("int3_g16_asym", 12), m_context);
    HT_ASSERT_OK(many);
    HT_ASSERT_OK(one);
    for (const auto& [id, packed] : many->packed) {
        EXPECT_TRUE(std::ranges::equal(packed.bytes, one->packed.at(id).bytes));
    }
}

TEST_F(AutoRoundTest, MatricesThatAreNotTunedStay) {
    BlockTuning tuning = request("int3_g16_asym", 20);
    const TunedMatrix only = tuning.matrices.front();
    tuning.matrices = {only};
    const auto tuned = tuneBlock(tuning, m_context);
    HT_ASSERT_OK(tuned);
    EXPECT_EQ(tuned->packed.size(), 1u);
    EXPECT_LT(tuned->errorAfter, tuned->errorBefore);
}

TEST_F(AutoRoundTest, ACancelIsNoticedAndProgressCounts) {
    Progress progress;
    m_context.progress = &progress;
    HT_ASSERT_OK(tuneBlock(request("int4_g16_asym", 7), m_context));
    EXPECT_EQ(progress.snapshot().done, 7);
    std::stop_source stop;
    m_context.stop = stop.get_token();
    stop.request_stop();
    const auto cancelled = tuneBlock(request("int4_g16_asym", 7), m_context);
    ASSERT_FALSE(cancelled);
    EXPECT_EQ(cancelled.error().code, ErrorCode::kCancelled);
}

}  // namespace
}  // namespace halftone::test
