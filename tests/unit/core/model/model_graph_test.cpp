// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/model_graph.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "core/checkpoint/checkpoint.h"
#include "tests/support/test_paths.h"
#include "tests/unit/core/inference/synthetic_model.h"

namespace halftone::test {
namespace {

Result<ModelGraph> graphOf(const std::filesystem::path& path) {
    HT_ASSIGN_OR_RETURN(const auto checkpoint, Checkpoint::open(path));
    HT_ASSIGN_OR_RETURN(const ModelConfig config, readModelConfig(*checkpoint));
    return buildGraph(config, *checkpoint);
}

/// The rules that model_graph.h promises.
void expectRules(const ModelGraph& graph) {
    const int64_t blocks = graph.config.blockCount;
    ASSERT_EQ(static_cast<int64_t>(graph.blockBegin.size()), blocks + 1);
    EXPECT_EQ(graph.ops.back().kind, OpKind::kLinear);
    EXPECT_EQ(graph.ops.back().out, graph.logits);
    for (size_t index = 0; index < graph.ops.size(); ++index) {
        const Op& op = graph.ops[index];
        const auto position = static_cast<int32_t>(index);
        const bool inPrologue = position < graph.blockBegin.front();
        const int64_t expectedBlock =
            inPrologue ? -1 : std::ranges::upper_bound(graph.blockBegin, position) - graph.blockBegin.begin() - 1;
        EXPECT_EQ(op.block, expectedBlock) << "op " << index;
        const bool mayAlias = op.kind == OpKind::kRope || op.kind == OpKind::kHeadRmsNorm || op.kind == OpKind::kAdd ||
                              op.kind == OpKind::kAddPosition;
        EXPECT_TRUE(mayAlias || op.in != op.out) << "op " << index;
        if (op.kind == OpKind::kLinear) {
            const WeightSlot& weight = graph.weights[static_cast<size_t>(op.weight)];
            EXPECT_EQ(weight.rows, graph.values[static_cast<size_t>(op.out)].width) << weight.name;
            EXPECT_EQ(weight.cols, graph.values[static_cast<size_t>(op.in)].width) << weight.name;
        }
    }
    // Nothing but the hidden state is read in a block before that block wrote it.
    for (int64_t block = 0; block <= blocks; ++block) {
        std::set<ValueId> written{graph.hidden, -1};
        const auto begin = static_cast<size_t>(graph.blockBegin[static_cast<size_t>(block)]);
        const size_t end =
            block < blocks ? static_cast<size_t>(graph.blockBegin[static_cast<size_t>(block + 1)]) : graph.ops.size();
        for (size_t index = begin; index < end; ++index) {
            const Op& op = graph.ops[index];
            for (const ValueId id : {op.in, op.in2, op.in3})
                EXPECT_TRUE(written.contains(id)) << "op " << index << " value " << id;
            for (const ValueId id : {op.out, op.out2, op.out3}) written.insert(id);
        }
    }
}

TEST(ModelGraph, KeepsItsRulesForEveryArchitecture) {
    const SyntheticOptions variants[] = {{},
                                         {.modelType = "mistral"},
                                         {.modelType = "qwen2", .qkvBias = true},
                                         {.modelType = "qwen3", .headNorms = true},
                                         {.outputBias = true, .tied = true}};
    for (const SyntheticOptions& options : variants) {
        SCOPED_TRACE(options.modelType);
        const TemporaryFolder folder;
        makeSyntheticModel(options).write(folder.path());
        const auto graph = graphOf(folder.path());
        HT_ASSERT_OK(graph);
        expectRules(*graph);
        EXPECT_EQ(graph->findWeight("blk.1.attn_q.bias") >= 0, options.qkvBias);
        EXPECT_EQ(graph->findWeight("blk.1.attn_output.bias") >= 0, options.outputBias);
        EXPECT_EQ(graph->findWeight("blk.1.attn_k_norm.weight") >= 0, options.headNorms);
        EXPECT_EQ(graph->findWeight("output.weight") >= 0, !options.tied);
        EXPECT_EQ(graph->findWeight("blk.9.attn_q.weight"), -1);
    }
    HT_SHARED_OR_SKIP(gpt2, "models/slm4096-gpt2");
    const auto graph = graphOf(gpt2);
    HT_ASSERT_OK(graph);
    expectRules(*graph);
    EXPECT_GE(graph->findWeight("position_embd.weight"), 0);
}

TEST(ModelGraph, QuantizableMatricesOfACheckpointAreAllUsed) {
    for (const char* name : {"stories260K", "babyllama-105/babyllama-105-Q4_0.gguf", "slm4096-gpt2"}) {
        SCOPED_TRACE(name);
        HT_SHARED_OR_SKIP(path, std::string("models/") + name);
        const auto checkpoint = Checkpoint::open(path);
        HT_ASSERT_OK(checkpoint);
        const auto graph = graphOf(path);
        HT_ASSERT_OK(graph);
        for (const TensorInfo& tensor : (*checkpoint)->tensors()) {
            EXPECT_TRUE(!tensor.isQuantizable() || graph->findWeight(tensor.canonicalName) >= 0) << tensor.name;
        }
    }
}

}  // namespace
}  // namespace halftone::test
