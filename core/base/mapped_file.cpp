// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

namespace halftone {
namespace {

struct FileDescriptor {
    int value = -1;
    ~FileDescriptor() {
        if (value >= 0) ::close(value);
    }
};

}  // namespace

Result<std::shared_ptr<const MappedFile>> MappedFile::open(const std::filesystem::path& path) {
    const FileDescriptor fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (fd.value < 0) {
        const int reason = errno;
        return makeError(reason == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo,
                         fmt::format("Cannot open {}: {}.", path.string(), std::strerror(reason)));
    }
    struct stat info{};
    if (::fstat(fd.value, &info) != 0 || !S_ISREG(info.st_mode)) {
        return makeError(ErrorCode::kIo, fmt::format("{} is not a regular file.", path.string()));
    }
    std::shared_ptr<MappedFile> file(new MappedFile);
    file->m_path = path;
    file->m_size = static_cast<size_t>(info.st_size);
    if (file->m_size == 0) return file;
    void* address = ::mmap(nullptr, file->m_size, PROT_READ, MAP_PRIVATE, fd.value, 0);
    if (address == MAP_FAILED) {
        return makeError(ErrorCode::kIo, fmt::format("Cannot map {}: {}.", path.string(), std::strerror(errno)));
    }
    file->m_data = static_cast<const std::byte*>(address);
    return file;
}

MappedFile::~MappedFile() {
    if (m_data) ::munmap(const_cast<std::byte*>(m_data), m_size);
}

void MappedFile::dropPages(size_t offset, size_t sizeBytes) const {
    if (!m_data || offset >= m_size) return;
    const auto page = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
    const size_t begin = (offset + page - 1) / page * page;
    const size_t end = std::min(m_size, offset + sizeBytes) / page * page;
    if (begin < end) ::madvise(const_cast<std::byte*>(m_data) + begin, end - begin, MADV_DONTNEED);
}

}  // namespace halftone
