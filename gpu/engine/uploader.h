// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <mutex>
#include <span>

#include "core/base/job_context.h"
#include "gpu/vk/command_stream.h"
#include "gpu/vk/memory_allocator.h"

namespace halftone {

/// A place in a device buffer.
struct UploadTarget {
    UploadTarget(const vk::Buffer& target, uint64_t offsetBytes = 0) : buffer(&target), offset(offsetBytes) {}
    const vk::Buffer* buffer;
    uint64_t offset;
};

/// Copies host bytes into device buffers: straight into memory that both share, else through a ring of staging
/// segments, one being filled while the device copies the other. Any thread, one upload at a time.
class Uploader {
  public:
    static Result<std::unique_ptr<Uploader>> create(std::shared_ptr<vk::Device> device, vk::MemoryAllocator& allocator,
                                                    vk::PipelineStore& pipelines,
                                                    vk::QueueUse queue = vk::QueueUse::kCompute);

    /// Copies `bytes` to `target` and returns when the device has them. Progress in bytes; cancelled between pieces of
    /// a few mebibytes.
    Status upload(std::span<const std::byte> bytes, const UploadTarget& target, const JobContext& context);
    /// When a stream on another queue starts after this point, it sees everything uploaded so far.
    [[nodiscard]] vk::TimelinePoint uploaded() const { return m_stream->submitted(); }

  private:
    Uploader() = default;
    Status uploadStaged(std::span<const std::byte> bytes, const UploadTarget& target, const JobContext& context);

    static constexpr size_t kSegmentBytes = size_t{4} << 20;
    struct Segment {
        vk::Buffer buffer;
        uint64_t busyUntil = 0;  ///< timeline value of the copy that reads it
    };
    std::mutex m_mutex;
    vk::MemoryAllocator* m_allocator = nullptr;
    std::array<Segment, 2> m_segments;
    std::unique_ptr<vk::CommandStream> m_stream;
    bool m_direct = false;
};

}  // namespace halftone
