// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tuning/auto_round.h"

#include <algorithm>
#include <numeric>
#include <random>

#include "core/tuning/block_tape.h"
#include "core/tuning/rounded_matrix.h"

namespace halftone {
namespace {

constexpr int kMeasurements = 5;  ///< of all windows, along the way

/// Windows cut into batches; each round goes through all windows in another order.
class Batches {
  public:
    explicit Batches(const BlockTuning& tuning) : m_tuning(tuning) {
        m_begins.resize(tuning.lengths.size());
        std::exclusive_scan(tuning.lengths.begin(), tuning.lengths.end(), m_begins.begin(), int64_t{0});
        m_order.resize(tuning.lengths.size());
        std::iota(m_order.begin(), m_order.end(), size_t{0});
    }

    /// Indices of the next windows: at least one, and not many more tokens than asked for.
    std::vector<size_t> next() {
        std::vector<size_t> batch;
        int64_t tokens = 0;
        while (batch.empty() || tokens + m_tuning.lengths[m_order[m_at % m_order.size()]] <= limit()) {
            if (m_at % m_order.size() == 0) shuffle();
            const size_t window = m_order[m_at % m_order.size()];
            batch.push_back(window);
            tokens += m_tuning.lengths[window];
            ++m_at;
            if (batch.size() == m_order.size()) break;
        }
        return batch;
    }
    /// All windows in order, in batches.
    [[nodiscard]] std::vector<std::vector<size_t>> all() const {
        std::vector<std::vector<size_t>> batches;
        int64_t tokens = 0;
        for (size_t window = 0; window < m_tuning.lengths.size(); ++window) {
            if (batches.empty() || tokens + m_tuning.lengths[window] > limit()) {
                batches.emplace_back();
                tokens = 0;
            }
            batches.back().push_back(window);
            tokens += m_tuning.lengths[window];
        }
        return batches;
    }
    /// Rows of `values` (one of `width` per token) that belong to the windows.
    [[nodiscard]] std::vector<float> gather(std::span<const float> values, size_t width,
                                            std::span<const size_t> windows) const {
        std::vector<float> out;
        for (const size_t window : windows) {
            const auto part = values.subspan(static_cast<size_t>(m_begins[window]) * width,
                                             static_cast<size_t>(m_tuning.lengths[window]) * width);
            out.insert(out.end(), part.begin(), part.end());
        }
        return out;
    }
    [[nodiscard]] std::vector<int64_t> lengths(std::span<const size_t> windows) const {
        std::vector<int64_t> out;
        for (const size_t window : windows) out.push_back(m_tuning.lengths[window]);
        return out;
    }

  private:
    [[nodiscard]] int64_t limit() const { return m_tuning.settings.batchTokens; }
    // Fisher and Yates by hand: std::shuffle differs from library to library.
    void shuffle() {
        for (size_t i = m_order.size(); i > 1; --i) std::swap(m_order[i - 1], m_order[m_random() % i]);
    }

    const BlockTuning& m_tuning;
    std::vector<int64_t> m_begins;
    std::vector<size_t> m_order;
    size_t m_at = 0;
    std::mt19937 m_random{20231205};  // any seed; fixed, so that the same request gives the same bytes
};

double squareOf(std::span<const float> values) {
    return std::accumulate(values.begin(), values.end(), 0.0,
                           [](double sum, float value) { return sum + double(value) * double(value); });
}

class Tuner {
  public:
    Tuner(const BlockTuning& tuning, const JobContext& context)
        : m_tuning(tuning), m_context(context), m_tape(*tuning.graph, tuning.block), m_batches(tuning) {}

    Result<TunedBlock> run() {
        HT_TRY(load());
        HT_TRY(findTargets());
        TunedBlock result;
        HT_ASSIGN_OR_RETURN(result.errorBefore, measure());
        m_best = result.errorBefore;
        const int iterations = m_tuning.settings.iterations;
        for (int i = 0; i < iterations; ++i) {
            HT_TRY(iterate(2 * m_tuning.settings.reach / float(iterations) * (1 - float(i) / float(iterations))));
            if ((i + 1) * kMeasurements / iterations > i * kMeasurements / iterations) HT_TRY(keepIfBetter());
            m_context.advance(1);
        }
        result.errorAfter = m_best;
        for (size_t i = 0; i < m_matrices.size(); ++i) {
            m_matrices[i]->restore();
            HT_ASSIGN_OR_RETURN(result.packed[m_tuning.matrices[i].weight], m_matrices[i]->pack(m_context));
        }
        return result;
    }

