// SPDX-License-Identifier: GPL-3.0-or-later
#include <map>

#include "tests/conformance/conformance_backend.h"

namespace halftone::test {

#if HT_CONFORMANCE_VULKAN
std::vector<ConformanceBackend> vulkanConformanceBackends();
#endif

std::vector<ConformanceBackend> conformanceBackends() {
    std::vector<ConformanceBackend> backends;
    backends.push_back({.name = "cpu",
                        .create = []() -> Result<std::shared_ptr<Backend>> { return createCpuBackend(); },
                        .formats = {}});
#if HT_CONFORMANCE_VULKAN
    for (ConformanceBackend& backend : vulkanConformanceBackends()) backends.push_back(std::move(backend));
#endif
    return backends;
}

Result<std::shared_ptr<Backend>> openBackend(const ConformanceBackend& entry) {
    // Never destroyed: at exit the driver's own handlers would run before its devices are given back.
    static auto& opened = *new std::map<std::string, Result<std::shared_ptr<Backend>>>();
    const auto found = opened.find(entry.name);
    return found != opened.end() ? found->second : opened.emplace(entry.name, entry.create()).first->second;
}

}  // namespace halftone::test
