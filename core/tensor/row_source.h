// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "core/base/error.h"
#include "core/tensor/dtype.h"

namespace halftone {

/// A whole matrix as it is stored, row after row without gaps. Elements may start at any address.
struct StoredRows {
    DType type = DType::kF32;  ///< kF32, kF16 or kBF16, little-endian
    std::span<const std::byte> bytes;
};

/// A matrix that can be read as F32 rows, wherever it lies (mapped file, packed blocks, memory).
/// Implementations are immutable; any number of threads may read at once. Nothing is expanded beyond the rows asked for.
class RowSource {
  public:
    virtual ~RowSource() = default;
    [[nodiscard]] virtual int64_t rows() const = 0;
    [[nodiscard]] virtual int64_t cols() const = 0;
    /// Writes rows [first, first + count) to `out`, which holds count * cols() floats.
    virtual Status readRows(int64_t first, int64_t count, std::span<float> out) const = 0;
    /// The stored values themselves, valid as long as the source, for passes that need no copy; nothing where they are
    /// not stored as plain rows of these types. Whoever asks must be able to use readRows() instead.
    [[nodiscard]] virtual std::optional<StoredRows> storedRows() const { return std::nullopt; }
    /// Bytes of the stored form of `count` rows, for rates and progress.
    [[nodiscard]] virtual int64_t storedBytes(int64_t count) const { return count * cols() * 4; }
};

}  // namespace halftone
