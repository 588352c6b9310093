// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "core/base/job_context.h"
#include "core/quant/formats/integer_family.h"
#include "core/quant/formats/packed_tensor.h"
#include "core/quant/methods/row_encoder.h"

namespace halftone {

class DeviceMatrix;
class EncodeDevice;
struct InputStatistics;

/// How far a quantized matrix is from its original; sums over elements, so tiles merge by addition.
struct Distortion {
    int64_t count = 0;
    double sumSquaredError = 0;
    double sumSquares = 0;  ///< of the original
    double sumProduct = 0;  ///< original * quantized
    double sumSquaresQuantized = 0;
    double maxAbsError = 0;
    void add(std::span<const float> original, std::span<const float> quantized);
    void merge(const Distortion& other);
    [[nodiscard]] double relativeMse()
        const;  ///< sum of squared errors / sum of squares; 0 for an all-zero original kept exactly
    [[nodiscard]] double sqnrDb() const;
    [[nodiscard]] double cosine() const;
};

/// What to do with NaN and infinities in the source weights. They are counted either way.
enum class NonFinitePolicy {
    kRefuse,  ///< fail with a message that names the first one
    kMapToZero,
};

struct QuantizeOptions {
    std::span<const float> importance = {};  ///< per input channel, or empty
    NonFinitePolicy nonFinite = NonFinitePolicy::kRefuse;
    std::string tensorName = {};  ///< for messages
    /// The method; null: round to nearest, or the reference search of a block type. Not owned.
    const RowEncoder* encoder = nullptr;
    /// Formats with a pattern of zeros: how much a column counts when elements are compared (pruning.h); empty: all
    /// alike. Encoders that prune on their own ignore it.
    std::span<const float> pruneWeights = {};
    /// Of the layer's inputs as the matrix meets them, for formats with corrections; null: `importance` alone. Not
    /// owned.
    const InputStatistics* statistics = nullptr;
    /// Encodes what it takes (encode_device.h), the processor the rest: the same bytes, figures to six digits. Null:
    /// the processor everything. Not owned.
    EncodeDevice* device = nullptr;
    /// The source on that device, where it is there already; null: it is brought there. Not owned.
    const DeviceMatrix* deviceMatrix = nullptr;
    /// The source is a part of a tensor, encoded by itself: its first row in that, for messages, and, where the format
    /// has one scale for the whole tensor, the tensor's range (null: the source is all of it). Not owned.
    int64_t firstRow = 0;
    const ValueRange* tensorRange = nullptr;
};

struct QuantizedTensor {
    PackedTensor packed;
    Format format;  ///< that was asked for, extras included
    Distortion distortion;
    int64_t nonFiniteCount = 0;
};

/// Where packed rows go, ascending.
using PackedSink = std::function<Status(std::span<const std::byte>)>;

/// Smallest and largest value as they are encoded: NaN and infinities are refused or count as zero.
Result<ValueRange> measureRange(const RowSource& source, const QuantizeOptions& options, const JobContext& context);

/// Encodes a whole matrix, tile by tile on all threads; memory is the packed result plus one tile per thread.
/// Same bytes on any number of threads. Advances the progress by rows; the caller names and
/// sizes the stage. Precondition: format.fitsRow(source.cols()).
/// Formats with outliers or low rank: see corrections/corrected_quantize.h.
Result<QuantizedTensor> quantizeTensor(const RowSource& source, const Format& format, const QuantizeOptions& options,
                                       const JobContext& context);

/// The same in row order through `sink` without keeping the result: for exporting tensors larger than memory. The sink
/// is called with ascending rows, by one thread at a time but not always the same, while the rows that follow are
/// encoded. With corrections, which need the whole tensor, it is kept nevertheless, and the sink gets the codes alone.
Result<Distortion> quantizeStreaming(const RowSource& source, const Format& format, const QuantizeOptions& options,
                                     const PackedSink& sink, const JobContext& context);

/// The figures alone: on a device the packed rows never leave it.
Result<Distortion> measureQuantized(const RowSource& source, const Format& format, const QuantizeOptions& options,
                                    const JobContext& context);

}  // namespace halftone
