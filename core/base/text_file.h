// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "core/base/error.h"

namespace halftone {

/// The whole of a small file. kInvalidData with both sizes if it is larger than `maxBytes`.
[[nodiscard]] Result<std::string> readTextFile(const std::filesystem::path& path, int64_t maxBytes);

/// Replaces a file in one step: temporary sibling, fsync, rename, fsync of the folder. After a failure the old file is
/// as it was and nothing else is left behind.
[[nodiscard]] Status writeFileAtomically(const std::filesystem::path& path, std::string_view content);

/// Offset of the first byte that is not part of well-formed UTF-8, or npos where all of it is.
[[nodiscard]] size_t findMalformedUtf8(std::string_view text);

}  // namespace halftone
