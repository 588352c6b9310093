// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/core/quant/method_support.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <random>

#include "core/quant/methods/prepare_method.h"

namespace halftone::test {

MatrixRows::MatrixRows(int64_t rows, int64_t cols, std::vector<float> values)
    : m_rows(rows), m_cols(cols), m_values(std::move(values)) {}

Status MatrixRows::readRows(int64_t first, int64_t count, std::span<float> out) const {
    std::copy_n(m_values.begin() + first * m_cols, count * m_cols, out.begin());
    return {};
}

JobContext contextOf(int threads) {
    JobContext context;
    context.pool = ThreadPool(threads);
    return context;
}

Format format(std::string_view name) {
    return Format::parse(name).value();
}

MethodChoice method(std::string_view name) {
    return MethodChoice::parse(name).value();
}

std::vector<float> correlatedInputs(int64_t tokens, int64_t channels, uint32_t seed) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    constexpr int64_t kSources = 12;
    std::vector<float> mixing(static_cast<size_t>(kSources * channels)), size(static_cast<size_t>(channels));
    for (float& value : mixing) value = normal(random);
    for (float& value : size) value = std::exp(normal(random));
    std::vector<float> inputs(static_cast<size_t>(tokens * channels));
    for (int64_t token = 0; token < tokens; ++token) {
        std::array<float, kSources> sources{};
        for (float& value : sources) value = normal(random);
        for (int64_t c = 0; c < channels; ++c) {
            float value = 0.5f * normal(random);
            for (int64_t s = 0; s < kSources; ++s) {
                value += sources[static_cast<size_t>(s)] * mixing[static_cast<size_t>(s * channels + c)];
            }
            inputs[static_cast<size_t>(token * channels + c)] = value * size[static_cast<size_t>(c)];
        }
    }
    return inputs;
}

InputStatistics statisticsOf(const std::vector<float>& inputs, int64_t channels) {
    const JobContext context = contextOf(2);
    InputAccumulator accumulator(channels, true);
    accumulator.add(inputs, static_cast<int64_t>(inputs.size()) / channels, context);
    return accumulator.take(context);
}

Result<MethodResult> quantizeBy(const MatrixRows& source, std::string_view formatName, std::string_view methodName,
                                const InputStatistics* statistics, int threads) {
    const JobContext context = contextOf(threads);
    FactorCache factors;
    const MethodRequest request{.format = format(formatName),
                                .cols = source.cols(),
                                .method = method(methodName),
                                .statistics = statistics,
                                .channelScale = {},
                                .tensor = "w"};
    HT_ASSIGN_OR_RETURN(const PreparedMethod prepared, prepareMethod(request, factors, context));
    MethodResult result;
    HT_ASSIGN_OR_RETURN(result.tensor, quantizeTensor(source, format(formatName), prepared.options("w"), context));
    result.notes = prepared.notes;
    result.decoded.resize(source.values().size());
    HT_TRY(validateRows(result.tensor.packed.layout, result.tensor.packed.bytes, source.rows()));
    HT_TRY(rowSourceOf(result.tensor.packed)->readRows(0, source.rows(), result.decoded));
    return result;
}

double directOutputError(const MatrixRows& source, std::span<const float> decoded, const std::vector<float>& inputs) {
    const auto cols = static_cast<size_t>(source.cols());
    double sum = 0;
    for (size_t token = 0; token < inputs.size() / cols; ++token) {
        for (size_t row = 0; row < static_cast<size_t>(source.rows()); ++row) {
            double output = 0;
            for (size_t c = 0; c < cols; ++c) {
                const double difference = double(decoded[row * cols + c]) - double(source.values()[row * cols + c]);
                output += difference * double(inputs[token * cols + c]);
            }
            sum += output * output;
        }
    }
    return sum;
}

}  // namespace halftone::test
