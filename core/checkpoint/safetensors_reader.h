// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/tensor/tensor_info.h"

namespace halftone {

/// What the header of one safetensors file says.
struct SafetensorsHeader {
    /// In file order. Name, type, shape and absolute byte range are set; what the names mean is left to the caller.
    std::vector<TensorInfo> tensors;
    std::map<std::string, std::string> metadata;
    uint64_t headerBytes = 0;  ///< bytes before the tensor data
};

/// Parses and validates the header of a safetensors file; `bytes` is the whole file, only the header is read.
/// Stricter than the reference reader where the format is (duplicate names, first byte); see the reference page on
/// safetensors. Errors name `fileName` and the tensor. Pure; any thread.
Result<SafetensorsHeader> parseSafetensors(std::span<const std::byte> bytes, const std::string& fileName);

/// Parses model.safetensors.index.json: tensor name -> file name. File names are plain names that end in .safetensors.
Result<std::map<std::string, std::string>> parseSafetensorsIndex(std::string_view json, const std::string& fileName);

}  // namespace halftone
