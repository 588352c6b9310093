// SPDX-License-Identifier: GPL-3.0-or-later
#include "gpu/engine/weight_store.h"

#include <algorithm>

#include <fmt/format.h>

namespace halftone {

bool WeightStore::holds(const DeviceWeight& weight, const PackedTensor& tensor) const {
    const std::scoped_lock lock(m_mutex);
    const auto found = m_weights.find(keyOf(tensor));
    return found != m_weights.end() && found->second.lock().get() == &weight;
}

Result<std::shared_ptr<const DeviceWeight>> WeightStore::acquire(const PackedTensor& tensor, const std::string& name,
                                                                 const JobContext& context) {
    const Key key = keyOf(tensor);
    if (tensor.owner) {
        const std::scoped_lock lock(m_mutex);
        std::erase_if(m_weights, [](const auto& entry) { return entry.second.expired(); });
        if (const auto found = m_weights.find(key); found != m_weights.end()) {
            if (auto shared = found->second.lock()) {
                context.advance(static_cast<int64_t>(tensor.bytes.size()));
                return shared;
            }
        }
    }
    HT_ASSIGN_OR_RETURN(auto weight, upload(tensor, name, context));
    // Bytes that nobody owns may go away and come back different at the same address: not shared.
    if (tensor.owner) {
        const std::scoped_lock lock(m_mutex);
        m_weights[key] = weight;
    }
    return weight;
}

Result<std::shared_ptr<const DeviceWeight>> WeightStore::upload(const PackedTensor& tensor, const std::string& name,
                                                                const JobContext& context) {
    if (!kernel::hasKernels(tensor.layout.format)) {
        return makeError(ErrorCode::kUnsupported,
                         fmt::format("The GPU engine does not read {} ({}); the processor can run it.",
                                     tensor.layout.format.displayName(), name));
    }
    const auto rowBytes = static_cast<uint64_t>(tensor.layout.rowBytes);
    if (rowBytes + kernel::kWeightPaddingBytes > m_plan->maxBindingBytes) {
        return makeError(ErrorCode::kUnsupported,
                         fmt::format("A row of {} takes {} bytes, and {} binds at most {}.", name, rowBytes,
                                     m_plan->deviceName, m_plan->maxBindingBytes));
    }
    const auto rowsPerChunk = static_cast<int64_t>((m_plan->maxBindingBytes - kernel::kWeightPaddingBytes) / rowBytes);
    auto weight = std::make_shared<DeviceWeight>();
    weight->layout = tensor.layout;
    weight->rows = tensor.rows;
    weight->source = tensor.owner;
    for (int64_t row = 0; row < tensor.rows; row += rowsPerChunk) {
        const int64_t count = std::min(rowsPerChunk, tensor.rows - row);
        const uint64_t bytes = static_cast<uint64_t>(count) * rowBytes;
        HT_ASSIGN_OR_RETURN(
            auto buffer, m_allocator->createBuffer(bytes + kernel::kWeightPaddingBytes, vk::MemoryUse::kDevice, name));
        HT_TRY(m_uploader->upload(tensor.bytes.subspan(static_cast<size_t>(row) * rowBytes, bytes), buffer, context));
        weight->chunks.push_back({std::move(buffer), row, count});
    }
    return std::shared_ptr<const DeviceWeight>(std::move(weight));
}

}  // namespace halftone
