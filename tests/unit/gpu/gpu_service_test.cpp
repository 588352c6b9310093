// SPDX-License-Identifier: GPL-3.0-or-later
#include "gpu/service/gpu_service.h"

#include <atomic>
#include <future>
#include <latch>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/inference/backend.h"

namespace halftone {
namespace {

using ::testing::ElementsAre;

GpuService::OpenBackend openCpu() {
    return [] { return Result<std::shared_ptr<Backend>>(createCpuReferenceBackend()); };
}

/// Collects what `done` reports, by tag, in order.
class Reports {
  public:
    GpuService::Done of(std::string name) {
        return [this, name = std::move(name)](const Status& status) {
            const std::scoped_lock lock(m_mutex);
            m_lines.push_back(name + ": " + (status ? "ok" : std::string(errorCodeName(status.error().code))));
            m_changed.notify_all();
        };
    }
    std::vector<std::string> waitFor(size_t count) {
        std::unique_lock lock(m_mutex);
        EXPECT_TRUE(m_changed.wait_for(lock, std::chrono::seconds(20), [&] { return m_lines.size() >= count; }));
        return m_lines;
    }

  private:
    std::mutex m_mutex;
    std::condition_variable m_changed;
    std::vector<std::string> m_lines;
};

GpuService::Work succeed() {
    return [](Backend&, const JobContext&) { return Status(); };
}

/// Occupies the service until released.
struct Gate {
    std::latch entered{1};
    std::latch open{1};
    GpuService::Work work() {
        return [this](Backend&, const JobContext&) {
            entered.count_down();
            open.wait();
            return Status();
        };
    }
};

TEST(GpuService, RunsRequestsInOrderOnOneThread) {
    Reports reports;
    std::vector<std::thread::id> threads;
    GpuService service(openCpu());
    for (int i = 0; i < 5; ++i) {
        service.submit({.tag = std::to_string(i),
                        .work =
                            [&threads](Backend& backend, const JobContext&) {
                                EXPECT_EQ(backend.name(), "cpu-reference");
                                threads.push_back(std::this_thread::get_id());
                                return Status();
                            },
                        .done = reports.of(std::to_string(i))});
    }
    EXPECT_THAT(reports.waitFor(5), ElementsAre("0: ok", "1: ok", "2: ok", "3: ok", "4: ok"));
    for (const auto& id : threads) EXPECT_EQ(id, threads.front());
    EXPECT_NE(threads.front(), std::this_thread::get_id());
    EXPECT_EQ(service.condition().state, GpuService::State::kReady);
}

TEST(GpuService, NewerRequestReplacesAWaitingOneOfTheSameTag) {
    Reports reports;
    Gate gate;
    GpuService service(openCpu());
    service.submit({.tag = "gate", .work = gate.work(), .done = reports.of("gate")});
    gate.entered.wait();
    EXPECT_EQ(service.condition().runningTag, "gate");
    service.submit({.tag = "preview", .work = succeed(), .done = reports.of("old preview")});
    service.submit({.tag = "other", .work = succeed(), .done = reports.of("other")});
    service.submit({.tag = "preview", .work = succeed(), .done = reports.of("new preview")});
    EXPECT_EQ(service.condition().waiting, 2u);
    gate.open.count_down();
    EXPECT_THAT(reports.waitFor(4), ElementsAre("gate: ok", "old preview: cancelled", "other: ok", "new preview: ok"));
}

TEST(GpuService, StopsTheRunningRequestWhereAsked) {
    Reports reports;
    std::latch entered(1);
    GpuService service(openCpu());
    service.submit({.tag = "a",
                    .work =
                        [&entered](Backend&, const JobContext& context) {
                            entered.count_down();
                            while (!context.cancelled()) std::this_thread::yield();
                            return context.checkpoint();
                        },
                    .done = reports.of("first")});
    entered.wait();
    service.submit(
        {.tag = "a", .work = succeed(), .done = reports.of("second"), .running = RunningRequest::kIsStopped});
    EXPECT_THAT(reports.waitFor(2), ElementsAre("first: cancelled", "second: ok"));
}

TEST(GpuService, CancelReachesRunningAndWaitingRequests) {
    Reports reports;
    std::latch entered(1);
    GpuService service(openCpu());
    service.submit({.tag = "a",
                    .work =
                        [&entered](Backend&, const JobContext& context) {
                            entered.count_down();
                            while (!context.cancelled()) std::this_thread::yield();
                            return context.checkpoint();
                        },
                    .done = reports.of("running")});
    entered.wait();
    service.submit({.tag = "a", .work = succeed(), .done = reports.of("waiting")});
    service.cancel("a");
    EXPECT_THAT(reports.waitFor(2), ElementsAre("running: cancelled", "waiting: cancelled"));
}

TEST(GpuService, DeviceLossFailsEverythingUntilReopened) {
    Reports reports;
    Gate gate;
    std::atomic<int> opened = 0;
    GpuService service([&opened] {
        ++opened;
        return Result<std::shared_ptr<Backend>>(createCpuReferenceBackend());
    });
    service.submit({.tag = "gate", .work = gate.work(), .done = reports.of("gate")});
    gate.entered.wait();
    service.submit({.tag = "lose",
                    .work = [](Backend&, const JobContext&) -> Status {
                        return makeError(ErrorCode::kDeviceLost, "The GPU is gone.");
                    },
                    .done = reports.of("lose")});
    service.submit({.tag = "pending", .work = succeed(), .done = reports.of("pending")});
    gate.open.count_down();
    EXPECT_THAT(reports.waitFor(3), ElementsAre("gate: ok", "pending: device lost", "lose: device lost"));
    EXPECT_EQ(service.condition().state, GpuService::State::kFailed);
    service.submit({.tag = "later", .work = succeed(), .done = reports.of("later")});
    EXPECT_EQ(reports.waitFor(4).back(), "later: device lost");
    service.reopen();
    service.submit({.tag = "again", .work = succeed(), .done = reports.of("again")});
    EXPECT_EQ(reports.waitFor(5).back(), "again: ok");
    EXPECT_EQ(opened, 2);
}

TEST(GpuService, AnOrdinaryErrorDoesNotCloseTheBackend) {
    Reports reports;
    GpuService service(openCpu());
    service.submit(
        {.tag = "bad",
         .work = [](Backend&, const JobContext&) -> Status { return makeError(ErrorCode::kOutOfMemory, "Too large."); },
         .done = reports.of("bad")});
    service.submit({.tag = "good", .work = succeed(), .done = reports.of("good")});
    EXPECT_THAT(reports.waitFor(2), ElementsAre("bad: out of memory", "good: ok"));
}

TEST(GpuService, ReportsWhyTheDeviceDidNotOpen) {
    Reports reports;
    GpuService service(
        []() -> Result<std::shared_ptr<Backend>> { return makeError(ErrorCode::kNotFound, "There is no GPU."); });
    service.submit({.tag = "a", .work = succeed(), .done = reports.of("a")});
    EXPECT_THAT(reports.waitFor(1), ElementsAre("a: not found"));
    ASSERT_TRUE(service.condition().error.has_value());
    EXPECT_EQ(service.condition().error->message, "There is no GPU.");
}

TEST(GpuService, ClosingStopsAndAnswersEveryRequest) {
    Reports reports;
    std::latch entered(1);
    {
        GpuService service(openCpu());
        service.submit({.tag = "running",
                        .work =
                            [&entered](Backend&, const JobContext& context) {
                                entered.count_down();
                                while (!context.cancelled()) std::this_thread::yield();
                                return context.checkpoint();
                            },
                        .done = reports.of("running")});
        entered.wait();
        service.submit({.tag = "waiting", .work = succeed(), .done = reports.of("waiting")});
    }
    EXPECT_THAT(reports.waitFor(2), ElementsAre("running: cancelled", "waiting: cancelled"));
}

TEST(GpuService, SurvivesManyThreadsSubmittingAndCancelling) {
    std::atomic<int> done = 0;
    constexpr int kThreads = 4, kRequests = 200;
    {
        GpuService service(openCpu());
        std::vector<std::jthread> threads;
        for (int t = 0; t < kThreads; ++t) {
            threads.emplace_back([&service, &done, t] {
                for (int i = 0; i < kRequests; ++i) {
                    service.submit({.tag = std::to_string((t + i) % 3),
                                    .work = succeed(),
                                    .done = [&done](const Status&) { ++done; }});
                    if (i % 7 == 0) service.cancel(std::to_string(i % 3));
                    (void)service.condition();
                }
            });
        }
    }
    EXPECT_EQ(done, kThreads * kRequests);
}

}  // namespace
}  // namespace halftone
