// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>

namespace halftone {

/// Where what can be made again is kept: $XDG_CACHE_HOME/halftone or ~/.cache/halftone (XDG Base Directory
/// Specification). It need not exist yet; empty where neither is known.
[[nodiscard]] std::filesystem::path cacheFolder();

}  // namespace halftone
