// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
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
    /// RunFormat::name() of the model's cache and activations; empty: all in F32. A reference always keeps everything.
    std::string runFormat;
    /// "p512", "p512, cache q8_0": what figures must have in common to be compared.
    [[nodiscard]] std::string conditions() const;
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
        /// What the reference's store would show for a model that equals the original: below it a measured divergence
        /// means nothing. 0 without a store, and for the stores that are made today.
        double floor = 0;
        /// The part of kld.standardError that comes from the store keeping a sample of the unlikely tokens. 0 without a
        /// store.
        double storeStandardError = 0;
    };
    std::optional<AgainstReference> reference;
    double seconds = 0;
    std::string device;              ///< filled by the caller, who chose it
    std::vector<std::string> notes;  ///< sentences that belong beside the figures
    /// Per scored token, in order: for heat strips and worst-token lists.
    std::vector<float> tokenNll;
    std::vector<float> tokenReferenceNll, tokenKld;  ///< empty without reference
};

/// A sentence where the text is less likely to the model than random tokens would be, as its words are not those that
/// it was made for; empty otherwise.
[[nodiscard]] std::string worseThanChanceNote(const EvaluationResult& result, int64_t vocabSize);

/// Called after every window with the figures so far. Returning is all it needs to do; may be empty.
using EvaluationObserver = std::function<void(const EvaluationResult& running)>;

}  // namespace halftone
