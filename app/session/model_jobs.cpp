// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/session/model_jobs.h"

#include <QFile>

#include <algorithm>
#include <span>

#include "app/language/core_text.h"
#include "app/session/device_service.h"
#include "app/session/message_log.h"
#include "app/session/recipe_editor.h"
#include "core/base/hash.h"
#include "core/tokenizer/text_coverage.h"

namespace halftone::app {

namespace {

/// Of what was measured and not of when: the same text on the same device, in another session too, has the same.
quint64 keyOf(const Calibration& calibration) {
    uint64_t key = hashBytes({}, calibration.hasHessians() ? 2 : 1);
    for (const auto& [name, statistics] : calibration.byTensor) {
        key = hashBytes(std::as_bytes(std::span(name)), key);
        key = hashBytes(std::as_bytes(std::span(statistics.sumSquares)), key);
    }
    return key;
}

}  // namespace

ModelJobs::ModelJobs(JobManager& jobs, MessageLog& messages, DeviceService& devices, RecipeEditor& recipe,
                     QObject* parent)
    : QObject(parent), m_jobs(jobs), m_messages(messages), m_devices(devices), m_recipe(recipe) {}

void ModelJobs::setModel(std::shared_ptr<const LoadedModel> model, const SpokenText& whyNot) {
    m_model = std::move(model);
    m_whyNot = whyNot;
    m_calibration.reset();
    if (!m_model) {
        m_jobs.start<int>(
            {tr("Freeing the model"), JobLane::Compute, QStringLiteral("drop"), true}, this,
            [engine = m_engine](const JobControl&) -> Result<int> {
                engine->drop();
                return 0;
            },
            [](const Result<int>&) {});
    }
    emit modelChanged();
}

void ModelJobs::setCalibration(std::shared_ptr<const Calibration> calibration) {
    m_calibration = std::move(calibration);
    m_calibrationKey = m_calibration ? keyOf(*m_calibration) : 0;
}

QString ModelJobs::whyNot() const {
    if (m_model) return {};
    return m_whyNot.isEmpty() ? tr("No checkpoint that can be run is open.") : m_whyNot.text();
}

quint64 ModelJobs::withCalibration(quint64 recipeKey) const {
    return m_calibration ? recipeKey ^ m_calibrationKey : recipeKey;
}

quint64 ModelJobs::weightsKey() const {
    return withCalibration(m_recipe.key());
}

WeightsRequest ModelJobs::weightsRequest() const {
    return {weightsKey(), m_recipe.resolved(), m_calibration};
}

WeightsRequest ModelJobs::weightsRequest(ResolvedRecipe recipe) const {
    const quint64 key = withCalibration(recipeKey(recipe));
    return {key, std::move(recipe), m_calibration};
}

EngineRequest ModelJobs::engineRequest() const {
    return {m_model, m_devices.decision().id.toStdString(), m_devices.memoryLimit()};
}

Engine::LostHandler ModelJobs::lostHandler(const JobControl& control) {
    return [this, control](const std::string& device, const std::string& message) {
        control.post(
            [this, device, message] { m_devices.markLost(QString::fromStdString(device), coreText(message)); });
    };
}

const ResolvedTensor* firstWithMethod(const ResolvedRecipe& recipe) {
    const auto found = std::find_if(recipe.tensors.begin(), recipe.tensors.end(),
                                    [](const auto& tensor) { return !tensor.kept && !tensor.method.isDefault(); });
    return found == recipe.tensors.end() ? nullptr : &*found;
}

tl::unexpected<Error> methodNeedsModel(const ResolvedTensor& tensor) {
    return makeError(ErrorCode::kUnsupported, "The recipe's method for " + tensor.name +
                                                  " needs a model that runs here; take the default method.");
}

Result<std::string> readTextFile(const QString& path) {
    constexpr qint64 kMostBytes = qint64(1) << 30;
    QFile file(path);
    const std::string shown = path.toStdString();
    if (path.isEmpty()) return makeError(ErrorCode::kInvalidArgument, "No text is chosen; choose a text file first.");
    if (!file.open(QIODevice::ReadOnly)) {
        return makeError(ErrorCode::kIo,
                         "The text " + shown + " cannot be read: " + file.errorString().toStdString() + ".");
    }
    if (file.size() > kMostBytes)
        return makeError(ErrorCode::kInvalidArgument,
                         "The text " + shown + " is larger than 1 GiB; take a part of it.");
    auto text = file.readAll().toStdString();
    if (text.empty())
        return makeError(ErrorCode::kInvalidArgument, "The text " + shown + " is empty; choose one with words in it.");
    return text;
}

Result<FileTokens> tokenizeFile(const LoadedModel& model, const QString& path) {
    HT_ASSIGN_OR_RETURN(const auto text, readTextFile(path));
    HT_ASSIGN_OR_RETURN(auto ids, model.tokenize(text));
    std::string note = coverageNote(textCoverage(*model.tokenizer, text, ids), model.checkpoint->name());
    return FileTokens{std::move(ids), std::move(note)};
}

}  // namespace halftone::app
