// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/methods/quantize.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "core/base/aligned_buffer.h"
#include "core/base/checked.h"
#include "core/quant/corrections/corrected_quantize.h"
#include "core/quant/methods/calibration.h"
#include "core/quant/methods/device_quantize.h"
#include "core/quant/methods/tile_encoder.h"

namespace halftone {
namespace {

/// Room for all rows of a packed matrix.
Result<std::shared_ptr<AlignedBuffer>> packedBuffer(const RowSource& source, const PackedLayout& layout,
                                                    const std::string& tensorName) {
    const auto size = checkedMul(static_cast<uint64_t>(source.rows()), static_cast<uint64_t>(layout.rowBytes));
    if (!size) return makeError(ErrorCode::kInvalidArgument, fmt::format("Tensor {} is too large.", tensorName));
    return std::make_shared<AlignedBuffer>(static_cast<size_t>(*size));
}

PackedTensor packedTensor(const PackedLayout& layout, int64_t rows, std::shared_ptr<AlignedBuffer> buffer) {
    PackedTensor packed{.layout = layout, .rows = rows, .bytes = std::as_const(*buffer).bytes(), .owner = nullptr};
    packed.owner = std::move(buffer);
    return packed;
}

/// quantizeTensor() where the device takes the task.
Result<QuantizedTensor> quantizeOnDevice(DeviceQuantizer& quantizer, const RowSource& source, const Format& format,
                                         const QuantizeOptions& options, const JobContext& context) {
    const PackedLayout layout = PackedLayout::of(format, source.cols());
    HT_ASSIGN_OR_RETURN(auto buffer, packedBuffer(source, layout, options.tensorName));
    HT_ASSIGN_OR_RETURN(const DeviceOutcome outcome, quantizer.runInto({buffer->data(), buffer->size()}, context));
    QuantizedTensor result;
    result.format = format;
    result.distortion = outcome.distortion;
    result.nonFiniteCount = outcome.nonFiniteCount;
    result.packed = packedTensor(layout, source.rows(), std::move(buffer));
    return result;
}

Status checkRequest(const RowSource& source, const Format& format, const QuantizeOptions& options) {
    if (!canEncode(format)) {
        return makeError(ErrorCode::kUnsupported,
                         fmt::format("This program does not write {} tensors.", format.displayName()));
    }
    if (!format.fitsRow(source.cols())) {
        return makeError(ErrorCode::kInvalidArgument,
                         fmt::format("Rows of {} values cannot be stored as {} (tensor {}).", source.cols(),
                                     format.displayName(), options.tensorName));
    }
    const auto cols = static_cast<size_t>(source.cols());
    for (const std::span<const float> weights : {options.importance, options.pruneWeights}) {
        if (!weights.empty() && weights.size() != cols) {
            return makeError(ErrorCode::kInvalidArgument,
                             fmt::format("Tensor {} has {} input channels but {} importance weights.",
                                         options.tensorName, cols, weights.size()));
        }
        if (!std::ranges::all_of(weights, [](float w) { return std::isfinite(w) && w >= 0; })) {
            return makeError(ErrorCode::kInvalidArgument,
                             fmt::format("The importance weights of tensor {} must be finite and not negative.",
                                         options.tensorName));
        }
    }
    if (options.statistics && options.statistics->channels() != source.cols()) {
        return makeError(ErrorCode::kInvalidArgument,
                         fmt::format("Tensor {} has {} input channels but a calibration of {}.", options.tensorName,
                                     cols, options.statistics->channels()));
    }
    return {};
}

}  // namespace

Result<ValueRange> measureRange(const RowSource& source, const QuantizeOptions& options, const JobContext& context) {
    return TileEncoder(source, Format(), options).measureRange(context);
}

Result<QuantizedTensor> quantizeTensor(const RowSource& source, const Format& format, const QuantizeOptions& options,
                                       const JobContext& context) {
    HT_TRY(checkRequest(source, format, options));
    if (format.extras().hasCorrection()) return quantizeCorrected(source, format, options, context);
    if (DeviceQuantizer onDevice(source, format, options); onDevice.applies())
        return quantizeOnDevice(onDevice, source, format, options, context);
    TileEncoder encoder(source, format, options);
    HT_TRY(encoder.prepare(context));
    HT_ASSIGN_OR_RETURN(auto buffer, packedBuffer(source, encoder.layout(), options.tensorName));
    HT_ASSIGN_OR_RETURN(const TileEncoder::Sums sums, encoder.encodeAll(buffer->data(), context));
    QuantizedTensor result;
    result.distortion = sums.distortion;
    result.nonFiniteCount = sums.nonFinite;
    result.format = format;
    result.packed = packedTensor(encoder.layout(), encoder.rows(), std::move(buffer));
    return result;
}

Result<Distortion> quantizeStreaming(const RowSource& source, const Format& format, const QuantizeOptions& options,
                                     const PackedSink& sink, const JobContext& context) {
    HT_TRY(checkRequest(source, format, options));
    if (format.extras().hasCorrection()) {
        HT_ASSIGN_OR_RETURN(const QuantizedTensor whole, quantizeCorrected(source, format, options, context));
        HT_TRY(sink(whole.packed.bytes));
        return whole.distortion;
    }
    if (DeviceQuantizer onDevice(source, format, options); onDevice.applies()) {
        HT_ASSIGN_OR_RETURN(const DeviceOutcome outcome, onDevice.run(sink, context));
        return outcome.distortion;
    }
    TileEncoder encoder(source, format, options);
    HT_TRY(encoder.prepare(context));
    HT_ASSIGN_OR_RETURN(const TileEncoder::Sums sums, encoder.streamTo(sink, context));
    return sums.distortion;
}

Result<Distortion> measureQuantized(const RowSource& source, const Format& format, const QuantizeOptions& options,
                                    const JobContext& context) {
    HT_TRY(checkRequest(source, format, options));
    if (DeviceQuantizer onDevice(source, format, options); onDevice.applies()) {
        HT_ASSIGN_OR_RETURN(const DeviceOutcome outcome, onDevice.run({}, context));
        return outcome.distortion;
    }
    return quantizeStreaming(
        source, format, options, [](std::span<const std::byte>) { return Status{}; }, context);
}

}  // namespace halftone
