// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/methods/tile_encoder.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "core/quant/formats/codebook_family.h"
#include "core/quant/methods/tile_kernels.h"

namespace halftone {
namespace {

/// Values per tile: small enough for the second-level cache, large enough that starting a tile costs nothing.
constexpr int64_t kTileValues = 1 << 16;
/// Values that are read, encoded, decoded and compared before the next: small enough for the first-level cache.
constexpr int64_t kStripValues = 1 << 12;
/// Tiles that are handed on together: enough bytes that writing them costs little beside the copy.
constexpr int64_t kMostTilesPerPiece = 4;
/// Pieces under way while one is handed on.
constexpr int64_t kSlotsPerThread = 4;
/// Values that a codebook of a whole tensor is learned from.
constexpr int64_t kLearnedValues = 1 << 18;

int64_t tileRowsFor(const RowSource& source, const Format& format, const QuantizeOptions& options) {
    const int64_t preferred = options.encoder ? options.encoder->preferredRows() : 0;
    if (preferred > 0) return preferred;
    const int64_t rows = std::max<int64_t>(1, kTileValues / source.cols());
    // Rows that share a scale are encoded together.
    return format.granularity() == Granularity::kBlock ? roundUp(rows, kBlockSide) : rows;
}

int64_t stripRowsFor(const RowSource& source, const Format& format, const QuantizeOptions& options, int64_t tileRows) {
    if (options.encoder || format.granularity() == Granularity::kBlock) return tileRows;
    return std::clamp<int64_t>(kStripValues / source.cols(), 1, tileRows);
}

bool isFinite(float value) {
    return std::isfinite(value);
}

}  // namespace

TileEncoder::TileEncoder(const RowSource& source, const Format& format, const QuantizeOptions& options)
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

std::unique_ptr<TileEncoder::Scratch> TileEncoder::ScratchPool::take() {
    const std::scoped_lock lock(m_mutex);
    if (m_free.empty()) return std::make_unique<Scratch>();
    auto scratch = std::move(m_free.back());
    m_free.pop_back();
    return scratch;
}

void TileEncoder::ScratchPool::give(std::unique_ptr<Scratch> scratch) {
    const std::scoped_lock lock(m_mutex);
    m_free.push_back(std::move(scratch));
}

void TileEncoder::TileOutcome::addTo(Sums& sums) const {
    sums.distortion.merge(distortion);
    sums.nonFinite += nonFinite;
}

/// Fewer where a tensor has few, so that all threads have some.
int64_t TileEncoder::tilesPerPiece(int threads) const {
    return std::clamp<int64_t>(tileCount() / (kSlotsPerThread * threads), 1, kMostTilesPerPiece);
}

/// The values as they are to be encoded.
std::span<const float> TileEncoder::prunedValues(Scratch& scratch) const {
    if (!m_pruner) return scratch.values;
    scratch.pruned = scratch.values;
    m_pruner->apply(scratch.pruned, m_source.cols());
    return scratch.pruned;
}

Status TileEncoder::encodeValues(std::span<const float> values, int64_t rows, std::span<std::byte> packed,
                                 const JobContext& context) const {
    if (m_options.encoder) return m_options.encoder->encode(m_layout, values, rows, packed, context);
    return encodeRows(m_layout, values, rows, m_encode, packed);
}

Status TileEncoder::readTile(const RowRange& rows, Scratch& scratch, TileOutcome& outcome) const {
    scratch.values.resize(static_cast<size_t>(rows.count * m_source.cols()));
    HT_TRY(m_source.readRows(rows.first, rows.count, scratch.values));
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
                    std::isnan(*bad) ? "NaN" : "an infinity", m_options.firstRow + rows.first + index / m_source.cols(),
                    index % m_source.cols()));
}

/// Refuses what a loader would refuse: values so large that a scale became infinite.
Status TileEncoder::checkEncoded(const RowRange& rows, std::span<const std::byte> packed) const {
    const Status valid = validateRows(m_layout, packed, rows.count);
    if (valid) return {};
    return makeError(
        ErrorCode::kInvalidData,
        fmt::format("Tensor {} has values too large for {} in rows {} to {}. Choose a format with a wider range, "
                    "such as BF16.",
                    m_options.tensorName, m_layout.format.displayName(), m_options.firstRow + rows.first,
                    m_options.firstRow + rows.first + rows.count - 1),
        valid.error().message);
}

TileEncoder::TileOutcome TileEncoder::measureTile(int64_t tile, Scratch& scratch) const {
    TileOutcome outcome;
    const int64_t first = tile * m_tileRows;
    outcome.status = readTile({first, std::min(m_tileRows, rows() - first)}, scratch, outcome);
    if (!outcome.status) return outcome;
    const auto [lowest, highest] = std::ranges::minmax_element(scratch.values);
    outcome.minimum = *lowest;
    outcome.maximum = *highest;
    return outcome;
}

Status TileEncoder::encodeStrip(const RowRange& rows, std::span<std::byte> packed, Scratch& scratch,
                                TileOutcome& outcome, const JobContext& context) const {
    HT_TRY(readTile(rows, scratch, outcome));
    HT_TRY(encodeValues(prunedValues(scratch), rows.count, packed, context));
    HT_TRY(checkEncoded(rows, packed));
    scratch.decoded.resize(scratch.values.size());
    HT_TRY(decodeRows(m_layout, packed, rows.count, scratch.decoded));
    outcome.distortion.add(scratch.values, scratch.decoded);
    return {};
}

