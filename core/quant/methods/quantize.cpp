// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/methods/quantize.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/base/aligned_buffer.h"
#include "core/base/checked.h"
#include "core/quant/corrections/corrected_quantize.h"
#include "core/quant/formats/codebook_family.h"
#include "core/quant/methods/calibration.h"
#include "core/quant/methods/device_quantize.h"
#include "core/quant/methods/pruning.h"
#include "core/quant/methods/tile_kernels.h"

namespace halftone {
namespace {

/// Values per tile: small enough for the second-level cache, large enough that starting a tile costs nothing.
constexpr int64_t kTileValues = 1 << 16;
/// Values that are read, encoded, decoded and compared before the next: small enough for the first-level cache.
constexpr int64_t kStripValues = 1 << 12;
/// Values that a codebook of a whole tensor is learned from.
constexpr int64_t kLearnedValues = 1 << 18;

/// The rows of one tile and what they decode to. Reused, as fresh pages would cost as much as the encoding.
struct Scratch {
    std::vector<float> values;
    std::vector<float> pruned;
    std::vector<float> decoded;
};

class ScratchPool {
  public:
    std::unique_ptr<Scratch> take() {
        const std::scoped_lock lock(m_mutex);
        if (m_free.empty()) return std::make_unique<Scratch>();
        auto scratch = std::move(m_free.back());
        m_free.pop_back();
        return scratch;
    }
    void give(std::unique_ptr<Scratch> scratch) {
        const std::scoped_lock lock(m_mutex);
        m_free.push_back(std::move(scratch));
    }

  private:
    std::mutex m_mutex;
    std::vector<std::unique_ptr<Scratch>> m_free;
};

/// What one tile yields.
struct TileOutcome {
    Status status;
    Distortion distortion;
    int64_t nonFinite = 0;
    float minimum = 0;
    float maximum = 0;
};

bool isFinite(float value) {
    return std::isfinite(value);
}

/// Cuts a matrix into tiles of whole rows, independently of the number of threads, and encodes them.
class TileEncoder {
  public:
    TileEncoder(const RowSource& source, const Format& format, const QuantizeOptions& options)
        : m_source(source),
          m_options(options),
          m_layout(PackedLayout::of(format, source.cols())),
          m_tileRows(tileRowsFor(source, format, options)),
          m_stripRows(stripRowsFor(source, format, options, m_tileRows)) {
        m_encode.importance = options.importance;
        const Sparsity& sparsity = format.extras().sparsity;
        if (!sparsity.isNone() && !(options.encoder && options.encoder->prunes()))
            m_pruner.emplace(sparsity, options.pruneWeights);
    }

    [[nodiscard]] const PackedLayout& layout() const { return m_layout; }
    [[nodiscard]] int64_t rows() const { return m_source.rows(); }
    [[nodiscard]] int64_t tileRows() const { return m_tileRows; }
    [[nodiscard]] int64_t tileCount() const { return ceilDiv(rows(), m_tileRows); }

    /// Finds the range of the whole tensor where the format needs it.
    Status prepare(const JobContext& context);
    Result<ValueRange> measureRange(const JobContext& context);

    /// Tiles [first, first + count), and what one of the threads does beside them.
    struct TileRange {
        int64_t first = 0, count = 0;
        std::function<void()> meanwhile = {};
    };
    /// Encodes tiles on all threads into `packed`, which starts with the first tile's rows.
    Result<std::vector<TileOutcome>> encodeTiles(const TileRange& range, std::byte* packed, const JobContext& context);

