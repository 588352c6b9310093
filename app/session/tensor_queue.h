// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QList>

#include <algorithm>
#include <deque>
#include <mutex>
#include <optional>

namespace halftone::app {

/// Tensors that wait for a worker; the GUI may move some to the front. Thread-safe.
class TensorQueue {
  public:
    explicit TensorQueue(const QList<int>& tensors) : m_tensors(tensors.begin(), tensors.end()) {}

    [[nodiscard]] std::optional<int> take() {
        const std::lock_guard lock(m_mutex);
        if (m_tensors.empty()) return std::nullopt;
        const int tensor = m_tensors.front();
        m_tensors.pop_front();
        return tensor;
    }

    /// Those of `tensors` that still wait go first, in the given order.
    void prioritize(const QList<int>& tensors) {
        const std::lock_guard lock(m_mutex);
        for (auto it = tensors.rbegin(); it != tensors.rend(); ++it) {
            const auto found = std::find(m_tensors.begin(), m_tensors.end(), *it);
            if (found == m_tensors.end()) continue;
            m_tensors.erase(found);
            m_tensors.push_front(*it);
        }
    }

  private:
    std::mutex m_mutex;
    std::deque<int> m_tensors;
};

}  // namespace halftone::app
