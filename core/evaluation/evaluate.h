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
    kHalfScored,   ///< llama.cpp's: BOS at the head of each full window, second half scored
    kFullWindow,   ///< GPTQ's: consecutive windows, every position but the first scored
    kBosWindow,    ///< each window is BOS + contextLength-1 tokens; every text token scored once (last window may be
                   ///< short)
    kPlainWindow,  ///< as kFullWindow without BOS and with the short last window (models that have no BOS)
};

struct Protocol {
    ProtocolKind kind = ProtocolKind::kHalfScored;
    int64_t contextLength = 512;
    /// "p512", "p2048", "p4096" (with another length: "p512 ctx 256"), "bos-window ctx 256", "plain-window ctx 128".
    [[nodiscard]] std::string name() const;
    /// The inverse of name(); "bos-window" and "plain-window" alone have windows of 512.
    static Result<Protocol> parse(std::string_view name);
    bool operator==(const Protocol&) const = default;
};

/// One window of an evaluation: what is fed and which predictions count.
struct EvaluationWindow {
    std::vector<TokenId> tokens;
    int64_t scoreBegin = 0;  ///< predictions made at positions [scoreBegin, scoreEnd) of tokens[i + 1] are scored
    int64_t scoreEnd = 0;
};

/// Cuts token ids (without BOS) into windows; `maxWindows` 0: all. kInvalidArgument with the needed and present counts
/// if the text is too short, or where the protocol needs a BOS and there is none.
Result<std::vector<EvaluationWindow>> makeWindows(std::span<const TokenId> textTokens, const Protocol& protocol,
                                                  std::optional<TokenId> bos, int64_t maxWindows = 0);

/// The BOS to hand to makeWindows: what the tokenizer puts before a text, or, for bos-window, the one it has.
std::optional<TokenId> evaluationBos(const Protocol& protocol, const Tokenizer& tokenizer);

/// Whether a model can be fed windows of this length. Empty: yes; a sentence to show beside the figures where the
/// windows are longer than what the model was trained on; kInvalidArgument where it has no positions for them (GPT-2).
Result<std::string> checkContextLength(const ModelConfig& config, int64_t contextLength);

/// A mean with its standard error.
struct Estimate {
    double mean = 0;
    double standardError = 0;
};

/// Percentiles reported for a KL divergence, in percent.
inline constexpr std::array<double, 7> kKldPercentiles{1, 10, 50, 90, 95, 99, 99.9};
using KldPercentiles = std::array<double, kKldPercentiles.size()>;

/// Percentiles of `values` by linear interpolation at q * (n - 1); zeros for an empty span.
KldPercentiles computeKldPercentiles(std::span<const float> values);

/// Figures of one run; those that need a reference are present only if there was one.
struct EvaluationResult {
    std::string protocol;
    int64_t tokens = 0;  ///< fed
    int64_t scored = 0;  ///< predictions that count
    int64_t windows = 0;
    Estimate nll;         ///< mean negative log-likelihood, nats
    Estimate perplexity;  ///< exp(nll.mean), error by the delta method
    struct AgainstReference {
        Estimate kld;  ///< KL(reference || this), nats
        double kldMax = 0;
        KldPercentiles kldPercentiles{};  ///< filled at the end of a run only
        Estimate top1Agreement;
        Estimate referencePerplexity;
        Estimate perplexityRatio;  ///< of this to the reference's; the error uses the covariance
        /// Mean KL(exact || stored) of the reference's store: below it a measured divergence means nothing. 0: no
        /// store.
        double floor = 0;
    };
    std::optional<AgainstReference> reference;
    double seconds = 0;
    std::string device;              ///< filled by the caller, who chose it
    std::vector<std::string> notes;  ///< sentences that belong beside the figures
    /// Per scored token, in order: for heat strips and worst-token lists.
    std::vector<float> tokenNll;
    std::vector<float> tokenKld;  ///< empty without reference
};

/// Called after every window with the figures so far. Returning is all it needs to do; may be empty.
using EvaluationObserver = std::function<void(const EvaluationResult& running)>;

/// Perplexity alone.
Result<EvaluationResult> evaluatePerplexity(Executable& executable, std::span<const EvaluationWindow> windows,
                                            const Protocol& protocol, const EvaluationObserver& observer,
                                            const JobContext& context);

/// The original's log-probabilities at every scored position, kept so that a recipe can be compared many times without
/// running the original again. A row is its logits relative to their maximum in F16 - likely tokens lie near zero,
/// where F16 is finest - with the normalizer of the stored values in F64, so that a stored row sums to one exactly. The
/// store's own error (KL of the exact against the stored distribution) is measured while it is filled.
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
    void logProbs(int64_t index, std::span<double> out) const;

  private:
    friend class ReferenceRunBuilder;
    EvaluationResult m_result;
    int64_t m_vocabSize = 0;
    double m_storeError = 0;
    std::vector<uint16_t> m_codes;
    std::vector<double> m_rowOffset;
};

/// Runs the original once and keeps its distributions. kOutOfMemory with the size needed if it would exceed `maxBytes`.
Result<std::shared_ptr<const ReferenceRun>> runReference(Executable& executable,
                                                         std::span<const EvaluationWindow> windows,
                                                         const Protocol& protocol, int64_t maxBytes,
                                                         const EvaluationObserver& observer, const JobContext& context);

/// Perplexity and divergence of another set of weights on the same windows.
Result<EvaluationResult> evaluateAgainst(Executable& executable, std::span<const EvaluationWindow> windows,
                                         const Protocol& protocol, const ReferenceRun& reference,
                                         const EvaluationObserver& observer, const JobContext& context);

/// The same without a store: both run side by side, window by window, and the distributions are compared exactly as
/// they come. Memory: one window's logits, whatever the length of the text. The result is that of `executable`.
/// kInvalidArgument if the two vocabularies differ in size.
Result<EvaluationResult> evaluateSideBySide(Executable& reference, Executable& executable,
                                            std::span<const EvaluationWindow> windows, const Protocol& protocol,
                                            const EvaluationObserver& observer, const JobContext& context);

/// Runs a calibration text through the original and collects the inputs of every linear layer.
/// Windows of `contextLength` tokens (BOS first where the model has one); a short text gives one short window.
Result<ActivationCapture> captureActivations(Executable& executable, std::span<const TokenId> textTokens,
                                             int64_t contextLength, std::optional<TokenId> bos,
                                             const JobContext& context);

}  // namespace halftone
