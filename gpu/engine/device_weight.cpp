// SPDX-License-Identifier: GPL-3.0-or-later
#include "gpu/engine/device_weight.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/quant/corrections/correction.h"

namespace halftone {
namespace {

/// A part of a correction is bound as a whole.
Status addPart(std::span<const std::byte> bytes, int64_t rows, WeightPart part, const vk::DevicePlan& plan,
               std::vector<RowRange>& ranges) {
    if (bytes.empty()) return {};
    if (bytes.size() + kernel::kWeightPaddingBytes > plan.maxBindingBytes) {
        return makeError(ErrorCode::kUnsupported,
                         fmt::format("A correction takes {} bytes in one piece, and {} binds at most {}; choose fewer "
                                     "outliers or a smaller rank, or run on the processor.",
                                     bytes.size(), plan.deviceName, plan.maxBindingBytes));
    }
    ranges.push_back({0, rows, bytes, part});
    return {};
}

}  // namespace

DeviceWeight DeviceWeight::of(const PackedTensor& tensor) {
    DeviceWeight weight{.layout = tensor.layout, .rows = tensor.rows, .source = tensor.owner};
    if (!tensor.correction) return weight;
    weight.outliersAreWide = tensor.correction->outliers.isWide;
    weight.leftLayout = tensor.correction->left.layout;
    weight.rightLayout = tensor.correction->right.layout;
    weight.source = std::make_shared<const PackedTensor>(tensor);
    return weight;
}

void DeviceWeight::place(const RowRange& range, const vk::BufferSlice& slice, vk::Buffer buffer) {
    Chunk chunk{slice, std::move(buffer), range.firstRow, range.rowCount};
    switch (range.part) {
        case WeightPart::kCodes:
            chunks.push_back(std::move(chunk));
            break;
        case WeightPart::kOutliers:
            outliers = std::move(chunk);
            break;
        case WeightPart::kLeft:
            left = std::move(chunk);
            break;
        case WeightPart::kRight:
            right = std::move(chunk);
            break;
    }
}

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
    if (!tensor.correction) return ranges;
    const Correction& correction = *tensor.correction;
    HT_TRY(addPart(std::as_bytes(correction.outliers.words), tensor.rows, WeightPart::kOutliers, plan, ranges));
    HT_TRY(addPart(correction.left.bytes, tensor.rows, WeightPart::kLeft, plan, ranges));
    HT_TRY(addPart(correction.right.bytes, correction.rank(), WeightPart::kRight, plan, ranges));
    return ranges;
}

uint64_t bytesOnDevice(const RowRange& range, const vk::DevicePlan& plan) {
    const uint64_t bytes = range.bytes.size() + kernel::kWeightPaddingBytes;
    return (bytes + plan.bindingAlignment - 1) / plan.bindingAlignment * plan.bindingAlignment;
}

}  // namespace halftone
