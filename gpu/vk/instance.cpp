// SPDX-License-Identifier: GPL-3.0-or-later
#include "gpu/vk/instance.h"

#include <array>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string_view>

#include "gpu/vk/vulkan_error.h"

namespace halftone::vk {
namespace {

constexpr const char* kValidationLayer = "VK_LAYER_KHRONOS_validation";

/// The messenger is called by drivers on any thread, as late as at the process's end; the record is never destroyed.
struct MessageRecord {
    std::mutex mutex;
    std::vector<std::string> messages;
};

MessageRecord& messageRecord() {
    static auto* const record = new MessageRecord;
    return *record;
}

VKAPI_ATTR VkBool32 VKAPI_CALL onMessage(VkDebugUtilsMessageSeverityFlagBitsEXT, VkDebugUtilsMessageTypeFlagsEXT,
                                         const VkDebugUtilsMessengerCallbackDataEXT* data, void*) {
    auto& record = messageRecord();
    const std::scoped_lock lock(record.mutex);
    if (record.messages.size() < 1000) record.messages.emplace_back(data->pMessage ? data->pMessage : "(no text)");
    return VK_FALSE;
}

VkDebugUtilsMessengerCreateInfoEXT messengerInfo() {
    VkDebugUtilsMessengerCreateInfoEXT info{VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT};
    info.messageSeverity =
        VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT | VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT;
    // Performance and general messages come from drivers too (for example about other devices); they are no faults of
    // ours.
    info.messageType = VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT;
    info.pfnUserCallback = onMessage;
    return info;
}

/// volk's global pointers are filled once: with a loader they are entry points that serve every instance.
bool loadLoader() {
    static const bool loaded = volkInitialize() == VK_SUCCESS;
    return loaded;
}

void loadInstanceFunctions(VkInstance instance) {
    static std::once_flag once;
    std::call_once(once, [instance] { volkLoadInstanceOnly(instance); });
}

bool hasLayer(const char* name) {
    uint32_t count = 0;
    vkEnumerateInstanceLayerProperties(&count, nullptr);
    std::vector<VkLayerProperties> layers(count);
    vkEnumerateInstanceLayerProperties(&count, layers.data());
    for (const auto& layer : layers) {
        if (std::string_view(layer.layerName) == name) return true;
    }
    return false;
}

bool hasInstanceExtension(const char* name) {
    uint32_t count = 0;
    vkEnumerateInstanceExtensionProperties(nullptr, &count, nullptr);
    std::vector<VkExtensionProperties> extensions(count);
    vkEnumerateInstanceExtensionProperties(nullptr, &count, extensions.data());
    for (const auto& extension : extensions) {
        if (std::string_view(extension.extensionName) == name) return true;
    }
    return false;
}

bool environmentIsOn(const char* name) {
    const char* value = std::getenv(name);
    return value && *value && std::strcmp(value, "0") != 0;
}

}  // namespace

InstanceOptions instanceOptions(bool validation) {
    InstanceOptions options;
    options.synchronization = environmentIsOn("HT_VK_SYNC_VALIDATION");
    options.validation = validation || options.synchronization || environmentIsOn("HT_VK_VALIDATION");
    return options;
}

Result<std::shared_ptr<const Instance>> Instance::create(const InstanceOptions& options) {
    if (!loadLoader()) {
        return makeError(ErrorCode::kNotFound,
                         "This machine has no Vulkan loader; install libvulkan and a GPU driver.");
    }
    if (options.validation && !hasLayer(kValidationLayer)) {
        return makeError(
            ErrorCode::kUnsupported,
            "Vulkan validation was asked for, but the layer VK_LAYER_KHRONOS_validation is not installed.");
    }
    auto instance = std::shared_ptr<Instance>(new Instance);
    instance->m_debugUtils = hasInstanceExtension(VK_EXT_DEBUG_UTILS_EXTENSION_NAME);

    VkApplicationInfo application{VK_STRUCTURE_TYPE_APPLICATION_INFO};
    application.pApplicationName = "Halftone";
    application.apiVersion = VK_API_VERSION_1_2;
    VkInstanceCreateInfo info{VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO};
    info.pApplicationInfo = &application;
    const std::array<const char*, 1> extensions{VK_EXT_DEBUG_UTILS_EXTENSION_NAME};
    info.enabledExtensionCount = instance->m_debugUtils ? 1 : 0;
    info.ppEnabledExtensionNames = extensions.data();
    const std::array<const char*, 1> layers{kValidationLayer};
    info.enabledLayerCount = options.validation ? 1 : 0;
    info.ppEnabledLayerNames = layers.data();

    const std::array<VkValidationFeatureEnableEXT, 1> enabled{
        VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT};
    VkValidationFeaturesEXT features{VK_STRUCTURE_TYPE_VALIDATION_FEATURES_EXT};
    features.enabledValidationFeatureCount = 1;
    features.pEnabledValidationFeatures = enabled.data();
    auto messenger = messengerInfo();
    if (options.validation && instance->m_debugUtils) info.pNext = &messenger;
    if (options.synchronization) {
        features.pNext = info.pNext;
        info.pNext = &features;
    }
    if (const VkResult result = vkCreateInstance(&info, nullptr, &instance->m_instance); result != VK_SUCCESS) {
        return makeError(ErrorCode::kNotFound, "Vulkan could not be started; check the GPU driver's installation.",
                         resultName(result));
    }
    loadInstanceFunctions(instance->m_instance);
    if (options.validation && instance->m_debugUtils) {
        messenger = messengerInfo();
        HT_VK_TRY(vkCreateDebugUtilsMessengerEXT(instance->m_instance, &messenger, nullptr, &instance->m_messenger),
                  "create the debug messenger");
    }
    return instance;
}

Instance::~Instance() {
    if (m_messenger != VK_NULL_HANDLE) vkDestroyDebugUtilsMessengerEXT(m_instance, m_messenger, nullptr);
    if (m_instance != VK_NULL_HANDLE) vkDestroyInstance(m_instance, nullptr);
}

std::vector<VkPhysicalDevice> Instance::physicalDevices() const {
    uint32_t count = 0;
    if (vkEnumeratePhysicalDevices(m_instance, &count, nullptr) != VK_SUCCESS) return {};
    std::vector<VkPhysicalDevice> devices(count);
    if (vkEnumeratePhysicalDevices(m_instance, &count, devices.data()) < VK_SUCCESS) return {};
    devices.resize(count);
    return devices;
}

std::vector<std::string> validationMessages() {
    auto& record = messageRecord();
    const std::scoped_lock lock(record.mutex);
    return record.messages;
}

}  // namespace halftone::vk
