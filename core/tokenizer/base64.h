// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace halftone::tokenization {

/// Bytes of a base64 text (RFC 4648, padding optional), or nullopt where it is none.
[[nodiscard]] std::optional<std::string> decodeBase64(std::string_view text);

}  // namespace halftone::tokenization
