// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <type_traits>

namespace halftone::test {

/// Puts files together byte by byte, little-endian, with none of the care that the product's writers take: it can make
/// any broken file.
class ByteWriter {
  public:
    template <typename T>
    ByteWriter& number(T value) {
        static_assert(std::is_arithmetic_v<T>);
        m_bytes.append(reinterpret_cast<const char*>(&value), sizeof(value));
        return *this;
    }
    /// Length as u64, then the bytes: GGUF's string.
    ByteWriter& string(std::string_view text) { return number<uint64_t>(text.size()).raw(text); }
    ByteWriter& raw(std::string_view bytes) {
        m_bytes.append(bytes);
        return *this;
    }
    ByteWriter& padTo(size_t alignment) {
        m_bytes.resize((m_bytes.size() + alignment - 1) / alignment * alignment, '\0');
        return *this;
    }
    [[nodiscard]] size_t size() const { return m_bytes.size(); }
    [[nodiscard]] const std::string& bytes() const { return m_bytes; }

  private:
    std::string m_bytes;
};

/// Writes `bytes` to a file, replacing it.
void writeFile(const std::filesystem::path& path, std::string_view bytes);

}  // namespace halftone::test
