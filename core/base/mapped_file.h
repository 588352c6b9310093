// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>

#include "core/base/error.h"

namespace halftone {

/// A whole file mapped read-only. Immutable, safe to share between threads; unmapped by the destructor.
/// A file that shrinks while mapped makes later reads fault: that is the operating system's contract, not checked here.
class MappedFile {
  public:
    static Result<std::shared_ptr<const MappedFile>> open(const std::filesystem::path& path);
    ~MappedFile();
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;

    [[nodiscard]] std::span<const std::byte> bytes() const { return {m_data, m_size}; }
    [[nodiscard]] const std::filesystem::path& path() const { return m_path; }

    /// Tells the kernel that [offset, offset+size) is no longer needed, so that a streaming pass over a
    /// file larger than memory does not push everything else out.
    void dropPages(size_t offset, size_t sizeBytes) const;

  private:
    MappedFile() = default;
    std::filesystem::path m_path;
    const std::byte* m_data = nullptr;
    size_t m_size = 0;
};

}  // namespace halftone
