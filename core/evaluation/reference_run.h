// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/evaluation/evaluation_result.h"
#include "core/evaluation/reference_rows.h"

namespace halftone {

/// What the store of a reference does to a divergence, measured while it is filled: rows of the original against the
/// same rows with noise of kProbeNoise on every logit, which is what a quantized model looks like to a divergence.
struct StoreCheck {
    static constexpr double kProbeNoise = 0.25;  ///< half width of the uniform noise, in logits
    int64_t rows = 0;                            ///< measured
    double exactDivergence = 0;                  ///< mean over them, from the whole rows
    double storedDivergence = 0;                 ///< the same from what is kept
    double standardError = 0;                    ///< of the mean of the differences
};

/// The original's distributions at every scored position, kept so that a recipe can be compared many times without
/// running the original again. What is kept of each is said by ReferenceStoreOptions. Immutable; any thread.
class ReferenceRun {
  public:
    [[nodiscard]] const EvaluationResult& result() const { return m_result; }
    [[nodiscard]] int64_t vocabSize() const { return m_rows.vocabSize(); }
    [[nodiscard]] int64_t scored() const { return m_rows.rowCount(); }
    /// The divergence that an unchanged model would show, measured while the store was filled: 0, because what is kept
    /// is kept exactly.
    [[nodiscard]] double storeError() const { return m_storeError; }
    [[nodiscard]] const StoreCheck& storeCheck() const { return m_check; }
    [[nodiscard]] int64_t sizeBytes() const;
    /// Of the tokens fed and the positions scored: equal for equal windows.
    [[nodiscard]] uint64_t windowsHash() const { return m_windowsHash; }

    /// `logits` of scored row `index` of another model, with their summary.
    [[nodiscard]] RowComparison compare(int64_t index, std::span<const float> logits, const RowSummary& summary) const {
        return m_rows.compare(index, logits, summary);
    }
    /// Negative log-likelihood of the token that followed, nats.
    [[nodiscard]] double tokenNll(int64_t index) const { return m_tokenNll[static_cast<size_t>(index)]; }
    /// Log-probabilities of scored row `index`, natural log. Exact for the likeliest tokens; the others share the rest.
    void logProbs(int64_t index, std::span<double> out) const { m_rows.logProbs(index, out); }
    [[nodiscard]] const ReferenceRows& rows() const { return m_rows; }

    /// Writes everything into one file, atomically. `origin` is any short text that says what the reference belongs to
    /// (a fingerprint of the checkpoint); it comes back from load(). Format: reference_file.cpp.
    [[nodiscard]] Status save(const std::filesystem::path& path, const std::string& origin) const;
    struct Loaded;
    /// kInvalidData with a sentence for a file that is damaged or no reference; kUnsupported for one of a newer
    /// version.
    static Result<Loaded> load(const std::filesystem::path& path);
    /// The same from memory; never reads outside `bytes`, whatever they are.
    static Result<Loaded> parse(std::span<const std::byte> bytes);

  private:
    friend class ReferenceRunBuilder;
    EvaluationResult m_result;
    ReferenceRows m_rows;
    std::vector<double> m_tokenNll;
    StoreCheck m_check;
    double m_storeError = 0;
    uint64_t m_windowsHash = 0;
};

struct ReferenceRun::Loaded {
    std::shared_ptr<const ReferenceRun> run;
    std::string origin;
};

[[nodiscard]] uint64_t hashWindows(std::span<const EvaluationWindow> windows);

/// Predictions that count.
[[nodiscard]] int64_t scoredCount(std::span<const EvaluationWindow> windows);

/// kInvalidArgument, with what differs, unless the reference was run on these windows by a model of this vocabulary.
Status checkSameRun(const Executable& executable, std::span<const EvaluationWindow> windows, const Protocol& protocol,
                    const ReferenceRun& reference);

/// Runs the original once and keeps its distributions. kOutOfMemory with the size needed if it would exceed `maxBytes`.
Result<std::shared_ptr<const ReferenceRun>> runReference(Executable& executable,
                                                         std::span<const EvaluationWindow> windows,
                                                         const Protocol& protocol, int64_t maxBytes,
                                                         const EvaluationObserver& observer, const JobContext& context,
                                                         const ReferenceStoreOptions& store = {});

}  // namespace halftone
