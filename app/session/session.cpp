// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/session/session.h"

#include <QFileInfo>

#include "app/language/core_text.h"
#include "core/recipe/hardware_target.h"

namespace halftone::app {

namespace {

constexpr int kMostPrioritized = 64;
const QString kOpenTag = QStringLiteral("open");

struct OpenedSession {
    std::shared_ptr<const Checkpoint> checkpoint;
    bool fingerprintDiffers = false;
};

std::optional<double> statisticsValue(Measure measure, const TensorStats& stats) {
    switch (measure) {
        case Measure::Kurtosis:
            return stats.kurtosis;
        case Measure::MaxOverSigma:
            return stats.maxOverSigma();
        case Measure::Minimum:
            return stats.min;
        case Measure::Maximum:
            return stats.max;
        case Measure::Mean:
            return stats.mean;
        case Measure::Deviation:
            return stats.standardDeviation;
        case Measure::Outliers:
            return double(stats.outlierCount);
        case Measure::Zeros:
            return stats.zeroShare();
        case Measure::NonFinite:
            return double(stats.nonFiniteCount);
        default:
            return std::nullopt;
    }
}

std::optional<double> activationValue(Measure measure, const TensorStats& stats) {
    switch (measure) {
        case Measure::ActivationMaximum:
            return stats.maxAbs;
        case Measure::ActivationMaxOverSigma:
            return stats.maxOverSigma();
        case Measure::ActivationKurtosis:
            return stats.kurtosis;
        default:
            return std::nullopt;
    }
}

}  // namespace

Session::Session(QObject* parent) : QObject(parent) {
    connectServices();
    m_devices.refresh();
}

Session::~Session() {
    m_jobs.shutdown();
}

void Session::connectServices() {
    connect(&m_modelJobs, &ModelJobs::modelChanged, this, [this] { m_quantization.setModel(m_modelJobs.model()); });
    connect(&m_modelJobs, &ModelJobs::modelChanged, this, &Session::modelChanged);
    connect(&m_modelJobs, &ModelJobs::modelChanged, this, &Session::calibrateAgain);
    connect(&m_jobs, &JobManager::jobFinished, this,
            [this] { m_devices.setStreamedBytes(m_modelJobs.engine()->streamedBytes()); });
    connect(&m_statistics, &StatisticsService::tensorReady, this,
            [this](int tensor) { emit tensorsChanged({tensor}); });
    connect(&m_quantization, &QuantizationService::tensorsChanged, this, &Session::tensorsChanged);
    connect(&m_devices, &DeviceService::changed, this, [this] {
        m_quantization.setDevice({m_devices.decision().id.toStdString(), m_devices.effectiveMemoryLimit()});
    });
    connect(&m_sensitivity, &SensitivityService::tensorsChanged, this, &Session::tensorsChanged);
    connect(&m_recipe, &RecipeEditor::changed, this, &Session::tensorsChanged);
    connect(&m_recipe, &RecipeEditor::locksChanged, this, &Session::tensorsChanged);
    connect(&m_recipe, &RecipeEditor::lockedSkipped, this, [this](int count) {
        m_messages.note([count] { return tr("%n locked tensors were left as they are.", nullptr, count); });
    });
    connect(&m_overlap, &OverlapService::measured, &m_evaluation, &EvaluationService::setOverlap);
    connect(&m_selection, &Selection::changed, this, [this] {
        if (m_selection.tensors().size() <= kMostPrioritized) m_statistics.prioritize(m_selection.tensors());
    });
    connect(&m_calibration, &CalibrationService::changed, this, [this] {
        if (m_calibration.hasData()) m_awaitedCalibration.reset();
        setUseCalibration(m_useCalibration);
        if (!m_calibration.isRunning()) m_quantization.setAwaitsCalibration(false);
        emit tensorsChanged({});
    });
}

void Session::setSettings(const StudioSettings& settings) {
    if (settings == m_settings) return;
    if (settings.threads != m_settings.threads) m_jobs.setThreads(settings.threads);
    m_settings = settings;
    m_devices.setMemoryLimit(settings.memoryLimitBytes);
    emit settingsChanged();
}

void Session::retranslate() {
    m_messages.retranslate();
    m_recipe.retranslate();
    m_modelJobs.retranslate();
    m_devices.refresh();
    m_evaluation.retranslate();
    m_memory.recompute();
}

int Session::tensorCount() const {
    return m_checkpoint ? int(m_checkpoint->tensors().size()) : 0;
}

bool Session::isOpening() const {
    return m_jobs.hasTag(kOpenTag);
}

void Session::open(const QString& path) {
    if (path.endsWith(QLatin1String(".halftone"), Qt::CaseInsensitive)) {
        openSessionFile(path, path);
    } else {
        openCheckpoint(path, nullptr);
    }
}

void Session::recover(const QString& path) {
    openSessionFile(path, {});
}

void Session::openMissingFrom(const QString& checkpointPath) {
    if (m_missing) openCheckpoint(checkpointPath, m_missing);
}

QString Session::missingCheckpoint() const {
    return m_missing ? QString::fromStdString(m_missing->file.checkpoint.string()) : QString();
}

void Session::forgetMissing() {
    waitForCheckpoint(nullptr);
}

void Session::waitForCheckpoint(std::shared_ptr<const SavedSession> saved) {
    if (saved == m_missing) return;
    m_missing = std::move(saved);
    emit missingCheckpointChanged();
}

bool Session::hasUnsavedWork() const {
    return hasUnsavedRecipe() || hasUnsavedFindings();
}

bool Session::hasUnsavedRecipe() const {
    return m_checkpoint && (m_isRecovered || !m_recipe.undoStack().isClean());
}

bool Session::hasUnsavedFindings() const {
    return m_checkpoint && findings() != m_savedFindings;
}

Session::Findings Session::findings() const {
    return {m_evaluation.runs().size(), m_compare.tally()};
}

/// `savePath`: where it is saved again; empty: it has no file of its own.
void Session::openSessionFile(const QString& path, const QString& savePath) {
    auto saved = SessionFile::load(path.toStdString());
    if (!saved) {
        m_messages.fail([] { return tr("Session"); }, saved.error());
        emit openFailed(path, errorText(saved.error()));
        return;
    }
    const QString checkpointPath = QString::fromStdString(saved->checkpoint.string());
    openCheckpoint(checkpointPath, std::make_shared<const SavedSession>(SavedSession{std::move(*saved), savePath}));
}

void Session::openCheckpoint(const QString& path, std::shared_ptr<const SavedSession> saved) {
    m_jobs.start<OpenedSession>(
        {tr("Opening %1").arg(QFileInfo(path).fileName()), JobLane::Files, kOpenTag, false, true}, this,
        [path, saved](const JobControl&) -> Result<OpenedSession> {
            OpenedSession opened;
            HT_ASSIGN_OR_RETURN(opened.checkpoint, Checkpoint::open(path.toStdString()));
            opened.fingerprintDiffers = saved && !saved->file.fingerprint.empty() &&
                                        saved->file.fingerprint != opened.checkpoint->fingerprint();
            return opened;
        },
        [this, path, saved](const Result<OpenedSession>& opened) {
            emit openingChanged();
            if (!opened) {
                m_messages.fail({}, opened.error());
                emit openFailed(path, errorText(opened.error()));
                if (saved && opened.error().code == ErrorCode::kNotFound) waitForCheckpoint(saved);
                return;
            }
            waitForCheckpoint(nullptr);
            // Only now: what is open until then must not be saved over the session that could not be opened.
            m_sessionPath = saved ? saved->path : QString();
            m_isRecovered = saved && saved->path.isEmpty();
            if (opened->fingerprintDiffers)
                m_messages.warn([] {
                    return tr(
                        "The checkpoint has changed since this session was saved; earlier figures may not belong to "
                        "it.");
                });
            setCheckpoint(opened->checkpoint, saved ? saved->file.recipe : Recipe{});
            if (saved) restore(saved->file);
        });
    emit openingChanged();
}

void Session::close() {
    m_sessionPath.clear();
    m_isRecovered = false;
    setCheckpoint(nullptr, Recipe{});
}

void Session::setCheckpoint(std::shared_ptr<const Checkpoint> checkpoint, Recipe recipe) {
    m_checkpoint = std::move(checkpoint);
    m_preferences = {};
    m_selection.clear();
    m_quantization.reset(nullptr);  // what the model's going would begin again belongs to a checkpoint that goes too
    m_modelJobs.setModel(nullptr);
    m_awaitedCalibration.reset();
    m_calibration.reset(m_checkpoint);
    m_evaluation.reset(m_checkpoint);
    m_sensitivity.reset(m_checkpoint);
    m_allocation.reset(m_checkpoint);
    m_compare.reset();
    m_overlap.stop();
    m_exporter.reset(m_checkpoint);
    m_quantization.reset(m_checkpoint);
    m_recipe.reset(m_checkpoint, std::move(recipe));
    m_savedFindings = findings();
    emit checkpointChanged();
    m_statistics.start(m_checkpoint);
    if (!m_checkpoint) return;
    for (const auto& warning : m_checkpoint->warnings())
        m_messages.warn([text = warning.message] { return coreText(text); });
    startLoadingModel();
}

void Session::startLoadingModel() {
    using Model = std::shared_ptr<const LoadedModel>;
    m_jobs.start<Model>(
        {tr("Reading the tokenizer"), JobLane::Files, QStringLiteral("model"), true}, this,
        [checkpoint = m_checkpoint](const JobControl&) -> Result<Model> {
            HT_ASSIGN_OR_RETURN(auto model, LoadedModel::load(checkpoint));
            return std::make_shared<const LoadedModel>(std::move(model));
        },
        [this, checkpoint = m_checkpoint](const Result<Model>& model) {
            if (model) {
                m_modelJobs.setModel(*model);
            } else if (model.error().code == ErrorCode::kCancelled && checkpoint == m_checkpoint) {
                m_modelJobs.setModel(
                    nullptr, [] { return tr("Reading its tokenizer was stopped; open the checkpoint again."); });
            } else if (model.error().code != ErrorCode::kCancelled) {
                const auto why = [error = model.error()] { return errorText(error); };
                m_messages.note([why] {
                    return tr("Weights can be inspected and exported, but the model does not run here. %1").arg(why());
                });
                m_modelJobs.setModel(nullptr, why);
            }
        });
}

void Session::setUseCalibration(bool use) {
    m_useCalibration = use;
    const auto calibration = use ? m_calibration.calibration() : nullptr;
    if (calibration == m_modelJobs.calibration()) return;
    m_modelJobs.setCalibration(calibration);
    m_quantization.setCalibration(calibration);
    m_evaluation.followWeights();
    emit m_compare.stateChanged();
}

std::optional<double> Session::value(Measure measure, int index) const {
    if (index < 0 || index >= tensorCount()) return std::nullopt;
    const auto& info = tensor(index);
    const auto* resolved = m_recipe.resolvedTensor(index);
    switch (measure) {
        case Measure::Bits:
            return resolved && info.elementCount() > 0
                       ? std::optional(8.0 * double(resolved->bytes) / double(info.elementCount()))
                       : std::nullopt;
        case Measure::Bytes:
            return resolved ? std::optional(double(resolved->bytes)) : std::nullopt;
        case Measure::StoredBytes:
            return double(info.sizeBytes);
        case Measure::Parameters:
            return double(info.elementCount());
        case Measure::Block:
            return info.block >= 0 ? std::optional(double(info.block)) : std::nullopt;
        case Measure::RelativeError:
            if (const auto* distortion = m_quantization.of(index)) return distortion->relativeMse();
            return std::nullopt;
        case Measure::Sqnr:
            if (const auto* distortion = m_quantization.of(index)) return distortion->sqnrDb();
            return std::nullopt;
        case Measure::Sensitivity:
            if (const auto* kld = m_sensitivity.of(index)) return kld->mean;
            return std::nullopt;
        case Measure::ActivationMaximum:
        case Measure::ActivationMaxOverSigma:
        case Measure::ActivationKurtosis:
            if (const auto layer = m_calibration.of(index)) return activationValue(measure, layer->summary);
            return std::nullopt;
        default:
            if (const auto stats = m_statistics.of(index)) return statisticsValue(measure, *stats);
            return std::nullopt;
    }
}

std::optional<double> Session::meanValue(Measure measure, const QList<int>& tensors) const {
    double sum = 0, weight = 0;
    for (const int index : tensors) {
        const auto found = value(measure, index);
        if (!found) continue;
        const auto elements = double(tensor(index).elementCount());
        sum += *found * elements;
        weight += elements;
    }
    return weight > 0 ? std::optional(sum / weight) : std::nullopt;
}

bool Session::isStale(Measure measure, int index) const {
    if (measure == Measure::Sensitivity) return m_sensitivity.isStale(index);
    return (measure == Measure::RelativeError || measure == Measure::Sqnr) && m_quantization.isStale(index);
}

SessionFile Session::snapshot(const QString& uiState) const {
    SessionFile file = m_preferences;
    if (!m_checkpoint) return file;
    file.checkpoint = m_checkpoint->path();
    file.fingerprint = m_checkpoint->fingerprint();
    file.recipe = m_recipe.recipe();
    file.lockedTensors.assign(m_recipe.lockedTensors().begin(), m_recipe.lockedTensors().end());
    file.runs = m_evaluation.recordedRuns();
    file.votes = m_compare.tally();
    file.calibration = m_awaitedCalibration;
    if (m_calibration.hasData()) {
        const auto& options = m_calibration.options();
        file.calibration = {options.textPath.toStdString(), options.contextLength, options.maxTokens, m_useCalibration};
    }
    const auto* target = m_recipe.target();
    file.target = target ? std::string(target->id) : std::string();
    file.cacheFormat = m_runChoice.format().cache.name();
    file.activationFormat = m_runChoice.format().activations.name();
    file.uiState = uiState.toStdString();
    return file;
}

void Session::saveTo(const QString& path, const QString& uiState) {
    if (!m_checkpoint) return;
    if (auto status = snapshot(uiState).save(path.toStdString()); !status) {
        m_messages.fail([] { return tr("Saving the session"); }, status.error());
        return;
    }
    m_sessionPath = path;
    m_isRecovered = false;
    m_recipe.undoStack().setClean();
    m_savedFindings = findings();
    emit saved();
    m_messages.note([path] { return tr("Saved the session to %1.").arg(path); });
}

void Session::restore(const SessionFile& saved) {
    m_preferences = saved;
    m_recipe.restoreLocks(saved.lockedTensors);
    // An id of another version counts as none: the recipe is what matters.
    if (saved.target) m_recipe.setTarget(findHardwareTarget(*saved.target));
    RunFormat format = m_runChoice.format();
    if (const auto cache = CacheFormat::parse(saved.cacheFormat); cache && !saved.cacheFormat.empty())
        format.cache = *cache;
    if (const auto activations = ActivationFormat::parse(saved.activationFormat)) format.activations = *activations;
    m_runChoice.setFormat(format);
    m_evaluation.restoreRuns(saved.runs);
    m_compare.setTally(saved.votes);
    m_awaitedCalibration = saved.calibration;
    m_quantization.setAwaitsCalibration(m_awaitedCalibration.has_value());
    calibrateAgain();
    m_savedFindings = findings();
    emit sessionRestored();
}

/// The calibration that the restored session had: without it methods would make other weights of the same recipe. A
/// session that is saved before it is there again keeps asking for it.
void Session::calibrateAgain() {
    if (!m_awaitedCalibration || !m_modelJobs.model() || m_calibration.isRunning()) return;
    setUseCalibration(m_awaitedCalibration->isUsed);
    m_calibration.start({QString::fromStdString(m_awaitedCalibration->text.string()),
                         m_awaitedCalibration->contextLength, m_awaitedCalibration->maxTokens});
}

}  // namespace halftone::app
