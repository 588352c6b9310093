// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <random>
#include <span>
#include <vector>

#include "core/tokenizer/tokenizer.h"

namespace halftone {

/// How the next token is drawn. Applied in this order: repeat penalty, temperature, top-k, top-p, min-p.
struct SamplingOptions {
    double temperature = 0.0;  ///< 0: greedy
    int64_t topK = 0;          ///< 0: off
    double topP = 1.0;
    double minP = 0.0;
    double repeatPenalty = 1.0;  ///< Keskar et al. 2019: positive logits are divided, negative multiplied
    int64_t repeatWindow = 64;
    uint64_t seed = 0;
};

/// Draws tokens; the same seed gives the same tokens on every machine. Not thread-safe.
class Sampler {
  public:
    explicit Sampler(const SamplingOptions& options);
    [[nodiscard]] TokenId sample(std::span<const float> logits, std::span<const TokenId> history);

  private:
    SamplingOptions m_options;
    std::mt19937_64 m_random;
    std::vector<std::pair<float, TokenId>> m_candidates;
};

}  // namespace halftone