TileEncoder::TileOutcome TileEncoder::encodeTile(int64_t tile, std::byte* packed, Scratch& scratch,
                                                 const JobContext& context) const {
    TileOutcome outcome;
    const int64_t first = tile * m_tileRows;
    const int64_t count = std::min(m_tileRows, rows() - first);
    for (int64_t row = 0; row < count && outcome.status; row += m_stripRows) {
        const RowRange strip{first + row, std::min(m_stripRows, count - row)};
        const std::span bytes(packed + row * m_layout.rowBytes, static_cast<size_t>(strip.count * m_layout.rowBytes));
        outcome.status = encodeStrip(strip, bytes, scratch, outcome, context);
    }
    if (outcome.status) context.advance(count);
    return outcome;
}

/// Runs `work` on each tile. On failure the error is that of the lowest failing tile, whatever the order of execution.
template <typename Work>
Result<std::vector<TileEncoder::TileOutcome>> TileEncoder::runTiles(const JobContext& context, const Work& work) {
    std::vector<TileOutcome> outcomes(static_cast<size_t>(tileCount()));
    std::atomic<int64_t> failed{std::numeric_limits<int64_t>::max()};
    const auto runTile = [&](int64_t tile) {
        if (context.cancelled() || tile > failed.load()) return;
        auto scratch = m_scratch.take();
        outcomes[static_cast<size_t>(tile)] = work(tile, *scratch);
        m_scratch.give(std::move(scratch));
        if (outcomes[static_cast<size_t>(tile)].status) return;
        int64_t lowest = failed.load();
        while (tile < lowest && !failed.compare_exchange_weak(lowest, tile)) {
        }
    };
    context.pool.parallelFor(tileCount(), 1, [&](int64_t begin, int64_t end) {
        for (int64_t tile = begin; tile < end; ++tile) runTile(tile);
    });
    HT_TRY(context.checkpoint());
    if (failed.load() < tileCount()) return tl::unexpected(outcomes[static_cast<size_t>(failed.load())].status.error());
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
    HT_ASSIGN_OR_RETURN(const auto outcomes, runTiles(context, [this](int64_t tile, Scratch& scratch) {
                            return measureTile(tile, scratch);
                        }));
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
        HT_TRY(readTile({i * rows() / count, 1}, scratch, outcome));
        values.insert(values.end(), scratch.values.begin(), scratch.values.end());
        weights.insert(weights.end(), m_encode.importance.begin(), m_encode.importance.end());
    }
    m_codebook = learnLevels(values, weights, 1 << m_layout.format.codeBits());
    m_encode.codebook = m_codebook;
    return {};
}

Result<TileEncoder::Sums> TileEncoder::encodeAll(std::byte* packed, const JobContext& context) {
    HT_ASSIGN_OR_RETURN(const auto outcomes, runTiles(context, [&](int64_t tile, Scratch& scratch) {
                            return encodeTile(tile, packed + tile * m_tileRows * m_layout.rowBytes, scratch, context);
                        }));
    Sums sums;
    for (const TileOutcome& outcome : outcomes) outcome.addTo(sums);
    return sums;
}

void TileEncoder::encodePiece(const RowRange& tiles, Piece& piece, const JobContext& context) {
    const int64_t tileBytes = m_tileRows * m_layout.rowBytes;
    const auto bytes = static_cast<size_t>(tiles.count * tileBytes);
    if (piece.buffer.size() < bytes) piece.buffer = AlignedBuffer(bytes);
    piece.rows = std::min(tiles.count * m_tileRows, rows() - tiles.first * m_tileRows);
    piece.outcomes.assign(static_cast<size_t>(tiles.count), {});
    auto scratch = m_scratch.take();
    for (int64_t i = 0; i < tiles.count; ++i) {
        TileOutcome& outcome = piece.outcomes[static_cast<size_t>(i)];
        outcome.status = context.checkpoint();
        if (outcome.status)
            outcome = encodeTile(tiles.first + i, piece.buffer.data() + i * tileBytes, *scratch, context);
        if (!outcome.status) break;
    }
    m_scratch.give(std::move(scratch));
}

Result<TileEncoder::Sums> TileEncoder::streamTo(const PackedSink& sink, const JobContext& context) {
    const int64_t perPiece = tilesPerPiece(context.pool.threadCount());
    std::vector<Piece> slots(static_cast<size_t>(kSlotsPerThread * context.pool.threadCount()));
    Sums sums;
    Status status;
    const auto handOn = [&](int64_t, int64_t slot) {
        const Piece& piece = slots[static_cast<size_t>(slot)];
        for (const TileOutcome& outcome : piece.outcomes) {
            status = outcome.status;
            if (!status) return false;
            outcome.addTo(sums);
        }
        status = sink(piece.buffer.bytes().first(static_cast<size_t>(piece.rows * m_layout.rowBytes)));
        return status.has_value();
    };
    const auto encode = [&](int64_t item, int64_t slot) {
        const int64_t first = item * perPiece;
        encodePiece({first, std::min(perPiece, tileCount() - first)}, slots[static_cast<size_t>(slot)], context);
    };
    context.pool.pipeline(ceilDiv(tileCount(), perPiece), std::ssize(slots), {.work = encode, .handOn = handOn});
    HT_TRY(status);
    HT_TRY(context.checkpoint());
    return sums;
}

}  // namespace halftone
