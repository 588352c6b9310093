// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QString>
#include <QStringList>

#include <memory>
#include <optional>

#include "app/session/allocation_service.h"
#include "app/session/calibration_service.h"
#include "app/session/compare_service.h"
#include "app/session/damage_service.h"
#include "app/session/device_service.h"
#include "app/session/evaluation_service.h"
#include "app/session/export_service.h"
#include "app/session/measure.h"
#include "app/session/memory_service.h"
#include "app/session/message_log.h"
#include "app/session/overlap_service.h"
#include "app/session/quantization_service.h"
#include "app/session/recipe_editor.h"
#include "app/session/run_choice.h"
#include "app/session/selection.h"
#include "app/session/sensitivity_service.h"
#include "app/session/statistics_service.h"
#include "app/session/studio_settings.h"

namespace halftone::app {

/// The single owner of what is open and what was found out about it: checkpoint, recipe, statistics, calibration,
/// results, and the services that compute them. Panels see the session and never each other. GUI thread only.
class Session : public QObject {
    Q_OBJECT

  public:
    explicit Session(QObject* parent = nullptr);
    ~Session() override;

    JobManager& jobs() { return m_jobs; }
    MessageLog& messages() { return m_messages; }
    Selection& selection() { return m_selection; }
    RunChoice& runChoice() { return m_runChoice; }
    RecipeEditor& recipe() { return m_recipe; }
    DeviceService& devices() { return m_devices; }
    ModelJobs& modelJobs() { return m_modelJobs; }
    StatisticsService& statistics() { return m_statistics; }
    QuantizationService& quantization() { return m_quantization; }
    CalibrationService& calibration() { return m_calibration; }
    EvaluationService& evaluation() { return m_evaluation; }
    SensitivityService& sensitivity() { return m_sensitivity; }
    AllocationService& allocation() { return m_allocation; }
    DamageService& damage() { return m_damage; }
    CompareService& compare() { return m_compare; }
    OverlapService& overlap() { return m_overlap; }
    ExportService& exporter() { return m_exporter; }
    MemoryService& memory() { return m_memory; }

    [[nodiscard]] const StudioSettings& settings() const { return m_settings; }
    /// Applies to jobs that start from now on; keeping them is the caller's.
    void setSettings(const StudioSettings& settings);
    /// Says in the language now spoken what was put into words before: devices, names of runs, what does not run.
    void retranslate();

    /// Opens a checkpoint or a saved session (*.halftone) in the background. The table is there as soon as the headers
    /// are read; what is open now stays until then, and stays if the new one cannot be opened.
    void open(const QString& path);
    /// Opens a saved session that has no file of its own to be saved to.
    void recover(const QString& path);
    /// Opens the session that checkpointMissing() spoke of with its checkpoint from another place.
    void openMissingFrom(const QString& checkpointPath);
    /// Where the checkpoint of a session should be that waits for it; empty: none does.
    [[nodiscard]] QString missingCheckpoint() const;
    /// That session is not wanted any more.
    void forgetMissing();
    /// Something that a session file keeps is in none yet: one of the two that follow.
    [[nodiscard]] bool hasUnsavedWork() const;
    /// The recipe or its locks were edited, or came from a crash.
    [[nodiscard]] bool hasUnsavedRecipe() const;
    /// Runs or votes are others than those of the file.
    [[nodiscard]] bool hasUnsavedFindings() const;
    void close();
    [[nodiscard]] bool isOpening() const;
    [[nodiscard]] const std::shared_ptr<const Checkpoint>& checkpoint() const { return m_checkpoint; }
    /// Null until hyper-parameters and tokenizer have been read, and for checkpoints that do not run here.
    [[nodiscard]] const std::shared_ptr<const LoadedModel>& model() const { return m_modelJobs.model(); }
    [[nodiscard]] int tensorCount() const;
    [[nodiscard]] const TensorInfo& tensor(int index) const { return m_checkpoint->tensors()[size_t(index)]; }

