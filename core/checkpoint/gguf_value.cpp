// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/gguf_value.h"

#include <algorithm>
#include <limits>
#include <type_traits>

namespace halftone {

const GgufValue* GgufMetadata::find(std::string_view key) const {
    const auto it = std::ranges::find(m_entries, key, &Entry::first);
    return it == m_entries.end() ? nullptr : &it->second;
}

void GgufMetadata::set(std::string key, GgufValue value) {
    const auto it = std::ranges::find(m_entries, key, &Entry::first);
    if (it != m_entries.end()) {
        it->second = std::move(value);
    } else {
        m_entries.emplace_back(std::move(key), std::move(value));
    }
}

void GgufMetadata::append(std::string key, GgufValue value) {
    m_entries.emplace_back(std::move(key), std::move(value));
}

void GgufMetadata::erase(std::string_view key) {
    std::erase_if(m_entries, [key](const Entry& entry) { return entry.first == key; });
}

std::optional<int64_t> GgufMetadata::integer(std::string_view key) const {
    const GgufValue* value = find(key);
    if (!value) return std::nullopt;
    return std::visit(
        [](const auto& v) -> std::optional<int64_t> {
            using T = std::decay_t<decltype(v)>;
            if constexpr (std::is_same_v<T, uint64_t>) {
                if (v > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) return std::nullopt;
                return static_cast<int64_t>(v);
            } else if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
                return static_cast<int64_t>(v);
            } else {
                return std::nullopt;
            }
        },
        *value);
}

std::optional<double> GgufMetadata::number(std::string_view key) const {
    const GgufValue* value = find(key);
    if (!value) return std::nullopt;
    return std::visit(
        [](const auto& v) -> std::optional<double> {
            using T = std::decay_t<decltype(v)>;
            if constexpr (std::is_arithmetic_v<T> && !std::is_same_v<T, bool>) {
                return static_cast<double>(v);
            } else {
                return std::nullopt;
            }
        },
        *value);
}

std::optional<bool> GgufMetadata::boolean(std::string_view key) const {
    const GgufValue* value = find(key);
    const bool* typed = value ? std::get_if<bool>(value) : nullptr;
    return typed ? std::optional<bool>(*typed) : std::nullopt;
}

const std::string* GgufMetadata::string(std::string_view key) const {
    const GgufValue* value = find(key);
    return value ? std::get_if<std::string>(value) : nullptr;
}

const GgufArray* GgufMetadata::array(std::string_view key) const {
    const GgufValue* value = find(key);
    return value ? std::get_if<GgufArray>(value) : nullptr;
}

const std::vector<std::string>* GgufMetadata::strings(std::string_view key) const {
    const GgufArray* values = array(key);
    return values ? std::get_if<std::vector<std::string>>(&values->values) : nullptr;
}

}  // namespace halftone
