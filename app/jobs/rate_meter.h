// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

namespace halftone::app {

/// Units per second and remaining time of a job from samples of (time, done). Smoothed, so that the figures can be
/// read; restarts when `done` falls back, which is what a new stage of a job looks like. GUI thread.
class RateMeter {
  public:
    /// `seconds` since the job began; samples closer than 50 ms to the last one are ignored.
    void sample(double seconds, int64_t done);
    /// 0 until there are two samples.
    [[nodiscard]] double unitsPerSecond() const { return m_rate; }
    /// Negative while it cannot be told.
    [[nodiscard]] double secondsLeft(int64_t done, int64_t total) const;

  private:
    bool m_hasSample = false;
    double m_seconds = 0;
    int64_t m_done = 0;
    double m_rate = 0;
};

}  // namespace halftone::app
