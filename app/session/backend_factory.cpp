// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/session/backend_factory.h"

#include <QCoreApplication>
#include <QThread>

#include <charconv>

#include <unistd.h>

#include "app/language/core_text.h"
#include "app/widgets/number_text.h"
#ifdef HT_HAS_GPU
#include "gpu/vulkan_backend.h"
#endif

namespace halftone::app {

namespace {
struct Texts {
    Q_DECLARE_TR_FUNCTIONS(Devices)
};

/// Memory of the machine; 0 where the system does not tell.
int64_t systemMemoryBytes() {
    const long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGE_SIZE);
    return pages > 0 && size > 0 ? int64_t(pages) * int64_t(size) : 0;
}
}  // namespace

QList<DeviceEntry> cpuDevices() {
    DeviceEntry cpu;
    cpu.id = QStringLiteral("cpu");
    cpu.name = Texts::tr("CPU");
    cpu.detail = Texts::tr("vectorized, %n threads", nullptr, QThread::idealThreadCount());
    cpu.memoryBytes = systemMemoryBytes();
    cpu.trialName = createCpuBackend()->description();
    DeviceEntry reference;
    reference.id = QStringLiteral("cpu-reference");
    reference.name = Texts::tr("CPU reference");
    reference.detail = Texts::tr("scalar, one thread, for comparison");
    return {cpu, reference};
}

#ifdef HT_HAS_GPU

QList<DeviceEntry> vulkanDevices() {
    QList<DeviceEntry> list;
    for (const auto& device : listVulkanDevices()) {
        DeviceEntry entry;
        entry.id = QStringLiteral("vulkan:%1").arg(device.index);
        entry.name = QString::fromStdString(device.name);
        entry.detail = QStringLiteral("%1, Vulkan %2, %3")
                           .arg(QString::fromStdString(device.driver), QString::fromStdString(device.apiVersion),
                                bytesText(double(device.memoryBytes)));
        entry.memoryBytes = int64_t(device.memoryBytes);
        entry.trialName = device.description();
        entry.usable = device.usable;
        entry.isSoftware = device.isSoftware;
        entry.whyNot = coreText(device.whyNot);
        list.append(entry);
    }
    return list;
}

Result<std::shared_ptr<Backend>> createBackend(const std::string& deviceId, int64_t memoryLimitBytes) {
    if (deviceId == "cpu") return createCpuBackend();
    if (deviceId == "cpu-reference") return createCpuReferenceBackend();
    int index = -1;
    const auto colon = deviceId.find(':');
    if (colon != std::string::npos)
        std::from_chars(deviceId.data() + colon + 1, deviceId.data() + deviceId.size(), index);
    return createVulkanBackend(index, {.memoryLimitBytes = uint64_t(memoryLimitBytes)});
}

#else

QList<DeviceEntry> vulkanDevices() {
    return {};
}

Result<std::shared_ptr<Backend>> createBackend(const std::string& deviceId, int64_t /*memoryLimitBytes*/) {
    if (deviceId == "cpu-reference") return createCpuReferenceBackend();
    if (deviceId == "cpu") return createCpuBackend();
    return makeError(ErrorCode::kNotFound, "This build has no Vulkan engine; take the CPU.");
}

#endif

}  // namespace halftone::app
