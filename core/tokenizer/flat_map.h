// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace halftone::tokenization {

/// Hash table from a 64-bit key to a small value: open addressing with linear probing, no removal. The all-ones key is
/// reserved. Look-ups from several threads are safe once filling is over.
template <typename Value>
class FlatMap {
  public:
    /// Inserts unless the key exists. Returns whether it was inserted.
    bool insert(uint64_t key, const Value& value) {
        if ((m_count + 1) * 2 > m_slots.size()) grow();
        Slot& slot = m_slots[slotOf(key)];
        if (slot.key == key) return false;
        slot = {key, value};
        ++m_count;
        return true;
    }

    [[nodiscard]] const Value* find(uint64_t key) const {
        if (m_slots.empty()) return nullptr;
        const Slot& slot = m_slots[slotOf(key)];
        return slot.key == key ? &slot.value : nullptr;
    }

    [[nodiscard]] size_t size() const { return m_count; }

  private:
    static constexpr uint64_t kFree = ~uint64_t{0};
    struct Slot {
        uint64_t key = kFree;
        Value value{};
    };

    [[nodiscard]] size_t slotOf(uint64_t key) const {
        uint64_t hash = key * 0x9E3779B97F4A7C15u;
        hash ^= hash >> 32;
        const size_t mask = m_slots.size() - 1;
        size_t index = static_cast<size_t>(hash) & mask;
        while (m_slots[index].key != key && m_slots[index].key != kFree) index = (index + 1) & mask;
        return index;
    }

    void grow() {
        std::vector<Slot> old(m_slots.empty() ? 16 : m_slots.size() * 2);
        std::swap(old, m_slots);
        for (const Slot& slot : old) {
            if (slot.key != kFree) m_slots[slotOf(slot.key)] = slot;
        }
    }

    std::vector<Slot> m_slots;
    size_t m_count = 0;
};

}  // namespace halftone::tokenization
