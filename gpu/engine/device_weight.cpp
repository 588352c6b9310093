// SPDX-License-Identifier: GPL-3.0-or-later
#include "gpu/engine/device_weight.h"

#include <algorithm>

#include <fmt/format.h>

namespace halftone {

Result<std::vector<RowRange>> splitRows(const PackedTensor& tensor, const std::string& name,
                                        const vk::DevicePlan& plan) {
    if (!kernel::hasKernels(tensor.layout.format)) {
        return makeError(ErrorCode::kUnsupported,
                         fmt::format("The GPU engine does not read {} ({}); the processor can run it.",
                                     tensor.layout.format.displayName(), name));
    }
    const auto rowBytes = static_cast<uint64_t>(tensor.layout.rowBytes);
    if (rowBytes + kernel::kWeightPaddingBytes > plan.maxBindingBytes) {
        return makeError(ErrorCode::kUnsupported, fmt::format("A row of {} takes {} bytes, and {} binds at most {}.",
                                                              name, rowBytes, plan.deviceName, plan.maxBindingBytes));
    }
    const auto rowsAtOnce = static_cast<int64_t>((plan.maxBindingBytes - kernel::kWeightPaddingBytes) / rowBytes);
    std::vector<RowRange> ranges;
    for (int64_t row = 0; row < tensor.rows; row += rowsAtOnce) {
        const int64_t count = std::min(rowsAtOnce, tensor.rows - row);
        ranges.push_back(
            {row, count,
             tensor.bytes.subspan(static_cast<size_t>(row) * rowBytes, static_cast<size_t>(count) * rowBytes)});
    }
    return ranges;
}

uint64_t bytesOnDevice(const RowRange& range, const vk::DevicePlan& plan) {
    const uint64_t bytes = range.bytes.size() + kernel::kWeightPaddingBytes;
    return (bytes + plan.bindingAlignment - 1) / plan.bindingAlignment * plan.bindingAlignment;
}

}  // namespace halftone
