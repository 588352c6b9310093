// SPDX-License-Identifier: GPL-3.0-or-later
#include "gpu/vulkan_backend.h"

#include <mutex>

#include <fmt/format.h>

#include "gpu/engine/device_rates.h"
#include "gpu/engine/vulkan_context.h"
#include "gpu/engine/vulkan_encoder.h"
#include "gpu/engine/vulkan_executable.h"

namespace halftone {
namespace {

class VulkanBackend final : public Backend {
  public:
    explicit VulkanBackend(std::shared_ptr<VulkanContext> context) : m_context(std::move(context)) {}

    [[nodiscard]] std::string name() const override { return fmt::format("vulkan:{}", m_context->index); }
    [[nodiscard]] std::string description() const override {
        return fmt::format("{} ({})", m_context->plan().deviceName, m_context->plan().driver);
    }
    Result<std::unique_ptr<Executable>> compile(std::shared_ptr<const ModelGraph> graph, const ModelWeights& weights,
                                                const JobContext& job) override {
        HT_TRY(job.checkpoint());
        HT_ASSIGN_OR_RETURN(auto executable, VulkanExecutable::create(m_context, std::move(graph), weights, job));
        return std::unique_ptr<Executable>(std::move(executable));
    }

    Result<DeviceRates> measureRates(const JobContext& job) override { return measureDeviceRates(*m_context, job); }

    std::shared_ptr<EncodeDevice> encoder() override {
        if (!m_context->plan().encode.worthwhile) return nullptr;
        const std::scoped_lock lock(m_mutex);
        if (!m_encoder) m_encoder = VulkanEncoder::create(m_context).value_or(nullptr);
        return m_encoder;
    }

  private:
    std::mutex m_mutex;
    std::shared_ptr<EncodeDevice> m_encoder;
    std::shared_ptr<VulkanContext> m_context;
};

}  // namespace

std::shared_ptr<Backend> makeVulkanBackend(std::shared_ptr<VulkanContext> context) {
    return std::make_shared<VulkanBackend>(std::move(context));
}

Result<std::shared_ptr<Backend>> createVulkanBackend(int deviceIndex, const VulkanOptions& options) {
    HT_ASSIGN_OR_RETURN(auto context, openVulkanContext(deviceIndex, options));
    return makeVulkanBackend(std::move(context));
}

}  // namespace halftone
