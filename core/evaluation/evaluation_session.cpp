// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/evaluation_session.h"

#include <algorithm>
#include <chrono>

#include "core/base/hash.h"
#include "core/evaluation/reference_builder.h"
#include "core/evaluation/window_scorer.h"

namespace halftone {
namespace {

using Clock = std::chrono::steady_clock;

/// Half width of a 95 % interval in standard errors.
constexpr double kInterval95 = 1.96;

double secondsSince(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

std::vector<int64_t> lengthsOf(std::span<const EvaluationWindow> windows) {
    std::vector<int64_t> lengths;
    for (const EvaluationWindow& window : windows) lengths.push_back(static_cast<int64_t>(window.tokens.size()));
    return lengths;
}

int64_t tokenCount(std::span<const EvaluationWindow> windows) {
    int64_t total = 0;
    for (const EvaluationWindow& window : windows) total += static_cast<int64_t>(window.tokens.size());
    return total;
}

}  // namespace

/// One call of evaluate() or probe().
struct EvaluationSession::Run {
    const ModelWeights& weights;
    StateUse use;
    WeightSignatures::Chain chain;
    ScoreSet& scores;
    const ScoreSet* baseline;  // null: none
    FiguresBuilder figures;
    SessionFigures out;
    RunningMean kldChange{}, nllChange{};
    RegressionMean kldOfWhole{};
    Clock::time_point start = Clock::now();
    bool hasWeights = false;  // the executable has been given them
    std::vector<bool> isNew;  // windows that this call has run
};

EvaluationSession::EvaluationSession(Executable& executable, ModelWeights original,
                                     std::vector<EvaluationWindow> windows, const Protocol& protocol,
                                     const SessionOptions& options)
    : m_executable(executable),
      m_original(std::move(original)),
      m_windows(std::move(windows)),
      m_protocol(protocol),
      m_options(options),
      m_signatures(executable.graph(), m_original),
      m_boundaries(lengthsOf(m_windows), static_cast<int>(executable.graph().config.blockCount),
                   executable.graph().values[static_cast<size_t>(executable.graph().hidden)].width, options.precision,
                   options.boundaryBytes),
      m_scorer(std::make_unique<WindowScorer>(ModelRun(executable, options.format), m_windows, nullptr)) {}

EvaluationSession::~EvaluationSession() = default;

Result<std::unique_ptr<EvaluationSession>> EvaluationSession::create(Executable& executable, ModelWeights original,
                                                                     std::vector<EvaluationWindow> windows,
                                                                     const Protocol& protocol,
                                                                     const SessionOptions& options) {
    if (windows.empty()) return makeError(ErrorCode::kInvalidArgument, "There is no window to evaluate.");
    HT_ASSIGN_OR_RETURN(std::string note, checkContextLength(executable.graph().config, protocol.contextLength));
    HT_TRY(checkRunFormat(executable.graph(), options.format));
    std::unique_ptr<EvaluationSession> session(
        new EvaluationSession(executable, std::move(original), std::move(windows), protocol, options));
    session->m_note = std::move(note);
    return session;
}

Status EvaluationSession::setReference(std::shared_ptr<const ReferenceRun> reference) {
    if (reference) HT_TRY(checkSameRun(m_executable, m_windows, m_protocol, *reference));
    m_reference = std::move(reference);
    remakeScorer();
    m_scores.clear();
    m_baseline = 0;
    return {};
}

Status EvaluationSession::setFormat(RunFormat format) {
    HT_TRY(checkRunFormat(m_executable.graph(), format));
    m_options.format = std::move(format);
    remakeScorer();
    return {};
}

void EvaluationSession::remakeScorer() {
    m_scorer = std::make_unique<WindowScorer>(ModelRun(m_executable, m_options.format), m_windows, m_reference.get());
}

/// Signatures of states made in the session's format: of everything after the embedding, which no format touches.
WeightSignatures::Chain EvaluationSession::chainOf(const ModelWeights& weights, const JobContext& context) {
    WeightSignatures::Chain chain = m_signatures.of(weights, context);
    const uint64_t format = m_options.format.signature();
    if (format == 0) return chain;
    const auto mix = [&](uint64_t& signature) {
        signature = hashBytes(std::as_bytes(std::span(&format, 1)), signature);
    };
    for (size_t block = 1; block < chain.boundary.size(); ++block) mix(chain.boundary[block]);
    mix(chain.whole);
    return chain;
}

Result<std::shared_ptr<const ReferenceRun>> EvaluationSession::runReference(int64_t maxBytes,
                                                                            const SessionObserver& observer,
                                                                            const JobContext& context,
                                                                            const ReferenceStoreOptions& store) {
    if (!m_builder) {
        auto builder =
            std::make_unique<ReferenceRunBuilder>(m_executable.graph().config.vocabSize, m_windows, m_protocol, store);
        HT_TRY(builder->reserve(maxBytes));
        m_builder = std::move(builder);
    }
    m_referenceScorer = std::make_unique<WindowScorer>(m_executable, m_windows, nullptr);
    HT_TRY(m_executable.updateWeights(m_original, context));
    const WeightSignatures::Chain chain = m_signatures.of(m_original, context);
    context.start("Evaluating the original", tokenCount(m_windows), "tokens");
    const auto start = Clock::now();
    SessionFigures running;
    running.totalWindows = static_cast<int64_t>(m_windows.size());
    context.advance(tokenCount(std::span(m_windows).first(m_builder->windowsDone())));
    const auto finish = [&](size_t window) {
        m_builder->finishWindow(m_windows[window], secondsSince(start));
        running.result = m_builder->running();
        if (observer) observer(running);
        context.advance(std::ssize(m_windows[window].tokens));
    };
    const auto begin = [&](size_t window) { return startOf(window, chain, StateUse::kReplace); };
    while (m_builder->windowsDone() < m_windows.size()) {
        HT_TRY(context.checkpoint());
        HT_TRY(addReferenceWindows({*m_referenceScorer, *m_builder, m_windows, begin, finish}, context));
    }
    HT_TRY(setReference(m_builder->finish(m_note)));
    m_builder.reset();
    m_referenceScorer.reset();
    return m_reference;
}

/// The last state that is kept of a window; states between later blocks are kept where `use` says so.
WindowStart EvaluationSession::startOf(size_t window, const WeightSignatures::Chain& chain, StateUse use) {
    WindowStart start;
    start.firstBlock = m_boundaries.latest(window, chain.boundary);
    if (start.firstBlock > 0) {
        const auto hidden = m_boundaries.get(window, start.firstBlock);
        start.hidden.assign(hidden.begin(), hidden.end());
    }
    if (use == StateUse::kReplace && m_boundaries.keepsAfter(start.firstBlock)) {
        start.boundarySink = [this, window, &chain](int block, std::span<const float> hidden) {
            return m_boundaries.put(window, block, chain.boundary[static_cast<size_t>(block)], hidden);
        };
    }
    return start;
}

Result<SessionFigures> EvaluationSession::evaluate(const ModelWeights& weights, const StopRule& stop,
                                                   const SessionObserver& observer, const JobContext& context) {
    return run(weights, StateUse::kReplace, stop, observer, context);
}

Result<SessionFigures> EvaluationSession::probe(const ModelWeights& weights, const StopRule& stop,
                                                const SessionObserver& observer, const JobContext& context) {
    return run(weights, StateUse::kKeep, stop, observer, context);
}

Result<SessionFigures> EvaluationSession::run(const ModelWeights& weights, StateUse use, const StopRule& stop,
                                              const SessionObserver& observer, const JobContext& context) {
    HT_TRY(checkSlots(weights));
    WeightSignatures::Chain chain = chainOf(weights, context);
    if (use == StateUse::kReplace) followEdit(chain);
    trimScores();
    ScoreSet& scores = scoresOf(chain.whole);
    Run run{.weights = weights,
            .use = use,
            .chain = std::move(chain),
            .scores = scores,
            .baseline = findScores(m_baseline),
            .figures = FiguresBuilder(m_protocol, m_reference != nullptr, m_options.format),
            .out = {},
            .isNew = std::vector<bool>(m_windows.size())};
    run.out.totalWindows = static_cast<int64_t>(m_windows.size());
    context.start("Evaluating", tokenCount(m_windows), "tokens");
    for (size_t window = 0; window < m_windows.size() && !run.out.stoppedEarly; ++window) {
        HT_TRY(runWindows(run, window, context));
        addWindow(run, window);
        context.advance(static_cast<int64_t>(m_windows[window].tokens.size()));
        if (observer) observer(run.out);
        run.out.stoppedEarly = window + 1 < m_windows.size() && mayStop(run.out, stop);
    }
    run.out.result = run.figures.finish();
    describe(run.out.result);
    if (use == StateUse::kReplace && !run.out.stoppedEarly) {
        m_baseline = run.chain.whole;
        m_baselineKld = run.out.result.reference ? run.out.result.reference->kld : Estimate();
    }
    return std::move(run.out);
}

// What a complete run and a running figure say besides numbers.
void EvaluationSession::describe(EvaluationResult& result) const {
    if (m_reference) {
        result.reference->floor = m_reference->storeError();
        result.notes = m_reference->result().notes;
    } else if (!m_note.empty()) {
        result.notes = {m_note};
    }
}

Status EvaluationSession::checkSlots(const ModelWeights& weights) const {
    if (weights.size() == m_original.size()) return {};
    return makeError(ErrorCode::kInvalidArgument, "The weights to evaluate belong to another model.");
}

/// Lets the movable boundary follow to the first block that differs from the weights evaluated last.
void EvaluationSession::followEdit(const WeightSignatures::Chain& chain) {
    const std::vector<uint64_t>& last = m_lastChain.boundary;
    if (!last.empty() && last != chain.boundary) {
        const auto differing = std::ranges::mismatch(last, chain.boundary).in1 - last.begin();
        m_boundaries.moveTo(static_cast<int>(differing) - 1);
    }
    m_lastChain = chain;
}

/// Scores window `first`, and those after it that are worth running with it.
Status EvaluationSession::runWindows(Run& run, size_t first, const JobContext& context) {
    if (run.scores.windows[first]) {
        if (!run.isNew[first]) ++run.out.windowsReused;
        return {};
    }
    HT_TRY(context.checkpoint());
    if (!run.hasWeights) HT_TRY(m_executable.updateWeights(run.weights, context));
    run.hasWeights = true;
    std::vector<size_t> missing;
    for (size_t window = first; window < m_windows.size(); ++window)
        if (!run.scores.windows[window]) missing.push_back(window);
    HT_ASSIGN_OR_RETURN(const size_t count, m_scorer->countTogether(missing));
    std::vector<WindowPart> parts;
    for (const size_t window : std::span(missing).first(count))
        parts.push_back({.window = window, .start = startOf(window, run.chain, run.use)});
    HT_ASSIGN_OR_RETURN(auto scores, m_scorer->score(parts, context));
    for (size_t i = 0; i < count; ++i) {
        run.scores.windows[parts[i].window] = std::move(scores[i]);
        run.isNew[parts[i].window] = true;
        run.out.blocksRun += m_executable.graph().config.blockCount - parts[i].start.firstBlock;
    }
    return {};
}

void EvaluationSession::addWindow(Run& run, size_t window) {
    const std::vector<TokenScore>& scores = *run.scores.windows[window];
    for (const TokenScore& score : scores) run.figures.add(score);
    run.figures.finishWindow(m_windows[window], secondsSince(run.start));
    run.out.result = run.figures.summary();
    describe(run.out.result);
    if (run.baseline) {
        for (size_t i = 0; i < scores.size(); ++i) {
            const TokenScore& before = (*run.baseline->windows[window])[i];
            run.kldChange.add(scores[i].kld - before.kld);
            run.nllChange.add(scores[i].nll - before.nll);
            run.kldOfWhole.add(scores[i].kld, before.kld);
        }
        run.out.nllChange = run.nllChange.estimate();
    }
    if (!m_reference) return;
    run.out.projectedKld = run.out.result.reference->kld;
    if (!run.baseline) return;
    run.out.kldChange = run.kldChange.estimate();
    run.out.projectedKld = run.kldOfWhole.estimate(m_baselineKld.mean);
}

bool EvaluationSession::mayStop(const SessionFigures& figures, const StopRule& stop) {
    if (!figures.projectedKld || figures.result.windows < stop.minWindows) return false;
    const double wide =
        std::max(stop.divergenceHalfWidth, stop.relativeHalfWidth * std::abs(figures.projectedKld->mean));
    return wide > 0 && kInterval95 * figures.projectedKld->standardError <= wide;
}

EvaluationSession::ScoreSet* EvaluationSession::findScores(uint64_t signature) {
    const auto found = std::ranges::find(m_scores, signature, &ScoreSet::signature);
    return found == m_scores.end() ? nullptr : &*found;
}

EvaluationSession::ScoreSet& EvaluationSession::scoresOf(uint64_t signature) {
    const auto found = std::ranges::find(m_scores, signature, &ScoreSet::signature);
    if (found != m_scores.end()) {
        m_scores.splice(m_scores.begin(), m_scores, found);
    } else {
        m_scores.push_front({signature, {}});
        m_scores.front().windows.resize(m_windows.size());
    }
    return m_scores.front();
}

/// Makes room for the scores of one more run: forgets those used longest ago, but never the baseline's.
void EvaluationSession::trimScores() {
    const auto perSet = static_cast<int64_t>(sizeof(TokenScore)) * std::max<int64_t>(1, scoredCount(m_windows));
    const auto most = static_cast<size_t>(std::max<int64_t>(2, m_options.scoreBytes / perSet));
    while (m_scores.size() > most) {
        auto last = std::prev(m_scores.end());
        if (last->signature == m_baseline) last = std::prev(last);
        m_scores.erase(last);
    }
}

int EvaluationSession::firstBlockFor(const ModelWeights& weights, const JobContext& context) {
    const WeightSignatures::Chain chain = chainOf(weights, context);
    const ScoreSet* scores = findScores(chain.whole);
    int first = static_cast<int>(m_executable.graph().config.blockCount) + 1;
    for (size_t window = 0; window < m_windows.size(); ++window) {
        if (scores && scores->windows[window]) continue;
        first = std::min(first, m_boundaries.latest(window, chain.boundary));
    }
    return first;
}

}  // namespace halftone
