// SPDX-License-Identifier: GPL-3.0-or-later
// Scores of a whole window at once: windows are short, and the matrix products are where the time goes.
#include <algorithm>
#include <cmath>
#include <vector>

#include "core/tuning/tape_ops.h"

namespace halftone::tape {
namespace {

/// Queries of a window some at a time: none of them sees a key behind the last one.
template <class Body>
void overQueries(int64_t tokens, const Body& body) {
    constexpr int64_t kQueries = 64;
    for (int64_t first = 0; first < tokens; first += kQueries) body(first, std::min(kQueries, tokens - first));
}

/// One key and value head of a window.
class HeadGroup {
  public:
    HeadGroup(const ModelConfig& config, int block, const AttentionWindow& window, int64_t kvHead)
        : m_config(config),
          m_window(window),
          m_tokens(window.tokens),
          m_dim(config.headDim),
          m_kvOffset(kvHead * config.headDim),
          m_visible(config.windowOf(block)),
          m_weights(static_cast<size_t>(m_tokens * m_tokens)) {
        m_keys = transposed(window.k + m_kvOffset);
    }

    /// Attention weights of one query head, tokens x tokens; what is not seen is 0.
    const std::vector<float>& weights(const float* q) {
        std::ranges::fill(m_weights, 0.0f);
        overQueries(m_tokens, [&](int64_t first, int64_t count) {
            addProductFused({count, first + count, m_dim},
                            MatrixView<float>{q + first * m_config.qSize(), m_config.qSize(), 1},
                            MatrixView<float>{m_keys.data(), m_tokens, 1},
                            ProductTarget<float>{m_weights.data() + first * m_tokens, m_tokens});
        });
        for (int64_t token = 0; token < m_tokens; ++token) {
            softmax(token, m_weights.data() + token * m_tokens);
        }
        return m_weights;
    }

    [[nodiscard]] std::vector<float> transposed(const float* head) const {
        std::vector<float> out(static_cast<size_t>(m_tokens * m_dim));
        for (int64_t token = 0; token < m_tokens; ++token) {
            for (int64_t i = 0; i < m_dim; ++i) {
                out[static_cast<size_t>(i * m_tokens + token)] = head[token * m_config.kvSize() + i];
            }
        }
        return out;
    }

    [[nodiscard]] int64_t kvOffset() const { return m_kvOffset; }

  private:
    void softmax(int64_t token, float* row) const {
        const int64_t first = m_visible > 0 ? std::max<int64_t>(0, token - m_visible + 1) : 0;
        float most = row[first];
        for (int64_t i = first; i <= token; ++i) most = std::max(most, row[i]);
        double sum = 0;
        for (int64_t i = first; i <= token; ++i) {
            row[i] = std::exp((row[i] - most) * m_config.attentionScale);
            sum += double(row[i]);
        }
        std::fill(row, row + first, 0.0f);
        std::fill(row + token + 1, row + m_tokens, 0.0f);
        const auto share = static_cast<float>(1.0 / sum);
        for (int64_t i = first; i <= token; ++i) row[i] *= share;
    }

    const ModelConfig& m_config;
    const AttentionWindow& m_window;
    int64_t m_tokens, m_dim, m_kvOffset, m_visible;
    std::vector<float> m_keys;  ///< dim x tokens
    std::vector<float> m_weights;
};

/// Rows [first, first + count) of a square matrix.
struct QueryRows {
    int64_t first = 0, count = 0, tokens = 0;
};

/// From the derivative by the weights to that by the scaled scores, in place.
void softmaxBackward(const QueryRows& rows, float scale, const std::vector<float>& weights,
                     std::vector<float>& gradient) {
    for (int64_t token = rows.first; token < rows.first + rows.count; ++token) {
        const float* weight = weights.data() + token * rows.tokens;
        float* row = gradient.data() + token * rows.tokens;
        double sum = 0;
        for (int64_t i = 0; i <= token; ++i) sum += double(weight[i]) * double(row[i]);
        for (int64_t i = 0; i < rows.first + rows.count; ++i) {
            row[i] = weight[i] * (row[i] - static_cast<float>(sum)) * scale;
        }
    }
}

}  // namespace

void attentionForward(const ModelConfig& config, int block, const AttentionWindow& window, int64_t kvHead, float* out) {
    HeadGroup group(config, block, window, kvHead);
    const int64_t shared = config.headCount / config.kvHeadCount, tokens = window.tokens, qSize = config.qSize();
    for (int64_t head = kvHead * shared; head < (kvHead + 1) * shared; ++head) {
        const int64_t offset = head * config.headDim;
        const std::vector<float>& weights = group.weights(window.q + offset);
        overQueries(tokens, [&](int64_t first, int64_t count) {
            addProductFused({count, config.headDim, first + count},
                            MatrixView<float>{weights.data() + first * tokens, tokens, 1},
                            MatrixView<float>{window.v + group.kvOffset(), config.kvSize(), 1},
                            ProductTarget<float>{out + first * qSize + offset, qSize});
        });
    }
}

void attentionBackward(const ModelConfig& config, int block, const AttentionWindow& window, int64_t kvHead,
                       const AttentionGradients& gradients) {
    HeadGroup group(config, block, window, kvHead);
    const int64_t shared = config.headCount / config.kvHeadCount, tokens = window.tokens, dim = config.headDim;
    const int64_t qSize = config.qSize(), kvSize = config.kvSize(), kv = group.kvOffset();
    const std::vector<float> values = group.transposed(window.v + kv);
    std::vector<float> scores(static_cast<size_t>(tokens * tokens));
    for (int64_t head = kvHead * shared; head < (kvHead + 1) * shared; ++head) {
        const int64_t offset = head * dim;
        const std::vector<float>& weights = group.weights(window.q + offset);
        std::ranges::fill(scores, 0.0f);
        overQueries(tokens, [&](int64_t first, int64_t count) {
            const int64_t seen = first + count, at = first * tokens, query = first * qSize + offset;
            const MatrixView<float> out{gradients.out + query, qSize, 1};
            addProductFused({seen, dim, count}, MatrixView<float>{weights.data() + at, 1, tokens}, out,
                            ProductTarget<float>{gradients.v + kv, kvSize});
            addProductFused({count, seen, dim}, out, MatrixView<float>{values.data(), tokens, 1},
                            ProductTarget<float>{scores.data() + at, tokens});
            softmaxBackward({first, count, tokens}, config.attentionScale, weights, scores);
            addProductFused({count, dim, seen}, MatrixView<float>{scores.data() + at, tokens, 1},
                            MatrixView<float>{window.k + kv, kvSize, 1},
                            ProductTarget<float>{gradients.q + query, qSize});
            addProductFused({seen, dim, count}, MatrixView<float>{scores.data() + at, 1, tokens},
                            MatrixView<float>{window.q + query, qSize, 1},
                            ProductTarget<float>{gradients.k + kv, kvSize});
        });
    }
}

}  // namespace halftone::tape
