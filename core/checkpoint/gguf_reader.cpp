// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/gguf_reader.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <optional>
#include <string_view>
#include <type_traits>
#include <unordered_set>

#include <fmt/format.h>

#include "core/base/checked.h"
#include "core/checkpoint/message.h"
#include "core/checkpoint/tensor_names.h"

namespace halftone {
namespace {

static_assert(std::endian::native == std::endian::little, "values are copied from the file as they lie");

constexpr uint64_t kLongestString = uint64_t{1} << 30;
constexpr uint64_t kLongestArray = uint64_t{1} << 30;
constexpr uint64_t kLargestAlignment = uint64_t{1} << 20;
constexpr size_t kLongestTensorName = 63;
constexpr uint32_t kMostDimensions = 4;
constexpr uint64_t kSmallestMetadataEntry = 8 + 4 + 1;    // key length, type, one byte
constexpr uint64_t kSmallestTensorEntry = 8 + 4 + 4 + 8;  // name length, rank, type, offset
constexpr size_t kLargestReserve = 1 << 16;               // a claimed count is not worth more memory than this

class GgufParser {
  public:
    GgufParser(std::span<const std::byte> bytes, const std::string& fileName) : m_bytes(bytes), m_fileName(fileName) {}

    Result<GgufHeader> parse() {
        HT_TRY(readPreamble());
        HT_TRY(readMetadata());
        HT_TRY(readAlignment());
        HT_TRY(readTensors());
        HT_TRY(placeTensors());
        return std::move(m_header);
    }

  private:
    Status readPreamble();
    Status readMetadata();
    Status readMetadataEntry(std::unordered_set<std::string_view>& seen);
    Status readAlignment();
    Status readTensors();
    Status readTensorEntry(std::unordered_set<std::string_view>& seen);
    Status readTensorName(TensorInfo& tensor, std::unordered_set<std::string_view>& seen);
    Status readTensorShape(TensorInfo& tensor);
    Status readTensorType(TensorInfo& tensor);
    Status placeTensors();
    Status checkPlace(const TensorInfo& tensor, uint64_t relativeOffset, uint64_t expected) const;

    Result<GgufValue> readValue(uint32_t typeId);
    Result<GgufValue> readArray();
    Result<std::string_view> readString();
    template <typename T>
    Result<GgufArray> readArrayOf(GgufType type, uint64_t count);
    Result<GgufArray> readStringArray(uint64_t count);

    /// One fixed-size number; the error says what was being read.
    template <typename T>
    Result<T> read() {
        if (remaining() < sizeof(T)) return cutShort(sizeof(T));
        T value;
        std::memcpy(&value, m_bytes.data() + m_position, sizeof(T));
        m_position += sizeof(T);
        return value;
    }

    [[nodiscard]] uint64_t remaining() const { return m_bytes.size() - m_position; }
    /// What is being read, for messages: "metadata entry 3 of 20 (\"general.name\")".
    [[nodiscard]] std::string subject() const {
        std::string text =
            m_entryCount ? fmt::format("{} {} of {}", m_section, m_entry + 1, m_entryCount) : std::string(m_section);
        if (!m_entryName.empty()) text += " (" + quoteForMessage(m_entryName) + ")";
        return text;
    }
    [[nodiscard]] tl::unexpected<Error> fail(std::string_view problem, ErrorCode code = ErrorCode::kInvalidData) const {
        return makeError(code, fmt::format("{} cannot be read as GGUF: {} {} (byte {}).", m_fileName, subject(),
                                           problem, m_position));
    }
    [[nodiscard]] tl::unexpected<Error> cutShort(uint64_t needed) const {
        return fail(fmt::format("needs {} bytes, but the file ends after {}; it is truncated", needed, remaining()));
    }
    void enter(std::string_view section, uint64_t entryCount) {
        m_section = section;
        m_entryCount = entryCount;
        m_entry = 0;
        m_entryName = {};
    }

