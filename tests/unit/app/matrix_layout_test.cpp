// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/plots/matrix_layout.h"

#include <gtest/gtest.h>

namespace halftone::app {
namespace {

TensorInfo tensor(TensorRole role, int block, bool isBias = false, int expert = -1) {
    TensorInfo info;
    info.role = role;
    info.block = block;
    info.isBias = isBias;
    info.expert = expert;
    info.shape = {8, 8};
    return info;
}

std::vector<TensorInfo> twoBlocks() {
    std::vector<TensorInfo> tensors{tensor(TensorRole::kTokenEmbedding, -1)};
    for (int block = 0; block < 2; ++block) {
        tensors.push_back(tensor(TensorRole::kAttnNorm, block));
        tensors.push_back(tensor(TensorRole::kAttnQ, block));
        tensors.push_back(tensor(TensorRole::kAttnQ, block, true));
        tensors.push_back(tensor(TensorRole::kFfnDown, block));
    }
    tensors.push_back(tensor(TensorRole::kOutputNorm, -1));
    tensors.push_back(tensor(TensorRole::kOutput, -1));
    return tensors;
}

TEST(MatrixLayout, BlocksDownRolesAcrossNormsLast) {
    const auto tensors = twoBlocks();
    const MatrixLayout layout(tensors);
    EXPECT_EQ(layout.columns(), (std::vector<QString>{"q", "down", "n1"}));
    std::vector<std::string> labels;
    for (const auto& row : layout.rows()) labels.push_back(row.label.toStdString());
    EXPECT_EQ(labels, (std::vector<std::string>{"emb", "0", "1", "head"}));
}

TEST(MatrixLayout, EachTensorButBiasesHasItsCell) {
    const auto tensors = twoBlocks();
    const MatrixLayout layout(tensors);
    for (int i = 0; i < int(tensors.size()); ++i) {
        const QPoint at = layout.find(i);
        if (tensors[size_t(i)].isBias) {
            EXPECT_EQ(at, QPoint(-1, -1));
        } else {
            EXPECT_EQ(layout.cell(at).tensors, QList<int>{i});
            EXPECT_EQ(layout.cell(at).role, tensors[size_t(i)].role);
        }
    }
}

TEST(MatrixLayout, ARectangleGivesItsTensors) {
    const auto tensors = twoBlocks();
    const MatrixLayout layout(tensors);
    EXPECT_EQ(layout.tensorsIn(QRect(QPoint(0, 1), QPoint(1, 2))), (QList<int>{2, 4, 6, 8}));
    EXPECT_TRUE(layout.tensorsIn(QRect(QPoint(5, 9), QPoint(7, 12))).isEmpty());
}

TEST(MatrixLayout, ExpertsShareACell) {
    std::vector<TensorInfo> tensors;
    for (int expert = 0; expert < 4; ++expert) tensors.push_back(tensor(TensorRole::kExpertUp, 0, false, expert));
    const MatrixLayout layout(tensors);
    EXPECT_EQ(layout.cell({0, 0}).tensors.size(), 4);
}

TEST(MatrixLayout, NothingAndLooseTensors) {
    EXPECT_TRUE(MatrixLayout(std::vector<TensorInfo>{}).isEmpty());
    std::vector<TensorInfo> loose(20, tensor(TensorRole::kOther, -1));
    const MatrixLayout layout(loose);
    EXPECT_EQ(layout.columns().size(), 8u);
    EXPECT_EQ(layout.rows().size(), 3u);
    for (int i = 0; i < 20; ++i) EXPECT_EQ(layout.cell(layout.find(i)).tensors, QList<int>{i});
}

TEST(MatrixLayout, OnlyBiasesIsEmptyAndSafe) {
    const MatrixLayout layout(std::vector<TensorInfo>{tensor(TensorRole::kAttnQ, 0, true)});
    EXPECT_TRUE(layout.isEmpty());
    EXPECT_TRUE(layout.cell({0, 0}).tensors.isEmpty());
}

}  // namespace
}  // namespace halftone::app
