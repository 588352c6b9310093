// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/session/evaluation_service.h"

#include <QFileInfo>

#include <algorithm>

#include "app/language/core_text.h"
#include "app/session/message_log.h"
#include "app/session/recipe_editor.h"
#include "core/base/hash.h"
#include "core/pipeline/activation_scales.h"

namespace halftone::app {

namespace {
const QString kTag = QStringLiteral("evaluation");
const QString kSeriesTag = QStringLiteral("evaluation series");
/// Of figures per token, over all runs.
constexpr qint64 kMostTokenBytes = qint64(128) << 20;
constexpr size_t kP99 = 5;  // place of 99 % in kKldPercentiles
static_assert(kKldPercentiles[kP99] == 99);

qint64 tokenBytes(const EvaluationRun& run) {
    const auto& result = run.result;
    return qint64((result.tokenNll.size() + result.tokenReferenceNll.size() + result.tokenKld.size()) * sizeof(float));
}

/// Tokens a second, unless states of an earlier run stood in for a part of the work.
std::optional<double> speedOf(const SessionFigures& figures, int64_t blockCount) {
    const auto& result = figures.result;
    const bool isWhole = figures.windowsReused == 0 && figures.blocksRun == result.windows * blockCount;
    if (!isWhole || !(result.seconds > 0)) return std::nullopt;
    return double(result.tokens) / result.seconds;
}
}  // namespace

bool EvaluationOptions::sameOriginal(const EvaluationOptions& other) const {
    return textPath == other.textPath && protocol == other.protocol && maxWindows == other.maxWindows;
}

bool EvaluationOptions::sameMeasurement(const EvaluationOptions& other) const {
    return sameOriginal(other) && format.cache == other.format.cache &&
           format.activations.rounding == other.format.activations.rounding;
}

/// What a job takes along.
struct EvaluationService::Request {
    EvaluationTarget target{};
    EvaluationOptions options;
    EngineRequest engineRequest;
    WeightsRequest weights;
    std::shared_ptr<Engine> engine;
    Recipe recipe;
    bool ofSeries = false;
    int64_t bytes = 0;
    double bitsPerWeight = 0;
};

struct EvaluationService::Outcome {
    std::shared_ptr<const ReferenceRun> reference;
    bool referenceIsNew = false;
    std::optional<EvaluationResult> recipeResult;
    std::optional<double> originalSpeed, recipeSpeed;
    std::shared_ptr<const std::vector<EvaluationWindow>> windows;
    std::string device;
    std::vector<std::string> notes;

