// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inference/input_moments.h"

#include <algorithm>

namespace halftone {

Result<std::unique_ptr<InputMoments>> Executable::createInputMoments(bool /*withHessians*/) {
    return makeError(ErrorCode::kUnsupported, "This engine sums up no inputs of layers.");
}

std::vector<WeightId> weightsOf(std::span<const Op> ops) {
    std::vector<WeightId> weights;
    std::ranges::transform(ops, std::back_inserter(weights), &Op::weight);
    return weights;
}

Status HostInputMoments::add(std::span<const WeightId> readers, std::span<const float> rows, int64_t channels,
                             const JobContext& context) {
    auto found = m_inputs.find(readers.front());
    if (found == m_inputs.end()) {
        Input input{InputAccumulator(channels, m_withHessians), {readers.begin(), readers.end()}};
        found = m_inputs.emplace(readers.front(), std::move(input)).first;
    }
    found->second.accumulator.add(rows, static_cast<int64_t>(rows.size()) / channels, context);
    return context.checkpoint();
}

Result<std::map<std::string, InputStatistics>> HostInputMoments::take(const JobContext& context) {
    std::map<std::string, InputStatistics> out;
    for (auto& [first, input] : m_inputs) {
        const InputStatistics statistics = input.accumulator.take(context);
        for (const WeightId id : input.readers) out[m_graph->weights[static_cast<size_t>(id)].name] = statistics;
    }
    m_inputs.clear();
    HT_TRY(context.checkpoint());
    return out;
}

}  // namespace halftone
