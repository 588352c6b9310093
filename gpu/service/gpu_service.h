// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include "core/inference/backend.h"

namespace halftone {

/// What happens to the request of the same tag that runs when a newer one arrives; one that waits is always replaced.
enum class RunningRequest {
    kFinishes,
    kIsStopped,
};

/// One thread that owns a backend and runs requests on it in order. Callers never wait for the device.
///
/// A request carries a tag that says what it is for ("preview", "compare left"); a newer one replaces a waiting older
/// one of the same tag: what a slider or a moving selection needs. `work` and `done` are called on the service's
/// thread; `done` exactly once for each request: with the result of the work, kCancelled if it was replaced or
/// cancelled, or the error of the device. When the device is lost, everything that waits fails with kDeviceLost and so
/// does everything later, until reopen(): the caller goes on with the processor's backend. All members may be called
/// from any thread, from `done` as well.
class GpuService {
  public:
    using OpenBackend = std::function<Result<std::shared_ptr<Backend>>()>;
    using Work = std::function<Status(Backend& backend, const JobContext& context)>;
    using Done = std::function<void(const Status& status)>;

    struct Request {
        std::string tag;
        Work work;
        Done done;                     ///< may be empty
        Progress* progress = nullptr;  ///< not owned; must live until done
        RunningRequest running = RunningRequest::kFinishes;
    };

    enum class State { kClosed, kReady, kFailed };
    struct Condition {
        State state = State::kClosed;  ///< kClosed until the first request
        std::string runningTag;        ///< empty: idle
        size_t waiting = 0;
        std::string description;     ///< of the backend, once open
        std::optional<Error> error;  ///< why it failed
    };

    /// `open` is called on the service's thread before the first request and after reopen().
    explicit GpuService(OpenBackend open);
    /// Stops the running request, cancels the waiting ones and waits for the thread.
    ~GpuService();
    GpuService(const GpuService&) = delete;
    GpuService& operator=(const GpuService&) = delete;

    void submit(Request request);
    /// Stops or drops the requests of a tag.
    void cancel(const std::string& tag);
    /// Forgets a failed backend; the next request opens it again.
    void reopen();
    [[nodiscard]] Condition condition() const;

  private:
    void loop(const std::stop_token& stop);
    void runOne(const Request& request, const std::stop_token& stop);
    void dropWaiting(const std::string& tag);
    Status ensureOpen();
    void fail(const Error& error);
    static void finish(const Request& request, const Status& status);

    OpenBackend m_open;
    ThreadPool m_pool;
    std::shared_ptr<Backend> m_backend;  ///< touched by the service's thread only
    mutable std::mutex m_mutex;
    std::condition_variable_any m_wake;
    std::deque<Request> m_waiting;
    std::deque<Request> m_dropped;  ///< replaced or cancelled; the service's thread tells them
    std::string m_runningTag;
    std::stop_source m_runningStop;
    State m_state = State::kClosed;
    std::string m_description;
    std::optional<Error> m_error;
    std::jthread m_thread;  ///< last: the rest is there when it starts and still there when it ends
};

}  // namespace halftone