    void say(const std::string& sentence) {
        if (!sentence.empty()) notes.push_back(sentence);
    }
};

/// A preset that was changed by hand is another recipe, and is called so.
QString EvaluationService::nameOf(const Recipe& recipe) {
    const QString name = recipe.name.empty() ? tr("recipe") : coreText(recipe.name);
    const auto byHand = int(recipe.overriddenTensorCount());
    return byHand == 0 ? name : tr("%1 + %2 by hand").arg(name).arg(byHand);
}

void EvaluationService::setOverlap(quint64 weightsKey, const TextOverlap& overlap) {
    const OverlapFigures figures{overlap.bleu(), overlap.rougeL(), int(overlap.pairs())};
    m_overlaps[weightsKey] = figures;
    bool isShown = false;
    for (auto& run : m_runs) {
        if (run.target != EvaluationTarget::Recipe || run.isEarlier || run.weightsKey != weightsKey) continue;
        run.overlap = figures;
        isShown = true;
    }
    m_modelJobs.messages().note([figures, isShown] {
        const QString text = tr("BLEU %1, ROUGE-L %2 over %n prompts.", nullptr, figures.prompts)
                                 .arg(figures.bleu, 0, 'f', 3)
                                 .arg(figures.rougeL, 0, 'f', 3);
        return isShown ? text : text + QLatin1Char(' ') + tr("They stand in the table once the recipe is evaluated.");
    });
    emit stateChanged();
}

void EvaluationService::retranslate() {
    m_problem.clear();
    for (auto& run : m_runs) run.name = run.target == EvaluationTarget::Original ? tr("original") : nameOf(run.recipe);
    emit stateChanged();
}

EvaluationService::EvaluationService(ModelJobs& modelJobs, QObject* parent) : QObject(parent), m_modelJobs(modelJobs) {
    connect(&m_modelJobs.recipe(), &RecipeEditor::changed, this, &EvaluationService::followWeights);
}

void EvaluationService::followWeights() {
    const quint64 key = m_modelJobs.weightsKey();
    const bool isMeasured = std::ranges::any_of(m_runs, [&](const auto& run) { return isOfWeights(run, key); });
    if (isMeasured) m_measuredKey = key;
    emit stateChanged();
}

void EvaluationService::reset(std::shared_ptr<const Checkpoint> checkpoint) {
    m_modelJobs.jobs().cancelTag(kTag);
    cancelSeries();
    m_checkpoint = std::move(checkpoint);
    m_runs.clear();
    m_overlaps.clear();
    m_measuredKey.reset();
    m_running.reset();
    m_problem.clear();
    emit runsReset();
    emit stateChanged();
}

bool EvaluationService::isRunning() const {
    return m_modelJobs.jobs().hasTag(kTag);
}

void EvaluationService::takeBack(int run) {
    if (run < 0 || run >= int(m_runs.size()) || m_runs[run].target != EvaluationTarget::Recipe) return;
    m_modelJobs.recipe().apply(m_runs[run].recipe, [] { return tr("Take back the recipe of a run"); });
}

void EvaluationService::cancel() {
    m_modelJobs.jobs().cancelTag(kTag);
}

/// The format of a run, with its scales where it has some.
Result<RunFormat> EvaluationService::runFormatOf(const Request& request,
                                                 const std::map<std::string, std::vector<float>>& inputScales) {
    RunFormat format = request.options.format;
    if (format.activations.rounding != ActivationRounding::kInt8Static) return format;
    if (!request.weights.calibration) {
        return makeError(ErrorCode::kInvalidArgument,
                         "Static rounding of activations needs a calibration: calibrate on a text first.");
    }
    HT_ASSIGN_OR_RETURN(format.activations, staticActivations(*request.engineRequest.model->graph,
                                                              *request.weights.calibration, inputScales));
    return format;
}

Result<std::shared_ptr<EvaluationService::Outcome>> EvaluationService::evaluate(Request& request,
                                                                                const SessionObserver& observer,
                                                                                const Engine::LostHandler& lost,
                                                                                const JobContext& context) {
    using Shared = std::shared_ptr<Outcome>;
    const auto& protocol = request.options.protocol;
    const auto& model = *request.engineRequest.model;
    HT_ASSIGN_OR_RETURN(const auto note, checkContextLength(model.graph->config, protocol.contextLength));
    HT_ASSIGN_OR_RETURN(const auto tokens, tokenizeFile(model, request.options.textPath));
    HT_ASSIGN_OR_RETURN(const auto windows, makeWindows(tokens.ids, protocol, evaluationBos(protocol, *model.tokenizer),
                                                        request.options.maxWindows));
    auto& engine = *request.engine;
    return engine.run<Shared>(request.engineRequest, lost, [&]() -> Result<Shared> {
        auto outcome = std::make_shared<Outcome>();
        outcome->say(note);
        outcome->say(tokens.note);
        HT_ASSIGN_OR_RETURN(auto* session, engine.evaluation(request.engineRequest, windows, protocol, context));
        const bool isNew = session->reference() == nullptr;
        if (isNew) {
            HT_TRY(session->runReference(kMostReferenceBytes, observer, context));
            const auto& original = session->reference()->result();
            if (original.seconds > 0) outcome->originalSpeed = double(original.tokens) / original.seconds;
        }
        outcome->windows = std::make_shared<const std::vector<EvaluationWindow>>(windows);
        outcome->reference = session->reference();
        outcome->referenceIsNew = isNew || request.target == EvaluationTarget::Original;
        outcome->device = engine.deviceDescription();
        outcome->say(worseThanChanceNote(outcome->reference->result(), model.graph->config.vocabSize));
        if (request.target == EvaluationTarget::Original) return outcome;
        HT_ASSIGN_OR_RETURN(const auto applied, engine.recipeWeights(request.weights, context));
        for (const auto& said : applied.notes) outcome->say(said);
        HT_ASSIGN_OR_RETURN(RunFormat format, runFormatOf(request, applied.inputScales));
        HT_TRY(session->setFormat(std::move(format)));
        HT_ASSIGN_OR_RETURN(auto figures, session->evaluate(applied.weights, {}, observer, context));
        outcome->recipeSpeed = speedOf(figures, model.graph->config.blockCount);
        outcome->recipeResult = std::move(figures.result);
        return outcome;
    });
}

std::shared_ptr<EvaluationService::Request> EvaluationService::makeRequest(EvaluationTarget target,
                                                                           const EvaluationOptions& options) const {
    auto request = std::make_shared<Request>();
    request->target = target;
    request->options = options;
    request->engineRequest = m_modelJobs.engineRequest();
    request->weights = m_modelJobs.weightsRequest();
    request->engine = m_modelJobs.engine();
    request->recipe = m_modelJobs.recipe().recipe();
    const auto& totals = m_modelJobs.recipe().resolved().totals;
    request->bytes = totals.bytes;
    request->bitsPerWeight = totals.bitsPerWeight();
    return request;
}

void EvaluationService::start(EvaluationTarget target, const EvaluationOptions& options) {
    if (const QString why = m_modelJobs.whyNot(); !why.isEmpty()) {
        m_modelJobs.messages().warn(why);
        return;
    }
    m_problem.clear();
    m_running.reset();
    m_runningTarget = target;
    const auto request = makeRequest(target, options);
    const QString name = target == EvaluationTarget::Original ? tr("the original") : nameOf(request->recipe);
    m_modelJobs.jobs().start<std::shared_ptr<Outcome>>(
        {tr("Evaluating %1").arg(name), JobLane::Compute, kTag}, this,
        [this, request](const JobControl& control) {
            const auto observer = [this, &control](const SessionFigures& figures) {
                SessionFigures summary = figures;
                summary.result.tokenNll.clear();
                summary.result.tokenKld.clear();
                control.post([this, summary] {
                    m_running = summary;
                    emit stateChanged();
                });
            };
            return evaluate(*request, observer, m_modelJobs.lostHandler(control), control.context());
        },
        [this, request](Result<std::shared_ptr<Outcome>> outcome) {
            m_running.reset();
            if (outcome) {
                store(*request, std::move(**outcome));
            } else if (outcome.error().code != ErrorCode::kCancelled) {
                m_problem = errorText(outcome.error());
                m_modelJobs.messages().fail([] { return tr("Evaluation"); }, outcome.error());
            }
            emit stateChanged();
        });
    emit stateChanged();
}

void EvaluationService::startSeries(QList<Recipe> recipes, const EvaluationOptions& options) {
    if (const QString why = m_modelJobs.whyNot(); !why.isEmpty()) return m_modelJobs.messages().warn(why);
    cancelSeries();
    m_series = std::move(recipes);
    m_seriesOptions = options;
    continueSeries();
}

void EvaluationService::cancelSeries() {
    m_series.clear();
    m_modelJobs.jobs().cancelTag(kSeriesTag);
    emit stateChanged();
}

int EvaluationService::seriesLeft() const {
    return int(m_series.size()) + (m_modelJobs.jobs().hasTag(kSeriesTag) ? 1 : 0);
}

bool EvaluationService::hasRun(quint64 weightsKey, const EvaluationOptions& options) const {
    return std::ranges::any_of(m_runs, [&](const auto& run) {
        return isOfWeights(run, weightsKey) && !run.isEarlier && run.options.sameMeasurement(options);
    });
}

void EvaluationService::continueSeries() {
    std::shared_ptr<Request> request;
    while (!request && !m_series.isEmpty() && m_checkpoint) {
        auto next = makeRequest(EvaluationTarget::Recipe, m_seriesOptions);
        next->recipe = m_series.takeFirst();
        next->ofSeries = true;
        next->weights = m_modelJobs.weightsRequest(resolve(next->recipe, m_checkpoint->tensors()));
        next->bytes = next->weights.recipe.totals.bytes;
        next->bitsPerWeight = next->weights.recipe.totals.bitsPerWeight();
        if (!hasRun(next->weights.key, m_seriesOptions)) request = std::move(next);
    }
    if (!request) return emit stateChanged();
    m_modelJobs.jobs().start<std::shared_ptr<Outcome>>(
        {tr("Evaluating %1").arg(nameOf(request->recipe)), JobLane::Compute, kSeriesTag}, this,
        [this, request](const JobControl& control) {
            return evaluate(*request, {}, m_modelJobs.lostHandler(control), control.context());
        },
        [this, request](Result<std::shared_ptr<Outcome>> outcome) {
            if (outcome) {
                store(*request, std::move(**outcome));
                return continueSeries();
            }
            m_series.clear();
            if (outcome.error().code != ErrorCode::kCancelled)
                m_modelJobs.messages().fail([] { return tr("Evaluation"); }, outcome.error());
            emit stateChanged();
        });
    emit stateChanged();
}

void EvaluationService::store(const Request& request, Outcome outcome) {
    if (!m_checkpoint || request.engineRequest.model->checkpoint != m_checkpoint) return;
    QStringList notes;
    for (const auto& note : outcome.notes) notes << coreText(note);
    EvaluationRun run;
    run.options = request.options;
    run.note = notes.join(' ');
    // A run after every edit would say the same again and again.
    if (m_runs.isEmpty() || m_runs.last().note != run.note) {
        for (const auto& note : outcome.notes) m_modelJobs.messages().note([note] { return coreText(note); });
    }
    run.when = QDateTime::currentDateTimeUtc();
    if (outcome.referenceIsNew) {
        EvaluationRun original = run;
        original.target = EvaluationTarget::Original;
        original.name = tr("original");
        original.result = outcome.reference->result();
        const auto parameters = m_checkpoint->parameterCount();
        original.bytes = int64_t(m_checkpoint->totalTensorBytes());
        original.bitsPerWeight = parameters > 0 ? 8.0 * double(original.bytes) / double(parameters) : 0;
        original.result.device = outcome.device;
        original.tokensPerSecond = outcome.originalSpeed;
        addRun(std::move(original));
    }
    if (!outcome.recipeResult) return;
    run.target = EvaluationTarget::Recipe;
    run.recipe = request.recipe;
    run.name = nameOf(request.recipe);
    run.weightsKey = request.weights.key;
    run.ofSeries = request.ofSeries;
    run.result = std::move(*outcome.recipeResult);
    if (run.result.reference) run.storeError = run.result.reference->storeStandardError;
    run.result.device = outcome.device;
    run.bytes = request.bytes;
    run.bitsPerWeight = request.bitsPerWeight;
    run.tokensPerSecond = outcome.recipeSpeed;
    run.windows = outcome.windows;
    if (const auto found = m_overlaps.find(run.weightsKey); found != m_overlaps.end()) run.overlap = found->second;
    // Runs of one text share it; the last one usually is of the same.
    const auto last = std::find_if(m_runs.rbegin(), m_runs.rend(), [](const auto& earlier) { return earlier.windows; });
    if (last != m_runs.rend() && hashWindows(*last->windows) == hashWindows(*run.windows)) run.windows = last->windows;
    addRun(std::move(run));
}

void EvaluationService::addRun(EvaluationRun run) {
    if (run.target == EvaluationTarget::Recipe && !run.ofSeries && !run.isEarlier) m_measuredKey = run.weightsKey;
    m_runs.append(std::move(run));
    forgetOldTokens();
    emit runAdded(int(m_runs.size()) - 1);
}

/// Figures per token are kept for the newest runs, as many as there is room for, and always for the last.
void EvaluationService::forgetOldTokens() {
    qint64 bytes = 0;
    for (auto at = m_runs.size() - 1; at >= 0; --at) {
        const auto& run = std::as_const(m_runs)[at];
        bytes += tokenBytes(run);
        if (bytes <= kMostTokenBytes || at == m_runs.size() - 1 || tokenBytes(run) == 0) continue;
        auto& result = m_runs[at].result;
        for (auto* values : {&result.tokenNll, &result.tokenReferenceNll, &result.tokenKld})
            std::vector<float>().swap(*values);
        m_runs[at].windows.reset();
    }
}

bool EvaluationService::isOfWeights(const EvaluationRun& run, quint64 key) {
    return run.target == EvaluationTarget::Recipe && run.weightsKey == key && key != 0;
}

bool EvaluationService::isStale(const EvaluationRun& run) const {
    return run.target == EvaluationTarget::Recipe && run.weightsKey != m_modelJobs.weightsKey();
}

bool EvaluationService::isOfRecipeInWork(const EvaluationRun& run) const {
    return isOfWeights(run, m_modelJobs.weightsKey());
}

const EvaluationRun* EvaluationService::ofRecipe() const {
    if (m_modelJobs.recipe().changesNothing()) return nullptr;
    const auto latestOf = [this](quint64 key) {
        const auto found =
            std::find_if(m_runs.rbegin(), m_runs.rend(), [&](const auto& run) { return isOfWeights(run, key); });
        return found == m_runs.rend() ? nullptr : &*found;
    };
    if (const auto* fresh = latestOf(m_modelJobs.weightsKey())) return fresh;
    return m_measuredKey ? latestOf(*m_measuredKey) : nullptr;
}

bool EvaluationService::wantsFollowUp(const EvaluationOptions& options) const {
    bool hasOriginal = false;
    for (const auto& run : m_runs) {
        if (run.isEarlier || !run.options.sameOriginal(options)) continue;
        if (run.target == EvaluationTarget::Original) hasOriginal = true;
        const bool isOfRecipe = run.target == EvaluationTarget::Recipe && run.options.sameMeasurement(options);
        if (isOfRecipe && !isStale(run)) return false;
    }
    return hasOriginal && !(m_modelJobs.recipe().changesNothing() && options.format.isFull());
}

const EvaluationRun* EvaluationService::latest(EvaluationTarget target) const {
    const auto found =
        std::find_if(m_runs.rbegin(), m_runs.rend(), [&](const auto& run) { return run.target == target; });
    return found == m_runs.rend() ? nullptr : &*found;
}

std::vector<RecordedRun> EvaluationService::recordedRuns() const {
    std::vector<RecordedRun> recorded;
    for (const auto& run : m_runs) {
        RecordedRun record;
        if (run.target == EvaluationTarget::Recipe) record.recipeText = run.recipe.toText();
        record.protocol = run.result.conditions();
        record.textPath = run.options.textPath.toStdString();
        record.bytes = run.bytes;
        record.bitsPerWeight = run.bitsPerWeight;
        record.perplexity = run.result.perplexity.mean;
        record.perplexityError = run.result.perplexity.standardError;
        if (run.result.reference) {
            const auto& against = *run.result.reference;
            record.kldMean = against.kld.mean;
            record.kldError = against.kld.standardError;
            record.kldP99 = against.kldPercentiles[kP99];
            record.kldMax = against.kldMax;
            record.top1Agreement = against.top1Agreement.mean;
        }
        if (run.overlap) {
            record.bleu = run.overlap->bleu;
            record.rougeL = run.overlap->rougeL;
        }
        record.tokensPerSecond = run.tokensPerSecond;
        record.device = run.result.device;
        record.seconds = run.result.seconds;
        record.when = run.when.toString(Qt::ISODate).toStdString();
        if (run.weightsKey != 0) record.weights = toHex(run.weightsKey);
        recorded.push_back(std::move(record));
    }
    return recorded;
}

void EvaluationService::restoreRuns(const std::vector<RecordedRun>& runs) {
    for (const auto& record : runs) {
        EvaluationRun run;
        run.isEarlier = true;
        run.target = record.recipeText.empty() ? EvaluationTarget::Original : EvaluationTarget::Recipe;
        if (auto recipe = Recipe::parse(record.recipeText); recipe) run.recipe = *recipe;
        run.name = run.target == EvaluationTarget::Original ? tr("original") : nameOf(run.recipe);
        run.options.textPath = QString::fromStdString(record.textPath);
        run.result.protocol = record.protocol;
        run.result.perplexity = {record.perplexity, record.perplexityError};
        if (record.kldMean) {
            EvaluationResult::AgainstReference against;
            against.kld = {*record.kldMean, record.kldError.value_or(0)};
            against.kldPercentiles[kP99] = record.kldP99.value_or(0);
            against.kldMax = record.kldMax.value_or(0);
            against.top1Agreement = {record.top1Agreement.value_or(0), 0};
            run.result.reference = against;
        }
        if (record.bleu && record.rougeL) run.overlap = OverlapFigures{*record.bleu, *record.rougeL, 0};
        run.tokensPerSecond = record.tokensPerSecond;
        run.result.device = record.device;
        run.result.seconds = record.seconds;
        run.weightsKey = QString::fromStdString(record.weights).toULongLong(nullptr, 16);
        run.bytes = record.bytes;
        run.bitsPerWeight = record.bitsPerWeight;
        run.when = QDateTime::fromString(QString::fromStdString(record.when), Qt::ISODate);
        addRun(std::move(run));
    }
    followWeights();
}

}  // namespace halftone::app
