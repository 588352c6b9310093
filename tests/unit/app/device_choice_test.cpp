// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/session/device_choice.h"

#include <gtest/gtest.h>

#include <QStringList>

namespace halftone::app {
namespace {

DeviceEntry entry(const QString& id, const QString& name) {
    DeviceEntry made;
    made.id = id;
    made.name = name;
    return made;
}

QList<DeviceEntry> machine(bool software, bool usable) {
    auto gpu = entry("vulkan:0", "Card");
    gpu.isSoftware = software;
    gpu.usable = usable;
    gpu.whyNot = usable ? QString() : QString("it is too old.");
    return {entry("cpu", "CPU"), entry("cpu-reference", "CPU reference"), gpu};
}

TEST(DeviceChoice, AutomaticTakesAGpu) {
    EXPECT_EQ(decideDevice("auto", machine(false, true), {}).id, "vulkan:0");
}

TEST(DeviceChoice, AutomaticTakesWhatWasMeasuredToBeFaster) {
    auto devices = machine(false, true);
    devices[0].trial = DeviceTrial{100, 100};
    EXPECT_TRUE(decideDevice("auto", devices, {}).reason.contains("first usable"));
    devices[2].trial = DeviceTrial{800, 200};
    const auto faster = decideDevice("auto", devices, {});
    EXPECT_EQ(faster.id, "vulkan:0");
    EXPECT_EQ(faster.reason, "Chosen automatically: measured 4.0 times as fast as CPU.");
    devices[2].trial = DeviceTrial{100, 25};
    const auto slower = decideDevice("auto", devices, {});
    EXPECT_EQ(slower.id, "cpu");
    EXPECT_EQ(slower.reason, "Chosen automatically: measured 2.0 times as fast as Card.");
    EXPECT_EQ(decideDevice("vulkan:0", devices, {}).id, "vulkan:0") << "a choice by hand stands";
}

TEST(DeviceChoice, OfSeveralGpusTheFastestIsTaken) {
    auto devices = machine(false, true);
    devices.append(entry("vulkan:1", "Other card"));
    devices[0].trial = DeviceTrial{1, 1};
    devices[2].trial = DeviceTrial{10, 10};
    EXPECT_EQ(decideDevice("auto", devices, {}).id, "vulkan:0") << "not all of them have been tried";
    devices[3].trial = DeviceTrial{30, 30};
    EXPECT_EQ(decideDevice("auto", devices, {}).id, "vulkan:1");
    EXPECT_EQ(decideDevice("auto", devices, {"vulkan:1"}).id, "vulkan:0");
}

TEST(DeviceChoice, AutomaticLeavesASoftwareDeviceAndSaysWhy) {
    const auto decision = decideDevice("auto", machine(true, true), {});
    EXPECT_EQ(decision.id, "cpu");
    EXPECT_TRUE(decision.reason.contains("software"));
}

TEST(DeviceChoice, ASoftwareDeviceCanBeChosen) {
    EXPECT_EQ(decideDevice("vulkan:0", machine(true, true), {}).id, "vulkan:0");
}

TEST(DeviceChoice, AnUnusableDeviceFallsBackWithItsReason) {
    const auto decision = decideDevice("vulkan:0", machine(false, false), {});
    EXPECT_EQ(decision.id, "cpu");
    EXPECT_TRUE(decision.reason.contains("too old"));
    EXPECT_EQ(decideDevice("auto", machine(false, false), {}).id, "cpu");
}

TEST(DeviceChoice, ALostDeviceIsNotTakenAgain) {
    EXPECT_EQ(decideDevice("auto", machine(false, true), {"vulkan:0"}).id, "cpu");
    EXPECT_EQ(decideDevice("vulkan:0", machine(false, true), {"vulkan:0"}).id, "cpu");
}

TEST(DeviceChoice, AMissingDeviceFallsBack) {
    EXPECT_EQ(decideDevice("vulkan:7", machine(false, true), {}).id, "cpu");
    EXPECT_EQ(decideDevice("auto", {entry("cpu", "CPU")}, {}).id, "cpu");
}

}  // namespace
}  // namespace halftone::app
