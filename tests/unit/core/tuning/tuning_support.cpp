// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/core/tuning/tuning_support.h"

#include <random>

#include "tests/support/test_paths.h"

namespace halftone::test {
namespace {

SyntheticOptions optionsOf(const std::string& name) {
    SyntheticOptions options{.modelType = name};
    options.qkvBias = name == "qwen2";
    options.headNorms = name == "qwen3";
    if (name == "mistral") options.extra["sliding_window"] = 7;
    return options;
}

Status collectStates(Executable& executable, uint64_t seed, int64_t length, TuningModel& model) {
    std::mt19937 random(static_cast<uint32_t>(seed));
    std::vector<TokenId> tokens;
    for (int64_t i = 0; i < length; ++i) {
        tokens.push_back(static_cast<TokenId>(random() % uint32_t(model.graph->config.vocabSize)));
    }
    ForwardOptions options;
    options.boundarySink = [&](int block, std::span<const float> hidden) -> Status {
        std::vector<float>& state = model.states[static_cast<size_t>(block)];
        state.insert(state.end(), hidden.begin(), hidden.end());
        return {};
    };
    HT_ASSIGN_OR_RETURN(const auto sequence, executable.createSequence(length));
    return executable.forward(*sequence, tokens, options, JobContext());
}

}  // namespace

Result<TuningModel> makeTuningModel(const std::string& name, std::vector<int64_t> lengths) {
    const TemporaryFolder folder;
    makeSyntheticModel(optionsOf(name)).write(folder.path());
    return openTuningModel(folder.path(), std::move(lengths));
}

Result<TuningModel> openTuningModel(const std::filesystem::path& path, std::vector<int64_t> lengths) {
    const auto backend = createCpuReferenceBackend();
    HT_ASSIGN_OR_RETURN(const LoadedModel loaded, loadModel(path, *backend));
    TuningModel model{.graph = loaded.graph, .weights = {}, .lengths = std::move(lengths), .states = {}};
    for (size_t id = 0; id < loaded.weights.size(); ++id) {
        const PackedTensor& tensor = loaded.weights.at(static_cast<WeightId>(id));
        std::vector<float>& values = model.weights.emplace_back(static_cast<size_t>(tensor.rows * tensor.cols()));
        HT_TRY(rowSourceOf(tensor)->readRows(0, tensor.rows, values));
    }
    model.states.resize(static_cast<size_t>(model.graph->config.blockCount) + 1);
    for (size_t i = 0; i < model.lengths.size(); ++i) {
        HT_TRY(collectStates(*loaded.executable, i, model.lengths[i], model));
    }
    return model;
}

std::vector<float> randomValues(size_t count, uint64_t seed) {
    std::mt19937_64 random(seed);
    std::vector<float> values(count);
    for (float& value : values) value = static_cast<float>(double(random() >> 11) * 0x1p-52 - 1.0);
    return values;
}

}  // namespace halftone::test
