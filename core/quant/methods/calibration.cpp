// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/methods/calibration.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/base/checked.h"
#include "core/quant/methods/dense_kernels.h"

namespace halftone {
namespace {

/// Rows of the Hessian that one piece of work fills.
constexpr int64_t kStripRows = 32;
constexpr size_t kMaxDatasets = 64;

bool isFiniteRow(std::span<const float> row) {
    return std::ranges::all_of(row, [](float value) { return std::isfinite(value); });
}

void mirrorUpper(float* sums, int64_t channels, const JobContext& context) {
    context.pool.parallelFor(channels, kStripRows, [&](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; ++row) {
            for (int64_t col = 0; col < row; ++col) sums[row * channels + col] = sums[col * channels + row];
        }
    });
}

std::shared_ptr<const Hessian> sumOf(const Hessian& a, const Hessian& b, const JobContext& context) {
    auto values = std::make_shared<std::vector<float>>(a.sums.begin(), a.sums.end());
    const int64_t channels = a.channels;
    context.pool.parallelFor(channels, kStripRows, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin * channels; i < end * channels; ++i) {
            (*values)[static_cast<size_t>(i)] += b.sums[static_cast<size_t>(i)];
        }
    });
    auto sum = std::make_shared<Hessian>();
    sum->channels = channels;
    sum->tokens = a.tokens + b.tokens;
    sum->sums = *values;
    sum->owner = std::move(values);
    return sum;
}

}  // namespace

std::vector<float> InputStatistics::importance() const {
    std::vector<float> out(sumSquares.size(), 1.0f);
    if (!(tokens > 0)) return out;
    std::ranges::transform(sumSquares, out.begin(), [&](double sum) { return static_cast<float>(sum / tokens); });
    return out;
}

std::vector<float> InputStatistics::meanMagnitude() const {
    std::vector<float> out(sumSquares.size(), 1.0f);
    if (!(tokens > 0)) return out;
    const bool known = sumMagnitudes.size() == sumSquares.size();
    for (size_t i = 0; i < out.size(); ++i) {
        out[i] = static_cast<float>(known ? sumMagnitudes[i] / tokens : std::sqrt(sumSquares[i] / tokens));
    }
    return out;
}

Status InputStatistics::merge(const InputStatistics& other, const JobContext& context) {
    if (channels() != other.channels()) {
        return makeError(ErrorCode::kInvalidArgument,
                         fmt::format("Calibrations of {} and of {} channels cannot be put together; they belong to "
                                     "different models.",
                                     channels(), other.channels()));
    }
    tokens += other.tokens;
    for (size_t i = 0; i < sumSquares.size(); ++i) sumSquares[i] += other.sumSquares[i];
    if (sumMagnitudes.size() == other.sumMagnitudes.size()) {
        for (size_t i = 0; i < sumMagnitudes.size(); ++i) sumMagnitudes[i] += other.sumMagnitudes[i];
    } else {
        sumMagnitudes.clear();
    }
    if (largest.size() == other.largest.size()) {
        for (size_t i = 0; i < largest.size(); ++i) largest[i] = std::max(largest[i], other.largest[i]);
    } else {
        largest.clear();
    }
    hessian = hessian && other.hessian ? sumOf(*hessian, *other.hessian, context) : nullptr;
    return {};
}

InputStatistics scaledStatistics(const InputStatistics& statistics, std::span<const float> scale) {
    InputStatistics out = statistics;
    if (scale.empty()) return out;
    for (size_t i = 0; i < scale.size(); ++i) {
        out.sumSquares[i] /= double(scale[i]) * double(scale[i]);
        if (i < out.sumMagnitudes.size()) out.sumMagnitudes[i] /= double(scale[i]);
        if (i < out.largest.size()) out.largest[i] /= scale[i];
    }
    if (!statistics.hessian) return out;
    const Hessian& before = *statistics.hessian;
    auto values = std::make_shared<std::vector<float>>(before.sums.begin(), before.sums.end());
    for (size_t i = 0; i < scale.size(); ++i) {
        for (size_t j = 0; j < scale.size(); ++j) (*values)[i * scale.size() + j] /= scale[i] * scale[j];
    }
    auto hessian = std::make_shared<Hessian>(before);
    hessian->sums = *values;
    hessian->owner = std::move(values);
    out.hessian = std::move(hessian);
    return out;
}

const InputStatistics* Calibration::find(std::string_view tensor) const {
    const auto found = byTensor.find(std::string(tensor));
    return found == byTensor.end() ? nullptr : &found->second;
}

bool Calibration::hasHessians() const {
    return std::ranges::any_of(byTensor, [](const auto& entry) { return entry.second.hessian != nullptr; });
}

