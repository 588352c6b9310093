// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <mutex>
#include <vector>

#include "core/base/aligned_buffer.h"

namespace halftone::cpu {

/// Working memory for tasks: as many buffers as tasks ever ran at once. Any thread.
class ScratchPool {
  public:
    /// A buffer on loan, given back by the destructor. Contents are whatever the last user left.
    class Loan {
      public:
        Loan(ScratchPool& pool, AlignedBuffer buffer) : m_pool(pool), m_buffer(std::move(buffer)) {}
        ~Loan() {
            const std::lock_guard lock(m_pool.m_mutex);
            m_pool.m_free.push_back(std::move(m_buffer));
        }
        Loan(const Loan&) = delete;
        Loan& operator=(const Loan&) = delete;
        [[nodiscard]] float* floats() { return reinterpret_cast<float*>(m_buffer.data()); }

      private:
        ScratchPool& m_pool;
        AlignedBuffer m_buffer;
    };

    [[nodiscard]] Loan borrow(int64_t floats) {
        AlignedBuffer buffer;
        {
            const std::lock_guard lock(m_mutex);
            if (!m_free.empty()) {
                buffer = std::move(m_free.back());
                m_free.pop_back();
            }
        }
        const auto bytes = static_cast<size_t>(floats) * sizeof(float);
        if (buffer.size() < bytes) buffer = AlignedBuffer(bytes);
        return {*this, std::move(buffer)};
    }

  private:
    std::mutex m_mutex;
    std::vector<AlignedBuffer> m_free;
};

}  // namespace halftone::cpu
