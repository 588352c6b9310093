// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/evaluation/evaluation_result.h"

namespace halftone {

/// Mean and spread of a stream of numbers (Welford 1962), kept so that a standard error can be asked for at any time.
class RunningMean {
  public:
    void add(double value) {
        ++m_count;
        const double delta = value - m_mean;
        m_mean += delta / double(m_count);
        m_sumSquares += delta * (value - m_mean);
    }
    [[nodiscard]] int64_t count() const { return m_count; }
    /// Standard error sqrt((E[x^2] - E[x]^2) / (n - 1)); 0 for fewer than two values.
    [[nodiscard]] Estimate estimate() const;

  private:
    int64_t m_count = 0;
    double m_mean = 0;
    double m_sumSquares = 0;
};

/// Expected mean of y over a whole of which a part has come, where a related x is known for all of it: the regression
/// estimator (Cochran, Sampling Techniques, chapter 7). Its spread is that of y - b x with the b that makes it least,
/// so it is never wider than that of y, or of the difference y - x, by more than the error of b.
class RegressionMean {
  public:
    void add(double y, double x);
    /// `wholeMean`: of x over the whole. Where x has no spread yet, y is taken to differ from it by a constant.
    [[nodiscard]] Estimate estimate(double wholeMean) const;

  private:
    int64_t m_count = 0;
    double m_meanX = 0, m_meanY = 0;
    double m_squaresX = 0, m_squaresY = 0, m_products = 0;  ///< about the means
};

/// What one scored position tells.
struct TokenScore {
    double nll = 0;
    double referenceNll = 0;  ///< this and what follows: with a reference only
    double kld = 0;
    double kldVariance = 0;  ///< of kld, where the reference keeps a sample of the unlikely tokens
    bool topAgrees = false;
};

/// Turns the scores of one run, added in text order, into an EvaluationResult that is current after every window.
class FiguresBuilder {
  public:
    FiguresBuilder(const Protocol& protocol, bool hasReference, const RunFormat& format = {});

    void add(const TokenScore& score);
    void finishWindow(const EvaluationWindow& window, double seconds);
    [[nodiscard]] const EvaluationResult& running() const { return m_result; }
    /// The same without the values per token.
    [[nodiscard]] EvaluationResult summary() const;
    [[nodiscard]] EvaluationResult finish();

  private:
    EvaluationResult m_result;
    RunningMean m_nll, m_referenceNll, m_logRatio, m_kld, m_agreement;
    double m_kldVariance = 0;  // summed
};

}  // namespace halftone