Status Calibration::merge(const Calibration& other, const JobContext& context) {
    // Layers that share an input share its matrix: it is summed once.
    std::map<std::pair<const Hessian*, const Hessian*>, std::shared_ptr<const Hessian>> done;
    for (const auto& [name, statistics] : other.byTensor) {
        HT_TRY(context.checkpoint());
        const auto [entry, isNew] = byTensor.try_emplace(name, statistics);
        if (isNew) continue;
        const std::pair key(entry->second.hessian.get(), statistics.hessian.get());
        const auto known = done.find(key);
        InputStatistics added = statistics;
        if (known != done.end()) added.hessian = nullptr;
        if (auto merged = entry->second.merge(added, context); !merged) {
            return makeError(merged.error().code, fmt::format("{} ({})", merged.error().message, name));
        }
        if (known != done.end()) entry->second.hessian = known->second;
        if (key.first && key.second) done.emplace(key, entry->second.hessian);
    }
    for (const std::string& name : other.datasets) {
        if (datasets.size() < kMaxDatasets && std::ranges::find(datasets, name) == datasets.end())
            datasets.push_back(name);
    }
    windows.insert(windows.end(), other.windows.begin(), other.windows.end());
    learned = std::make_shared<LearnedCodes>();
    chunkCount += other.chunkCount;
    chunkSize = std::max(chunkSize, other.chunkSize);
    return {};
}

InputAccumulator::InputAccumulator(int64_t channels, bool withHessian)
    : m_channels(channels),
      m_sumSquares(static_cast<size_t>(channels)),
      m_sumMagnitudes(static_cast<size_t>(channels)),
      m_largest(static_cast<size_t>(channels)) {
    if (withHessian) m_hessian = std::make_shared<std::vector<float>>(static_cast<size_t>(channels * channels));
}

std::span<const float> InputAccumulator::keepFinite(std::span<const float> rows, int64_t& count) {
    const auto width = static_cast<size_t>(m_channels);
    rows = rows.first(static_cast<size_t>(count) * width);
    if (isFiniteRow(rows)) return rows;
    m_finite.clear();
    for (size_t row = 0; row < static_cast<size_t>(count); ++row) {
        const auto values = rows.subspan(row * width, width);
        if (isFiniteRow(values)) m_finite.insert(m_finite.end(), values.begin(), values.end());
    }
    const auto kept = static_cast<int64_t>(m_finite.size() / width);
    m_leftOut += count - kept;
    count = kept;
    return m_finite;
}

void InputAccumulator::addMoments(std::span<const float> rows, int64_t count) {
    for (int64_t row = 0; row < count; ++row) {
        const float* values = rows.data() + row * m_channels;
        for (size_t i = 0; i < static_cast<size_t>(m_channels); ++i) {
            const float magnitude = std::fabs(values[i]);
            m_sumSquares[i] += double(values[i]) * double(values[i]);
            m_sumMagnitudes[i] += double(magnitude);
            m_largest[i] = std::max(m_largest[i], magnitude);
        }
    }
}

// Strips of the upper triangle are independent; each sums its tokens in order.
void InputAccumulator::addHessian(std::span<const float> rows, int64_t count, const JobContext& context) {
    float* sums = m_hessian->data();
    context.pool.parallelFor(ceilDiv(m_channels, kStripRows), 1, [&](int64_t begin, int64_t end) {
        for (int64_t strip = begin; strip < end; ++strip) {
            if (context.cancelled()) return;
            const int64_t first = strip * kStripRows;
            const ProductShape shape{std::min(kStripRows, m_channels - first), m_channels - first, count};
            addProduct(shape, MatrixView<float>{rows.data() + first, 1, m_channels},
                       MatrixView<float>{rows.data() + first, m_channels, 1},
                       ProductTarget<float>{sums + first * m_channels + first, m_channels});
        }
    });
}

void InputAccumulator::add(std::span<const float> rows, int64_t count, const JobContext& context) {
    rows = keepFinite(rows, count);
    if (count == 0) return;
    m_tokens += count;
    addMoments(rows, count);
    if (m_hessian) addHessian(rows, count, context);
}

InputStatistics InputAccumulator::take(const JobContext& context) {
    InputStatistics out;
    out.tokens = static_cast<double>(m_tokens);
    out.sumSquares = std::move(m_sumSquares);
    out.sumMagnitudes = std::move(m_sumMagnitudes);
    out.largest = std::move(m_largest);
    if (m_hessian) {
        mirrorUpper(m_hessian->data(), m_channels, context);
        auto hessian = std::make_shared<Hessian>();
        hessian->channels = m_channels;
        hessian->tokens = m_tokens;
        hessian->sums = *m_hessian;
        hessian->owner = std::move(m_hessian);
        out.hessian = std::move(hessian);
    }
    m_tokens = 0;
    return out;
}

}  // namespace halftone
