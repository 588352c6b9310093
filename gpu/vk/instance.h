// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "gpu/vk/vulkan_api.h"

namespace halftone::vk {

struct InstanceOptions {
    bool validation = false;       ///< the Khronos validation layer with a messenger
    bool synchronization = false;  ///< its synchronization checks as well
};

/// Options as the environment asks for them (HT_VK_VALIDATION, HT_VK_SYNC_VALIDATION), added to `validation`.
InstanceOptions instanceOptions(bool validation);

/// A Vulkan instance and its debug messenger. Immutable after creation; any thread.
class Instance {
  public:
    /// kNotFound if the machine has no Vulkan loader or no driver; kUnsupported if validation is asked for and its
    /// layer is not installed.
    static Result<std::shared_ptr<const Instance>> create(const InstanceOptions& options);
    ~Instance();
    Instance(const Instance&) = delete;
    Instance& operator=(const Instance&) = delete;

    [[nodiscard]] VkInstance handle() const { return m_instance; }
    [[nodiscard]] bool canNameObjects() const { return m_debugUtils; }
    [[nodiscard]] std::vector<VkPhysicalDevice> physicalDevices() const;

  private:
    Instance() = default;
    VkInstance m_instance = VK_NULL_HANDLE;
    VkDebugUtilsMessengerEXT m_messenger = VK_NULL_HANDLE;
    bool m_debugUtils = false;
};

/// Warnings and errors of the validation layer since the start of the process.
std::vector<std::string> validationMessages();

}  // namespace halftone::vk
