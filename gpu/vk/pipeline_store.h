// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "gpu/vk/device.h"

namespace halftone::vk {

/// Storage buffers that any shader may bind; all pipelines share one layout.
inline constexpr uint32_t kBindingCount = 4;
inline constexpr uint32_t kPushConstantBytes = 64;

/// What identifies a pipeline: a shader variant, the workgroup size and the specialization constants.
struct PipelineKey {
    std::string_view family;                               ///< of the shader table; points to static text
    std::string option;                                    ///< weight format or cache type, or empty
    uint32_t localSize = 64;                               ///< constant 0
    std::vector<std::pair<uint32_t, uint32_t>> constants;  ///< id -> value, ids ascending from 1
    auto operator<=>(const PipelineKey&) const = default;
};

/// Pipelines, created when first asked for and kept; the driver's cache is loaded from disk before and saved after.
/// Any thread.
class PipelineStore {
  public:
    /// `cacheFile` may be empty: nothing is loaded or saved.
    static Result<std::unique_ptr<PipelineStore>> create(std::shared_ptr<Device> device,
                                                         std::filesystem::path cacheFile);
    ~PipelineStore();
    PipelineStore(const PipelineStore&) = delete;
    PipelineStore& operator=(const PipelineStore&) = delete;

    /// kUnsupported if the shader table has no such variant.
    Result<VkPipeline> get(const PipelineKey& key);
    [[nodiscard]] VkPipelineLayout layout() const { return m_layout.get(); }
    [[nodiscard]] VkDescriptorSetLayout setLayout() const { return m_setLayout.get(); }
    /// Saves the driver's cache if pipelines were created since. A failure is not the caller's problem.
    void save();

  private:
    explicit PipelineStore(std::shared_ptr<Device> device) : m_device(std::move(device)) {}
    Status createLayouts();
    Status createCache(std::filesystem::path cacheFile);
    Result<OwnedHandle<VkPipeline>> createPipeline(const PipelineKey& key);

    std::shared_ptr<Device> m_device;
    std::filesystem::path m_cacheFile;
    OwnedHandle<VkDescriptorSetLayout> m_setLayout;
    OwnedHandle<VkPipelineLayout> m_layout;
    OwnedHandle<VkPipelineCache> m_cache;
    std::mutex m_mutex;
    std::map<PipelineKey, OwnedHandle<VkPipeline>> m_pipelines;
    bool m_changed = false;
};

}  // namespace halftone::vk
