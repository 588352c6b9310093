// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "core/base/aligned_buffer.h"
#include "core/base/checked.h"
#include "core/quant/formats/codec.h"
#include "core/quant/methods/pruning.h"
#include "core/quant/methods/quantize.h"

namespace halftone {

/// What the processor does of quantize.h: cuts a matrix into tiles of whole rows, independently of the number of
/// threads, and encodes them on all threads. Sums are merged per tile and in order, so that the number of threads
/// changes no result. Call one function at a time.
class TileEncoder {
  public:
    /// Source and options must outlive this.
    TileEncoder(const RowSource& source, const Format& format, const QuantizeOptions& options);

    [[nodiscard]] const PackedLayout& layout() const { return m_layout; }
    [[nodiscard]] int64_t rows() const { return m_source.rows(); }

    /// Finds what of the whole tensor the format needs: the range, or a codebook. Before anything is encoded.
    Status prepare(const JobContext& context);
    Result<ValueRange> measureRange(const JobContext& context);

    struct Sums {
        Distortion distortion;
        int64_t nonFinite = 0;
    };
    /// All rows into `packed`, which has room for them.
    Result<Sums> encodeAll(std::byte* packed, const JobContext& context);
    /// Rows go to `sink` in order, while the next are being encoded. What fails first in the tensor is told.
    Result<Sums> streamTo(const PackedSink& sink, const JobContext& context);

  private:
    /// The rows of one strip and what they decode to. Reused, as fresh pages would cost as much as the encoding.
    struct Scratch {
        std::vector<float> values;
        std::vector<float> pruned;
        std::vector<float> decoded;
    };
    class ScratchPool {
      public:
        std::unique_ptr<Scratch> take();
        void give(std::unique_ptr<Scratch> scratch);

      private:
        std::mutex m_mutex;
        std::vector<std::unique_ptr<Scratch>> m_free;
    };
    struct TileOutcome {
        Status status;
        Distortion distortion;
        int64_t nonFinite = 0;
        float minimum = 0;
        float maximum = 0;
        void addTo(Sums& sums) const;
    };
    /// Some tiles that are encoded and handed on together.
    struct Piece {
        AlignedBuffer buffer;
        int64_t rows = 0;
        std::vector<TileOutcome> outcomes;
    };
    struct RowRange {
        int64_t first = 0, count = 0;
    };

    [[nodiscard]] int64_t tileCount() const { return ceilDiv(rows(), m_tileRows); }
    [[nodiscard]] int64_t tilesPerPiece(int threads) const;
    [[nodiscard]] std::span<const float> prunedValues(Scratch& scratch) const;
    Status prepareCodebook(const JobContext& context);
    Status readTile(const RowRange& rows, Scratch& scratch, TileOutcome& outcome) const;
    Status encodeValues(std::span<const float> values, int64_t rows, std::span<std::byte> packed,
                        const JobContext& context) const;
    Status checkEncoded(const RowRange& rows, std::span<const std::byte> packed) const;
    TileOutcome measureTile(int64_t tile, Scratch& scratch) const;
    Status encodeStrip(const RowRange& rows, std::span<std::byte> packed, Scratch& scratch, TileOutcome& outcome,
                       const JobContext& context) const;
    /// `packed`: room for the tile's rows.
    TileOutcome encodeTile(int64_t tile, std::byte* packed, Scratch& scratch, const JobContext& context) const;
    template <typename Work>
    Result<std::vector<TileOutcome>> runTiles(const JobContext& context, const Work& work);
    void encodePiece(const RowRange& tiles, Piece& piece, const JobContext& context);

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

}  // namespace halftone
