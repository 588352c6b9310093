// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/jobs/rate_meter.h"

#include <cmath>

namespace halftone::app {

namespace {
constexpr double kMinimumIntervalSeconds = 0.05;
constexpr double kSmoothingSeconds = 2.0;
}  // namespace

void RateMeter::sample(double seconds, int64_t done) {
    if (!m_hasSample || done < m_done) {
        m_hasSample = true;
        m_seconds = seconds;
        m_done = done;
        m_rate = 0;
        return;
    }
    const double interval = seconds - m_seconds;
    if (interval < kMinimumIntervalSeconds) return;
    const double current = double(done - m_done) / interval;
    const double keep = std::exp(-interval / kSmoothingSeconds);
    m_rate = m_rate > 0 ? keep * m_rate + (1 - keep) * current : current;
    m_seconds = seconds;
    m_done = done;
}

double RateMeter::secondsLeft(int64_t done, int64_t total) const {
    if (m_rate <= 0 || total <= 0) return -1;
    return double(total - done) / m_rate;
}

}  // namespace halftone::app
