// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/text_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

namespace halftone {
namespace {

namespace fs = std::filesystem;

struct FileDescriptor {
    int value = -1;
    ~FileDescriptor() { close(); }
    int close() {
        const int result = value >= 0 ? ::close(value) : 0;
        value = -1;
        return result;
    }
};

Status systemError(std::string_view what, const fs::path& path) {
    const int reason = errno;
    return makeError(reason == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo,
                     fmt::format("Cannot {} {}: {}.", what, path.string(), std::strerror(reason)));
}

Status writeAll(int descriptor, std::string_view content, const fs::path& path) {
    while (!content.empty()) {
        const ssize_t written = ::write(descriptor, content.data(), content.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return systemError("write", path);
        content.remove_prefix(static_cast<size_t>(written));
    }
    return {};
}

Status writeAndSync(const fs::path& temporary, std::string_view content, const fs::path& path) {
    FileDescriptor file{::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)};
    if (file.value < 0) return systemError("write", path);
    HT_TRY(writeAll(file.value, content, path));
    if (::fsync(file.value) != 0 || file.close() != 0) return systemError("write", path);
    if (::rename(temporary.c_str(), path.c_str()) != 0) return systemError("replace", path);
    return {};
}

size_t utf8Length(unsigned char lead) {
    if (lead < 0x80) return 1;
    if (lead >= 0xC2 && lead < 0xE0) return 2;
    if (lead >= 0xE0 && lead < 0xF0) return 3;
    if (lead >= 0xF0 && lead < 0xF5) return 4;
    return 0;
}

// Second bytes that would make an overlong form, a surrogate or a value past U+10FFFF (Unicode, table 3-7).
bool secondByteFits(unsigned char lead, unsigned char second) {
    switch (lead) {
        case 0xE0:
            return second >= 0xA0;
        case 0xED:
            return second < 0xA0;
        case 0xF0:
            return second >= 0x90;
        case 0xF4:
            return second < 0x90;
        default:
            return true;
    }
}

}  // namespace

Result<std::string> readTextFile(const fs::path& path, int64_t maxBytes) {
    const FileDescriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (file.value < 0) return tl::unexpected(systemError("open", path).error());
    struct stat info {};
    if (::fstat(file.value, &info) != 0 || !S_ISREG(info.st_mode)) {
        return makeError(ErrorCode::kIo, fmt::format("{} is not a regular file.", path.string()));
    }
    if (info.st_size > maxBytes) {
        return makeError(ErrorCode::kInvalidData,
                         fmt::format("{} has {} bytes; at most {} are read here.", path.string(),
                                     static_cast<int64_t>(info.st_size), maxBytes));
    }
    std::string text(static_cast<size_t>(info.st_size), '\0');
    size_t done = 0;
    while (done < text.size()) {
        const ssize_t count = ::read(file.value, text.data() + done, text.size() - done);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return tl::unexpected(systemError("read", path).error());
        if (count == 0) break;
        done += static_cast<size_t>(count);
    }
    text.resize(done);
    return text;
}

Status writeFileAtomically(const fs::path& path, std::string_view content) {
    const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
    const fs::path temporary = folder / fmt::format(".{}.{}.tmp", path.filename().string(), ::getpid());
    if (auto status = writeAndSync(temporary, content, path); !status) {
        ::unlink(temporary.c_str());
        return status;
    }
    // The rename itself must survive a power cut; a file system that cannot sync a folder has nothing to lose here.
    const FileDescriptor folderHandle{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (folderHandle.value >= 0) ::fsync(folderHandle.value);
    return {};
}

size_t findMalformedUtf8(std::string_view text) {
    size_t at = 0;
    while (at < text.size()) {
        const auto lead = static_cast<unsigned char>(text[at]);
        const size_t length = utf8Length(lead);
        if (length == 0 || length > text.size() - at) return at;
        for (size_t i = 1; i < length; ++i) {
            const auto next = static_cast<unsigned char>(text[at + i]);
            if ((next & 0xC0u) != 0x80u || (i == 1 && !secondByteFits(lead, next))) return at;
        }
        at += length;
    }
    return std::string_view::npos;
}

}  // namespace halftone