  private:
    static int64_t tileRowsFor(const RowSource& source, const Format& format, const QuantizeOptions& options) {
        const int64_t preferred = options.encoder ? options.encoder->preferredRows() : 0;
        if (preferred > 0) return preferred;
        const int64_t rows = std::max<int64_t>(1, kTileValues / source.cols());
        // Rows that share a scale are encoded together.
        return format.granularity() == Granularity::kBlock ? roundUp(rows, kBlockSide) : rows;
    }
    static int64_t stripRowsFor(const RowSource& source, const Format& format, const QuantizeOptions& options,
                                int64_t tileRows) {
        if (options.encoder || format.granularity() == Granularity::kBlock) return tileRows;
        return std::clamp<int64_t>(kStripValues / source.cols(), 1, tileRows);
    }
    /// The values as they are to be encoded.
    std::span<const float> prunedValues(Scratch& scratch) const {
        if (!m_pruner) return scratch.values;
        scratch.pruned = scratch.values;
        m_pruner->apply(scratch.pruned, m_source.cols());
        return scratch.pruned;
    }
    Status encodeValues(std::span<const float> values, int64_t rows, std::span<std::byte> packed,
                        const JobContext& context) const {
        if (m_options.encoder) return m_options.encoder->encode(m_layout, values, rows, packed, context);
        return encodeRows(m_layout, values, rows, m_encode, packed);
    }
    Status prepareCodebook(const JobContext& context);
    Status readTile(int64_t first, int64_t count, Scratch& scratch, TileOutcome& outcome) const;
    Status checkEncoded(int64_t first, int64_t count, std::span<const std::byte> packed) const;
    TileOutcome measureTile(int64_t tile, Scratch& scratch) const;
    struct RowRange {
        int64_t first = 0, count = 0;
    };
    Status encodeStrip(const RowRange& rows, std::span<std::byte> packed, Scratch& scratch, TileOutcome& outcome,
                       const JobContext& context) const;
    TileOutcome encodeTile(int64_t tile, std::span<std::byte> packed, Scratch& scratch,
                           const JobContext& context) const;
    template <typename Work>
    Result<std::vector<TileOutcome>> runTiles(const TileRange& range, const JobContext& context, const Work& work);

