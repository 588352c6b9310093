// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/jobs/job_manager.h"

#include <gtest/gtest.h>

#include <QThread>

#include <atomic>
#include <latch>

#include "tests/unit/app/wait_until.h"

namespace halftone::app {
namespace {

using test::waitUntil;

class JobManagerTest : public ::testing::Test {
  protected:
    JobSpec spec(const QString& tag = {}, JobLane lane = JobLane::Plots) const {
        return {QStringLiteral("work"), lane, tag, false};
    }
    QObject receiver;
    JobManager jobs{ThreadPool(1)};
};

/// Waits for the stop token; returns kCancelled as core does.
Result<int> untilCancelled(const JobControl& control) {
    while (!control.context().cancelled()) QThread::msleep(1);
    return tl::unexpected(control.context().checkpoint().error());
}

TEST_F(JobManagerTest, DeliversOnTheGuiThread) {
    int got = 0;
    QThread *ranOn = nullptr, *deliveredOn = nullptr;
    jobs.start<int>(
        spec(), &receiver,
        [&](const JobControl&) -> Result<int> {
            ranOn = QThread::currentThread();
            return 42;
        },
        [&](const Result<int>& result) {
            deliveredOn = QThread::currentThread();
            got = result.value_or(-1);
        });
    ASSERT_TRUE(waitUntil([&] { return jobs.isIdle(); }));
    EXPECT_EQ(got, 42);
    EXPECT_NE(ranOn, QThread::currentThread());
    EXPECT_EQ(deliveredOn, QThread::currentThread());
}

TEST_F(JobManagerTest, CancelEndsInCancelledNotFailed) {
    std::optional<ErrorCode> code;
    std::optional<JobState> state;
    QObject::connect(&jobs, &JobManager::jobFinished, &receiver,
                     [&](JobId, JobState ended, const QString&, const QString&) { state = ended; });
    const JobId id = jobs.start<int>(spec(), &receiver, untilCancelled,
                                     [&](const Result<int>& result) { code = result.error().code; });
    ASSERT_TRUE(
        waitUntil([&] { return !jobs.status().isEmpty() && jobs.status().first().state == JobState::Running; }));
    jobs.cancel(id);
    ASSERT_TRUE(waitUntil([&] { return jobs.isIdle(); }, 1000));
    EXPECT_EQ(code, ErrorCode::kCancelled);
    EXPECT_EQ(state, JobState::Cancelled);
}

TEST_F(JobManagerTest, AFailureIsReportedWithItsMessage) {
    QString message;
    QObject::connect(&jobs, &JobManager::jobFinished, &receiver,
                     [&](JobId, JobState, const QString&, const QString& error) { message = error; });
    jobs.start<int>(
        spec(), &receiver,
        [](const JobControl&) -> Result<int> { return makeError(ErrorCode::kIo, "The disk is full."); },
        [](const Result<int>&) {});
    ASSERT_TRUE(waitUntil([&] { return jobs.isIdle(); }));
    EXPECT_EQ(message, "The disk is full.");
}

TEST_F(JobManagerTest, RunningOutOfMemoryIsAnError) {
    std::optional<ErrorCode> code;
    jobs.start<int>(
        spec(), &receiver, [](const JobControl&) -> Result<int> { throw std::bad_alloc(); },
        [&](const Result<int>& result) { code = result.error().code; });
    ASSERT_TRUE(waitUntil([&] { return jobs.isIdle(); }));
    EXPECT_EQ(code, ErrorCode::kOutOfMemory);
}

TEST_F(JobManagerTest, ANewerJobOfTheTagReplacesTheOlder) {
    QList<int> delivered;
    const auto deliver = [&](const Result<int>& result) { delivered.append(result.value_or(-1)); };
    jobs.start<int>(spec("tag"), &receiver, untilCancelled, deliver);
    jobs.start<int>(
        spec("tag"), &receiver, [](const JobControl&) -> Result<int> { return 1; }, deliver);
    jobs.start<int>(
        spec("tag"), &receiver, [](const JobControl&) -> Result<int> { return 2; }, deliver);
    EXPECT_TRUE(jobs.hasTag("tag"));
    ASSERT_TRUE(waitUntil([&] { return jobs.isIdle(); }));
    EXPECT_EQ(delivered, QList<int>{2});
    EXPECT_FALSE(jobs.hasTag("tag"));
}

TEST_F(JobManagerTest, PartialResultsOfAReplacedJobAreDropped) {
    std::atomic<bool> posted{false};
    int seen = 0;
    jobs.start<int>(
        spec("tag"), &receiver,
        [&](const JobControl& control) -> Result<int> {
            control.post([&] { ++seen; });
            posted = true;
            return untilCancelled(control);
        },
        [](const Result<int>&) {});
    while (!posted) QThread::msleep(1);  // without the event loop: the post stays queued
    jobs.start<int>(
        spec("tag"), &receiver, [](const JobControl&) -> Result<int> { return 0; }, [](const Result<int>&) {});
    ASSERT_TRUE(waitUntil([&] { return jobs.isIdle(); }));
    EXPECT_EQ(seen, 0);
}

TEST_F(JobManagerTest, AReceiverThatDiedGetsNothing) {
    auto mortal = std::make_unique<QObject>();
    bool delivered = false;
    std::latch go(1);
    jobs.start<int>(
        spec(), mortal.get(),
        [&](const JobControl&) -> Result<int> {
            go.wait();
            return 1;
        },
        [&](const Result<int>&) { delivered = true; });
    mortal.reset();
    go.count_down();
    ASSERT_TRUE(waitUntil([&] { return jobs.isIdle(); }));
    EXPECT_FALSE(delivered);
}

TEST_F(JobManagerTest, OneLaneRunsInOrderLanesRunSideBySide) {
    QList<int> order;
    std::latch otherLaneRan(1);
    jobs.start<int>(
        spec({}, JobLane::Compute), &receiver,
        [&](const JobControl&) -> Result<int> {
            otherLaneRan.wait();  // deadlocks if lanes wait for each other
            return 1;
        },
        [&](const Result<int>& result) { order.append(*result); });
    jobs.start<int>(
        spec({}, JobLane::Compute), &receiver, [](const JobControl&) -> Result<int> { return 2; },
        [&](const Result<int>& result) { order.append(*result); });
    jobs.start<int>(
        spec({}, JobLane::Plots), &receiver,
        [&](const JobControl&) -> Result<int> {
            otherLaneRan.count_down();
            return 0;
        },
        [](const Result<int>&) {});
    ASSERT_TRUE(waitUntil([&] { return jobs.isIdle(); }));
    EXPECT_EQ(order, (QList<int>{1, 2}));
}

TEST_F(JobManagerTest, AQueuedJobThatIsCancelledNeverRuns) {
    bool ran = false;
    std::optional<ErrorCode> code;
    std::latch go(1);
    jobs.start<int>(
        spec(), &receiver,
        [&](const JobControl&) -> Result<int> {
            go.wait();
            return 0;
        },
        [](const Result<int>&) {});
    const JobId waiting = jobs.start<int>(
        spec(), &receiver,
        [&](const JobControl&) -> Result<int> {
            ran = true;
            return 0;
        },
        [&](const Result<int>& result) { code = result.error().code; });
    jobs.cancel(waiting);
    go.count_down();
    ASSERT_TRUE(waitUntil([&] { return jobs.isIdle(); }));
    EXPECT_FALSE(ran);
    EXPECT_EQ(code, ErrorCode::kCancelled);
}

TEST_F(JobManagerTest, ProgressIsVisibleWhileItRuns) {
    std::latch go(1);
    std::atomic<bool> started{false};
    jobs.start<int>(
        spec(), &receiver,
        [&](const JobControl& control) -> Result<int> {
            control.context().start("reading", 10, "B");
            control.context().advance(4);
            started = true;
            go.wait();
            return 0;
        },
        [](const Result<int>&) {});
    ASSERT_TRUE(waitUntil([&] { return started.load() && jobs.status().first().state == JobState::Running; }));
    const auto status = jobs.status().first();
    EXPECT_EQ(status.progress.done, 4);
    EXPECT_EQ(status.progress.total, 10);
    EXPECT_EQ(status.progress.stage, "reading");
    EXPECT_EQ(jobs.visibleCount(), 1);
    go.count_down();
    ASSERT_TRUE(waitUntil([&] { return jobs.isIdle(); }));
}

TEST(JobManagerLifetime, TheDestructorStopsRunningWork) {
    QObject receiver;
    std::atomic<bool> ended{false};
    {
        JobManager jobs{ThreadPool(1)};
        std::atomic<bool> started{false};
        jobs.start<int>(
            {QStringLiteral("work"), JobLane::Plots, {}, false}, &receiver,
            [&](const JobControl& control) -> Result<int> {
                started = true;
                auto result = untilCancelled(control);
                ended = true;
                return result;
            },
            [](const Result<int>&) {});
        while (!started) QThread::msleep(1);
    }
    EXPECT_TRUE(ended);
}

}  // namespace
}  // namespace halftone::app
