// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

namespace halftone::app {

/// One thread that runs queued functions in order. The destructor drops what is queued and joins.
class JobLaneWorker {
  public:
    JobLaneWorker();
    ~JobLaneWorker();
    JobLaneWorker(const JobLaneWorker&) = delete;
    JobLaneWorker& operator=(const JobLaneWorker&) = delete;

    void push(std::function<void()> function);

  private:
    void loop(const std::stop_token& stop);

    std::mutex m_mutex;
    std::condition_variable_any m_wake;
    std::deque<std::function<void()>> m_queue;
    std::jthread m_thread;  // last: starts when everything above exists
};

}  // namespace halftone::app