    const RowSource& m_source;
    const QuantizeOptions& m_options;
    PackedLayout m_layout;
    int64_t m_tileRows;
    int64_t m_stripRows;
    EncodeOptions m_encode;
    std::optional<RowPruner> m_pruner;
    std::vector<float> m_codebook;
    ScratchPool m_scratch;
};

Status TileEncoder::readTile(int64_t first, int64_t count, Scratch& scratch, TileOutcome& outcome) const {
    scratch.values.resize(static_cast<size_t>(count * m_source.cols()));
    HT_TRY(m_source.readRows(first, count, scratch.values));
    const int64_t nonFinite = countNonFinite(scratch.values);
    outcome.nonFinite += nonFinite;
    if (nonFinite == 0) return {};
    if (m_options.nonFinite == NonFinitePolicy::kMapToZero) {
        std::ranges::replace_if(
            scratch.values, [](float value) { return !isFinite(value); }, 0.0f);
        return {};
    }
    const auto bad = std::ranges::find_if_not(scratch.values, isFinite);
    const int64_t index = bad - scratch.values.begin();
    return makeError(
        ErrorCode::kInvalidData,
        fmt::format("Tensor {} holds {} at row {}, column {}, which no quantized format can store. Repair the "
                    "checkpoint, or choose to map such values to zero.",
                    m_options.tensorName.empty() ? "without a name" : m_options.tensorName,
                    std::isnan(*bad) ? "NaN" : "an infinity", m_options.firstRow + first + index / m_source.cols(),
                    index % m_source.cols()));
}

/// Refuses what a loader would refuse: values so large that a scale became infinite.
Status TileEncoder::checkEncoded(int64_t first, int64_t count, std::span<const std::byte> packed) const {
    const Status valid = validateRows(m_layout, packed, count);
    if (valid) return {};
    return makeError(
        ErrorCode::kInvalidData,
        fmt::format("Tensor {} has values too large for {} in rows {} to {}. Choose a format with a wider range, "
                    "such as BF16.",
                    m_options.tensorName, m_layout.format.displayName(), m_options.firstRow + first,
                    m_options.firstRow + first + count - 1),
        valid.error().message);
}

TileOutcome TileEncoder::measureTile(int64_t tile, Scratch& scratch) const {
    TileOutcome outcome;
    const int64_t first = tile * m_tileRows;
    outcome.status = readTile(first, std::min(m_tileRows, rows() - first), scratch, outcome);
    if (!outcome.status) return outcome;
    const auto [lowest, highest] = std::ranges::minmax_element(scratch.values);
    outcome.minimum = *lowest;
    outcome.maximum = *highest;
    return outcome;
}

Status TileEncoder::encodeStrip(const RowRange& rows, std::span<std::byte> packed, Scratch& scratch,
                                TileOutcome& outcome, const JobContext& context) const {
    HT_TRY(readTile(rows.first, rows.count, scratch, outcome));
    HT_TRY(encodeValues(prunedValues(scratch), rows.count, packed, context));
    HT_TRY(checkEncoded(rows.first, rows.count, packed));
    scratch.decoded.resize(scratch.values.size());
    HT_TRY(decodeRows(m_layout, packed, rows.count, scratch.decoded));
    outcome.distortion.add(scratch.values, scratch.decoded);
    return {};
}

TileOutcome TileEncoder::encodeTile(int64_t tile, std::span<std::byte> packed, Scratch& scratch,
                                    const JobContext& context) const {
    TileOutcome outcome;
    const int64_t first = tile * m_tileRows;
    const int64_t count = std::min(m_tileRows, rows() - first);
    for (int64_t row = 0; row < count && outcome.status; row += m_stripRows) {
        const RowRange strip{first + row, std::min(m_stripRows, count - row)};
        const auto bytes = packed.subspan(static_cast<size_t>(row * m_layout.rowBytes),
                                          static_cast<size_t>(strip.count * m_layout.rowBytes));
        outcome.status = encodeStrip(strip, bytes, scratch, outcome, context);
    }
    return outcome;
}

/// Runs `work` on each tile. On failure the error is that of the lowest failing tile, whatever the order of execution.
template <typename Work>
Result<std::vector<TileOutcome>> TileEncoder::runTiles(const TileRange& range, const JobContext& context,
                                                       const Work& work) {
    std::vector<TileOutcome> outcomes(static_cast<size_t>(range.count));
    std::atomic<int64_t> failed{std::numeric_limits<int64_t>::max()};
    const auto runTile = [&](int64_t i) {
        if (context.cancelled() || i > failed.load()) return;
        auto scratch = m_scratch.take();
        outcomes[static_cast<size_t>(i)] = work(range.first + i, *scratch);
        m_scratch.give(std::move(scratch));
        if (outcomes[static_cast<size_t>(i)].status) return;
        int64_t lowest = failed.load();
        while (i < lowest && !failed.compare_exchange_weak(lowest, i)) {
        }
    };
    const int64_t extra = range.meanwhile ? 1 : 0;
    context.pool.parallelFor(range.count + extra, 1, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
            if (i < extra) {
                range.meanwhile();
            } else {
                runTile(i - extra);
            }
        }
    });
    HT_TRY(context.checkpoint());
    if (failed.load() < range.count) return tl::unexpected(outcomes[static_cast<size_t>(failed.load())].status.error());
    return outcomes;
}

Status TileEncoder::prepare(const JobContext& context) {
    const Format& format = m_layout.format;
    if (format.isStorage() || format.granularity() != Granularity::kTensor || tileCount() == 0) return {};
    if (format.isCodebook()) return prepareCodebook(context);
    ValueRange range;
    if (m_options.tensorRange) {
        range = *m_options.tensorRange;
    } else {
        HT_ASSIGN_OR_RETURN(range, measureRange(context));
    }
    m_encode.tensorMin = range.minimum;
    m_encode.tensorMax = range.maximum;
    return {};
}

Result<ValueRange> TileEncoder::measureRange(const JobContext& context) {
    HT_ASSIGN_OR_RETURN(const auto outcomes,
                        runTiles({.count = tileCount()}, context,
                                 [this](int64_t tile, Scratch& scratch) { return measureTile(tile, scratch); }));
    if (outcomes.empty()) return ValueRange{};
    return ValueRange{std::ranges::min_element(outcomes, {}, &TileOutcome::minimum)->minimum,
                      std::ranges::max_element(outcomes, {}, &TileOutcome::maximum)->maximum};
}

