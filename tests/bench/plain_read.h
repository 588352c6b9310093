// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace halftone::bench {

/// Reads every byte once with the widest loads of the machine and returns something that depends on all of them: the
/// limit of everything that has to look at the bytes.
uint64_t readBytes(std::span<const std::byte> bytes);

}  // namespace halftone::bench
