// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/session/calibration_service.h"

#include <QFileInfo>

#include <algorithm>
#include <map>

#include "app/language/core_text.h"
#include "app/session/message_log.h"
#include "app/widgets/number_text.h"
#include "core/pipeline/calibrate.h"

namespace halftone::app {

namespace {
const QString kTag = QStringLiteral("calibration");
constexpr int64_t kWorstChannels = 8;
constexpr int64_t kMostHessianBytes = int64_t{2} << 30;

/// At most the memory that the second moments of all layers' inputs take: layers that share an input share them.
int64_t hessianBytes(const ModelGraph& graph) {
    int64_t bytes = 0;
    for (const Op& op : graph.ops) {
        if (op.kind != OpKind::kLinear) continue;
        const int64_t channels = graph.weights[size_t(op.weight)].cols;
        bytes += channels * channels * int64_t(sizeof(float));
    }
    return bytes;
}
}  // namespace

struct CalibrationService::Outcome {
    std::map<std::string, std::shared_ptr<const LayerActivations>> layers;
    std::shared_ptr<const Calibration> calibration;
    int64_t tokens = 0;
    std::string note;
    std::vector<std::string> remarks;  ///< of the device
};

CalibrationService::CalibrationService(ModelJobs& modelJobs, QObject* parent)
    : QObject(parent), m_modelJobs(modelJobs) {}

void CalibrationService::reset(std::shared_ptr<const Checkpoint> checkpoint) {
    m_modelJobs.jobs().cancelTag(kTag);
    m_checkpoint = std::move(checkpoint);
    m_layers.clear();
    m_calibration.reset();
    m_tokens = 0;
    m_problem.clear();
    emit changed();
}

bool CalibrationService::isRunning() const {
    return m_modelJobs.jobs().hasTag(kTag);
}

void CalibrationService::cancel() {
    m_modelJobs.jobs().cancelTag(kTag);
}

Result<std::shared_ptr<CalibrationService::Outcome>> CalibrationService::calibrate(Engine& engine,
                                                                                   EngineRequest request,
                                                                                   const CalibrationOptions& options,
                                                                                   const Engine::LostHandler& lost,
                                                                                   const JobContext& context) {
    HT_ASSIGN_OR_RETURN(auto text, tokenizeFile(*request.model, options.textPath));
    auto& tokens = text.ids;
    if (int64_t(tokens.size()) > options.maxTokens) tokens.resize(size_t(options.maxTokens));
    const int64_t length = std::min(options.contextLength, request.model->graph->config.contextLength);
    // Distributions and second moments come from one pass, from where the model runs.
    auto outcome = std::make_shared<Outcome>();
    ActivationCapture capture;
    halftone::CalibrationOptions collect{.contextLength = length,
                                         .withHessians = hessianBytes(*request.model->graph) <= kMostHessianBytes,
                                         .dataset = QFileInfo(options.textPath).fileName().toStdString(),
                                         .capture = &capture,
                                         .remarks = &outcome->remarks};
    HT_ASSIGN_OR_RETURN(auto calibration, engine.run<Calibration>(request, lost, [&]() -> Result<Calibration> {
        capture = {};  // of a device that was lost
        outcome->remarks.clear();
        HT_ASSIGN_OR_RETURN(collect.backend, engine.backend(request, context));
        return collectCalibration(*request.model, tokens, collect, context);
    }));
    outcome->calibration = std::make_shared<const Calibration>(std::move(calibration));
    outcome->tokens = int64_t(tokens.size());
    outcome->note = std::move(text.note);
    for (const auto& [name, stats] : capture.byWeight) {
        auto layer = std::make_shared<LayerActivations>();
        layer->summary = stats.summary();
        layer->worstChannels = stats.worstChannels(kWorstChannels);
        outcome->layers[name] = std::move(layer);
    }
    return outcome;
}

void CalibrationService::start(const CalibrationOptions& options) {
    if (const QString why = m_modelJobs.whyNot(); !why.isEmpty()) {
        m_modelJobs.messages().warn(why);
        return;
    }
    m_problem.clear();
    m_modelJobs.jobs().start<std::shared_ptr<Outcome>>(
        {tr("Calibrating on %1").arg(QFileInfo(options.textPath).fileName()), JobLane::Compute, kTag}, this,
        [this, options, engine = m_modelJobs.engine(),
         request = m_modelJobs.engineRequest()](const JobControl& control) {
            return calibrate(*engine, request, options, m_modelJobs.lostHandler(control), control.context());
        },
        [this, options](Result<std::shared_ptr<Outcome>> outcome) {
            if (outcome) {
                store(std::move(**outcome), options);
            } else if (outcome.error().code != ErrorCode::kCancelled) {
                m_problem = errorText(outcome.error());
                m_modelJobs.messages().fail([] { return tr("Calibration"); }, outcome.error());
            }
            emit changed();
        });
    emit changed();
}

void CalibrationService::store(Outcome outcome, const CalibrationOptions& options) {
    if (!m_checkpoint) return;
    m_options = options;
    m_tokens = outcome.tokens;
    m_calibration = outcome.calibration;
    if (!outcome.note.empty()) m_modelJobs.messages().note([note = outcome.note] { return coreText(note); });
    for (const std::string& remark : outcome.remarks)
        m_modelJobs.messages().note([remark] { return coreText(remark); });
    if (!m_calibration->hasHessians()) {
        m_modelJobs.messages().note([] {
            return tr("The second moments that GPTQ and AWQ need would take more than %1 of memory and were left out.")
                .arg(bytesText(double(kMostHessianBytes)));
        });
    }
    m_layers.assign(m_checkpoint->tensors().size(), nullptr);
    for (size_t i = 0; i < m_layers.size(); ++i) {
        const auto found = outcome.layers.find(m_checkpoint->tensors()[i].canonicalName);
        if (found != outcome.layers.end()) m_layers[i] = found->second;
    }
}

std::shared_ptr<const LayerActivations> CalibrationService::of(int tensor) const {
    return tensor >= 0 && size_t(tensor) < m_layers.size() ? m_layers[size_t(tensor)] : nullptr;
}

}  // namespace halftone::app
