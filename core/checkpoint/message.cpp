// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/message.h"

#include <fmt/format.h>
#include <simdjson.h>

namespace halftone {

std::string quoteForMessage(std::string_view text) {
    constexpr size_t kLongest = 96;
    size_t shown = text.size();
    if (shown > kLongest) {
        shown = kLongest;
        while (shown > 0 && (static_cast<unsigned char>(text[shown]) & 0xC0) == 0x80) --shown;  // whole characters
    }
    const bool isUtf8 = isValidUtf8(text.substr(0, shown));
    std::string out = "\"";
    for (const char c : text.substr(0, shown)) {
        const auto byte = static_cast<unsigned char>(c);
        const bool isPrintable = byte >= 0x20 && byte != 0x7F && (byte < 0x80 || isUtf8);
        if (isPrintable) {
            out += c;
        } else {
            out += fmt::format("\\x{:02X}", byte);
        }
    }
    out += shown < text.size() ? "...\"" : "\"";
    return out;
}

bool isValidUtf8(std::string_view text) {
    return simdjson::validate_utf8(text.data(), text.size());
}

}  // namespace halftone
