// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/run_monitor.h"

#include <unistd.h>
#include <csignal>
#include <ctime>

#include <fmt/format.h>

#include "app/cli/output.h"

namespace halftone::cli {
namespace {

constexpr long kPollNanoseconds = 100'000'000;
constexpr int kExitInterrupted = 130;

sigset_t interruptSignals() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    return signals;
}

std::string rateText(double rate, const std::string& unit) {
    return unit == "bytes" ? bytesText(rate) : numberText(rate) + " " + unit;
}

JobContext makeContext(const CommonOptions& options, const std::stop_source& cancel, Progress& progress) {
    return JobContext{.stop = cancel.get_token(), .progress = &progress, .pool = ThreadPool(options.threads)};
}

}  // namespace

RunMonitor::RunMonitor(const CommonOptions& options)
    : m_context(makeContext(options, m_cancel, m_progress)), m_isTerminal(::isatty(STDERR_FILENO) != 0) {
    // Blocked before any worker starts, so that the watcher alone receives them.
    const sigset_t signals = interruptSignals();
    ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    m_watcher = std::jthread([this](const std::stop_token& stop) { watch(stop); });
}

RunMonitor::~RunMonitor() {
    m_watcher.request_stop();
    // Wakes the watcher, which would sleep out its pause: a tenth of a second at the end of every run.
    ::pthread_kill(m_watcher.native_handle(), SIGTERM);
    m_watcher.join();
    hideProgress();
}

void RunMonitor::watch(const std::stop_token& stop) {
    const sigset_t signals = interruptSignals();
    const timespec pause{.tv_sec = 0, .tv_nsec = kPollNanoseconds};
    while (!stop.stop_requested()) {
        if (::sigtimedwait(&signals, nullptr, &pause) > 0 && !stop.stop_requested()) {
            if (m_cancel.stop_requested()) ::_exit(kExitInterrupted);
            m_cancel.request_stop();
        }
        if (m_isTerminal) drawProgress();
    }
}

void RunMonitor::drawProgress() {
    const std::lock_guard lock(m_mutex);
    if (m_hidden) return;
    const Progress::Snapshot now = m_progress.snapshot();
    if (now.stage.empty()) return;
    const auto time = std::chrono::steady_clock::now();
    // Stages of one job ("Writing blk.0...", "Writing blk.1...") share a clock; a count that begins anew does not.
    if (m_stage.empty() || now.done == 0) m_stageStart = time;
    m_stage = now.stage;
    const double seconds = std::chrono::duration<double>(time - m_stageStart).count();
    std::string line = now.stage;
    if (now.total > 0) line += fmt::format("  {:.0f} %", 100 * now.fraction());
    if (now.done > 0 && seconds > 0.5) {
        line += fmt::format("  {}/s", rateText(double(now.done) / seconds, now.unit));
        if (now.total > now.done)
            line += fmt::format("  {:.0f} s left", double(now.total - now.done) * seconds / double(now.done));
    }
    fmt::print(stderr, "\r\x1b[K{}", line);
    std::fflush(stderr);
    m_lineShown = true;
}

void RunMonitor::eraseLine() {
    if (!m_lineShown) return;
    fmt::print(stderr, "\r\x1b[K");
    std::fflush(stderr);
    m_lineShown = false;
}

void RunMonitor::hideProgress() {
    const std::lock_guard lock(m_mutex);
    m_hidden = true;
    eraseLine();
}

}  // namespace halftone::cli
