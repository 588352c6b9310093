// SPDX-License-Identifier: GPL-3.0-or-later
#include "gpu/vk/pipeline_store.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "gpu/vk/pipeline_cache_file.h"
#include "gpu/vk/vulkan_error.h"
#include "shaders/shader_table.h"

namespace halftone::vk {
namespace {

const ShaderCode* findShader(const PipelineKey& key) {
    for (const auto& shader : allShaders()) {
        if (shader.family == key.family && shader.option == key.option) return &shader;
    }
    return nullptr;
}

std::string pipelineName(const PipelineKey& key) {
    std::string name = fmt::format("{}{}{} x{}", key.family, key.option.empty() ? "" : "_", key.option, key.localSize);
    for (const auto& [id, value] : key.constants) name += fmt::format(" {}={}", id, value);
    return name;
}

/// Specialization constants in the form that Vulkan wants, kept alive while the pipeline is created.
struct Specialization {
    explicit Specialization(const PipelineKey& key) {
        add(0, key.localSize);
        for (const auto& [id, value] : key.constants) add(id, value);
        info.mapEntryCount = static_cast<uint32_t>(entries.size());
        info.pMapEntries = entries.data();
        info.dataSize = values.size() * sizeof(uint32_t);
        info.pData = values.data();
    }
    void add(uint32_t id, uint32_t value) {
        entries.push_back({id, static_cast<uint32_t>(values.size() * sizeof(uint32_t)), sizeof(uint32_t)});
        values.push_back(value);
    }
    std::vector<VkSpecializationMapEntry> entries;
    std::vector<uint32_t> values;
    VkSpecializationInfo info{};
};

}  // namespace

Result<std::unique_ptr<PipelineStore>> PipelineStore::create(std::shared_ptr<Device> device,
                                                             std::filesystem::path cacheFile) {
    auto store = std::unique_ptr<PipelineStore>(new PipelineStore(std::move(device)));
    HT_TRY(store->createLayouts());
    HT_TRY(store->createCache(std::move(cacheFile)));
    return store;
}

PipelineStore::~PipelineStore() {
    save();
}

Status PipelineStore::createLayouts() {
    const auto& functions = m_device->functions();
    std::array<VkDescriptorSetLayoutBinding, kBindingCount> bindings{};
    for (uint32_t i = 0; i < kBindingCount; ++i) {
        bindings[i] = {i, VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, 1, VK_SHADER_STAGE_COMPUTE_BIT, nullptr};
    }
    VkDescriptorSetLayoutCreateInfo setInfo{VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO};
    if (m_device->plan().pushDescriptors) setInfo.flags = VK_DESCRIPTOR_SET_LAYOUT_CREATE_PUSH_DESCRIPTOR_BIT_KHR;
    setInfo.bindingCount = kBindingCount;
    setInfo.pBindings = bindings.data();
    VkDescriptorSetLayout setLayout = VK_NULL_HANDLE;
    HT_VK_TRY(functions.vkCreateDescriptorSetLayout(m_device->handle(), &setInfo, nullptr, &setLayout),
              "create a set layout");
    m_setLayout = m_device->own(setLayout, functions.vkDestroyDescriptorSetLayout, VK_OBJECT_TYPE_DESCRIPTOR_SET_LAYOUT,
                                "set layout of all kernels");

    const VkPushConstantRange range{VK_SHADER_STAGE_COMPUTE_BIT, 0, kPushConstantBytes};
    VkPipelineLayoutCreateInfo info{VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO};
    info.setLayoutCount = 1;
    info.pSetLayouts = &setLayout;
    info.pushConstantRangeCount = 1;
    info.pPushConstantRanges = &range;
    VkPipelineLayout layout = VK_NULL_HANDLE;
    HT_VK_TRY(functions.vkCreatePipelineLayout(m_device->handle(), &info, nullptr, &layout),
              "create a pipeline layout");
    m_layout = m_device->own(layout, functions.vkDestroyPipelineLayout, VK_OBJECT_TYPE_PIPELINE_LAYOUT,
                             "layout of all kernels");
    return {};
}

Status PipelineStore::createCache(std::filesystem::path cacheFile) {
    const auto& functions = m_device->functions();
    const std::vector<std::byte> stored = cacheFile.empty() ? std::vector<std::byte>{} : loadPipelineCache(cacheFile);
    m_cacheFile = std::move(cacheFile);
    VkPipelineCacheCreateInfo info{VK_STRUCTURE_TYPE_PIPELINE_CACHE_CREATE_INFO};
    info.initialDataSize = stored.size();
    info.pInitialData = stored.data();
    VkPipelineCache cache = VK_NULL_HANDLE;
    HT_VK_TRY(functions.vkCreatePipelineCache(m_device->handle(), &info, nullptr, &cache), "create a pipeline cache");
    m_cache = m_device->own(cache, functions.vkDestroyPipelineCache, VK_OBJECT_TYPE_PIPELINE_CACHE, "pipeline cache");
    return {};
}

Result<VkPipeline> PipelineStore::get(const PipelineKey& key) {
    const std::scoped_lock lock(m_mutex);
    if (const auto found = m_pipelines.find(key); found != m_pipelines.end()) return found->second.get();
    HT_ASSIGN_OR_RETURN(auto pipeline, createPipeline(key));
    m_changed = true;
    return m_pipelines.emplace(key, std::move(pipeline)).first->second.get();
}

Result<OwnedHandle<VkPipeline>> PipelineStore::createPipeline(const PipelineKey& key) {
    const auto& functions = m_device->functions();
    const DevicePlan& plan = m_device->plan();
    const ShaderCode* shader = findShader(key);
    if (!shader) {
        return makeError(
            ErrorCode::kUnsupported,
            fmt::format("The GPU engine has no kernel {} for {}; the processor can run it.", key.family, key.option));
    }
    VkShaderModuleCreateInfo moduleInfo{VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO};
    moduleInfo.codeSize = shader->words.size_bytes();
    moduleInfo.pCode = shader->words.data();
    VkShaderModule handle = VK_NULL_HANDLE;
    HT_VK_TRY(functions.vkCreateShaderModule(m_device->handle(), &moduleInfo, nullptr, &handle), "load a shader");
    const auto name = pipelineName(key);
    const auto module = m_device->own(handle, functions.vkDestroyShaderModule, VK_OBJECT_TYPE_SHADER_MODULE, name);

    const Specialization specialization(key);
    VkPipelineShaderStageRequiredSubgroupSizeCreateInfo required{
        VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_REQUIRED_SUBGROUP_SIZE_CREATE_INFO};
    required.requiredSubgroupSize = plan.subgroupSize;
    VkComputePipelineCreateInfo info{VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO};
    info.stage.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO;
    info.stage.stage = VK_SHADER_STAGE_COMPUTE_BIT;
    info.stage.module = module.get();
    info.stage.pName = "main";
    info.stage.pSpecializationInfo = &specialization.info;
    if (plan.requireSubgroupSize) {
        info.stage.pNext = &required;
        if (key.localSize % plan.subgroupSize == 0) {
            info.stage.flags = VK_PIPELINE_SHADER_STAGE_CREATE_REQUIRE_FULL_SUBGROUPS_BIT;
        }
    }
    info.layout = m_layout.get();
    info.basePipelineIndex = -1;
    VkPipeline pipeline = VK_NULL_HANDLE;
    HT_VK_TRY(functions.vkCreateComputePipelines(m_device->handle(), m_cache.get(), 1, &info, nullptr, &pipeline),
              fmt::format("build the kernel {}", name));
    return m_device->own(pipeline, functions.vkDestroyPipeline, VK_OBJECT_TYPE_PIPELINE, name);
}

void PipelineStore::save() {
    const std::scoped_lock lock(m_mutex);
    if (m_cacheFile.empty() || !m_changed || !m_cache) return;
    m_changed = false;
    const auto& functions = m_device->functions();
    size_t size = 0;
    if (functions.vkGetPipelineCacheData(m_device->handle(), m_cache.get(), &size, nullptr) != VK_SUCCESS) return;
    std::vector<std::byte> data(size);
    if (functions.vkGetPipelineCacheData(m_device->handle(), m_cache.get(), &size, data.data()) != VK_SUCCESS) return;
    data.resize(size);
    // Without the file the next start compiles again, nothing worse.
    (void)savePipelineCache(m_cacheFile, data);
}

}  // namespace halftone::vk
