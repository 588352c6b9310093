// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace halftone {

/// A translated module, or why there is none.
struct TranslatedModule {
    std::vector<uint32_t> words;
    std::string error;  ///< empty: `words` is the module
};

/// Turns a SPIR-V module that uses SPV_NV_cooperative_matrix into one of SPV_KHR_cooperative_matrix. The compiler of
/// Debian 12 knows the first alone, every vendor's driver the second. They differ in how types and memory layouts are
/// written: a KHR type says whether it is a left factor, a right factor or a sum, which follows from the products that
/// it takes part in. A type must have one of these parts only, so a shader gives its three sizes constants of their
/// own. Source: the two SPIR-V extension specifications. Build tool and tests only; any thread.
[[nodiscard]] TranslatedModule translateMatrices(std::span<const uint32_t> module);

}  // namespace halftone
