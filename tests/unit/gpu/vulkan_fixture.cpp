// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/gpu/vulkan_fixture.h"

#include <cstdlib>
#include <string_view>

#include "tests/support/test_paths.h"

namespace halftone::test {
namespace {

void useTemporaryCacheFolder() {
    static const TemporaryFolder folder;
    ::setenv("XDG_CACHE_HOME", folder.path().c_str(), 1);
}

bool deviceIsRequired() {
    const char* value = std::getenv("HT_REQUIRE_VULKAN");
    return value && std::string_view(value) == "1";
}

/// Opening a device with the validation layer takes a while: one for all tests of a program. Never destroyed: at exit
/// the driver's own handlers would run before its device is given back.
Result<std::shared_ptr<VulkanContext>> sharedContext() {
    static const auto& context =
        *new Result<std::shared_ptr<VulkanContext>>(openVulkanContext(-1, {.validation = true}));
    return context;
}

}  // namespace

void VulkanTest::SetUp() {
    useTemporaryCacheFolder();
    auto context = sharedContext();
    if (!context && !deviceIsRequired()) GTEST_SKIP() << context.error().message;
    ASSERT_TRUE(context.has_value()) << context.error().message;
    m_context = *context;
    m_messagesBefore = vulkanValidationMessages().size();
}

void VulkanTest::TearDown() {
    const auto messages = vulkanValidationMessages();
    for (size_t i = m_messagesBefore; i < messages.size(); ++i) ADD_FAILURE() << messages[i];
}

std::shared_ptr<VulkanContext> VulkanTest::open(const PlanAdjustment& adjust, const VulkanOptions& options) {
    auto context = openVulkanContext(m_context->index, options, adjust);
    if (context) return *context;
    ADD_FAILURE() << context.error().message;
    return nullptr;
}

}  // namespace halftone::test
