// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace halftone {

/// `text` in double quotes, fit for a one-line message whatever a file put into it: control characters and bytes that
/// are not valid UTF-8 appear as \xNN, and anything beyond 96 bytes is cut off.
[[nodiscard]] std::string quoteForMessage(std::string_view text);

[[nodiscard]] bool isValidUtf8(std::string_view text);

}  // namespace halftone
