// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/session/compare_service.h"

#include <QRandomGenerator>

#include <algorithm>
#include <thread>

#include "app/language/core_text.h"
#include "app/session/message_log.h"
#include "app/session/recipe_editor.h"
#include "app/session/turn_taking.h"

namespace halftone::app {

namespace {
const QString kTag = QStringLiteral("compare");
const QString kPredictionsTag = QStringLiteral("compare-predictions");
/// Column of the side that reads; there is one text only.
constexpr auto kForcedSide = CompareService::Original;
}  // namespace

struct CompareService::Request {
    int run = 0;  ///< what comes in after the next start() belongs to no column any more
    CompareOptions options;
    std::string prompt;
    EngineRequest engineRequest;
    WeightsRequest weights;
    std::shared_ptr<Engine> engine;
};

struct CompareService::Outcome {
    std::array<std::optional<Result<GenerateResult>>, 2> results;
    std::optional<TextOverlap> overlap;
};

/// A text that both models read; predictions of ids[begin] and what follows are wanted.
struct CompareService::Forced {
    std::vector<TokenId> ids;
    size_t begin = 0;
};

/// Predictions of consecutive tokens of one column, and the tokens themselves where the column has none yet.
struct CompareService::Part {
    Side side = Original;
    std::vector<TokenComparison> comparisons;
    QList<GeneratedToken> tokens;
    std::optional<std::string> prompt;  ///< what stands before the first token
};

CompareService::CompareService(ModelJobs& modelJobs, QObject* parent) : QObject(parent), m_modelJobs(modelJobs) {
    connect(&m_modelJobs.recipe(), &RecipeEditor::changed, this, &CompareService::stateChanged);
}

void CompareService::reset() {
    stop();
    ++m_run;
    m_columns = {};
    m_prompt.clear();
    m_divergence = -1;
    m_overlap.reset();
    m_mode = CompareMode::FreeRunning;
    m_blind = m_swapped = false;
    m_vote.reset();
    m_blindObstacle = {};
    m_named.clear();
    m_tally = {};
    emit started();
    emit stateChanged();
}

bool CompareService::isGenerating() const {
    return m_modelJobs.jobs().hasTag(kTag);
}

bool CompareService::isRunning() const {
    return isGenerating() || m_modelJobs.jobs().hasTag(kPredictionsTag);
}

bool CompareService::isStale() const {
    const auto& column = m_columns[m_mode == CompareMode::FreeRunning ? Quantized : kForcedSide];
    return !column.tokens.isEmpty() && m_columns[Quantized].weightsKey != m_modelJobs.weightsKey();
}

void CompareService::stop() {
    m_modelJobs.jobs().cancelTag(kTag);
    m_modelJobs.jobs().cancelTag(kPredictionsTag);
}

std::shared_ptr<const Tokenizer> CompareService::tokenizer() const {
    const auto& model = m_modelJobs.model();
    return model ? model->tokenizer : nullptr;
}

const ChatTemplate* CompareService::chatTemplate() const {
    const auto& model = m_modelJobs.model();
    return model && model->chatTemplate ? &*model->chatTemplate : nullptr;
}

QString CompareService::greedySentence() {
    return tr(
        "The texts of this prompt were shown with their names, and without chance (temperature 0 or top-k 1) they come "
        "out the same again: a vote would not be blind. Take another prompt or a temperature above 0.");
}

/// Of two texts that were both written.
static std::optional<TextOverlap> overlapOf(const std::array<std::optional<Result<GenerateResult>>, 2>& results) {
    std::array<std::vector<TokenId>, 2> ids;
    for (size_t side = 0; side < 2; ++side) {
        if (!results[side] || !*results[side]) return std::nullopt;
        for (const auto& token : (*results[side])->tokens) ids[side].push_back(token.id);
    }
    TextOverlap overlap;
    overlap.add(ids[CompareService::Original], ids[CompareService::Quantized]);
    return overlap;
}

Status CompareService::generateSides(const Request& request, const std::array<Executable*, 2>& executables,
                                     Outcome& outcome, const JobContext& context,
                                     const std::function<void(Side, const GeneratedToken&)>& onToken) {
    TurnTaking turns;
    const JobContext quiet{context.stop, nullptr, context.pool};
    const auto generateOne = [&](Side side) {
        turns.await(side);
        outcome.results[side] = generateText(
            *executables[side], request.engineRequest.model->tokenizer, request.prompt, request.options.generate,
            [&](const GeneratedToken& token) {
                context.advance(1);
                onToken(side, token);
                turns.pass(side);
            },
            quiet);
        turns.leave(side);
    };
    if (request.options.mode == CompareMode::FreeRunning) {
        const std::jthread second([&] { generateOne(Quantized); });
        generateOne(Original);
    } else {
        turns.leave(Quantized);
        generateOne(Original);
    }
    for (const auto& result : outcome.results) {
        if (result && !*result && result->error().code == ErrorCode::kDeviceLost)
            return tl::unexpected(result->error());
    }
    return {};
}

Result<std::shared_ptr<CompareService::Outcome>> CompareService::generate(
    ModelJobs& modelJobs, Request request, const JobControl& control,
    const std::function<void(Side, const GeneratedToken&)>& onToken) {
    using Shared = std::shared_ptr<Outcome>;
    const auto& context = control.context();
    return request.engine->run<Shared>(request.engineRequest, modelJobs.lostHandler(control), [&]() -> Result<Shared> {
        const bool both = request.options.mode == CompareMode::FreeRunning;
        std::array<Executable*, 2> executables{};
        HT_ASSIGN_OR_RETURN(executables[Original], request.engine->original(request.engineRequest, context));
        if (both) {
            HT_ASSIGN_OR_RETURN(executables[Quantized],
                                request.engine->quantized(request.engineRequest, request.weights, context));
        }
        context.start("generating", (both ? 2 : 1) * request.options.generate.maxTokens, "tokens");
        auto outcome = std::make_shared<Outcome>();
        HT_TRY(generateSides(request, executables, *outcome, context, onToken));
        outcome->overlap = overlapOf(outcome->results);
        return outcome;
    });
}

/// Ids of prompt and text together; the text begins where they stop being those of the prompt alone.
Result<CompareService::Forced> CompareService::tokenizeForced(const Request& request) {
    const auto& tokenizer = *request.engineRequest.model->tokenizer;
    const EncodeTextOptions options{.addSpecial = true, .parseSpecial = true};
    HT_ASSIGN_OR_RETURN(const auto prompt, tokenizer.encode(request.prompt, options));
    Forced forced;
    HT_ASSIGN_OR_RETURN(forced.ids, tokenizer.encode(request.prompt + request.options.text.toStdString(), options));
    const auto parted = std::ranges::mismatch(prompt, forced.ids).in2 - forced.ids.begin();
    // The first token has nothing before it that could predict it.
    forced.begin = std::max<size_t>(1, size_t(parted));
    return forced;
}

/// Predictions of both models along each text. Where both columns say the same, one run serves both.
Result<bool> CompareService::compare(ModelJobs& modelJobs, Request request, std::array<Forced, 2> texts,
                                     const JobControl& control, const std::function<void(Part)>& onPart) {
    const auto& context = control.context();
    return request.engine->run<bool>(request.engineRequest, modelJobs.lostHandler(control), [&]() -> Result<bool> {
        const auto& tokenizer = request.engineRequest.model->tokenizer;
        if (request.options.mode == CompareMode::ForcedText) {
            HT_ASSIGN_OR_RETURN(texts[kForcedSide], tokenizeForced(request));
            const std::span ids(texts[kForcedSide].ids);
            Part words{.side = kForcedSide};
            words.prompt = tokenizer->decode(ids.first(std::min(ids.size(), texts[kForcedSide].begin)));
            TextStream stream(tokenizer);
            for (const TokenId id : ids.subspan(std::min(ids.size(), texts[kForcedSide].begin)))
                words.tokens.append(GeneratedToken{id, stream.push(id), {}});
            if (!words.tokens.isEmpty()) words.tokens.last().text += stream.finish();
            onPart(std::move(words));
        }
        HT_ASSIGN_OR_RETURN(auto* original, request.engine->original(request.engineRequest, context));
        HT_ASSIGN_OR_RETURN(auto* quantized,
                            request.engine->quantized(request.engineRequest, request.weights, context));
        const bool areSame = texts[Original].ids == texts[Quantized].ids;
        for (const Side side : {Original, Quantized}) {
            const auto& text = texts[side];
            if (text.ids.empty() || (side == Quantized && areSame)) continue;
            const auto sink = [&](int64_t, std::span<const TokenComparison> part) {
                onPart({.side = side, .comparisons = {part.begin(), part.end()}});
                if (areSame) onPart({.side = Quantized, .comparisons = {part.begin(), part.end()}});
            };
            HT_TRY(compareTokens(*original, *quantized, text.ids, int64_t(text.begin), sink, context));
        }
        return true;
    });
}

/// What the models are to read; nullopt after a warning where the chat template is not known.
std::optional<QString> CompareService::promptFor(const CompareOptions& options) {
    const auto* chat = chatTemplate();
    if (!options.chatTemplate || !chat) return options.prompt;
    const auto rendered = chat->render(options.prompt.toStdString(), *tokenizer());
    if (rendered) return QString::fromStdString(*rendered);
    m_modelJobs.messages().warn([error = rendered.error()] { return errorText(error); });
    return std::nullopt;
}

void CompareService::start(const CompareOptions& given) {
    if (const QString why = m_modelJobs.whyNot(); !why.isEmpty()) {
        m_modelJobs.messages().warn(why);
        return;
    }
    CompareOptions options = given;
    const auto prompt = promptFor(options);
    if (!prompt) return;
    options.blind = options.blind && options.mode == CompareMode::FreeRunning;
    auto& sampling = options.generate.sampling;
    if (options.blind) {
        const auto seed = m_named.freshSeed(prompt->toStdString(), sampling);
        if (!seed) return refuseBlindness(greedySentence);
        sampling.seed = *seed;
    }
    stop();
    m_columns = {};
    m_columns[Quantized].weightsKey = m_modelJobs.weightsKey();
    m_divergence = -1;
    m_overlap.reset();
    m_prompt = *prompt;
    m_mode = options.mode;
    m_sampling = sampling;
    m_blindObstacle = {};
    m_blind = options.blind;
    m_swapped = m_blind && QRandomGenerator::global()->bounded(2) == 1;
    m_vote.reset();
    const auto request =
        std::make_shared<const Request>(Request{++m_run, options, m_prompt.toStdString(), m_modelJobs.engineRequest(),
                                                m_modelJobs.weightsRequest(), m_modelJobs.engine()});
    if (options.mode == CompareMode::ForcedText) {
        startComparison(request);
    } else {
        if (!m_blind) m_named.add(request->prompt, m_sampling);
        startGeneration(request);
    }
    emit started();
    emit stateChanged();
}

void CompareService::startGeneration(const std::shared_ptr<const Request>& request) {
    m_modelJobs.jobs().start<std::shared_ptr<Outcome>>(
        {tr("Generating text"), JobLane::Compute, kTag}, this,
        [this, request](const JobControl& control) {
            return generate(m_modelJobs, *request, control,
                            [this, request, &control](Side side, const GeneratedToken& token) {
                                control.post([this, request, side, token] {
                                    if (request->run == m_run) addToken(side, token);
                                });
                            });
        },
        [this, request](const Result<std::shared_ptr<Outcome>>& outcome) {
            if (request->run != m_run) return;
            if (outcome) {
                store(**outcome);
                checkBlindness();
                startComparison(request);
            } else {
                failed(outcome.error());
            }
            emit stateChanged();
        });
}

void CompareService::startComparison(const std::shared_ptr<const Request>& request) {
    std::array<Forced, 2> texts;
    for (const Side side : {Original, Quantized}) {
        const auto& column = m_columns[side];
        if (column.tokens.isEmpty()) continue;
        texts[side] = {column.promptIds, column.promptIds.size()};
        for (const auto& token : column.tokens) texts[side].ids.push_back(token.id);
    }
    const bool isForced = request->options.mode == CompareMode::ForcedText;
    if (!isForced && texts[Original].ids.empty() && texts[Quantized].ids.empty()) return;
    m_modelJobs.jobs().start<bool>(
        {tr("Comparing predictions"), JobLane::Compute, kPredictionsTag}, this,
        [this, request, texts](const JobControl& control) {
            return compare(m_modelJobs, *request, texts, control, [this, request, &control](Part part) {
                control.post([this, request, part = std::move(part)] {
                    if (request->run == m_run) addPart(part);
                });
            });
        },
        [this, request](const Result<bool>& done) {
            if (request->run != m_run) return;
            if (!done) failed(done.error());
            emit stateChanged();
        });
}

void CompareService::failed(const Error& error) {
    if (error.code == ErrorCode::kCancelled) return;
    for (auto& column : m_columns) column.problem = errorText(error);
    m_modelJobs.messages().fail([] { return tr("Comparison"); }, error);
}

void CompareService::addToken(Side side, const GeneratedToken& token) {
    m_columns[side].tokens.append(token);
    const auto& first = m_columns[Original].tokens;
    const auto& second = m_columns[Quantized].tokens;
    const int at = int(m_columns[side].tokens.size()) - 1;
    if (m_divergence < 0 && at < first.size() && at < second.size() && first[at].id != second[at].id) m_divergence = at;
    emit tokenAdded(side);
}

void CompareService::addPart(const Part& part) {
    auto& column = m_columns[part.side];
    if (part.prompt) {
        m_prompt = QString::fromStdString(*part.prompt);
        emit started();
    }
    if (!part.tokens.isEmpty()) {
        column.tokens = part.tokens;
        column.finished = true;
        emit tokenAdded(part.side);
    }
    column.comparisons.insert(column.comparisons.end(), part.comparisons.begin(), part.comparisons.end());
    emit comparisonsAdded();
}

void CompareService::store(const Outcome& outcome) {
    m_overlap = outcome.overlap;
    for (const Side side : {Original, Quantized}) {
        auto& column = m_columns[side];
        const auto& result = outcome.results[side];
        if (!result) continue;
        column.finished = true;
        if (!*result) {
            if (result->error().code == ErrorCode::kCancelled) continue;
            column.problem = errorText(result->error());
            m_modelJobs.messages().fail([] { return tr("Generation"); }, result->error());
            continue;
        }
        column.reason = (*result)->reason;
        column.promptSeconds = (*result)->promptSeconds;
        column.generateSeconds = (*result)->generateSeconds;
        column.promptIds = (*result)->promptIds;
    }
}

/// Says why there is no blind vote, until the next start.
void CompareService::refuseBlindness(const SpokenText& why) {
    m_blindObstacle = why;
    m_modelJobs.messages().warn(why);
    emit stateChanged();
}

std::vector<TokenId> CompareService::idsOf(Side side) const {
    std::vector<TokenId> ids;
    for (const auto& token : m_columns[side].tokens) ids.push_back(token.id);
    return ids;
}

/// Once both texts are there: another seed may have given the same words, and equal texts have no better one.
void CompareService::checkBlindness() {
    const auto prompt = m_prompt.toStdString();
    if (m_mode != CompareMode::ForcedText && !m_blind) rememberNames();
    if (!isBlind()) return;
    const auto first = idsOf(Original), second = idsOf(Quantized);
    const bool areSame = first == second && !first.empty();
    if (!areSame && !m_named.contains(prompt, first) && !m_named.contains(prompt, second)) return;
    m_blind = false;
    rememberNames();
    refuseBlindness([areSame] {
        return areSame ? tr("Both texts are the same: there is nothing to vote on.")
                       : tr("A text of this prompt came out as one that was shown with its name, so a vote would not "
                            "be blind. Another prompt or a higher temperature gives other texts.");
    });
}

/// What is shown has its names now.
void CompareService::rememberNames() {
    const auto prompt = m_prompt.toStdString();
    m_named.add(prompt, m_sampling);
    for (const Side side : {Original, Quantized}) m_named.add(prompt, idsOf(side));
}

QList<int> CompareService::divergences(Side side) const {
    QList<int> found;
    const auto& comparisons = m_columns[side].comparisons;
    const int count = std::max(int(comparisons.size()), m_divergence + 1);
    for (int i = 0; i < count; ++i) {
        const bool disagrees = size_t(i) < comparisons.size() && !comparisons[size_t(i)].topAgrees();
        if (disagrees || i == m_divergence) found.append(i);
    }
    return found;
}

bool CompareService::canVote() const {
    return isBlind() && !isGenerating() && !m_columns[Original].tokens.isEmpty() &&
           !m_columns[Quantized].tokens.isEmpty();
}

void CompareService::vote(Vote vote) {
    if (!canVote()) return;
    if (vote == Vote::Tie) {
        ++m_tally.ties;
    } else {
        ++(sideAt(vote == Vote::Left ? 0 : 1) == Original ? m_tally.original : m_tally.recipe);
    }
    m_vote = vote;
    rememberNames();
    emit stateChanged();
}

void CompareService::setTally(const VoteTally& tally) {
    m_tally = tally;
    emit stateChanged();
}

}  // namespace halftone::app
