// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "gpu/engine/vulkan_context.h"

namespace halftone::test {

/// Tests on a real device (software Vulkan will do), validation on. Without a device they are skipped, or fail where
/// the environment variable HT_REQUIRE_VULKAN is 1. A validation message during a test fails it. Pipelines are cached
/// in a temporary folder.
class VulkanTest : public ::testing::Test {
  protected:
    void SetUp() override;
    void TearDown() override;

    /// Another context on the same device, with a plan that the test changes. Null after a failure.
    std::shared_ptr<VulkanContext> open(const PlanAdjustment& adjust,
                                        const VulkanOptions& options = {.validation = true});

    /// For the test that provokes one.
    void forgetMessages() { m_messagesBefore = vulkanValidationMessages().size(); }

    std::shared_ptr<VulkanContext> m_context;

  private:
    size_t m_messagesBefore = 0;
};

}  // namespace halftone::test
