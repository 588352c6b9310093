// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "app/cli/device.h"
#include "app/cli/options.h"
#include "app/cli/output.h"

namespace halftone::cli {
namespace {

void printDevicesJson(const std::vector<DeviceEntry>& devices, const std::string& automatic) {
    nlohmann::ordered_json json{{"auto", automatic}, {"devices", nlohmann::ordered_json::array()}};
    for (const DeviceEntry& device : devices) {
        nlohmann::ordered_json entry{{"id", device.id},
                                     {"name", device.name},
                                     {"detail", device.detail},
                                     {"usable", device.usable},
                                     {"software", device.isSoftware}};
        if (device.memoryBytes > 0) entry["memory_bytes"] = device.memoryBytes;
        if (!device.usable) entry["why_not"] = device.whyNot;
        json["devices"].push_back(std::move(entry));
    }
    printJson(json);
}

}  // namespace

Status runDevices(const CommonOptions& common) {
    const std::vector<DeviceEntry> devices = listDevices();
    const std::string automatic = automaticDevice(devices, completeTrials(devices));
    if (common.json) {
        printDevicesJson(devices, automatic);
        return {};
    }
    using Align = Table::Align;
    Table table({"", "device", "name", "detail"}, {Align::kLeft, Align::kLeft, Align::kLeft, Align::kLeft});
    for (const DeviceEntry& device : devices) {
        const std::string detail = device.usable ? device.detail : "not usable: " + device.whyNot;
        table.add({device.id == automatic ? "*" : "", device.id, device.name, detail});
    }
    table.print();
    fmt::print("* is what --device auto takes.\n");
    return {};
}

}  // namespace halftone::cli
