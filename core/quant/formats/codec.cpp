// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/formats/codec.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "core/base/checked.h"
#include "core/quant/formats/block_codec.h"
#include "core/quant/formats/row_codec.h"

namespace halftone {
namespace {

enum class Path { kReference, kVector };

const uint8_t* bytesOf(std::span<const std::byte> packed) {
    return reinterpret_cast<const uint8_t*>(packed.data());
}
uint8_t* bytesOf(std::span<std::byte> packed) {
    return reinterpret_cast<uint8_t*>(packed.data());
}

/// Whether buffers of these sizes hold `rows` rows.
Status checkSizes(const PackedLayout& layout, int64_t rows, size_t packedBytes, size_t values) {
    if (rows < 0 || layout.cols <= 0) {
        return makeError(ErrorCode::kInvalidArgument,
                         fmt::format("There is no matrix of {} rows and {} columns.", rows, layout.cols));
    }
    const auto neededBytes = checkedMul(static_cast<uint64_t>(rows), static_cast<uint64_t>(layout.rowBytes));
    const auto neededValues = checkedMul(static_cast<uint64_t>(rows), static_cast<uint64_t>(layout.cols));
    if (!neededBytes || !neededValues || *neededBytes > packedBytes || *neededValues > values) {
        return makeError(ErrorCode::kInvalidArgument,
                         fmt::format("{} rows of {} {} values do not fit in the buffers given ({} bytes, {} values).",
                                     rows, layout.cols, layout.format.displayName(), packedBytes, values));
    }
    return {};
}

tl::unexpected<Error> unsupported(const Format& format, std::string_view verb) {
    return makeError(ErrorCode::kUnsupported,
                     fmt::format("This program does not {} {} tensors.", verb, format.displayName()));
}

Status decode(const PackedLayout& layout, std::span<const std::byte> packed, int64_t rows, std::span<float> out,
              Path path) {
    HT_TRY(checkSizes(layout, rows, packed.size(), out.size()));
    if (const RowCodec* codec = findRowCodec(layout.format)) {
        (path == Path::kVector ? codec->fastDecode : codec->decode)(layout, bytesOf(packed), rows, out.data());
        return {};
    }
    const BlockCodec* codec = findBlockCodec(layout.format.storage());
    if (!codec) return unsupported(layout.format, "decode");
    if (rows == 0) return {};  // the buffers may be null
    // Rows are whole numbers of blocks, so all rows together are one run of blocks.
    const int64_t blocks = rows * (layout.cols / dtypeInfo(codec->type).blockElements);
    const bool fast = path == Path::kVector && codec->fastDecode;
    (fast ? codec->fastDecode : codec->decode)(bytesOf(packed), blocks, out.data());
    return {};
}

Status encode(const PackedLayout& layout, std::span<const float> values, int64_t rows, const EncodeOptions& options,
              std::span<std::byte> packed, Path path) {
    HT_TRY(checkSizes(layout, rows, packed.size(), values.size()));
    const auto cols = static_cast<size_t>(layout.cols);
    if (!options.importance.empty() && options.importance.size() != cols) {
        return makeError(
            ErrorCode::kInvalidArgument,
            fmt::format("There are {} importance weights for rows of {} values.", options.importance.size(), cols));
    }
    const size_t levels = layout.format.isCodebook() ? size_t{1} << layout.format.codeBits() : 0;
    if (!options.codebook.empty() && options.codebook.size() != levels) {
        return makeError(ErrorCode::kInvalidArgument,
                         fmt::format("A codebook of {} levels was given for {}.", options.codebook.size(),
                                     layout.format.displayName()));
    }
    if (const RowCodec* codec = findRowCodec(layout.format)) {
        const auto encodeAll = path == Path::kVector ? codec->fastEncode : codec->encode;
        encodeAll(layout, values, rows, options, bytesOf(packed));
        return {};
    }
    const BlockCodec* codec = findBlockCodec(layout.format.storage());
    if (!codec || !codec->encode) return unsupported(layout.format, "write");
    if (rows == 0) return {};
    const EncodeBlocks encodeBlocks = path == Path::kVector && codec->fastEncode ? codec->fastEncode : codec->encode;
    if (!codec->usesImportance || options.importance.empty()) {
        encodeBlocks(values.first(static_cast<size_t>(rows) * cols), nullptr, bytesOf(packed));
        return {};
    }
    for (int64_t r = 0; r < rows; ++r) {
        encodeBlocks(values.subspan(static_cast<size_t>(r) * cols, cols), options.importance.data(),
                     bytesOf(packed) + r * layout.rowBytes);
    }
    return {};
}

tl::unexpected<Error> invalid(std::string message) {
    return makeError(ErrorCode::kInvalidData, std::move(message));
}

Status validateGroups(const PackedLayout& layout, const RowCodec& codec, const uint8_t* packed, int64_t rows) {
    for (int64_t r = 0; r < rows; ++r) {
        for (int64_t group = 0; group < layout.groupsPerRow; ++group) {
            const std::string fault = codec.fault(layout, packed + r * layout.rowBytes, group);
            if (!fault.empty()) return invalid(fmt::format("Group {} in row {} is not valid: {}.", group, r, fault));
        }
    }
    return {};
}

Status validateBlocks(const PackedLayout& layout, const BlockCodec& codec, const uint8_t* packed, int64_t rows) {
    if (!codec.faults.of) return {};
    const DTypeInfo& info = dtypeInfo(codec.type);
    const int64_t blocksPerRow = layout.cols / info.blockElements;
    const int64_t block = codec.faults.first(packed, rows * blocksPerRow);
    if (block == rows * blocksPerRow) return {};
    return invalid(fmt::format("Block {} of row {} is not valid {}: {}.", block % blocksPerRow, block / blocksPerRow,
                               info.name, codec.faults.of(packed + block * info.blockBytes())));
}

/// Plain types: every value must be finite.
Status validateValues(const PackedLayout& layout, const BlockCodec& codec, const uint8_t* packed, int64_t rows) {
    constexpr int64_t kChunk = 4096;
    std::array<float, kChunk> values;
    const int64_t total = rows * layout.cols;
    const int64_t elementBytes = dtypeInfo(codec.type).blockBytes();
    for (int64_t first = 0; first < total; first += kChunk) {
        const int64_t count = std::min(kChunk, total - first);
        (codec.fastDecode ? codec.fastDecode : codec.decode)(packed + first * elementBytes, count, values.data());
        const float* end = values.data() + count;
        const float* bad =
            std::find_if(std::as_const(values).data(), end, [](float value) { return !std::isfinite(value); });
        if (bad == end) continue;
        const int64_t index = first + (bad - values.data());
        return invalid(
            fmt::format("The value at row {}, column {} is not finite.", index / layout.cols, index % layout.cols));
    }
    return {};
}

std::vector<float> blockLevels(const PackedLayout& layout, const uint8_t* row, int64_t col) {
    const BlockCodec* codec = findBlockCodec(layout.format.storage());
    std::vector<float> levels;
    if (!codec || !codec->levels) return levels;
    const DTypeInfo& info = dtypeInfo(codec->type);
    codec->levels(row + col / info.blockElements * info.blockBytes(), static_cast<int>(col % info.blockElements),
                  levels);
    return levels;
}

}  // namespace

Status decodeRows(const PackedLayout& layout, std::span<const std::byte> packed, int64_t rows, std::span<float> out) {
    return decode(layout, packed, rows, out, Path::kVector);
}

Status decodeRowsReference(const PackedLayout& layout, std::span<const std::byte> packed, int64_t rows,
                           std::span<float> out) {
    return decode(layout, packed, rows, out, Path::kReference);
}

Status encodeRows(const PackedLayout& layout, std::span<const float> values, int64_t rows, const EncodeOptions& options,
                  std::span<std::byte> packed) {
    return encode(layout, values, rows, options, packed, Path::kVector);
}

Status encodeRowsReference(const PackedLayout& layout, std::span<const float> values, int64_t rows,
                           const EncodeOptions& options, std::span<std::byte> packed) {
    return encode(layout, values, rows, options, packed, Path::kReference);
}

Status validateRows(const PackedLayout& layout, std::span<const std::byte> packed, int64_t rows) {
    HT_TRY(checkSizes(layout, rows, packed.size(), static_cast<size_t>(-1)));
    if (const RowCodec* rowCodec = findRowCodec(layout.format))
        return validateGroups(layout, *rowCodec, bytesOf(packed), rows);
    const BlockCodec* codec = findBlockCodec(layout.format.storage());
    if (!codec) return unsupported(layout.format, "decode");
    if (dtypeInfo(codec->type).isBlock()) return validateBlocks(layout, *codec, bytesOf(packed), rows);
    return validateValues(layout, *codec, bytesOf(packed), rows);
}

const RowCodec* findRowCodec(const Format& format) {
    switch (format.family()) {
        case FormatFamily::kStorage:
            break;
        case FormatFamily::kInteger:
            return &kIntegerRowCodec;
        case FormatFamily::kLevel:
            return &kLevelRowCodec;
        case FormatFamily::kCodebook:
            return &kCodebookRowCodec;
    }
    return nullptr;
}

bool canEncode(const Format& format) {
    if (findRowCodec(format)) return true;
    const BlockCodec* codec = findBlockCodec(format.storage());
    return codec && codec->encode;
}

bool canDecode(const Format& format) {
    return findRowCodec(format) || findBlockCodec(format.storage());
}

std::vector<float> groupLevels(const PackedLayout& layout, std::span<const std::byte> packedRow, int64_t col) {
    if (col < 0 || col >= layout.cols || packedRow.size() < static_cast<size_t>(layout.rowBytes)) return {};
    const RowCodec* codec = findRowCodec(layout.format);
    std::vector<float> levels =
        codec ? codec->levels(layout, bytesOf(packedRow), col) : blockLevels(layout, bytesOf(packedRow), col);
    std::erase_if(levels, [](float level) { return !std::isfinite(level); });
    std::ranges::sort(levels);
    levels.erase(std::unique(levels.begin(), levels.end()), levels.end());
    return levels;
}

}  // namespace halftone