    std::span<const std::byte> m_bytes;
    const std::string& m_fileName;
    uint64_t m_position = 0;
    std::string_view m_section = "the header";
    std::string_view m_entryName;  // points into m_bytes
    uint64_t m_entry = 0, m_entryCount = 0;
    uint64_t m_tensorCount = 0, m_metadataCount = 0;
    GgufHeader m_header;
};

Status GgufParser::readPreamble() {
    HT_ASSIGN_OR_RETURN(const auto magic, read<uint32_t>());
    if (magic != 0x46554747u) {  // "GGUF"
        m_position = 0;
        return fail("does not start with the letters GGUF, so this is another kind of file");
    }
    HT_ASSIGN_OR_RETURN(m_header.version, read<uint32_t>());
    m_position -= sizeof(uint32_t);
    if (m_header.version != 0 && (m_header.version & 0xFFFFu) == 0) {
        return fail("is big-endian; convert the model again for little-endian machines", ErrorCode::kUnsupported);
    }
    if (m_header.version != 2 && m_header.version != 3) {
        return fail(fmt::format("states version {}, but versions 2 and 3 are what can be read; convert the model again",
                                m_header.version),
                    ErrorCode::kUnsupported);
    }
    m_position += sizeof(uint32_t);
    HT_ASSIGN_OR_RETURN(m_tensorCount, read<uint64_t>());
    HT_ASSIGN_OR_RETURN(m_metadataCount, read<uint64_t>());
    if (m_metadataCount > remaining() / kSmallestMetadataEntry) {
        return fail(
            fmt::format("claims {} metadata entries, more than the file has room for; it is truncated or damaged",
                        m_metadataCount));
    }
    if (m_tensorCount > remaining() / kSmallestTensorEntry) {
        return fail(fmt::format("claims {} tensors, more than the file has room for; it is truncated or damaged",
                                m_tensorCount));
    }
    return {};
}

Status GgufParser::readMetadata() {
    enter("metadata entry", m_metadataCount);
    std::unordered_set<std::string_view> seen;
    for (m_entry = 0; m_entry < m_metadataCount; ++m_entry) {
        m_entryName = {};
        HT_TRY(readMetadataEntry(seen));
    }
    return {};
}

Status GgufParser::readMetadataEntry(std::unordered_set<std::string_view>& seen) {
    HT_ASSIGN_OR_RETURN(const auto key, readString());
    if (key.empty()) return fail("has an empty key");
    m_entryName = key;
    if (!isValidUtf8(key)) return fail("has a key that is not valid UTF-8");
    if (!seen.insert(key).second) return fail("repeats a key that an earlier entry has");
    HT_ASSIGN_OR_RETURN(const auto typeId, read<uint32_t>());
    HT_ASSIGN_OR_RETURN(auto value, readValue(typeId));
    m_header.metadata.append(std::string(key), std::move(value));
    return {};
}

Result<std::string_view> GgufParser::readString() {
    HT_ASSIGN_OR_RETURN(const auto length, read<uint64_t>());
    if (length > kLongestString)
        return fail(fmt::format("claims a string of {} bytes; the most allowed is {}", length, kLongestString));
    if (length > remaining()) return cutShort(length);
    const std::string_view text(reinterpret_cast<const char*>(m_bytes.data()) + m_position, length);
    m_position += length;
    return text;
}

/// Reads one T and turns it into a GgufValue of the same type.
#define HT_READ_VALUE(T)                            \
    {                                               \
        HT_ASSIGN_OR_RETURN(const T v, read<T>());  \
        return GgufValue(std::in_place_type<T>, v); \
    }

Result<GgufValue> GgufParser::readValue(uint32_t typeId) {
    switch (static_cast<GgufType>(typeId)) {
        case GgufType::kU8:
            HT_READ_VALUE(uint8_t)
        case GgufType::kI8:
            HT_READ_VALUE(int8_t)
        case GgufType::kU16:
            HT_READ_VALUE(uint16_t)
        case GgufType::kI16:
            HT_READ_VALUE(int16_t)
        case GgufType::kU32:
            HT_READ_VALUE(uint32_t)
        case GgufType::kI32:
            HT_READ_VALUE(int32_t)
        case GgufType::kF32:
            HT_READ_VALUE(float)
        case GgufType::kU64:
            HT_READ_VALUE(uint64_t)
        case GgufType::kI64:
            HT_READ_VALUE(int64_t)
        case GgufType::kF64:
            HT_READ_VALUE(double)
        case GgufType::kBool: {
            HT_ASSIGN_OR_RETURN(const auto v, read<uint8_t>());
            return GgufValue(std::in_place_type<bool>, v != 0);
        }
        case GgufType::kString: {
            HT_ASSIGN_OR_RETURN(const auto text, readString());
            return GgufValue(std::in_place_type<std::string>, text);
        }
        case GgufType::kArray:
            return readArray();
    }
    return fail(fmt::format("has value type {}, which does not exist", typeId));
}
#undef HT_READ_VALUE

Result<GgufValue> GgufParser::readArray() {
    HT_ASSIGN_OR_RETURN(const auto typeId, read<uint32_t>());
    HT_ASSIGN_OR_RETURN(const auto count, read<uint64_t>());
    if (count > kLongestArray)
        return fail(fmt::format("claims an array of {} elements; the most allowed is {}", count, kLongestArray));
    Result<GgufArray> array;
    switch (const auto type = static_cast<GgufType>(typeId)) {
        case GgufType::kU8:
        case GgufType::kBool:
            array = readArrayOf<uint8_t>(type, count);
            break;
        case GgufType::kI8:
            array = readArrayOf<int8_t>(type, count);
            break;
        case GgufType::kU16:
            array = readArrayOf<uint16_t>(type, count);
            break;
        case GgufType::kI16:
            array = readArrayOf<int16_t>(type, count);
            break;
        case GgufType::kU32:
            array = readArrayOf<uint32_t>(type, count);
            break;
        case GgufType::kI32:
            array = readArrayOf<int32_t>(type, count);
            break;
        case GgufType::kF32:
            array = readArrayOf<float>(type, count);
            break;
        case GgufType::kU64:
            array = readArrayOf<uint64_t>(type, count);
            break;
        case GgufType::kI64:
            array = readArrayOf<int64_t>(type, count);
            break;
        case GgufType::kF64:
            array = readArrayOf<double>(type, count);
            break;
        case GgufType::kString:
            array = readStringArray(count);
            break;
        case GgufType::kArray:
            return fail("is an array of arrays, which is not supported", ErrorCode::kUnsupported);
        default:
            return fail(fmt::format("has array element type {}, which does not exist", typeId));
    }
    if (!array) return tl::unexpected(std::move(array.error()));
    return GgufValue(std::move(*array));
}

template <typename T>
Result<GgufArray> GgufParser::readArrayOf(GgufType type, uint64_t count) {
    if (count > remaining() / sizeof(T)) return cutShort(count * sizeof(T));
    std::vector<T> values(count);
    if (count > 0) std::memcpy(values.data(), m_bytes.data() + m_position, count * sizeof(T));
    m_position += count * sizeof(T);
    if constexpr (std::is_same_v<T, uint8_t>) {
        if (type == GgufType::kBool)
            std::ranges::transform(values, values.begin(), [](uint8_t v) { return v != 0 ? uint8_t{1} : uint8_t{0}; });
    }
    return GgufArray{type, std::move(values)};
}

Result<GgufArray> GgufParser::readStringArray(uint64_t count) {
    if (count > remaining() / sizeof(uint64_t)) return cutShort(count * sizeof(uint64_t));
    std::vector<std::string> values;
    values.reserve(count);
    for (uint64_t i = 0; i < count; ++i) {
        HT_ASSIGN_OR_RETURN(const auto text, readString());
        values.emplace_back(text);
    }
    return GgufArray{GgufType::kString, std::move(values)};
}

Status GgufParser::readAlignment() {
    enter("the metadata", 0);
    if (const std::string* architecture = m_header.metadata.string("general.architecture");
        architecture && !isValidUtf8(*architecture)) {
        return fail("holds a general.architecture that is not valid UTF-8");
    }
    const GgufValue* value = m_header.metadata.find("general.alignment");
    if (!value) return {};
    const auto* alignment = std::get_if<uint32_t>(value);
    if (!alignment) return fail("holds a general.alignment that is not of type u32");
    if (!std::has_single_bit(*alignment) || *alignment > kLargestAlignment) {
        return fail(fmt::format("holds a general.alignment of {}; it must be a power of two up to {}", *alignment,
                                kLargestAlignment));
    }
    m_header.alignment = *alignment;
    return {};
}

Status GgufParser::readTensors() {
    enter("tensor entry", m_tensorCount);
    m_header.tensors.reserve(std::min<uint64_t>(m_tensorCount, kLargestReserve));
    std::unordered_set<std::string_view> seen;
    for (m_entry = 0; m_entry < m_tensorCount; ++m_entry) {
        m_entryName = {};
        HT_TRY(readTensorEntry(seen));
    }
    return {};
}

Status GgufParser::readTensorEntry(std::unordered_set<std::string_view>& seen) {
    TensorInfo tensor;
    HT_TRY(readTensorName(tensor, seen));
    HT_TRY(readTensorShape(tensor));
    HT_TRY(readTensorType(tensor));
    HT_ASSIGN_OR_RETURN(tensor.offset, read<uint64_t>());  // still relative to the data; placeTensors makes it absolute
    applyNaming(tensor, nameFromGguf(tensor.name));
    m_header.tensors.push_back(std::move(tensor));
    return {};
}

Status GgufParser::readTensorName(TensorInfo& tensor, std::unordered_set<std::string_view>& seen) {
    HT_ASSIGN_OR_RETURN(const auto name, readString());
    m_entryName = name;
    if (name.empty()) return fail("has an empty name");
    if (name.size() > kLongestTensorName) {
        return fail(fmt::format("has a name of {} bytes; the most allowed is {}", name.size(), kLongestTensorName));
    }
    if (!isValidUtf8(name) || name.find('\0') != std::string_view::npos)
        return fail("has a name that is not valid UTF-8 text");
    if (!seen.insert(name).second) return fail("repeats the name of an earlier tensor");
    tensor.name = name;
    return {};
}

Status GgufParser::readTensorShape(TensorInfo& tensor) {
    HT_ASSIGN_OR_RETURN(const auto rank, read<uint32_t>());
    if (rank > kMostDimensions)
        return fail(fmt::format("has {} dimensions; the most allowed is {}", rank, kMostDimensions));
    tensor.shape.resize(rank);
    for (uint32_t i = 0; i < rank; ++i) {
        HT_ASSIGN_OR_RETURN(const auto size, read<int64_t>());
        if (size < 0) return fail(fmt::format("has the impossible dimension {}", size));
        tensor.shape[rank - 1 - i] = size;  // the file lists the fastest dimension first
    }
    if (!checkedElementCount(tensor.shape)) return fail("has dimensions whose product overflows 63 bits");
    return {};
}

Status GgufParser::readTensorType(TensorInfo& tensor) {
    HT_ASSIGN_OR_RETURN(const auto typeId, read<uint32_t>());
    const auto type = dtypeFromGgml(typeId);
    if (!type) {
        const bool isRemoved =
            typeId == 4 || typeId == 5 || (typeId >= 31 && typeId <= 33) || (typeId >= 36 && typeId <= 38);
        return fail(
            fmt::format("has data type {}, which {}", typeId,
                        isRemoved ? "was removed from the format; convert the model again" : "is not known here"),
            ErrorCode::kUnsupported);
    }
    tensor.dtype = *type;
    const DTypeInfo& info = dtypeInfo(*type);
    if (tensor.cols() % info.blockElements != 0) {
        return fail(fmt::format("has rows of {} elements, but type {} comes in blocks of {}", tensor.cols(), info.name,
                                info.blockElements));
    }
    const auto size = dtypeBytes(*type, static_cast<uint64_t>(*checkedElementCount(tensor.shape)));
    if (!size) return fail("has a byte size that overflows 64 bits");
    tensor.sizeBytes = *size;
    return {};
}

Status GgufParser::placeTensors() {
    enter("tensor", m_tensorCount);
    const uint64_t fileSize = m_bytes.size();
    const uint64_t mask = m_header.alignment - 1;
    const uint64_t dataStart = (m_position + mask) & ~mask;  // no overflow: the position lies inside a file
    if (m_header.tensors.empty()) {
        m_header.headerBytes = std::min(dataStart, fileSize);
        m_header.unclaimedBytes = fileSize - m_header.headerBytes;
        return {};
    }
    m_position = dataStart;
    m_header.headerBytes = std::min(dataStart, fileSize);
    uint64_t expected = 0;
    for (m_entry = 0; m_entry < m_tensorCount; ++m_entry) {
        TensorInfo& tensor = m_header.tensors[m_entry];
        m_entryName = tensor.name;
        HT_TRY(checkPlace(tensor, tensor.offset, expected));
        // No overflow from here on: the tensor ends inside the file, and the padding is at most 2^20.
        expected = (tensor.offset + tensor.sizeBytes + mask) & ~mask;
        tensor.offset += dataStart;
        m_position = tensor.offset + tensor.sizeBytes;
    }
    m_header.unclaimedBytes = fileSize - std::min(fileSize, dataStart + expected);
    return {};
}

Status GgufParser::checkPlace(const TensorInfo& tensor, uint64_t relativeOffset, uint64_t expected) const {
    const uint64_t fileSize = m_bytes.size();
    const uint64_t dataStart = m_header.headerBytes;
    if (relativeOffset % m_header.alignment != 0) {
        return fail(fmt::format("has data offset {}, which is not a multiple of the alignment {}", relativeOffset,
                                m_header.alignment));
    }
    if (relativeOffset < expected) {
        return fail(fmt::format("has data offset {}, which overlaps the tensor before it (expected {})", relativeOffset,
                                expected));
    }
    const auto end = checkedAdd(relativeOffset, tensor.sizeBytes);
    const bool isInside = end && *end <= fileSize - dataStart && (tensor.sizeBytes == 0 || dataStart < fileSize);
    if (!isInside && relativeOffset == expected) {
        return fail(fmt::format("needs {} bytes of data at offset {}, but the file ends before that; it is truncated",
                                tensor.sizeBytes, relativeOffset));
    }
    if (!isInside) return fail(fmt::format("has data offset {}, which lies past the end of the file", relativeOffset));
    if (relativeOffset > expected) {
        return fail(fmt::format("has data offset {}, which leaves a gap after the tensor before it (expected {})",
                                relativeOffset, expected));
    }
    return {};
}

}  // namespace

Result<GgufHeader> parseGguf(std::span<const std::byte> bytes, const std::string& fileName) {
    return GgufParser(bytes, fileName).parse();
}

}  // namespace halftone
