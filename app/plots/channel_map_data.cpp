// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/plots/channel_map_data.h"

#include <QCoreApplication>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <tuple>

namespace halftone::app {

namespace {

struct Texts {
    Q_DECLARE_TR_FUNCTIONS(ChannelMap)
};

std::optional<StreamPlace> placeOfRole(TensorRole role) {
    switch (role) {
        case TensorRole::kTokenEmbedding:
            return StreamPlace::Embedding;
        case TensorRole::kAttnQ:
        case TensorRole::kAttnK:
        case TensorRole::kAttnV:
        case TensorRole::kAttnQkv:
            return StreamPlace::AttentionIn;
        case TensorRole::kAttnOutput:
            return StreamPlace::AttentionOut;
        case TensorRole::kFfnGate:
        case TensorRole::kFfnUp:
        case TensorRole::kExpertGate:
        case TensorRole::kExpertUp:
        case TensorRole::kSharedExpertGate:
        case TensorRole::kSharedExpertUp:
        case TensorRole::kRouter:
            return StreamPlace::FeedForwardIn;
        case TensorRole::kFfnDown:
        case TensorRole::kExpertDown:
        case TensorRole::kSharedExpertDown:
            return StreamPlace::FeedForwardOut;
        case TensorRole::kOutput:
            return StreamPlace::Head;
        default:
            return std::nullopt;
    }
}

/// NaN counts as nothing: what is not finite is told of elsewhere.
void includeMaxima(std::span<float> row, std::span<const float> maxima) {
    for (size_t i = 0; i < maxima.size(); ++i) {
        float& most = row[i % row.size()];
        if (maxima[i] > most) most = maxima[i];
    }
}

float medianOf(std::span<const float> values, std::vector<float>& scratch) {
    scratch.assign(values.begin(), values.end());
    const auto middle = scratch.begin() + std::ptrdiff_t(scratch.size() / 2);
    std::nth_element(scratch.begin(), middle, scratch.end());
    return *middle;
}

/// The order of a forward pass.
std::tuple<int, int, int> orderOf(const StreamMaxima& source) {
    const int part = source.place == StreamPlace::Embedding ? 0 : source.place == StreamPlace::Head ? 2 : 1;
    return {part, part == 1 ? source.block : -1, int(source.place)};
}

void findMassive(ChannelMapData& map) {
    std::map<int, ChannelMapData::Massive> found;
    for (size_t row = 0; row < map.rows.size(); ++row) {
        const float median = map.rows[row].median;
        if (!(median > 0)) continue;
        for (int channel = 0; channel < int(map.channels); ++channel) {
            const float value = map.at(row, channel), ratio = value / median;
            if (!(ratio >= kMassiveRatio) || !std::isfinite(ratio)) continue;
            auto& best = found[channel];
            if (ratio > best.ratio) best = {channel, int(row), value, ratio};
        }
    }
    for (const auto& [channel, massive] : found) map.massive.push_back(massive);
    std::ranges::stable_sort(map.massive, std::greater(), &ChannelMapData::Massive::ratio);
}

}  // namespace

std::optional<StreamPlace> streamPlaceOf(const TensorInfo& tensor, int64_t channels) {
    const auto place = tensor.isBias ? std::nullopt : placeOfRole(tensor.role);
    if (!place || channels <= 0) return std::nullopt;
    const bool fits = readsStream(*place) ? tensor.cols() == channels : tensor.rows() % channels == 0;
    return fits ? place : std::nullopt;
}

int64_t streamWidth(std::span<const TensorInfo> tensors) {
    for (const auto role : {TensorRole::kTokenEmbedding, TensorRole::kAttnQ, TensorRole::kAttnQkv}) {
        const auto found =
            std::ranges::find_if(tensors, [role](const auto& tensor) { return tensor.role == role && !tensor.isBias; });
        if (found != tensors.end()) return found->cols();
    }
    return 0;
}

Result<std::shared_ptr<const ChannelMapData>> computeChannelMap(std::vector<StreamMaxima> sources, int64_t channels,
                                                                const JobContext& context) {
    auto map = std::make_shared<ChannelMapData>();
    map->channels = channels;
    std::ranges::stable_sort(sources, {}, orderOf);
    for (const auto& source : sources) {
        HT_TRY(context.checkpoint());
        const bool isNew =
            map->rows.empty() || map->rows.back().place != source.place || map->rows.back().block != source.block;
        if (isNew) {
            map->rows.push_back({source.place, source.block, source.tensor, 0});
            map->values.resize(map->values.size() + size_t(channels), 0);
        }
        includeMaxima(std::span(map->values).last(size_t(channels)), *source.maxima);
    }
    map->maxima.assign(size_t(channels), 0);
    std::vector<float> scratch;
    for (size_t row = 0; row < map->rows.size(); ++row) {
        HT_TRY(context.checkpoint());
        const auto values = std::span(map->values).subspan(row * size_t(channels), size_t(channels));
        map->rows[row].median = medianOf(values, scratch);
        includeMaxima(map->maxima, values);
    }
    map->byMaximum.resize(size_t(channels));
    std::iota(map->byMaximum.begin(), map->byMaximum.end(), 0);
    std::ranges::stable_sort(map->byMaximum, std::greater(), [&](int channel) { return map->maxima[size_t(channel)]; });
    findMassive(*map);
    return std::shared_ptr<const ChannelMapData>(std::move(map));
}

QString streamPlaceText(StreamPlace place) {
    switch (place) {
        case StreamPlace::Embedding:
            return Texts::tr("embedding");
        case StreamPlace::AttentionIn:
            return Texts::tr("read by attention");
        case StreamPlace::AttentionOut:
            return Texts::tr("added by attention");
        case StreamPlace::FeedForwardIn:
            return Texts::tr("read by feed-forward");
        case StreamPlace::FeedForwardOut:
            return Texts::tr("added by feed-forward");
        case StreamPlace::Head:
            return Texts::tr("read by the head");
    }
    return {};
}

}  // namespace halftone::app
