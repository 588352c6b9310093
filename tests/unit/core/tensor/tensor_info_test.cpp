// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/tensor_info.h"

#include <gtest/gtest.h>

#include <set>

namespace halftone {
namespace {

TensorInfo tensorOf(std::vector<int64_t> shape, TensorRole role = TensorRole::kFfnUp) {
    TensorInfo tensor;
    tensor.shape = std::move(shape);
    tensor.role = role;
    return tensor;
}

TEST(TensorInfo, LogicalMatrix) {
    EXPECT_EQ(tensorOf({}).elementCount(), 1);
    EXPECT_EQ(tensorOf({7}).rows(), 1);
    EXPECT_EQ(tensorOf({7}).cols(), 7);
    EXPECT_EQ(tensorOf({3, 7}).rows(), 3);
    EXPECT_EQ(tensorOf({8, 3, 7}).rows(), 24);
    EXPECT_EQ(tensorOf({8, 3, 7}).cols(), 7);
    TensorInfo conv = tensorOf({64, 192});
    conv.transposed = true;
    EXPECT_EQ(conv.rows(), 192);
    EXPECT_EQ(conv.cols(), 64);
    EXPECT_EQ(conv.elementCount(), 64 * 192);
}

TEST(TensorInfo, WhatARecipeMayAssignAFormatTo) {
    EXPECT_TRUE(tensorOf({3, 7}).isQuantizable());
    EXPECT_TRUE(tensorOf({8, 3, 7}, TensorRole::kExpertUp).isQuantizable());
    EXPECT_TRUE(tensorOf({100, 7}, TensorRole::kTokenEmbedding).isQuantizable());
    EXPECT_TRUE(tensorOf({100, 7}, TensorRole::kOther).isQuantizable());
    EXPECT_FALSE(tensorOf({7}).isQuantizable());
    EXPECT_FALSE(tensorOf({3, 7}, TensorRole::kAttnNorm).isQuantizable());
    EXPECT_FALSE(tensorOf({8, 7}, TensorRole::kRouter).isQuantizable());
    EXPECT_FALSE(tensorOf({100, 7}, TensorRole::kPositionEmbedding).isQuantizable());
    TensorInfo bias = tensorOf({1, 7});
    bias.isBias = true;
    EXPECT_FALSE(bias.isQuantizable());
}

TEST(TensorRole, NamesAreUniqueAndFoundAgain) {
    std::set<std::string_view> names;
    for (int i = 0; i < static_cast<int>(TensorRole::kCount); ++i) {
        const auto role = static_cast<TensorRole>(i);
        EXPECT_TRUE(names.insert(roleName(role)).second) << roleName(role);
        EXPECT_EQ(roleFromName(roleName(role)), role);
    }
    EXPECT_EQ(roleName(TensorRole::kAttnQ), "attn_q");
    EXPECT_EQ(roleName(TensorRole::kOther), "other");
    EXPECT_EQ(roleName(TensorRole::kSharedExpertDown), "ffn_down_shexp");
    EXPECT_EQ(roleFromName("no such role"), std::nullopt);
    EXPECT_TRUE(isNorm(TensorRole::kAttnQNorm));
    EXPECT_FALSE(isNorm(TensorRole::kAttnQ));
}

}  // namespace
}  // namespace halftone
