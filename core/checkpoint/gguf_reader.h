// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/checkpoint/gguf_value.h"
#include "core/tensor/tensor_info.h"

namespace halftone {

/// What the header of one GGUF file says.
struct GgufHeader {
    uint32_t version = 3;
    uint64_t alignment = 32;
    GgufMetadata metadata;
    /// In file order; names, roles and blocks filled in; offsets absolute; every byte range inside the file.
    std::vector<TensorInfo> tensors;
    uint64_t headerBytes = 0;     ///< bytes before the tensor data, padding included
    uint64_t unclaimedBytes = 0;  ///< bytes after the last tensor that no tensor claims
};

/// Parses and validates the header of a GGUF v2 or v3 file (little-endian). `bytes` is the whole file; only the header
/// is read. Layout and the list of checks: reference page on GGUF, section 1. Nothing in the file is trusted; memory
/// stays proportional to the header. Every error names `fileName`, the key or tensor concerned, and the byte offset.
/// The trailing padding of the last tensor may be absent. Pure; any thread.
Result<GgufHeader> parseGguf(std::span<const std::byte> bytes, const std::string& fileName);

}  // namespace halftone
