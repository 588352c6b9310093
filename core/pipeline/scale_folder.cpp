// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/pipeline/scale_folder.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "core/quant/formats/packed_tensor.h"
#include "core/quant/methods/awq.h"
#include "core/quant/methods/smooth_quant.h"

namespace halftone {
namespace {

// Whether a tensor's method wants the channels of its inputs scaled.
bool scalesInputs(const ResolvedTensor& tensor) {
    if (tensor.method.id == MethodId::kSmoothQuant) return true;
    return tensor.method.id == MethodId::kAwq && tensor.method.flag("scale");
}

bool writes(const Op& op, ValueId value) {
    return op.out == value || op.out2 == value || op.out3 == value;
}

AwqSettings settingsOf(const MethodChoice& method) {
    return {.grid = static_cast<int>(method.value("grid")),
            .duo = method.flag("duo"),
            .clip = method.flag("clip"),
            .scale = method.flag("scale")};
}

}  // namespace

ScaleFolder::ScaleFolder(std::shared_ptr<const Checkpoint> checkpoint, const ModelGraph& graph,
                         const ResolvedRecipe& recipe, MethodPlan& plan)
    : m_checkpoint(std::move(checkpoint)), m_graph(graph), m_plan(plan) {
    for (const ResolvedTensor& tensor : recipe.tensors) m_resolved.emplace(tensor.name, &tensor);
    for (const Op& op : graph.ops) {
        for (const WeightId id : {op.weight, op.bias}) {
            if (id >= 0) ++m_uses[graph.weights[static_cast<size_t>(id)].name];
        }
    }
}

Status ScaleFolder::run(const JobContext& context) {
    const bool any = std::ranges::any_of(m_resolved, [](const auto& entry) { return scalesInputs(*entry.second); });
    if (!any) return {};
    const std::vector<Place> places = findPlaces();
    context.start("Searching scales", static_cast<int64_t>(places.size()), "places");
    for (const Place& place : places) {
        HT_TRY(context.checkpoint());
        HT_TRY(fold(place, context));
        context.advance(1);
    }
    return {};
}

const ResolvedTensor* ScaleFolder::quantized(WeightId id) const {
    const auto found = m_resolved.find(m_graph.weights[static_cast<size_t>(id)].name);
    const bool isQuantized = found != m_resolved.end() && found->second->quantizable && !found->second->kept;
    return isQuantized ? found->second : nullptr;
}

bool ScaleFolder::isUsedOnce(WeightId id) const {
    const auto found = m_uses.find(m_graph.weights[static_cast<size_t>(id)].name);
    return found != m_uses.end() && found->second == 1;
}

/// The last operation of the same block before `before` that writes the value; -1: none.
int32_t ScaleFolder::writerOf(ValueId value, int32_t before) const {
    const int block = m_graph.ops[static_cast<size_t>(before)].block;
    for (int32_t i = before - 1; i >= 0 && m_graph.ops[static_cast<size_t>(i)].block == block; --i) {
        if (writes(m_graph.ops[static_cast<size_t>(i)], value)) return i;
    }
    return -1;
}

/// The operations that read what `writer` wrote, up to the next that writes there.
std::vector<int32_t> ScaleFolder::readersOf(int32_t writer) const {
    const Op& from = m_graph.ops[static_cast<size_t>(writer)];
    std::vector<int32_t> readers;
    for (size_t i = static_cast<size_t>(writer) + 1; i < m_graph.ops.size() && m_graph.ops[i].block == from.block;
         ++i) {
        const Op& op = m_graph.ops[i];
        if (op.in == from.out || op.in2 == from.out || op.in3 == from.out) readers.push_back(static_cast<int32_t>(i));
        if (writes(op, from.out)) break;
    }
    return readers;
}

/// All operations that read the value must be linear layers that are to be scaled; false where one is not.
bool ScaleFolder::addReaders(int32_t writer, Place& place) {
    int64_t others = 0;
    for (const int32_t reader : readersOf(writer)) {
        const Op& op = m_graph.ops[static_cast<size_t>(reader)];
        if (op.kind != OpKind::kLinear || !isUsedOnce(op.weight)) return false;
        const ResolvedTensor* tensor = quantized(op.weight);
        const bool fits = tensor && scalesInputs(*tensor) &&
                          (place.readers.empty() || place.readers.front()->method == tensor->method);
        if (fits) {
            place.readers.push_back(tensor);
        } else {
            ++others;
        }
    }
    if (place.readers.empty()) return false;
    if (others == 0) return true;
    m_plan.m_notes.push_back(
        fmt::format("The inputs of {} are not scaled: {} of the layers that read them are not quantized by {} with the "
                    "same settings.",
                    place.readers.front()->name, others, describeMethod(place.readers.front()->method.id).displayName));
    return false;
}

bool ScaleFolder::addProducer(int32_t writer, Place& place) const {
    const auto nameOf = [&](WeightId id) { return m_graph.weights[static_cast<size_t>(id)].name; };
    const Op& producer = m_graph.ops[static_cast<size_t>(writer)];
    if (producer.kind == OpKind::kRmsNorm || producer.kind == OpKind::kLayerNorm) {
        if (!isUsedOnce(producer.weight)) return false;
        place.vectors.push_back(nameOf(producer.weight));
        if (producer.bias >= 0) place.vectors.push_back(nameOf(producer.bias));
        return true;
    }
    if (producer.kind != OpKind::kGatedActivation) return false;
    const int32_t upWriter = writerOf(producer.in2, writer);
    if (upWriter < 0 || readersOf(upWriter).size() != 1) return false;
    const Op& up = m_graph.ops[static_cast<size_t>(upWriter)];
    if (up.kind != OpKind::kLinear || !isUsedOnce(up.weight) || !quantized(up.weight)) return false;
    place.rowsOf = nameOf(up.weight);
    if (up.bias >= 0) place.vectors.push_back(nameOf(up.bias));
    return true;
}

std::vector<ScaleFolder::Place> ScaleFolder::findPlaces() {
    std::vector<Place> places;
    std::set<int32_t> seen;
    for (size_t i = 0; i < m_graph.ops.size(); ++i) {
        const Op& op = m_graph.ops[i];
        if (op.kind != OpKind::kLinear) continue;
        const int32_t writer = writerOf(op.in, static_cast<int32_t>(i));
        if (writer < 0 || !seen.insert(writer).second) continue;
        Place place;
        if (addReaders(writer, place) && addProducer(writer, place)) places.push_back(std::move(place));
    }
    return places;
}

/// The factors of a place by its readers' method.
Result<std::vector<float>> ScaleFolder::searchFactors(const Place& place, const JobContext& context) const {
    const ResolvedTensor& first = *place.readers.front();
    const std::string_view method = describeMethod(first.method.id).displayName;
    const InputStatistics* statistics = m_plan.m_calibration ? m_plan.m_calibration->find(first.name) : nullptr;
    const bool isAwq = first.method.id == MethodId::kAwq;
    if (!statistics || (isAwq && !statistics->hessian) || statistics->channels() != first.cols) {
        return makeError(ErrorCode::kInvalidArgument,
                         fmt::format("{} of {} needs to know the inputs of the layer: calibrate on a text first.",
                                     method, first.name));
    }
    std::vector<std::shared_ptr<const RowSource>> sources;
    std::vector<AwqLayer> layers;
    std::vector<const RowSource*> rows;
    for (const ResolvedTensor* reader : place.readers) {
        const TensorInfo* info = m_checkpoint->find(reader->name);
        HT_CHECK(info != nullptr);
        HT_ASSIGN_OR_RETURN(auto source, openRows(m_checkpoint, *info));
        layers.push_back({source.get(), reader->format});
        rows.push_back(source.get());
        sources.push_back(std::move(source));
    }
    if (!isAwq) return smoothingScales(rows, *statistics, first.method.value("alpha"), context);
    return searchAwqScales(layers, *statistics, settingsOf(first.method), context);
}

Status ScaleFolder::fold(const Place& place, const JobContext& context) {
    HT_ASSIGN_OR_RETURN(const std::vector<float> factors, searchFactors(place, context));
    if (std::ranges::all_of(factors, [](float factor) { return factor == 1.0f; })) return {};
    for (const std::string& name : place.vectors) HT_TRY(divideVector(name, factors));
    if (!place.rowsOf.empty()) {
        std::vector<float> inverse(factors.size());
        std::ranges::transform(factors, inverse.begin(), [](float factor) { return 1.0f / factor; });
        m_plan.m_scales[place.rowsOf].rows = std::move(inverse);
    }
    for (const ResolvedTensor* reader : place.readers) m_plan.m_scales[reader->name].columns = factors;
    return {};
}

Status ScaleFolder::divideVector(const std::string& name, const std::vector<float>& factors) {
    const TensorInfo* info = m_checkpoint->find(name);
    HT_CHECK(info != nullptr);
    HT_ASSIGN_OR_RETURN(const auto rows, openRows(m_checkpoint, *info));
    std::vector<float> values(factors.size());
    HT_CHECK(rows->cols() == static_cast<int64_t>(values.size()));
    HT_TRY(rows->readRows(0, 1, values));
    for (size_t i = 0; i < values.size(); ++i) values[i] /= factors[i];
    m_plan.m_vectors[name] = std::move(values);
    return {};
}

}  // namespace halftone
