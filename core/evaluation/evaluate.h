// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/inference/backend.h"

namespace halftone {

/// How a text is cut into windows and which positions count (reference page on algorithms, section 23; figures of
/// different protocols are never comparable).
enum class ProtocolKind {
    kHalfScored,    ///< llama.cpp's: BOS at the head of each full window, second half scored
    kFullWindow,    ///< GPTQ's: consecutive windows, every position but the first scored
    kBosWindow,     ///< each window is BOS + contextLength-1 tokens; every text token scored once (last window may be short)
    kPlainWindow,   ///< as kFullWindow without BOS and with the short last window (models that have no BOS)
};

struct Protocol {
    ProtocolKind kind = ProtocolKind::kHalfScored;
    int64_t contextLength = 512;
    /// "p512", "p2048", "p4096" (with --ctx another length: "p512 ctx 256"), "bos-window", ...
    [[nodiscard]] std::string name() const;
    static Result<Protocol> parse(std::string_view name);
};

/// One window of an evaluation: what is fed and which predictions count.
struct EvaluationWindow {
    std::vector<TokenId> tokens;
    int64_t scoreBegin = 0;  ///< predictions made at positions [scoreBegin, scoreEnd) of tokens[i + 1] are scored
    int64_t scoreEnd = 0;
};

/// Cuts token ids (without BOS) into windows. kInvalidArgument with the needed and present counts if the text is too short.
Result<std::vector<EvaluationWindow>> makeWindows(std::span<const TokenId> textTokens, const Protocol& protocol,
                                                  std::optional<TokenId> bos, int64_t maxWindows = 0);

/// A mean with its standard error.
struct Estimate {
    double mean = 0;
    double standardError = 0;
};

/// Percentiles reported for a KL divergence, in percent.
inline constexpr std::array<double, 7> kKldPercentiles{1, 10, 50, 90, 95, 99, 99.9};

/// Figures of one run; those that need a reference are present only if there was one.
struct EvaluationResult {
    std::string protocol;
    int64_t tokens = 0;   ///< fed
    int64_t scored = 0;   ///< predictions that count
    int64_t windows = 0;
    Estimate nll;         ///< mean negative log-likelihood, nats
    Estimate perplexity;  ///< exp(nll.mean), error by the delta method
    struct AgainstReference {
        Estimate kld;     ///< KL(reference || this), nats
        double kldMax = 0;
        std::array<double, kKldPercentiles.size()> kldPercentiles{};
        Estimate top1Agreement;
        Estimate referencePerplexity;
        Estimate perplexityRatio;  ///< of this to the reference's; the error uses the covariance
    };
    std::optional<AgainstReference> reference;
    double seconds = 0;
    std::string device;
    /// Per scored token, in order: for heat strips and worst-token lists.
    std::vector<float> tokenNll;
    std::vector<float> tokenKld;  ///< empty without reference
};

/// Called after every window with the figures so far. Returning is all it needs to do; may be empty.
using EvaluationObserver = std::function<void(const EvaluationResult& running)>;

/// Perplexity alone.
Result<EvaluationResult> evaluatePerplexity(Executable& executable, std::span<const EvaluationWindow> windows, const Protocol& protocol,
                                            const EvaluationObserver& observer, const JobContext& context);

/// The original's log-probabilities at every scored position, kept so that a recipe can be compared many times without
/// running the original again. Stored in F16 relative to each row's maximum with the exact log-normalizer; the store's own
/// error (KL of the stored against the exact distribution) is measured while it is filled and reported.
class ReferenceRun {
  public:
    [[nodiscard]] const EvaluationResult& result() const { return m_result; }
    [[nodiscard]] int64_t vocabSize() const { return m_vocabSize; }
    [[nodiscard]] int64_t scored() const { return m_result.scored; }
    /// Mean KL(exact || stored): the floor below which a measured KL divergence means nothing.
    [[nodiscard]] double storeError() const { return m_storeError; }
    [[nodiscard]] int64_t sizeBytes() const;
    /// log-probabilities of scored row `index`, natural log.
    void logProbs(int64_t index, std::span<float> out) const;

  private:
    friend class ReferenceRunBuilder;
    EvaluationResult m_result;
    int64_t m_vocabSize = 0;
    double m_storeError = 0;
    std::vector<uint16_t> m_codes;
    std::vector<float> m_rowOffset;
};

/// Runs the original once and keeps its distributions. kOutOfMemory with the size needed if it would exceed `maxBytes`.
Result<std::shared_ptr<const ReferenceRun>> runReference(Executable& executable, std::span<const EvaluationWindow> windows,
                                                         const Protocol& protocol, int64_t maxBytes,
                                                         const EvaluationObserver& observer, const JobContext& context);

/// Perplexity and divergence of another set of weights on the same windows.
Result<EvaluationResult> evaluateAgainst(Executable& executable, std::span<const EvaluationWindow> windows, const Protocol& protocol,
                                         const ReferenceRun& reference, const EvaluationObserver& observer, const JobContext& context);

/// Runs a calibration text through the original and collects the inputs of every linear layer.
/// Windows of `contextLength` tokens (BOS first where the model has one); a short text gives one short window.
Result<ActivationCapture> captureActivations(Executable& executable, std::span<const TokenId> textTokens, int64_t contextLength,
                                             std::optional<TokenId> bos, const JobContext& context);

}  // namespace halftone
