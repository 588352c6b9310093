// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <simdjson.h>

#include "core/base/error.h"

namespace halftone::tokenization {

// Reading of tokenizer.json. Nothing throws: a member that is missing, null or of another type gives nullopt or the
// default.
using Json = simdjson::dom::element;

[[nodiscard]] inline std::optional<Json> field(const Json& object, std::string_view key) {
    Json value;
    if (!object.is_object() || object[key].get(value) != simdjson::SUCCESS || value.is_null()) return std::nullopt;
    return value;
}

[[nodiscard]] inline std::optional<std::string_view> asString(const Json& value) {
    std::string_view text;
    return value.get(text) == simdjson::SUCCESS ? std::optional(text) : std::nullopt;
}

[[nodiscard]] inline std::optional<int64_t> asInteger(const Json& value) {
    int64_t number = 0;
    return value.get(number) == simdjson::SUCCESS ? std::optional(number) : std::nullopt;
}

[[nodiscard]] inline std::optional<double> asNumber(const Json& value) {
    double number = 0;
    return value.get(number) == simdjson::SUCCESS ? std::optional(number) : std::nullopt;
}

[[nodiscard]] inline std::optional<std::string_view> stringField(const Json& object, std::string_view key) {
    const auto value = field(object, key);
    return value ? asString(*value) : std::nullopt;
}

[[nodiscard]] inline std::optional<int64_t> integerField(const Json& object, std::string_view key) {
    const auto value = field(object, key);
    return value ? asInteger(*value) : std::nullopt;
}

[[nodiscard]] inline bool boolField(const Json& object, std::string_view key, bool fallback) {
    const auto value = field(object, key);
    bool result = fallback;
    return value && value->get(result) == simdjson::SUCCESS ? result : fallback;
}

[[nodiscard]] inline std::optional<simdjson::dom::array> arrayField(const Json& object, std::string_view key) {
    const auto value = field(object, key);
    simdjson::dom::array array;
    return value && value->get(array) == simdjson::SUCCESS ? std::optional(array) : std::nullopt;
}

[[nodiscard]] inline std::optional<simdjson::dom::object> objectField(const Json& object, std::string_view key) {
    const auto value = field(object, key);
    simdjson::dom::object result;
    return value && value->get(result) == simdjson::SUCCESS ? std::optional(result) : std::nullopt;
}

/// The "type" of a component, or "".
[[nodiscard]] inline std::string_view typeOf(const Json& component) {
    return stringField(component, "type").value_or("");
}

/// Sequences inside sequences deeper than this are refused.
inline constexpr int kMaxComponentDepth = 16;

}  // namespace halftone::tokenization
