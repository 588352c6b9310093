// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/jobs/job_manager.h"

#include <QMetaObject>

#include <algorithm>

#include "app/jobs/job_lane_worker.h"

namespace halftone::app {

JobControl::JobControl(JobManager& manager, std::shared_ptr<Job> job, ThreadPool pool)
    : m_manager(manager),
      m_job(std::move(job)),
      m_context{m_job->stop.get_token(), &m_job->progress, std::move(pool)} {}

void JobControl::post(std::function<void()> deliver) const {
    m_manager.postToGui([job = m_job, deliver = std::move(deliver)] {
        if (!job->superseded) deliver();
    });
}

void JobControl::setStage(const QString& stage) const {
    m_job->progress.setStage(stage.toStdString());
}

JobManager::JobManager(ThreadPool pool, QObject* parent) : QObject(parent), m_pool(std::move(pool)) {}

JobManager::~JobManager() {
    shutdown();
}

void JobManager::setThreads(int threads) {
    m_pool = ThreadPool(threads);
}

void JobManager::shutdown() {
    for (const auto& job : m_jobs) {
        job->superseded = true;
        job->stop.request_stop();
    }
    for (auto& lane : m_lanes) lane.reset();
}

std::shared_ptr<Job> JobManager::createJob(JobSpec spec) {
    auto job = std::make_shared<Job>();
    job->id = m_nextId++;
    job->spec = std::move(spec);
    return job;
}

void JobManager::enqueue(const std::shared_ptr<Job>& job) {
    if (!job->spec.tag.isEmpty()) replaceTag(job->spec.tag);
    m_jobs.append(job);
    auto& lane = m_lanes[size_t(job->spec.lane)];
    if (!lane) lane = std::make_unique<JobLaneWorker>();
    lane->push([this, job] {
        if (!job->stop.stop_requested()) postToGui([this, job] { onStarted(job); });
        // Moved out, so that what the work captured is freed here and not with the job's last line in the strip.
        const auto body = std::move(job->body);
        body();
    });
    emit jobsChanged();
}

void JobManager::replaceTag(const QString& tag) {
    for (const auto& job : m_jobs) {
        if (job->spec.tag != tag) continue;
        job->superseded = true;
        job->stop.request_stop();
    }
}

void JobManager::cancel(JobId id) {
    for (const auto& job : m_jobs) {
        if (job->id == id) job->stop.request_stop();
    }
    emit jobsChanged();
}

void JobManager::cancelTag(const QString& tag) {
    for (const auto& job : m_jobs) {
        if (job->spec.tag == tag) job->stop.request_stop();
    }
    emit jobsChanged();
}

void JobManager::cancelAll() {
    for (const auto& job : m_jobs) job->stop.request_stop();
    emit jobsChanged();
}

bool JobManager::hasTag(const QString& tag) const {
    return std::any_of(m_jobs.begin(), m_jobs.end(),
                       [&](const auto& job) { return job->spec.tag == tag && !job->superseded; });
}

int JobManager::visibleCount() const {
    return int(std::count_if(m_jobs.begin(), m_jobs.end(),
                             [](const auto& job) { return !job->spec.quiet && !job->superseded; }));
}

int JobManager::askedForCount() const {
    return int(std::count_if(m_jobs.begin(), m_jobs.end(), [](const auto& job) {
        return !job->spec.quiet && !job->spec.automatic && !job->superseded;
    }));
}

QList<JobStatus> JobManager::status() {
    QList<JobStatus> list;
    for (const auto& job : m_jobs) {
        if (job->superseded) continue;
        JobStatus status{job->id,
                         job->spec.title,
                         job->state,
                         job->spec.quiet,
                         job->stop.stop_requested(),
                         job->progress.snapshot()};
        if (job->state == JobState::Running) {
            status.elapsedSeconds = double(job->clock.elapsed()) / 1000.0;
            job->rate.sample(status.elapsedSeconds, status.progress.done);
            status.unitsPerSecond = job->rate.unitsPerSecond();
            status.secondsLeft = job->rate.secondsLeft(status.progress.done, status.progress.total);
        }
        list.append(std::move(status));
    }
    return list;
}

void JobManager::postToGui(std::function<void()> function) {
    QMetaObject::invokeMethod(this, std::move(function), Qt::QueuedConnection);
}

void JobManager::finishFromWorker(const std::shared_ptr<Job>& job, const Error* error, std::function<void()> deliver) {
    JobState state = JobState::Done;
    if (error) state = error->code == ErrorCode::kCancelled ? JobState::Cancelled : JobState::Failed;
    const QString message = state == JobState::Failed ? QString::fromStdString(error->message) : QString();
    postToGui([this, job, state, message, deliver = std::move(deliver)] { onFinished(job, state, message, deliver); });
}

void JobManager::onStarted(const std::shared_ptr<Job>& job) {
    job->state = JobState::Running;
    job->clock.start();
    if (job->superseded) return;
    emit jobStarted(job->id, job->spec.title);
    emit jobsChanged();
}

void JobManager::onFinished(const std::shared_ptr<Job>& job, JobState state, const QString& error,
                            const std::function<void()>& deliver) {
    job->state = state;
    m_jobs.removeOne(job);
    if (!job->superseded) {
        deliver();
        emit jobFinished(job->id, state, job->spec.title, error);
    }
    emit jobsChanged();
}

}  // namespace halftone::app
