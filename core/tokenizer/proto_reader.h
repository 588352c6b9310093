// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <bit>
#include <cstdint>
#include <string_view>

namespace halftone::tokenization {

/// Walks the fields of one protobuf message (wire format of proto2/3). Never reads outside `bytes`.
class ProtoReader {
  public:
    explicit ProtoReader(std::string_view bytes) : m_bytes(bytes) {}

    /// Moves to the next field. False at the end, and at the first fault (then failed() is true).
    bool next() {
        if (m_position >= m_bytes.size()) return false;
        uint64_t key = 0;
        if (!readVarint(key)) return fail();
        m_field = static_cast<uint32_t>(key >> 3);
        switch (key & 7) {
            case 0:
                return readVarint(m_varint) || fail();
            case 1:
                return readFixed(8);
            case 2:
                return readBytes();
            case 5:
                return readFixed(4);
            default:
                return fail();
        }
    }

    [[nodiscard]] bool failed() const { return m_failed; }
    [[nodiscard]] uint32_t field() const { return m_field; }
    [[nodiscard]] uint64_t varint() const { return m_varint; }
    [[nodiscard]] int32_t int32() const { return static_cast<int32_t>(m_varint); }
    [[nodiscard]] bool boolean() const { return m_varint != 0; }
    [[nodiscard]] std::string_view bytes() const { return m_value; }
    /// Value of a 32-bit field.
    [[nodiscard]] float float32() const { return std::bit_cast<float>(static_cast<uint32_t>(m_varint)); }

  private:
    bool fail() {
        m_failed = true;
        return false;
    }
    bool readVarint(uint64_t& value) {
        value = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            if (m_position >= m_bytes.size()) return false;
            const auto byte = static_cast<uint8_t>(m_bytes[m_position++]);
            value |= uint64_t{byte & 0x7Fu} << shift;
            if ((byte & 0x80) == 0) return true;
        }
        return false;
    }
    bool readFixed(size_t size) {
        if (m_bytes.size() - m_position < size) return fail();
        m_varint = 0;
        for (size_t i = 0; i < size; ++i)
            m_varint |= uint64_t{static_cast<uint8_t>(m_bytes[m_position + i])} << (8 * i);
        m_position += size;
        return true;
    }
    bool readBytes() {
        uint64_t size = 0;
        if (!readVarint(size) || size > m_bytes.size() - m_position) return fail();
        m_value = m_bytes.substr(m_position, size);
        m_position += size;
        return true;
    }

    std::string_view m_bytes;
    size_t m_position = 0;
    uint32_t m_field = 0;
    uint64_t m_varint = 0;
    std::string_view m_value;
    bool m_failed = false;
};

}  // namespace halftone::tokenization
