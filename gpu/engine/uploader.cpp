// SPDX-License-Identifier: GPL-3.0-or-later
#include "gpu/engine/uploader.h"

#include <algorithm>
#include <cstring>

namespace halftone {

Result<std::unique_ptr<Uploader>> Uploader::create(std::shared_ptr<vk::Device> device, vk::MemoryAllocator& allocator,
                                                   vk::PipelineStore& pipelines, vk::QueueUse queue) {
    auto uploader = std::unique_ptr<Uploader>(new Uploader);
    uploader->m_allocator = &allocator;
    uploader->m_direct = device->plan().directUpload;
    HT_ASSIGN_OR_RETURN(uploader->m_stream, vk::CommandStream::create(std::move(device), pipelines, "uploads", queue));
    return uploader;
}

Status Uploader::upload(std::span<const std::byte> bytes, const UploadTarget& target, const JobContext& context) {
    HT_CHECK(target.offset + bytes.size() <= target.buffer->sizeBytes());
    const std::scoped_lock lock(m_mutex);
    if (!m_direct || !target.buffer->mapped()) {
        const Status status = uploadStaged(bytes, target, context);
        if (!status) m_stream->abandon();
        return status;
    }
    for (size_t done = 0; done < bytes.size(); done += kSegmentBytes) {
        HT_TRY(context.checkpoint());
        const size_t count = std::min(kSegmentBytes, bytes.size() - done);
        std::memcpy(target.buffer->mapped() + target.offset + done, bytes.data() + done, count);
        context.advance(static_cast<int64_t>(count));
    }
    return {};
}

Status Uploader::uploadStaged(std::span<const std::byte> bytes, const UploadTarget& target, const JobContext& context) {
    size_t index = 0;
    for (size_t done = 0; done < bytes.size(); done += kSegmentBytes, index = (index + 1) % m_segments.size()) {
        HT_TRY(context.checkpoint());
        Segment& segment = m_segments[index];
        if (!segment.buffer) {
            HT_ASSIGN_OR_RETURN(segment.buffer,
                                m_allocator->createBuffer(kSegmentBytes, vk::MemoryUse::kUpload, "upload segment"));
        }
        HT_TRY(m_stream->waitFor(segment.busyUntil));
        const size_t count = std::min(kSegmentBytes, bytes.size() - done);
        std::memcpy(segment.buffer.mapped(), bytes.data() + done, count);
        HT_TRY(m_stream->copy(vk::BufferSlice(segment.buffer).part(0, count),
                              vk::BufferSlice(*target.buffer).part(target.offset + done, count)));
        HT_ASSIGN_OR_RETURN(segment.busyUntil, m_stream->flush());
        context.advance(static_cast<int64_t>(count));
    }
    return m_stream->finish();
}

}  // namespace halftone