    /// Whether methods use what calibration measured.
    void setUseCalibration(bool use);
    [[nodiscard]] bool usesCalibration() const { return m_useCalibration; }
    /// They do, and something was measured: encoders weigh channels by importance.
    [[nodiscard]] bool usesImportance() const { return m_useCalibration && m_calibration.hasData(); }

    /// A tensor's value of a measure; nullopt: not applicable or not known yet.
    [[nodiscard]] std::optional<double> value(Measure measure, int tensor) const;
    /// Mean over tensors that have the value, weighted by their sizes.
    [[nodiscard]] std::optional<double> meanValue(Measure measure, const QList<int>& tensors) const;
    /// The value belongs to an earlier state of the recipe.
    [[nodiscard]] bool isStale(Measure measure, int tensor) const;

    [[nodiscard]] const QString& sessionPath() const { return m_sessionPath; }
    /// Texts, protocol and prompts that panels want kept with the session.
    [[nodiscard]] SessionFile& preferences() { return m_preferences; }
    void saveTo(const QString& path, const QString& uiState);
    /// What saveTo() writes.
    [[nodiscard]] SessionFile snapshot(const QString& uiState) const;

  signals:
    void settingsChanged();
    /// Another checkpoint is open, or none.
    void checkpointChanged();
    /// Hyper-parameters and tokenizer have been read.
    void modelChanged();
    void openingChanged();
    void openFailed(const QString& path, const QString& message);
    /// A session waits for its checkpoint, which is not where it was, or has stopped waiting: missingCheckpoint().
    void missingCheckpointChanged();
    /// Preferences come from a session file: panels should show them.
    void sessionRestored();
    /// The session lies in its file.
    void saved();
    /// Values of these tensors changed (statistics, error, format, activations). Empty: all.
    void tensorsChanged(const QList<int>& tensors);

  private:
    /// A session on its way to be opened.
    struct SavedSession {
        SessionFile file;
        QString path;  ///< to save it to again; empty: it has none
    };

    /// What was found out, as far as a session file keeps it.
    struct Findings {
        qsizetype runs = 0;  ///< which only ever become more
        VoteTally votes;
        bool operator==(const Findings&) const = default;
    };

    [[nodiscard]] Findings findings() const;
    void openCheckpoint(const QString& path, std::shared_ptr<const SavedSession> saved);
    void waitForCheckpoint(std::shared_ptr<const SavedSession> saved);
    void openSessionFile(const QString& path, const QString& savePath);
    void setCheckpoint(std::shared_ptr<const Checkpoint> checkpoint, Recipe recipe);
    void restore(const SessionFile& saved);
    void startLoadingModel();
    void calibrateAgain();
    void connectServices();

    JobManager m_jobs;
    MessageLog m_messages;
    Selection m_selection;
    RunChoice m_runChoice;
    RecipeEditor m_recipe;
    DeviceService m_devices{m_jobs, m_messages};
    ModelJobs m_modelJobs{m_jobs, m_messages, m_devices, m_recipe};
    StatisticsService m_statistics{m_jobs, m_messages};
    QuantizationService m_quantization{m_jobs, m_messages, m_recipe};
    CalibrationService m_calibration{m_modelJobs};
    EvaluationService m_evaluation{m_modelJobs};
    SensitivityService m_sensitivity{m_modelJobs};
    AllocationService m_allocation{m_modelJobs};
    DamageService m_damage{m_modelJobs, m_evaluation};
    CompareService m_compare{m_modelJobs};
    OverlapService m_overlap{m_modelJobs};
    ExportService m_exporter{m_modelJobs};

    std::shared_ptr<const Checkpoint> m_checkpoint;
    bool m_useCalibration = true;
    std::optional<RecordedCalibration> m_awaitedCalibration;  ///< of a restored session
    StudioSettings m_settings;
    QString m_sessionPath;
    bool m_isRecovered = false;  ///< what is open came back after a crash
    Findings m_savedFindings;
    std::shared_ptr<const SavedSession> m_missing;
    SessionFile m_preferences;
    MemoryService m_memory{m_modelJobs, m_devices, m_runChoice};
};

}  // namespace halftone::app
