// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <compare>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "core/base/job_context.h"
#include "gpu/engine/device_weight.h"
#include "gpu/engine/uploader.h"

namespace halftone {

/// Uploads packed tensors and shares them: the same host bytes in the same layout exist once on the device, whichever
/// slots and executables use them (tied embeddings; an original and its edited twin). Any thread.
class WeightStore {
  public:
    WeightStore(const vk::DevicePlan& plan, vk::MemoryAllocator& allocator, Uploader& uploader)
        : m_plan(&plan), m_allocator(&allocator), m_uploader(&uploader) {}

    /// The tensor on the device. kUnsupported for formats without kernels and rows longer than a binding.
    Result<std::shared_ptr<const DeviceWeight>> acquire(const PackedTensor& tensor, const std::string& name,
                                                        const JobContext& context);

    /// Whether acquire(tensor) would upload nothing.
    [[nodiscard]] bool has(const PackedTensor& tensor) const;
    /// Whether `weight` is what acquire(tensor) would return, without uploading anything.
    [[nodiscard]] bool holds(const DeviceWeight& weight, const PackedTensor& tensor) const;

  private:
    struct Key {
        const std::byte* data = nullptr;
        int64_t rows = 0;
        int64_t cols = 0;
        Format format;
        const Correction* correction = nullptr;
        auto operator<=>(const Key&) const = default;
    };
    static Key keyOf(const PackedTensor& tensor) {
        return {tensor.bytes.data(), tensor.rows, tensor.cols(), tensor.layout.format, tensor.correction.get()};
    }
    Result<std::shared_ptr<const DeviceWeight>> upload(const PackedTensor& tensor, const std::string& name,
                                                       const JobContext& context);

    const vk::DevicePlan* m_plan;
    vk::MemoryAllocator* m_allocator;
    Uploader* m_uploader;
    mutable std::mutex m_mutex;
    std::map<Key, std::weak_ptr<const DeviceWeight>> m_weights;
};

}  // namespace halftone
