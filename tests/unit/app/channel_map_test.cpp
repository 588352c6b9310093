// SPDX-License-Identifier: GPL-3.0-or-later
// What the channel map is made of: where tensors meet the residual stream, and the channels that stand out.
#include "app/plots/channel_map_data.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/support/test_paths.h"

namespace halftone::app {
namespace {

TensorInfo tensor(TensorRole role, std::vector<int64_t> shape, int block = 0) {
    TensorInfo info;
    info.role = role;
    info.block = block;
    info.shape = std::move(shape);
    return info;
}

StreamMaxima maxima(StreamPlace place, int block, std::vector<float> values, int index = 0) {
    return {place, block, index, std::make_shared<const std::vector<float>>(std::move(values))};
}

TEST(StreamPlaceOf, TensorsThatReadTheStreamAndThoseThatAddToIt) {
    EXPECT_EQ(streamPlaceOf(tensor(TensorRole::kAttnQ, {32, 16}), 16), StreamPlace::AttentionIn);
    EXPECT_EQ(streamPlaceOf(tensor(TensorRole::kAttnOutput, {16, 32}), 16), StreamPlace::AttentionOut);
    EXPECT_EQ(streamPlaceOf(tensor(TensorRole::kFfnDown, {16, 48}), 16), StreamPlace::FeedForwardOut);
    EXPECT_EQ(streamPlaceOf(tensor(TensorRole::kExpertDown, {4, 16, 48}), 16), StreamPlace::FeedForwardOut)
        << "experts one after the other";
    EXPECT_EQ(streamPlaceOf(tensor(TensorRole::kTokenEmbedding, {100, 16}, -1), 16), StreamPlace::Embedding);
    EXPECT_EQ(streamPlaceOf(tensor(TensorRole::kOutput, {100, 16}, -1), 16), StreamPlace::Head);
}

TEST(StreamPlaceOf, WhatDoesNotMeetItHasNone) {
    EXPECT_FALSE(streamPlaceOf(tensor(TensorRole::kAttnNorm, {16}), 16));
    EXPECT_FALSE(streamPlaceOf(tensor(TensorRole::kAttnQ, {32, 17}), 16)) << "another width";
    EXPECT_FALSE(streamPlaceOf(tensor(TensorRole::kAttnQ, {32, 16}), 0));
    auto bias = tensor(TensorRole::kAttnQ, {16});
    bias.isBias = true;
    EXPECT_FALSE(streamPlaceOf(bias, 16));
}

TEST(StreamWidth, IsThatOfTheEmbeddingElseOfTheAttention) {
    const std::vector<TensorInfo> whole{tensor(TensorRole::kAttnQ, {32, 24}),
                                        tensor(TensorRole::kTokenEmbedding, {100, 16}, -1)};
    EXPECT_EQ(streamWidth(whole), 16);
    const std::vector<TensorInfo> part{tensor(TensorRole::kFfnDown, {16, 48}), tensor(TensorRole::kAttnQkv, {72, 24})};
    EXPECT_EQ(streamWidth(part), 24);
    EXPECT_EQ(streamWidth({}), 0);
}

TEST(ComputeChannelMap, RowsAreInTheOrderOfTheModelAndTakeTheLargest) {
    const auto map = computeChannelMap(
        {maxima(StreamPlace::Head, -1, {1, 1, 1}, 9), maxima(StreamPlace::FeedForwardOut, 1, {1, 2, 3, 3, 2, 1}, 8),
         maxima(StreamPlace::AttentionIn, 1, {5, 1, 1}, 6), maxima(StreamPlace::AttentionIn, 1, {1, 6, 1}, 7),
         maxima(StreamPlace::AttentionIn, 0, {2, 2, 2}, 5), maxima(StreamPlace::Embedding, -1, {1, 2, 3}, 4)},
        3, JobContext());
    HT_ASSERT_OK(map);
    const auto& data = **map;
    ASSERT_EQ(data.rows.size(), 5u);
    EXPECT_EQ(data.rows[0].place, StreamPlace::Embedding);
    EXPECT_EQ(data.rows[1].block, 0);
    EXPECT_EQ(data.rows[2].tensor, 6) << "the first of those that share it";
    EXPECT_EQ(data.rows[4].place, StreamPlace::Head);
    EXPECT_EQ(std::vector<float>(data.values.begin() + 6, data.values.begin() + 9), (std::vector<float>{5, 6, 1}));
    EXPECT_EQ(std::vector<float>(data.values.begin() + 9, data.values.begin() + 12), (std::vector<float>{3, 2, 3}))
        << "experts are folded";
    EXPECT_EQ(data.maxima, (std::vector<float>{5, 6, 3}));
    EXPECT_EQ(data.byMaximum, (std::vector<int>{1, 0, 2}));
    EXPECT_EQ(data.rows[2].median, 5);
    EXPECT_TRUE(data.massive.empty());
}

TEST(ComputeChannelMap, AMassiveChannelIsNamedOnceWhereItStandsOutMost) {
    const auto map = computeChannelMap({maxima(StreamPlace::AttentionIn, 0, {1, 1, 7.9F, 1, 20}),
                                        maxima(StreamPlace::AttentionIn, 1, {2, 2, 2, 16, 60})},
                                       5, JobContext());
    HT_ASSERT_OK(map);
    const auto& massive = (*map)->massive;
    ASSERT_EQ(massive.size(), 2u) << "7.9 times the median is not enough";
    EXPECT_EQ(massive[0].channel, 4);
    EXPECT_EQ(massive[0].row, 1);
    EXPECT_EQ(massive[0].value, 60);
    EXPECT_EQ(massive[0].ratio, 30);
    EXPECT_EQ(massive[1].channel, 3);
    EXPECT_EQ(massive[1].ratio, kMassiveRatio);
}

TEST(ComputeChannelMap, ValuesThatAreNotNumbersCountAsNothing) {
    const float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
    const auto map =
        computeChannelMap({maxima(StreamPlace::AttentionIn, 0, {nan, 1, infinity, 1, 1})}, 5, JobContext());
    HT_ASSERT_OK(map);
    EXPECT_EQ((*map)->at(0, 0), 0);
    EXPECT_TRUE((*map)->massive.empty()) << "infinity is no ratio";
}

TEST(ComputeChannelMap, ACancelledJobEnds) {
    std::stop_source stop;
    stop.request_stop();
    JobContext context;
    context.stop = stop.get_token();
    const auto map = computeChannelMap({maxima(StreamPlace::Head, -1, {1})}, 1, context);
    ASSERT_FALSE(map);
    EXPECT_EQ(map.error().code, ErrorCode::kCancelled);
}

}  // namespace
}  // namespace halftone::app
