// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QElapsedTimer>
#include <QPointer>
#include <QString>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>

#include "app/jobs/rate_meter.h"
#include "core/base/job_context.h"

namespace halftone::app {

class JobManager;
using JobId = int64_t;

/// Jobs of one lane run one after the other; lanes run side by side.
enum class JobLane {
    Files,         ///< open, plan and write files
    Statistics,    ///< the background pass over all tensors
    Quantization,  ///< error of the tensors that the recipe changes
    Plots,         ///< what the selection needs drawn
    Compute,       ///< whatever runs the model: calibration, evaluation, generation
    Count,
};

enum class JobState { Queued, Running, Done, Failed, Cancelled };

/// What a job is, given by who starts it.
struct JobSpec {
    QString title;  ///< for the strip: "Evaluating Q4_K"
    JobLane lane = JobLane::Plots;
    QString tag;             ///< a newer job of the same tag replaces older ones: they stop, their results are dropped
    bool quiet = false;      ///< too short to be worth a line in the strip
    bool automatic = false;  ///< nobody asked for it, and it starts again by itself
};

/// What the strip shows of a job. A plain value.
struct JobStatus {
    JobId id = 0;
    QString title;
    JobState state = JobState::Queued;
    bool quiet = false;
    bool cancelRequested = false;
    Progress::Snapshot progress;
    double unitsPerSecond = 0;
    double secondsLeft = -1;  ///< negative: not known
    double elapsedSeconds = 0;
};

/// One job as the manager keeps it. The GUI thread owns the plain fields; a worker touches the stop source, the
/// progress and the atomic flag only.
struct Job {
    JobId id = 0;
    JobSpec spec;
    std::stop_source stop;
    Progress progress;
    std::atomic<bool> superseded{false};
    std::function<void()> body;
    JobState state = JobState::Queued;
    QElapsedTimer clock;
    RateMeter rate;
};

/// What running work sees: the context for core, and a way to hand partial results to the GUI thread.
class JobControl {
  public:
    JobControl(JobManager& manager, std::shared_ptr<Job> job, ThreadPool pool);

    [[nodiscard]] const JobContext& context() const { return m_context; }
    /// Runs `deliver` on the GUI thread unless the job has been replaced or the receiver died. Any thread of the job.
    void post(std::function<void()> deliver) const;
    /// A line of its own for the status of this job, while it runs.
    void setStage(const QString& stage) const;

  private:
    JobManager& m_manager;
    std::shared_ptr<Job> m_job;
    JobContext m_context;
};

}  // namespace halftone::app
