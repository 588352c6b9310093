// SPDX-License-Identifier: GPL-3.0-or-later
#include "gpu/engine/weight_store.h"

namespace halftone {

bool WeightStore::has(const PackedTensor& tensor) const {
    const std::scoped_lock lock(m_mutex);
    const auto found = m_weights.find(keyOf(tensor));
    return found != m_weights.end() && !found->second.expired();
}

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
                context.advance(tensor.sizeBytes());
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
    HT_ASSIGN_OR_RETURN(const std::vector<RowRange> ranges, splitRows(tensor, name, *m_plan));
    auto weight = std::make_shared<DeviceWeight>(DeviceWeight::of(tensor));
    for (const RowRange& range : ranges) {
        HT_ASSIGN_OR_RETURN(auto buffer, m_allocator->createBuffer(range.bytes.size() + kernel::kWeightPaddingBytes,
                                                                   vk::MemoryUse::kDevice, name));
        HT_TRY(m_uploader->upload(range.bytes, buffer, context));
        const vk::BufferSlice slice(buffer);
        weight->place(range, slice, std::move(buffer));
    }
    return std::shared_ptr<const DeviceWeight>(std::move(weight));
}

}  // namespace halftone
