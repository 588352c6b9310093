// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/core/inference/loaded_model.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "core/quant/methods/quantize.h"

namespace halftone::test {

Result<LoadedModel> openModel(const std::filesystem::path& path) {
    LoadedModel model;
    HT_ASSIGN_OR_RETURN(model.checkpoint, Checkpoint::open(path));
    HT_ASSIGN_OR_RETURN(const ModelConfig config, readModelConfig(*model.checkpoint));
    HT_ASSIGN_OR_RETURN(ModelGraph graph, buildGraph(config, *model.checkpoint));
    model.graph = std::make_shared<const ModelGraph>(std::move(graph));
    HT_ASSIGN_OR_RETURN(model.weights, ModelWeights::fromCheckpoint(*model.graph, model.checkpoint));
    return model;
}

Result<LoadedModel> loadModel(const std::filesystem::path& path, Backend& backend) {
    HT_ASSIGN_OR_RETURN(LoadedModel model, openModel(path));
    HT_ASSIGN_OR_RETURN(model.executable, backend.compile(model.graph, model.weights, JobContext()));
    return model;
}

Result<std::vector<float>> runLogits(Executable& executable, Sequence& sequence, std::span<const TokenId> tokens,
                                     int64_t begin, int64_t end, const JobContext& context) {
    std::vector<float> all;
    ForwardOptions options;
    options.logitsBegin = begin;
    options.logitsEnd = end;
    options.logitsSink = [&](int64_t, int64_t, std::span<const float> logits) -> Status {
        all.insert(all.end(), logits.begin(), logits.end());
        return {};
    };
    HT_TRY(executable.forward(sequence, tokens, options, context));
    return all;
}

Result<std::vector<TokenId>> greedy(Executable& executable, std::span<const TokenId> prompt, int64_t count) {
    const auto length = static_cast<int64_t>(prompt.size());
    HT_ASSIGN_OR_RETURN(const auto sequence, executable.createSequence(length + count));
    HT_ASSIGN_OR_RETURN(auto logits, runLogits(executable, *sequence, prompt, length - 1, length));
    std::vector<TokenId> tokens;
    while (static_cast<int64_t>(tokens.size()) < count) {
        tokens.push_back(static_cast<TokenId>(std::ranges::max_element(logits) - logits.begin()));
        HT_ASSIGN_OR_RETURN(logits, runLogits(executable, *sequence, {&tokens.back(), 1}, 0, 1));
    }
    return tokens;
}

PackedTensor requantized(const PackedTensor& tensor, const char* format) {
    const auto changed = quantizeTensor(*rowSourceOf(tensor), Format::parse(format).value(), {}, JobContext());
    EXPECT_TRUE(changed.has_value());
    return changed ? changed->packed : PackedTensor();
}

double relativeError(std::span<const float> a, std::span<const float> b) {
    if (a.size() != b.size()) return INFINITY;
    double difference = 0, largest = 0;
    for (size_t i = 0; i < a.size(); ++i) {
        if (!std::isfinite(a[i])) return INFINITY;
        difference = std::max(difference, std::abs(double(a[i]) - double(b[i])));
        largest = std::max(largest, std::abs(double(b[i])));
    }
    return largest > 0 ? difference / largest : difference;
}

std::shared_ptr<Backend> backendByName(const std::string& name) {
    return name == "cpu" ? createCpuBackend() : createCpuReferenceBackend();
}

}  // namespace halftone::test