/// Learns the levels from all values, or from rows spread over the tensor where there are very many.
Status TileEncoder::prepareCodebook(const JobContext& context) {
    const int64_t count = std::clamp<int64_t>(kLearnedValues / m_source.cols(), 1, rows());
    std::vector<float> values, weights;
    Scratch scratch;
    for (int64_t i = 0; i < count; ++i) {
        HT_TRY(context.checkpoint());
        TileOutcome outcome;
        HT_TRY(readTile(i * rows() / count, 1, scratch, outcome));
        values.insert(values.end(), scratch.values.begin(), scratch.values.end());
        weights.insert(weights.end(), m_encode.importance.begin(), m_encode.importance.end());
    }
    m_codebook = learnLevels(values, weights, 1 << m_layout.format.codeBits());
    m_encode.codebook = m_codebook;
    return {};
}

Result<std::vector<TileOutcome>> TileEncoder::encodeTiles(const TileRange& range, std::byte* packed,
                                                          const JobContext& context) {
    return runTiles(range, context, [&](int64_t tile, Scratch& scratch) {
        const int64_t first = tile * m_tileRows;
        const int64_t tileRows = std::min(m_tileRows, rows() - first);
        const int64_t offset = (first - range.first * m_tileRows) * m_layout.rowBytes;
        TileOutcome outcome =
            encodeTile(tile, {packed + offset, static_cast<size_t>(tileRows * m_layout.rowBytes)}, scratch, context);
        if (outcome.status) context.advance(tileRows);
        return outcome;
    });
}

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
    HT_ASSIGN_OR_RETURN(const auto outcomes,
                        encoder.encodeTiles({.count = encoder.tileCount()}, buffer->data(), context));
    QuantizedTensor result;
    for (const TileOutcome& outcome : outcomes) {
        result.distortion.merge(outcome.distortion);
        result.nonFiniteCount += outcome.nonFinite;
    }
    result.format = format;
    result.packed = packedTensor(encoder.layout(), encoder.rows(), std::move(buffer));
    return result;
}

Result<Distortion> quantizeStreaming(const RowSource& source, const Format& format, const QuantizeOptions& options,
                                     const std::function<Status(std::span<const std::byte>)>& sink,
                                     const JobContext& context) {
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
    // A window of tiles is encoded in parallel while the one before is handed on, in order; sums are merged per tile,
    // so the window's size (which depends on the number of threads) changes no result.
    const int64_t window = std::min<int64_t>(encoder.tileCount(), 4 * static_cast<int64_t>(context.pool.threadCount()));
    const auto windowBytes = static_cast<size_t>(window * encoder.tileRows() * encoder.layout().rowBytes);
    std::array<AlignedBuffer, 2> buffers{AlignedBuffer(windowBytes), AlignedBuffer(windowBytes)};
    std::span<const std::byte> ready;
    Status handed;
    const std::function<void()> handOn = [&] { handed = ready.empty() ? Status{} : sink(ready); };
    Distortion total;
    for (int64_t first = 0, turn = 0; first < encoder.tileCount(); first += window, turn = 1 - turn) {
        AlignedBuffer& buffer = buffers[static_cast<size_t>(turn)];
        const int64_t count = std::min(window, encoder.tileCount() - first);
        const auto outcomes = encoder.encodeTiles({first, count, handOn}, buffer.data(), context);
        if (!handed) return tl::unexpected(handed.error());  // what comes first in the tensor is told first
        if (!outcomes) return tl::unexpected(outcomes.error());
        for (const TileOutcome& outcome : *outcomes) total.merge(outcome.distortion);
        const int64_t rows = std::min(count * encoder.tileRows(), encoder.rows() - first * encoder.tileRows());
        ready = std::as_const(buffer).bytes().first(static_cast<size_t>(rows * encoder.layout().rowBytes));
    }
    handOn();
    if (!handed) return tl::unexpected(handed.error());
    return total;
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
