// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>

namespace halftone::test {

/// Root of the repository.
std::filesystem::path sourceDir();
/// A file or folder of the shared test data beside the repository (environment HT_SHARED_DIR overrides where), or
/// nullopt where it is absent. Use through HT_SHARED_OR_SKIP.
std::optional<std::filesystem::path> sharedPath(const std::string& relative);
std::string readFile(const std::filesystem::path& path);

/// A fresh folder under the system's temporary folder, removed by the destructor.
class TemporaryFolder {
  public:
    TemporaryFolder();
    ~TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    [[nodiscard]] const std::filesystem::path& path() const { return m_path; }

  private:
    std::filesystem::path m_path;
};

}  // namespace halftone::test

/// Declares `variable` as the path of shared test data, or skips the test saying what is missing.
#define HT_SHARED_OR_SKIP(variable, relative)                                       \
    const auto variable##Found_ = ::halftone::test::sharedPath(relative);           \
    if (!variable##Found_) GTEST_SKIP() << "test data absent: ../shared/" << relative; \
    const std::filesystem::path variable = *variable##Found_

/// Fails the test with the error's message unless the Result has a value.
#define HT_ASSERT_OK(result) ASSERT_TRUE((result).has_value()) << (result).error().message
#define HT_EXPECT_OK(result) EXPECT_TRUE((result).has_value()) << (result).error().message
