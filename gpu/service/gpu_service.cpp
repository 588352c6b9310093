// SPDX-License-Identifier: GPL-3.0-or-later
#include "gpu/service/gpu_service.h"

#include <algorithm>
#include <utility>

namespace halftone {
namespace {

Status cancelled(const char* reason) {
    return makeError(ErrorCode::kCancelled, reason);
}

}  // namespace

GpuService::GpuService(OpenBackend open)
    : m_open(std::move(open)), m_thread([this](const std::stop_token& stop) { loop(stop); }) {}

GpuService::~GpuService() {
    m_thread.request_stop();
    {
        const std::scoped_lock lock(m_mutex);
        m_runningStop.request_stop();
    }
    m_thread.join();
}

void GpuService::finish(const Request& request, const Status& status) {
    if (request.done) request.done(status);
}

void GpuService::submit(Request request) {
    {
        const std::scoped_lock lock(m_mutex);
        if (request.running == RunningRequest::kIsStopped && m_runningTag == request.tag) m_runningStop.request_stop();
        dropWaiting(request.tag);
        m_waiting.push_back(std::move(request));
    }
    m_wake.notify_all();
}

void GpuService::cancel(const std::string& tag) {
    {
        const std::scoped_lock lock(m_mutex);
        if (m_runningTag == tag) m_runningStop.request_stop();
        dropWaiting(tag);
    }
    m_wake.notify_all();
}

void GpuService::dropWaiting(const std::string& tag) {
    const auto dropped = std::stable_partition(m_waiting.begin(), m_waiting.end(),
                                               [&](const Request& waiting) { return waiting.tag != tag; });
    std::move(dropped, m_waiting.end(), std::back_inserter(m_dropped));
    m_waiting.erase(dropped, m_waiting.end());
}

void GpuService::reopen() {
    const std::scoped_lock lock(m_mutex);
    if (m_state != State::kFailed) return;
    m_state = State::kClosed;
    m_error.reset();
}

GpuService::Condition GpuService::condition() const {
    const std::scoped_lock lock(m_mutex);
    return {.state = m_state,
            .runningTag = m_runningTag,
            .waiting = m_waiting.size(),
            .description = m_description,
            .error = m_error};
}

void GpuService::loop(const std::stop_token& stop) {
    std::unique_lock lock(m_mutex);
    while (m_wake.wait(lock, stop, [this] { return !m_waiting.empty() || !m_dropped.empty(); }) &&
           !stop.stop_requested()) {
        const std::deque<Request> dropped = std::exchange(m_dropped, {});
        std::optional<Request> next;
        std::stop_token requestStop;
        if (!m_waiting.empty()) {
            next = std::move(m_waiting.front());
            m_waiting.pop_front();
            m_runningTag = next->tag;
            m_runningStop = std::stop_source();
            requestStop = m_runningStop.get_token();
        }
        lock.unlock();
        for (const auto& request : dropped)
            finish(request, cancelled("The request was replaced by a newer one or cancelled."));
        if (next) runOne(*next, requestStop);
        lock.lock();
    }
    const std::deque<Request> dropped = std::exchange(m_dropped, {}), waiting = std::exchange(m_waiting, {});
    lock.unlock();
    for (const auto& request : dropped)
        finish(request, cancelled("The request was replaced by a newer one or cancelled."));
    for (const auto& request : waiting) finish(request, cancelled("The GPU service was closed."));
    m_backend.reset();
}

void GpuService::runOne(const Request& request, const std::stop_token& stop) {
    Status status = ensureOpen();
    if (status) {
        JobContext context;
        context.stop = stop;
        context.progress = request.progress;
        context.pool = m_pool;
        status = request.work(*m_backend, context);
        if (!status && status.error().code == ErrorCode::kDeviceLost) fail(status.error());
    }
    {
        const std::scoped_lock lock(m_mutex);
        m_runningTag.clear();
    }
    finish(request, status);
}

Status GpuService::ensureOpen() {
    {
        const std::scoped_lock lock(m_mutex);
        if (m_state == State::kFailed) return tl::unexpected(*m_error);
        if (m_state == State::kReady) return {};
    }
    auto backend = m_open();
    if (!backend) {
        fail(backend.error());
        return tl::unexpected(backend.error());
    }
    m_backend = std::move(*backend);
    const std::scoped_lock lock(m_mutex);
    m_state = State::kReady;
    m_description = m_backend->description();
    return {};
}

/// What waits learns at once that the device is gone, so that the caller can go on elsewhere.
void GpuService::fail(const Error& error) {
    m_backend.reset();
    std::deque<Request> waiting;
    {
        const std::scoped_lock lock(m_mutex);
        m_state = State::kFailed;
        m_error = error;
        waiting = std::exchange(m_waiting, {});
    }
    for (const auto& request : waiting) finish(request, tl::unexpected(error));
}

}  // namespace halftone
