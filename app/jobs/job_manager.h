// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QHash>
#include <QList>
#include <QObject>
#include <QPointer>

#include <array>
#include <functional>
#include <memory>
#include <new>

#include "app/jobs/job.h"
#include "core/base/error.h"

namespace halftone::app {

class JobLaneWorker;

/// Runs long work on worker threads and delivers the result to the GUI thread. A result whose job was replaced by a
/// newer one of the same tag, or whose receiver has died, is dropped. A cancelled job delivers an error of code
/// kCancelled. All members are called on the GUI thread; the destructor stops and joins everything.
class JobManager : public QObject {
    Q_OBJECT

  public:
    explicit JobManager(ThreadPool pool = ThreadPool(), QObject* parent = nullptr);
    ~JobManager() override;

    /// Queues `work` (on a worker thread; it takes its inputs by value or as shared const data) and calls `deliver`
    /// with its result on the GUI thread while `receiver` lives.
    template <typename T>
    JobId start(JobSpec spec, QObject* receiver, std::function<Result<T>(const JobControl&)> work,
                std::function<void(Result<T>)> deliver) {
        auto job = createJob(std::move(spec));
        job->body = [this, pool = m_pool, job = job.get(), self = std::weak_ptr<Job>(job), work = std::move(work),
                     deliver = std::move(deliver), guard = QPointer<QObject>(receiver)] {
            auto owned = self.lock();
            if (!owned) return;
            auto result = std::make_shared<Result<T>>(runGuarded<T>(work, JobControl(*this, owned, pool)));
            const Error* error = result->has_value() ? nullptr : &result->error();
            finishFromWorker(owned, error, [deliver, guard, result] {
                if (guard) deliver(std::move(*result));
            });
        };
        enqueue(job);
        return job->id;
    }

    void cancel(JobId id);
    void cancelTag(const QString& tag);
    void cancelAll();
    /// Stops and joins everything; nothing is delivered any more. Owners of receivers call it before those die.
    void shutdown();
    /// Queued or running jobs, oldest first; samples their rates.
    [[nodiscard]] QList<JobStatus> status();
    [[nodiscard]] bool isIdle() const { return m_jobs.isEmpty(); }
    [[nodiscard]] bool hasTag(const QString& tag) const;
    /// Queued or running jobs that have a line in the strip.
    [[nodiscard]] int visibleCount() const;
    /// Those of them that a person asked for, and would have to ask for again.
    [[nodiscard]] int askedForCount() const;
    [[nodiscard]] const ThreadPool& pool() const { return m_pool; }
    /// Of jobs that start from now on; 0: one thread per hardware thread.
    void setThreads(int threads);

  signals:
    void jobStarted(halftone::app::JobId id, const QString& title);
    /// `error` is empty unless the state is Failed.
    void jobFinished(halftone::app::JobId id, halftone::app::JobState state, const QString& title,
                     const QString& error);
    void jobsChanged();

  private:
    friend class JobControl;

    template <typename T>
    static Result<T> runGuarded(const std::function<Result<T>(const JobControl&)>& work, const JobControl& control) {
        HT_TRY(control.context().checkpoint());
        try {
            return work(control);
        } catch (const std::bad_alloc&) {
            return makeError(ErrorCode::kOutOfMemory,
                             "There is not enough memory for this job; close other programs or take a smaller part.");
        }
    }

    std::shared_ptr<Job> createJob(JobSpec spec);
    void enqueue(const std::shared_ptr<Job>& job);
    void replaceTag(const QString& tag);
    void postToGui(std::function<void()> function);
    void finishFromWorker(const std::shared_ptr<Job>& job, const Error* error, std::function<void()> deliver);
    void onStarted(const std::shared_ptr<Job>& job);
    void onFinished(const std::shared_ptr<Job>& job, JobState state, const QString& error,
                    const std::function<void()>& deliver);

    ThreadPool m_pool;
    QList<std::shared_ptr<Job>> m_jobs;
    std::array<std::unique_ptr<JobLaneWorker>, size_t(JobLane::Count)> m_lanes;
    JobId m_nextId = 1;
};

}  // namespace halftone::app
