// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/progress.h"

#include <utility>

namespace halftone {

void Progress::start(std::string stage, int64_t total, std::string unit) {
    const std::lock_guard lock(m_mutex);
    m_stage = std::move(stage);
    m_unit = std::move(unit);
    m_done.store(0, std::memory_order_relaxed);
    m_total.store(total, std::memory_order_relaxed);
}

void Progress::setStage(std::string stage) {
    const std::lock_guard lock(m_mutex);
    m_stage = std::move(stage);
}

Progress::Snapshot Progress::snapshot() const {
    const std::lock_guard lock(m_mutex);
    return {m_stage, m_unit, m_done.load(std::memory_order_relaxed), m_total.load(std::memory_order_relaxed)};
}

}  // namespace halftone
