// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/project/device_trials_file.h"

#include <cstdlib>
#include <fstream>
#include <stop_token>

#include <gtest/gtest.h>

#include "core/base/cache_folder.h"
#include "tests/support/test_paths.h"

namespace halftone::test {
namespace {

TEST(DeviceTrialsFile, TrialsSurvive) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "deep" / "trials.json";
    const DeviceTrials trials{{"CPU, 2 threads", {1234.5, 67.25}}, {"Card \"x\", driver 1", {9e5, 3e3}}};
    HT_ASSERT_OK(saveDeviceTrials(path, trials));
    EXPECT_EQ(loadDeviceTrials(path), trials);
}

TEST(DeviceTrialsFile, AnythingElseCountsAsNotTried) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "trials.json";
    EXPECT_TRUE(loadDeviceTrials(path).empty());
    for (const char* text :
         {"", "{", "[]", R"({"halftone-device-trials":7,"devices":{"a":{"prompt":1,"generate":1}}})",
          R"({"halftone-device-trials":1,"devices":[]})",
          R"({"halftone-device-trials":1,"devices":{"a":3,"b":{"prompt":-1,"generate":1},"c":{}}})"}) {
        std::ofstream(path) << text;
        EXPECT_TRUE(loadDeviceTrials(path).empty()) << text;
    }
    std::ofstream(path) << R"({"halftone-device-trials":1,"devices":{"a":{"prompt":2,"generate":3},"b":null}})";
    EXPECT_EQ(loadDeviceTrials(path), (DeviceTrials{{"a", {2, 3}}}));
}

TEST(DeviceTrialsFile, AFolderThatCannotBeMadeIsNamed) {
    const TemporaryFolder folder;
    std::ofstream(folder.path() / "file") << "x";
    const Status status = saveDeviceTrials(folder.path() / "file" / "trials.json", {});
    ASSERT_FALSE(status);
    EXPECT_NE(status.error().message.find("cannot be made"), std::string::npos);
}

TEST(DeviceTrialsFile, OnlyWhatIsMissingIsTriedAndKept) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "trials.json";
    int opened = 0;
    const std::vector<TrialCandidate> candidates{
        {"broken", []() -> Result<std::shared_ptr<Backend>> { return makeError(ErrorCode::kNotFound, "gone"); }},
        {"cpu", [&]() -> Result<std::shared_ptr<Backend>> {
             ++opened;
             return createCpuBackend();
         }}};
    EXPECT_TRUE(completeDeviceTrials(path, std::span(candidates).first(1), JobContext())->empty());
    const auto trials = completeDeviceTrials(path, candidates, JobContext());
    HT_ASSERT_OK(trials);
    ASSERT_EQ(trials->size(), 1U);
    EXPECT_EQ(loadDeviceTrials(path), *trials);
    EXPECT_EQ(completeDeviceTrials(path, candidates, JobContext()), *trials);
    EXPECT_EQ(opened, 1);
    std::stop_source stop;
    stop.request_stop();
    JobContext cancelled;
    cancelled.stop = stop.get_token();
    EXPECT_FALSE(completeDeviceTrials(path, candidates, cancelled).has_value()) << "the broken one is still missing";
}

TEST(CacheFolder, FollowsTheEnvironment) {
    const char* before = std::getenv("XDG_CACHE_HOME");
    const std::string kept = before ? before : "";
    setenv("XDG_CACHE_HOME", "/somewhere", 1);
    EXPECT_EQ(cacheFolder(), "/somewhere/halftone");
    EXPECT_EQ(deviceTrialsPath(), "/somewhere/halftone/device-trials.json");
    unsetenv("XDG_CACHE_HOME");
    EXPECT_EQ(cacheFolder().filename(), "halftone");
    if (before) setenv("XDG_CACHE_HOME", kept.c_str(), 1);
}

}  // namespace
}  // namespace halftone::test
