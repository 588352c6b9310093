// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace halftone {

/// Value types of GGUF metadata with their ids in the file.
enum class GgufType : uint32_t {
    kU8 = 0,
    kI8 = 1,
    kU16 = 2,
    kI16 = 3,
    kU32 = 4,
    kI32 = 5,
    kF32 = 6,
    kBool = 7,
    kString = 8,
    kArray = 9,
    kU64 = 10,
    kI64 = 11,
    kF64 = 12,
};

/// A one-dimensional array; elements keep their type. Bools are stored as uint8_t (0 or 1).
struct GgufArray {
    GgufType elementType = GgufType::kU8;
    std::variant<std::vector<uint8_t>, std::vector<int8_t>, std::vector<uint16_t>, std::vector<int16_t>,
                 std::vector<uint32_t>, std::vector<int32_t>, std::vector<float>, std::vector<std::string>,
                 std::vector<uint64_t>, std::vector<int64_t>, std::vector<double>>
        values;
    [[nodiscard]] size_t size() const {
        return std::visit([](const auto& v) { return v.size(); }, values);
    }
    bool operator==(const GgufArray&) const = default;
};

/// One metadata value, with exactly the type the file gives it (needed to write it back unchanged).
using GgufValue = std::variant<uint8_t, int8_t, uint16_t, int16_t, uint32_t, int32_t, float, bool, std::string,
                               GgufArray, uint64_t, int64_t, double>;

/// Key-value pairs in file order.
class GgufMetadata {
  public:
    using Entry = std::pair<std::string, GgufValue>;

    [[nodiscard]] const std::vector<Entry>& entries() const { return m_entries; }
    [[nodiscard]] const GgufValue* find(std::string_view key) const;
    /// Adds, or replaces in place.
    void set(std::string key, GgufValue value);
    /// Adds without looking for an entry of that key: for readers that have checked uniqueness themselves.
    void append(std::string key, GgufValue value);
    void erase(std::string_view key);

    /// Typed look-ups: nullopt / null where the key is missing or has another type. Integers of any width convert where
    /// they fit.
    [[nodiscard]] std::optional<int64_t> integer(std::string_view key) const;
    [[nodiscard]] std::optional<double> number(std::string_view key) const;
    [[nodiscard]] std::optional<bool> boolean(std::string_view key) const;
    [[nodiscard]] const std::string* string(std::string_view key) const;
    [[nodiscard]] const GgufArray* array(std::string_view key) const;
    [[nodiscard]] const std::vector<std::string>* strings(std::string_view key) const;

  private:
    std::vector<Entry> m_entries;
};

}  // namespace halftone
