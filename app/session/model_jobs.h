// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QString>

#include <memory>

#include "app/jobs/job_manager.h"
#include "app/language/spoken_text.h"
#include "app/session/engine.h"

namespace halftone::app {

class DeviceService;
class MessageLog;
class RecipeEditor;

/// What every job that runs the model needs, gathered on the GUI thread when the job is started: the model, the device
/// and the weights that the recipe asks for. One of these is shared by calibration, evaluation and generation.
class ModelJobs : public QObject {
    Q_OBJECT

  public:
    ModelJobs(JobManager& jobs, MessageLog& messages, DeviceService& devices, RecipeEditor& recipe,
              QObject* parent = nullptr);

    /// Null with a sentence: the checkpoint cannot be run; null without: nothing is open, or it is not known yet.
    void setModel(std::shared_ptr<const LoadedModel> model, const SpokenText& whyNot = {});
    /// What methods may use of the calibration; null: nothing.
    void setCalibration(std::shared_ptr<const Calibration> calibration);
    [[nodiscard]] const std::shared_ptr<const Calibration>& calibration() const { return m_calibration; }
    [[nodiscard]] const std::shared_ptr<const LoadedModel>& model() const { return m_model; }
    [[nodiscard]] JobManager& jobs() { return m_jobs; }
    [[nodiscard]] MessageLog& messages() { return m_messages; }
    [[nodiscard]] RecipeEditor& recipe() { return m_recipe; }

    /// Empty if the model can run, else the sentence to show.
    [[nodiscard]] QString whyNot() const;
    /// Says it in the language now spoken.
    void retranslate() { m_whyNot.retranslate(); }
    /// Equal for equal weights of one checkpoint: recipe and calibration together, by their content.
    [[nodiscard]] quint64 weightsKey() const;
    [[nodiscard]] WeightsRequest weightsRequest() const;
    /// The same for another recipe than the one in work.
    [[nodiscard]] WeightsRequest weightsRequest(ResolvedRecipe recipe) const;
    [[nodiscard]] EngineRequest engineRequest() const;
    [[nodiscard]] std::shared_ptr<Engine> engine() const { return m_engine; }
    /// Tells the GUI thread that a device is lost; may be called from any thread of the job.
    [[nodiscard]] Engine::LostHandler lostHandler(const JobControl& control);

  signals:
    /// The model can run now, or cannot any more.
    void modelChanged();

  private:
    [[nodiscard]] quint64 withCalibration(quint64 recipeKey) const;

    JobManager& m_jobs;
    MessageLog& m_messages;
    DeviceService& m_devices;
    RecipeEditor& m_recipe;
    std::shared_ptr<Engine> m_engine = std::make_shared<Engine>();
    std::shared_ptr<const LoadedModel> m_model;
    SpokenText m_whyNot;
    std::shared_ptr<const Calibration> m_calibration;
    quint64 m_calibrationKey = 0;
};

/// The first tensor whose codes another method than the default chooses; null: there is none.
[[nodiscard]] const ResolvedTensor* firstWithMethod(const ResolvedRecipe& recipe);
/// Methods look at neighbouring layers, which only a model that is understood has.
[[nodiscard]] tl::unexpected<Error> methodNeedsModel(const ResolvedTensor& tensor);
/// Reads a whole text file; the error says what is wrong with it (missing, empty, too large).
[[nodiscard]] Result<std::string> readTextFile(const QString& path);
/// A text's tokens without special ones, and what the vocabulary loses of it as a sentence; usually empty.
struct FileTokens {
    std::vector<TokenId> ids;
    std::string note;
};
[[nodiscard]] Result<FileTokens> tokenizeFile(const LoadedModel& model, const QString& path);

}  // namespace halftone::app
