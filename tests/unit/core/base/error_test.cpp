// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>

#include "core/base/job_context.h"

namespace halftone {
namespace {

Result<std::unique_ptr<int>> numberOr(bool fails) {
    if (fails) return makeError(ErrorCode::kNotFound, "There is no number.", "detail");
    return std::make_unique<int>(7);
}

Result<int> twice(bool fails) {
    HT_ASSIGN_OR_RETURN(const auto number, numberOr(fails));
    return *number * 2;
}

Status checkTwice(bool fails) {
    HT_TRY(twice(fails));
    return {};
}

TEST(Error, TravelsUnchanged) {
    EXPECT_EQ(twice(false).value(), 14);
    EXPECT_TRUE(checkTwice(false).has_value());
    const auto status = checkTwice(true);
    ASSERT_FALSE(status.has_value());
    EXPECT_EQ(status.error().code, ErrorCode::kNotFound);
    EXPECT_EQ(status.error().message, "There is no number.");
    EXPECT_EQ(status.error().context, "detail");
}

TEST(Error, EveryCodeHasItsOwnName) {
    std::set<std::string_view> names;
    for (int code = 0; code <= static_cast<int>(ErrorCode::kInternal); ++code) {
        const auto name = errorCodeName(static_cast<ErrorCode>(code));
        EXPECT_FALSE(name.empty());
        EXPECT_TRUE(names.insert(name).second) << name;
    }
}

TEST(ErrorDeathTest, BrokenInvariantsEndTheProcess) {
    EXPECT_DEATH(HT_CHECK(1 + 1 == 3), "1 \\+ 1 == 3");
}

TEST(JobContext, NoticesCancel) {
    std::stop_source stop;
    Progress progress;
    const JobContext context{stop.get_token(), &progress, ThreadPool(1)};
    EXPECT_TRUE(context.checkpoint().has_value());
    context.start("work", 10, "steps");
    context.advance(3);
    EXPECT_EQ(progress.snapshot().done, 3);
    stop.request_stop();
    EXPECT_TRUE(context.cancelled());
    EXPECT_EQ(context.checkpoint().error().code, ErrorCode::kCancelled);
    const JobContext nobodyWatches;
    nobodyWatches.start("work", 1);
    nobodyWatches.advance(1);
    EXPECT_FALSE(nobodyWatches.cancelled());
}

}  // namespace
}  // namespace halftone
