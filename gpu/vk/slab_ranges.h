// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <optional>

namespace halftone::vk {

/// Which parts of one slab of memory are free: best fit, neighbours merged on release. Knows nothing of Vulkan.
/// Not thread-safe.
class SlabRanges {
  public:
    explicit SlabRanges(uint64_t sizeBytes);

    /// Offset of `sizeBytes` aligned bytes, or nullopt if no free range holds them. `alignment` is a power of two.
    [[nodiscard]] std::optional<uint64_t> allocate(uint64_t sizeBytes, uint64_t alignment);
    /// Gives back what allocate() returned for `offset`.
    void release(uint64_t offset);

    [[nodiscard]] bool empty() const { return m_used.empty(); }
    [[nodiscard]] uint64_t usedBytes() const { return m_usedBytes; }
    [[nodiscard]] uint64_t sizeBytes() const { return m_sizeBytes; }

  private:
    uint64_t m_sizeBytes;
    uint64_t m_usedBytes = 0;
    std::map<uint64_t, uint64_t> m_free;  // offset -> size, never adjacent
    std::map<uint64_t, uint64_t> m_used;
};

}  // namespace halftone::vk
