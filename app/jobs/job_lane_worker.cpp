// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/jobs/job_lane_worker.h"

namespace halftone::app {

JobLaneWorker::JobLaneWorker() : m_thread([this](const std::stop_token& stop) { loop(stop); }) {}

JobLaneWorker::~JobLaneWorker() {
    m_thread.request_stop();
    m_wake.notify_all();
    m_thread.join();
}

void JobLaneWorker::push(std::function<void()> function) {
    {
        const std::lock_guard lock(m_mutex);
        m_queue.push_back(std::move(function));
    }
    m_wake.notify_one();
}

void JobLaneWorker::loop(const std::stop_token& stop) {
    while (true) {
        std::function<void()> function;
        {
            std::unique_lock lock(m_mutex);
            if (!m_wake.wait(lock, stop, [this] { return !m_queue.empty(); })) return;
            if (stop.stop_requested()) return;
            function = std::move(m_queue.front());
            m_queue.pop_front();
        }
        function();
    }
}

}  // namespace halftone::app
