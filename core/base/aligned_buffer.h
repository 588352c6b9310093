// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <span>

namespace halftone {

/// Owned bytes on a 64-byte boundary, uninitialized, padded so that a 64-byte load at the last byte stays inside.
class AlignedBuffer {
  public:
    static constexpr size_t kAlignment = 64;

    AlignedBuffer() = default;
    explicit AlignedBuffer(size_t sizeBytes)
        : m_data(sizeBytes ? static_cast<std::byte*>(
                                 ::operator new((sizeBytes / kAlignment + 2) * kAlignment, std::align_val_t{kAlignment}))
                           : nullptr),
          m_size(sizeBytes) {}

    [[nodiscard]] std::byte* data() { return m_data.get(); }
    [[nodiscard]] const std::byte* data() const { return m_data.get(); }
    [[nodiscard]] size_t size() const { return m_size; }
    [[nodiscard]] std::span<std::byte> bytes() { return {m_data.get(), m_size}; }
    [[nodiscard]] std::span<const std::byte> bytes() const { return {m_data.get(), m_size}; }
    template <typename T>
    [[nodiscard]] std::span<T> as() {
        return {reinterpret_cast<T*>(m_data.get()), m_size / sizeof(T)};
    }
    template <typename T>
    [[nodiscard]] std::span<const T> as() const {
        return {reinterpret_cast<const T*>(m_data.get()), m_size / sizeof(T)};
    }

  private:
    struct Deleter {
        void operator()(std::byte* p) const { ::operator delete(p, std::align_val_t{kAlignment}); }
    };
    std::unique_ptr<std::byte, Deleter> m_data;
    size_t m_size = 0;
};

}  // namespace halftone