  private:
    Status load() {
        m_weights.resize(m_tuning.graph->weights.size());
        for (const WeightId id : m_tape.weights()) {
            std::vector<float>& values = m_weights[static_cast<size_t>(id)];
            HT_ASSIGN_OR_RETURN(values, m_tuning.weight(id));
            m_tape.setWeight(id, values);
        }
        for (const TunedMatrix& matrix : m_tuning.matrices) {
            // The original moves over: a block is held once.
            std::vector<float>& values = m_weights[static_cast<size_t>(matrix.weight)];
            const int64_t cols = m_tuning.graph->weights[static_cast<size_t>(matrix.weight)].cols;
            HT_ASSIGN_OR_RETURN(auto rounded, RoundedMatrix::create(PackedLayout::of(matrix.format, cols),
                                                                    std::move(values), matrix.importance, m_context));
            if (matrix.start) HT_TRY(rounded->startFrom(*matrix.start, m_context));
            m_tape.setWeight(matrix.weight, rounded->original());
            m_matrices.push_back(std::move(rounded));
            m_tape.want(matrix.weight);
        }
        return {};
    }

    /// The original's output, and what an error of a token counts: the next norm divides a state by its size, so that
    /// an error is as bad as it is large beside the state.
    Status findTargets() {
        const size_t width = hiddenSize();
        for (const std::vector<size_t>& batch : m_batches.all()) {
            HT_TRY(forward(batch));
            m_targets.insert(m_targets.end(), m_tape.output().begin(), m_tape.output().end());
        }
        m_tokenWeights.resize(m_targets.size() / width);
        for (size_t token = 0; token < m_tokenWeights.size(); ++token) {
            const double square = squareOf(std::span(m_targets).subspan(token * width, width));
            m_tokenWeights[token] = square > 0 ? static_cast<float>(1.0 / square) : 0.0f;
        }
        return {};
    }

    Status forward(std::span<const size_t> batch) {
        const std::vector<float> hidden = m_batches.gather(m_tuning.hidden, hiddenSize(), batch);
        const std::vector<int64_t> lengths = m_batches.lengths(batch);
        return m_tape.forward({hidden, lengths}, m_context);
    }

    [[nodiscard]] size_t hiddenSize() const { return static_cast<size_t>(m_tuning.graph->config.hiddenSize); }

    void roundAll() {
        for (size_t i = 0; i < m_matrices.size(); ++i) {
            m_tape.setWeight(m_tuning.matrices[i].weight, m_matrices[i]->round(m_context));
        }
    }

    /// Derivative of the loss by the output of the last forward(), up to a factor, and the loss: the sum over tokens of
    /// squared error over squared state.
    double lossOf(std::span<const size_t> batch, std::vector<float>& gradient) {
        const size_t width = hiddenSize();
        gradient = m_batches.gather(m_targets, width, batch);
        const std::vector<float> weights = m_batches.gather(m_tokenWeights, 1, batch);
        double loss = 0;
        for (size_t i = 0; i < gradient.size(); ++i) {
            const float difference = m_tape.output()[i] - gradient[i];
            gradient[i] = difference * weights[i / width];
            loss += double(difference) * double(gradient[i]);
        }
        return loss;
    }

    /// Mean over all tokens.
    Result<double> measure() {
        roundAll();
        double loss = 0;
        std::vector<float> gradient;
        for (const std::vector<size_t>& batch : m_batches.all()) {
            HT_TRY(forward(batch));
            loss += lossOf(batch, gradient);
        }
        return loss / double(m_tokenWeights.size());
    }

    Status iterate(float rate) {
        roundAll();
        const std::vector<size_t> batch = m_batches.next();
        HT_TRY(forward(batch));
        lossOf(batch, m_gradient);
        HT_TRY(m_tape.backward(m_gradient, m_context));
        for (size_t i = 0; i < m_matrices.size(); ++i) {
            m_matrices[i]->step(m_tape.gradient(m_tuning.matrices[i].weight), rate, m_tuning.settings.tuneScales,
                                m_context);
        }
        return {};
    }

    Status keepIfBetter() {
        HT_ASSIGN_OR_RETURN(const double error, measure());
        if (error >= m_best) return {};
        m_best = error;
        for (const auto& matrix : m_matrices) matrix->keep();
        return {};
    }

    const BlockTuning& m_tuning;
    const JobContext& m_context;
    BlockTape m_tape;
    Batches m_batches;
    std::vector<std::vector<float>> m_weights;  // by WeightId; of the tuned ones nothing
    std::vector<std::unique_ptr<RoundedMatrix>> m_matrices;
    std::vector<float> m_targets, m_tokenWeights, m_gradient;
    double m_best = 0;
};

}  // namespace

Result<TunedBlock> tuneBlock(const BlockTuning& tuning, const JobContext& context) {
    HT_CHECK(!tuning.lengths.empty() && !tuning.matrices.empty());
    return Tuner(tuning, context).run();
}

}  // namespace halftone
