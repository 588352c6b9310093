// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/quant/methods/encode_device.h"
#include "gpu/engine/vulkan_context.h"
#include "gpu/kernels/encode_kernels.h"

namespace halftone {

/// Quantizes on a Vulkan device (shaders/encode). What the device must promise: vk::EncodeShape. Before a task of a new
/// kind is taken for the first time, a matrix with the extremes that groups can have is encoded here and on the
/// processor; should a driver not keep its promise, the kind is refused and remarks() says so.
class VulkanEncoder final : public EncodeDevice {
  public:
    /// kUnsupported with a sentence where the plan says that it is not usable.
    static Result<std::shared_ptr<VulkanEncoder>> create(std::shared_ptr<VulkanContext> context);

    [[nodiscard]] std::string description() const override;
    [[nodiscard]] bool takes(const EncodeTask& task) const override;
    [[nodiscard]] int64_t mostRows(int64_t cols) const override;
    Result<std::shared_ptr<const DeviceRows>> upload(const RowSource& source, int64_t first, int64_t count,
                                                     const JobContext& context) override;
    Result<std::optional<ValueRange>> rangeOf(const DeviceRows& rows, const JobContext& context) override;
    Result<DeviceEncoding> encode(const EncodeTask& task, const DeviceRows& rows, std::span<std::byte> packed,
                                  const JobContext& context) override;
    [[nodiscard]] std::vector<std::string> remarks() const override;

  private:
    /// Tasks that run the same code in the same way.
    struct Kind {
        Format format;
        bool searches = false;
        bool isWeighted = false;
        DType source = DType::kF32;
        auto operator<=>(const Kind&) const = default;
    };

    explicit VulkanEncoder(std::shared_ptr<VulkanContext> context) : m_context(std::move(context)) {}
    /// What an operation needs of each buffer, in bytes.
    struct BufferBytes {
        uint64_t packed = 0, notes = 0, scratch = 0, result = 0;
    };
    Status prepareBuffers(const BufferBytes& bytes);
    /// After a failure the stream begins anew, and remarks() says what happened.
    void recover(const Error& error);
    Result<std::optional<ValueRange>> findRange(const DeviceRows& rows, const JobContext& context);
    Status growBuffer(vk::Buffer& buffer, uint64_t sizeBytes, vk::MemoryUse use, std::string_view name);
    Status checkKind(const EncodeTask& task, DType source, const JobContext& context);
    Result<bool> givesProcessorsBytes(const EncodeTask& task, DType source, const JobContext& context);
    Result<DeviceEncoding> encodeRows(const EncodeTask& task, const DeviceRows& rows, std::span<std::byte> packed,
                                      const JobContext& context);
    Result<DeviceEncoding> readNotes(const EncodeTask& task, int64_t rows, std::span<const std::byte> bytes) const;

    std::shared_ptr<VulkanContext> m_context;
    std::unique_ptr<vk::CommandStream> m_stream;
    std::unique_ptr<kernel::EncodeKernels> m_kernels;
    std::mutex m_encoding;  ///< one call at a time; guards the stream and the buffers
    vk::Buffer m_packed, m_notes, m_scratch, m_readback;
    mutable std::mutex m_mutex;    ///< guards what follows
    std::map<Kind, bool> m_kinds;  ///< whether the bytes are right
    std::vector<std::string> m_remarks;
};

}  // namespace halftone
