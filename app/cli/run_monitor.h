// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <mutex>
#include <stop_token>
#include <thread>

#include "app/cli/options.h"
#include "core/base/job_context.h"

namespace halftone::cli {

/// The frame of a verb that takes time: an interrupt (Ctrl+C) becomes a cancel, a second one ends the process; progress
/// is drawn on standard error while that is a terminal.
class RunMonitor {
  public:
    explicit RunMonitor(const CommonOptions& options);
    ~RunMonitor();
    RunMonitor(const RunMonitor&) = delete;
    RunMonitor& operator=(const RunMonitor&) = delete;

    [[nodiscard]] const JobContext& context() const { return m_context; }
    /// Takes the progress line away and draws none any more: the report begins, or text is streamed.
    void hideProgress();

  private:
    void watch(const std::stop_token& stop);
    void drawProgress();
    void eraseLine();

    std::stop_source m_cancel;
    Progress m_progress;
    JobContext m_context;
    bool m_isTerminal = false;
    std::mutex m_mutex;  // guards what is drawn
    bool m_hidden = false;
    bool m_lineShown = false;
    std::string m_stage;
    std::chrono::steady_clock::time_point m_stageStart;
    std::jthread m_watcher;
};

}  // namespace halftone::cli
