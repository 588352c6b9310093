// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/test_paths.h"

#include <unistd.h>

#include <atomic>
#include <cstdlib>

namespace halftone::test {

namespace fs = std::filesystem;

fs::path sourceDir() { return HT_SOURCE_DIR; }

std::optional<fs::path> sharedPath(const std::string& relative) {
    const char* configured = std::getenv("HT_SHARED_DIR");
    const fs::path path = fs::path(configured ? configured : HT_SHARED_DIR_DEFAULT) / relative;
    std::error_code ignored;
    if (!fs::exists(path, ignored)) return std::nullopt;
    return path;
}

std::string readFile(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

TemporaryFolder::TemporaryFolder() {
    static std::atomic<int> counter{0};
    m_path = fs::temp_directory_path() / ("halftone-test-" + std::to_string(::getpid()) + "-" + std::to_string(counter++));
    fs::create_directories(m_path);
}

TemporaryFolder::~TemporaryFolder() {
    std::error_code ignored;
    fs::remove_all(m_path, ignored);
}

}  // namespace halftone::test
