// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/weight_signatures.h"

#include <algorithm>

#include "core/base/hash.h"
#include "core/quant/corrections/correction.h"

namespace halftone {
namespace {

uint64_t contentHash(const PackedTensor& tensor) {
    const std::string format = tensor.layout.format.name();
    const int64_t shape[] = {tensor.rows, tensor.cols()};
    const uint64_t seed = hashBytes(std::as_bytes(std::span(format)), hashBytes(std::as_bytes(std::span(shape))));
    const uint64_t packed = hashBytes(tensor.bytes, seed);
    if (!tensor.correction) return packed;
    const Correction& correction = *tensor.correction;
    const int64_t parts[] = {correction.rank(), std::ssize(correction.outliers.words)};
    uint64_t hash = hashBytes(std::as_bytes(std::span(parts)), packed);
    for (const auto part : {std::as_bytes(correction.outliers.words), correction.left.bytes, correction.right.bytes})
        hash = hashBytes(part, hash);
    return hash;
}

std::vector<std::vector<WeightId>> stagesOf(const ModelGraph& graph) {
    std::vector<std::vector<WeightId>> stages(static_cast<size_t>(graph.config.blockCount) + 2);
    size_t stage = 0;
    for (size_t index = 0; index < graph.ops.size(); ++index) {
        while (stage < graph.blockBegin.size() && static_cast<size_t>(graph.blockBegin[stage]) <= index) ++stage;
        for (const WeightId id : {graph.ops[index].weight, graph.ops[index].bias}) {
            if (id >= 0) stages[stage].push_back(id);
        }
    }
    return stages;
}

}  // namespace

WeightSignatures::WeightSignatures(const ModelGraph& graph, ModelWeights initial)
    : m_stages(stagesOf(graph)), m_initial(std::move(initial)), m_initialHashes(m_initial.size()) {
    for (size_t slot = 0; slot < m_initial.size(); ++slot)
        m_seen.push_back({m_initial.at(static_cast<WeightId>(slot)), 0});
}

uint64_t WeightSignatures::idOf(size_t slot, const PackedTensor& tensor) {
    const PackedTensor& initial = m_initial.at(static_cast<WeightId>(slot));
    if (areSameBytes(tensor, initial)) return 0;
    if (areSameBytes(tensor, m_seen[slot].tensor)) return m_seen[slot].id;
    std::optional<uint64_t>& initialHash = m_initialHashes[slot];
    if (!initialHash) initialHash = contentHash(initial);
    const uint64_t hash = contentHash(tensor);
    // Zero is taken.
    const uint64_t id = hash == *initialHash ? 0 : std::max<uint64_t>(hash, 1);
    m_seen[slot] = {tensor, id};
    return id;
}

WeightSignatures::Chain WeightSignatures::of(const ModelWeights& weights, const JobContext& context) {
    std::vector<uint64_t> ids(weights.size());
    context.pool.parallelFor(static_cast<int64_t>(ids.size()), 1, [&](int64_t begin, int64_t end) {
        for (int64_t slot = begin; slot < end; ++slot) {
            ids[static_cast<size_t>(slot)] = idOf(static_cast<size_t>(slot), weights.at(static_cast<WeightId>(slot)));
        }
    });
    Chain chain;
    uint64_t signature = 1;
    for (const std::vector<WeightId>& stage : m_stages) {
        for (const WeightId id : stage)
            signature = hashBytes(std::as_bytes(std::span(&ids[static_cast<size_t>(id)], 1)), signature);
        chain.boundary.push_back(signature);
    }
    chain.whole = chain.boundary.back();
    chain.boundary.pop_back();
    return chain;
}

}  // namespace halftone
