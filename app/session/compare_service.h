// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QList>
#include <QObject>
#include <QString>

#include <array>
#include <optional>
#include <vector>

#include "app/session/model_jobs.h"
#include "app/session/named_texts.h"
#include "core/evaluation/text_overlap.h"
#include "core/evaluation/token_comparison.h"
#include "core/inference/generate.h"
#include "core/project/session_file.h"
#include "core/tokenizer/chat_template.h"

namespace halftone::app {

enum class CompareMode {
    FreeRunning,         ///< each model continues the prompt by itself
    ForcedContinuation,  ///< the original continues it; the recipe reads the same words
    ForcedText,          ///< both read a given text
};

struct CompareOptions {
    QString prompt;
    CompareMode mode = CompareMode::FreeRunning;
    QString text;               ///< for ForcedText: what follows the prompt
    bool chatTemplate = false;  ///< the prompt is the message of a user
    bool blind = false;         ///< which text is whose is not told before the vote; with FreeRunning only
    GenerateOptions generate;
};

/// One column of text.
struct CompareColumn {
    QList<GeneratedToken> tokens;
    /// Both models' predictions at each token, given the column's own words before it; those of the first tokens while
    /// they are being made.
    std::vector<TokenComparison> comparisons;
    std::vector<TokenId> promptIds;
    bool finished = false;
    std::optional<StopReason> reason;
    double promptSeconds = 0, generateSeconds = 0;
    QString problem;
    quint64 weightsKey = 0;  ///< 0 for the original
};

/// The original's and the recipe's continuation of one prompt, with the same seed, token by token; or one text that
/// both read. When the words are there, both models' predictions at every one of them follow.
class CompareService : public QObject {
    Q_OBJECT

  public:
    enum Side { Original = 0, Quantized = 1 };
    enum class Vote { Left, Right, Tie };

    explicit CompareService(ModelJobs& modelJobs, QObject* parent = nullptr);

    void reset();
    /// Blind texts are such as have not been shown with their names: of the next seed that has not, where those of the
    /// given one have. Where no seed would change them nothing starts, and blindObstacle() says why.
    void start(const CompareOptions& options);
    void stop();
    [[nodiscard]] bool isRunning() const;
    /// Words are still being added.
    [[nodiscard]] bool isGenerating() const;
    [[nodiscard]] const CompareColumn& column(Side side) const { return m_columns[side]; }
    /// What the models read before the first word: the prompt, or what the chat template made of it.
    [[nodiscard]] const QString& prompt() const { return m_prompt; }
    [[nodiscard]] CompareMode mode() const { return m_mode; }
    /// Index of the first token that differs; -1 as long as the columns agree.
    [[nodiscard]] int divergence() const { return m_divergence; }
    /// Overlap of the recipe's text with the original's, once both wrote to their end; nullopt: not yet, or one text.
    [[nodiscard]] const std::optional<TextOverlap>& overlap() const { return m_overlap; }
    /// Tokens of a column, ascending, where the models' likeliest tokens differ, and where the texts part.
    [[nodiscard]] QList<int> divergences(Side side) const;
    /// The recipe was edited since its column was generated.
    [[nodiscard]] bool isStale() const;

    /// Which text is whose is hidden.
    [[nodiscard]] bool isBlind() const { return m_blind && !m_vote; }
    /// Why there is nothing to vote on although a blind comparison was asked for; empty: there is, or none was.
    [[nodiscard]] QString blindObstacle() const { return m_blindObstacle.spokenNow(); }
    /// The seed of the texts that are shown.
    [[nodiscard]] uint64_t seed() const { return m_sampling.seed; }
    [[nodiscard]] bool canVote() const;
    /// The side that stands in a place: 0 is left. Shuffled when blind.
    [[nodiscard]] Side sideAt(int place) const { return Side(m_swapped ? 1 - place : place); }
    void vote(Vote vote);
    /// The vote on the texts that are shown.
    [[nodiscard]] const std::optional<Vote>& lastVote() const { return m_vote; }
    [[nodiscard]] const VoteTally& tally() const { return m_tally; }
    void setTally(const VoteTally& tally);

    /// Null: nothing can be run.
    [[nodiscard]] std::shared_ptr<const Tokenizer> tokenizer() const;
    /// Null: the checkpoint comes without one.
    [[nodiscard]] const ChatTemplate* chatTemplate() const;

  signals:
    void started();
    void tokenAdded(halftone::app::CompareService::Side side);
    void comparisonsAdded();
    void stateChanged();

  private:
    struct Outcome;
    struct Request;
    struct Forced;
    struct Part;
    static Result<std::shared_ptr<Outcome>> generate(ModelJobs& modelJobs, Request request, const JobControl& control,
                                                     const std::function<void(Side, const GeneratedToken&)>& onToken);
    static Status generateSides(const Request& request, const std::array<Executable*, 2>& executables, Outcome& outcome,
                                const JobContext& context,
                                const std::function<void(Side, const GeneratedToken&)>& onToken);
    static Result<Forced> tokenizeForced(const Request& request);
    static Result<bool> compare(ModelJobs& modelJobs, Request request, std::array<Forced, 2> texts,
                                const JobControl& control, const std::function<void(Part)>& onPart);
    [[nodiscard]] std::optional<QString> promptFor(const CompareOptions& options);
    void startGeneration(const std::shared_ptr<const Request>& request);
    void startComparison(const std::shared_ptr<const Request>& request);
    void addToken(Side side, const GeneratedToken& token);
    void addPart(const Part& part);
    void store(const Outcome& outcome);
    void failed(const Error& error);
    void refuseBlindness(const SpokenText& why);
    void checkBlindness();
    [[nodiscard]] static QString greedySentence();
    [[nodiscard]] std::vector<TokenId> idsOf(Side side) const;
    void rememberNames();

    ModelJobs& m_modelJobs;
    std::array<CompareColumn, 2> m_columns;
    QString m_prompt;
    CompareMode m_mode = CompareMode::FreeRunning;
    int m_divergence = -1;
    std::optional<TextOverlap> m_overlap;
    int m_run = 0;
    bool m_blind = false, m_swapped = false;
    std::optional<Vote> m_vote;
    SpokenText m_blindObstacle;
    NamedTexts m_named;
    SamplingOptions m_sampling;  ///< of the texts that are shown
    VoteTally m_tally;
};

}  // namespace halftone::app
