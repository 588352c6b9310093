// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace halftone {

/// One compiled shader variant. Private to gpu.
struct ShaderCode {
    std::string_view family;  ///< "matvec"
    std::string_view option;  ///< weight format ("q4_k") or cache type ("f16"); empty where the family has none
    std::span<const uint32_t> words;
};

/// Every variant of the manifest in shaders/CMakeLists.txt, in its order.
[[nodiscard]] std::span<const ShaderCode> allShaders();

}  // namespace halftone
