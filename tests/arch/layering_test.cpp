// SPDX-License-Identifier: GPL-3.0-or-later
// Reads the sources' include lines and fails on an arrow that runs against the house (docs/architecture.md).
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <regex>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/test_paths.h"

namespace halftone {
namespace {

namespace fs = std::filesystem;

// A room of core may include only rooms that stand before it in this list, and itself.
constexpr std::array<std::string_view, 15> kCoreRooms{"base",       "tensor", "simd",      "checkpoint", "stats",
                                                      "quant",      "model",  "tokenizer", "inference",  "tuning",
                                                      "evaluation", "recipe", "export",    "pipeline",   "project"};

int roomIndex(std::string_view room) {
    const auto* it = std::ranges::find(kCoreRooms, room);
    return it == kCoreRooms.end() ? -1 : static_cast<int>(it - kCoreRooms.begin());
}

struct Source {
    fs::path relative;
    std::string text;
    std::vector<std::string> includes;
};

std::vector<Source> readSources(const std::vector<std::string>& folders) {
    std::vector<Source> sources;
    const std::regex include(R"re(^\s*#\s*include\s*[<"]([^>"]+)[>"])re");
    for (const std::string& folder : folders) {
        for (const auto& entry : fs::recursive_directory_iterator(test::sourceDir() / folder)) {
            const std::string extension = entry.path().extension().string();
            if (extension != ".h" && extension != ".cpp") continue;
            Source source{fs::relative(entry.path(), test::sourceDir()), test::readFile(entry.path()), {}};
            std::istringstream lines(source.text);
            std::smatch match;
            for (std::string line; std::getline(lines, line);) {
                if (std::regex_search(line, match, include)) source.includes.push_back(match[1]);
            }
            sources.push_back(std::move(source));
        }
    }
    return sources;
}

std::string part(const fs::path& path, int index) {
    auto it = path.begin();
    std::advance(it, std::min<long>(index, std::distance(path.begin(), path.end()) - 1));
    return it->string();
}

TEST(Layering, CoreRoomsOnlyUseRoomsBeforeThem) {
    for (const Source& source : readSources({"core"})) {
        const int from = roomIndex(part(source.relative, 1));
        EXPECT_GE(from, 0) << source.relative << " lies in a room that the list does not name";
        for (const std::string& include : source.includes) {
            if (!include.starts_with("core/")) continue;
            EXPECT_LE(roomIndex(part(include, 1)), from) << source.relative << " includes " << include;
        }
    }
}

TEST(Layering, CoreKnowsNeitherQtNorVulkanNorTheOuterRooms) {
    const std::regex forbidden(R"(^(Q[A-Z]|Qt|qcustomplot|vulkan/|volk|gpu/|app/|shaders/|tests/|iostream$))");
    for (const Source& source : readSources({"core"})) {
        for (const std::string& include : source.includes) {
            EXPECT_FALSE(std::regex_search(include, forbidden)) << source.relative << " includes " << include;
        }
    }
}

TEST(Layering, GpuKnowsNeitherQtNorApp) {
    const std::regex forbidden(R"(^(Q[A-Z]|Qt|qcustomplot|app/|tests/))");
    for (const Source& source : readSources({"gpu"})) {
        for (const std::string& include : source.includes) {
            EXPECT_FALSE(std::regex_search(include, forbidden)) << source.relative << " includes " << include;
        }
    }
}

TEST(Layering, CommandLineHasNoQt) {
    const std::regex forbidden(R"(^(Q[A-Z]|Qt|qcustomplot))");
    for (const Source& source : readSources({"app/cli"})) {
        for (const std::string& include : source.includes) {
            EXPECT_FALSE(std::regex_search(include, forbidden)) << source.relative << " includes " << include;
        }
    }
}

TEST(Layering, PanelsDoNotSeeEachOther) {
    ASSERT_TRUE(fs::exists(test::sourceDir() / "app/panels"));
    for (const Source& source : readSources({"app/panels"})) {
        const std::string own = part(source.relative, 2);
        for (const std::string& include : source.includes) {
            if (!include.starts_with("app/panels/")) continue;
            EXPECT_EQ(part(include, 2), own) << source.relative << " includes " << include;
        }
    }
}

TEST(HouseStyle, EverySourceNamesItsLicence) {
    for (const Source& source : readSources({"app", "core", "gpu", "tests"})) {
        EXPECT_TRUE(source.text.starts_with("// SPDX-License-Identifier: GPL-3.0-or-later")) << source.relative;
    }
}

TEST(HouseStyle, FilesKeepOneSubject) {
    for (const Source& source : readSources({"app", "core", "gpu"})) {
        EXPECT_LE(std::ranges::count(source.text, '\n'), 700) << source.relative << " is too long; split it by subject";
    }
}

}  // namespace
}  // namespace halftone
