// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/safetensors_reader.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <optional>
#include <unordered_set>

#include <fmt/format.h>
#include <simdjson.h>

#include "core/base/checked.h"
#include "core/checkpoint/message.h"

namespace halftone {
namespace {

namespace dom = simdjson::dom;

static_assert(std::endian::native == std::endian::little, "the length prefix is copied as it lies");

constexpr uint64_t kPrefixBytes = 8;
constexpr uint64_t kLargestHeader = 100'000'000;
constexpr uint64_t kLargestIndex = 256'000'000;
constexpr size_t kLongestName = 1024;
constexpr size_t kMostDimensions = 16;
constexpr size_t kDeepestNesting = 8;
constexpr size_t kLargestReserve = 1 << 16;  // a claimed count is not worth more memory than this

Result<dom::element> parseJson(dom::parser& parser, simdjson::padded_string& text, const std::string& what) {
    if (const auto error = parser.allocate(text.size(), kDeepestNesting)) {
        return makeError(ErrorCode::kOutOfMemory, fmt::format("There is not enough memory to read {}.", what),
                         simdjson::error_message(error));
    }
    dom::element root;
    const auto error = parser.parse(text).get(root);
    if (error == simdjson::UTF8_ERROR)
        return makeError(ErrorCode::kInvalidData, fmt::format("{} is not valid UTF-8.", what));
    if (error == simdjson::DEPTH_ERROR)
        return makeError(ErrorCode::kInvalidData, fmt::format("{} is nested too deeply.", what));
    if (error) {
        return makeError(ErrorCode::kInvalidData, fmt::format("{} is not valid JSON.", what),
                         simdjson::error_message(error));
    }
    return root;
}

class SafetensorsParser {
  public:
    SafetensorsParser(std::span<const std::byte> bytes, const std::string& fileName)
        : m_bytes(bytes), m_fileName(fileName) {}

    Result<SafetensorsHeader> parse() {
        HT_TRY(readPrefix());
        HT_TRY(readJson());
        HT_TRY(checkLayout());
        return std::move(m_header);
    }

  private:
    Status readPrefix();
    Status readJson();
    Status readMetadata(const dom::element& element);
    Status readTensor(std::string_view name, const dom::element& element);
    Status readShape(TensorInfo& tensor, const dom::object& fields);
    Status readRange(TensorInfo& tensor, const dom::object& fields);
    Status checkLayout();

    [[nodiscard]] tl::unexpected<Error> fail(std::string_view problem) const {
        return makeError(ErrorCode::kInvalidData,
                         fmt::format("{} cannot be read as safetensors: {}.", m_fileName, problem));
    }
    [[nodiscard]] tl::unexpected<Error> failTensor(std::string_view name, std::string_view problem) const {
        return fail(fmt::format("tensor {} {}", quoteForMessage(name), problem));
    }

    std::span<const std::byte> m_bytes;
    const std::string& m_fileName;
    uint64_t m_jsonBytes = 0;
    SafetensorsHeader m_header;
};

Status SafetensorsParser::readPrefix() {
    if (m_bytes.size() < kPrefixBytes) {
        return fail(fmt::format("the file has {} bytes, not even the {} of the header's length; it is truncated",
                                m_bytes.size(), kPrefixBytes));
    }
    std::memcpy(&m_jsonBytes, m_bytes.data(), kPrefixBytes);
    if (m_jsonBytes > kLargestHeader) {
        return fail(
            fmt::format("the header claims {} bytes; the most allowed is {} (byte 0)", m_jsonBytes, kLargestHeader));
    }
    if (m_jsonBytes > m_bytes.size() - kPrefixBytes) {
        return fail(fmt::format("the header claims {} bytes, but the file ends after {}; it is truncated (byte 0)",
                                m_jsonBytes, m_bytes.size() - kPrefixBytes));
    }
    if (m_jsonBytes == 0 || m_bytes[kPrefixBytes] != std::byte{'{'}) {
        return fail("the header does not start with an opening brace (byte 8)");
    }
    m_header.headerBytes = kPrefixBytes + m_jsonBytes;
    return {};
}

Status SafetensorsParser::readJson() {
    simdjson::padded_string text(reinterpret_cast<const char*>(m_bytes.data()) + kPrefixBytes, m_jsonBytes);
    dom::parser parser;
    HT_ASSIGN_OR_RETURN(const dom::element root, parseJson(parser, text, fmt::format("The header of {}", m_fileName)));
    dom::object entries;
    if (root.get(entries)) return fail("the header is not a JSON object");
    m_header.tensors.reserve(std::min(entries.size(), kLargestReserve));
    std::unordered_set<std::string_view> seen;
    for (const auto& [name, element] : entries) {
        if (!seen.insert(name).second) return failTensor(name, "is listed twice");
        if (name == "__metadata__") {
            HT_TRY(readMetadata(element));
        } else {
            HT_TRY(readTensor(name, element));
        }
    }
    return {};
}

Status SafetensorsParser::readMetadata(const dom::element& element) {
    dom::object entries;
    if (element.get(entries)) return fail("__metadata__ is not a JSON object");
    for (const auto& [key, value] : entries) {
        std::string_view text;
        if (value.get(text)) return fail(fmt::format("__metadata__ entry {} is not a string", quoteForMessage(key)));
        if (!m_header.metadata.emplace(key, text).second) {
            return fail(fmt::format("__metadata__ entry {} is listed twice", quoteForMessage(key)));
        }
    }
    return {};
}

Status SafetensorsParser::readTensor(std::string_view name, const dom::element& element) {
    if (name.empty()) return fail("a tensor has an empty name");
    if (name.size() > kLongestName)
        return failTensor(name,
                          fmt::format("has a name of {} bytes; the most allowed is {}", name.size(), kLongestName));
    if (name.find('\0') != std::string_view::npos) return failTensor(name, "has a NUL character in its name");
    dom::object fields;
    if (element.get(fields)) return failTensor(name, "is not described by a JSON object");
    std::unordered_set<std::string_view> seen;
    for (const auto& field : fields) {
        if (!seen.insert(field.key).second)
            return failTensor(name, fmt::format("states {} twice", quoteForMessage(field.key)));
    }
    std::string_view typeName;
    if (fields["dtype"].get(typeName)) return failTensor(name, "states no dtype");
    const auto type = dtypeFromSafetensors(typeName);
    if (!type) {
        return makeError(ErrorCode::kUnsupported,
                         fmt::format("{} cannot be read as safetensors: tensor {} has the unknown dtype {}.",
                                     m_fileName, quoteForMessage(name), quoteForMessage(typeName)));
    }
    TensorInfo tensor;
    tensor.name = name;
    tensor.canonicalName = name;
    tensor.dtype = *type;
    HT_TRY(readShape(tensor, fields));
    HT_TRY(readRange(tensor, fields));
    m_header.tensors.push_back(std::move(tensor));
    return {};
}

Status SafetensorsParser::readShape(TensorInfo& tensor, const dom::object& fields) {
    dom::array sizes;
    if (fields["shape"].get(sizes)) return failTensor(tensor.name, "states no shape");
    if (sizes.size() > kMostDimensions) {
        return failTensor(tensor.name,
                          fmt::format("has {} dimensions; the most allowed is {}", sizes.size(), kMostDimensions));
    }
    for (const dom::element size : sizes) {
        uint64_t value = 0;
        if (size.get(value) || value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
            return failTensor(tensor.name, "has a dimension that is not a whole number of 63 bits");
        }
        tensor.shape.push_back(static_cast<int64_t>(value));
    }
    const auto count = checkedElementCount(tensor.shape);
    if (!count) return failTensor(tensor.name, "has dimensions whose product overflows 63 bits");
    const auto bytes = dtypeBytes(tensor.dtype, static_cast<uint64_t>(*count));
    if (!bytes)
        return failTensor(tensor.name, "has a byte size that overflows 64 bits or is not a whole number of bytes");
    tensor.sizeBytes = *bytes;
    return {};
}

Status SafetensorsParser::readRange(TensorInfo& tensor, const dom::object& fields) {
    dom::array offsets;
    uint64_t begin = 0, end = 0;
    if (fields["data_offsets"].get(offsets) || offsets.size() != 2 || offsets.at(0).get(begin) ||
        offsets.at(1).get(end)) {
        return failTensor(tensor.name, "does not state data_offsets as two non-negative whole numbers");
    }
    if (begin > end)
        return failTensor(tensor.name, fmt::format("has data_offsets that run backwards ({} to {})", begin, end));
    if (end > m_bytes.size() - m_header.headerBytes) {
        return failTensor(tensor.name,
                          fmt::format("ends at data offset {}, but the file holds {} bytes of data; it is truncated",
                                      end, m_bytes.size() - m_header.headerBytes));
    }
    if (end - begin != tensor.sizeBytes) {
        return failTensor(tensor.name, fmt::format("takes {} bytes by its data_offsets, but {} by its shape and dtype",
                                                   end - begin, tensor.sizeBytes));
    }
    tensor.offset = m_header.headerBytes + begin;
    return {};
}

/// No holes, no overlaps, nothing left over.
Status SafetensorsParser::checkLayout() {
    std::ranges::sort(m_header.tensors, {},
                      [](const TensorInfo& t) { return std::pair(t.offset, t.offset + t.sizeBytes); });
    uint64_t expected = m_header.headerBytes;
    for (const TensorInfo& tensor : m_header.tensors) {
        if (tensor.offset < expected)
            return failTensor(tensor.name, fmt::format("overlaps the tensor before it (byte {})", tensor.offset));
        if (tensor.offset > expected) {
            return failTensor(tensor.name, fmt::format("leaves a hole of {} bytes before it (byte {})",
                                                       tensor.offset - expected, tensor.offset));
        }
        expected = tensor.offset + tensor.sizeBytes;
    }
    if (expected != m_bytes.size()) {
        return fail(fmt::format("{} bytes follow the last tensor (byte {})", m_bytes.size() - expected, expected));
    }
    return {};
}

bool isPlainFileName(std::string_view name) {
    return name.size() <= 255 && name.ends_with(".safetensors") && !name.starts_with('.') &&
           name.find("..") == std::string_view::npos &&
           name.find_first_of(std::string_view("/\\:\0", 4)) == std::string_view::npos;
}

}  // namespace

Result<SafetensorsHeader> parseSafetensors(std::span<const std::byte> bytes, const std::string& fileName) {
    return SafetensorsParser(bytes, fileName).parse();
}

Result<std::map<std::string, std::string>> parseSafetensorsIndex(std::string_view json, const std::string& fileName) {
    if (json.size() > kLargestIndex) {
        return makeError(ErrorCode::kInvalidData, fmt::format("{} has {} bytes; the most allowed for an index is {}.",
                                                              fileName, json.size(), kLargestIndex));
    }
    simdjson::padded_string text(json);
    dom::parser parser;
    HT_ASSIGN_OR_RETURN(const dom::element root, parseJson(parser, text, fileName));
    dom::object weightMap;
    if (root["weight_map"].get(weightMap)) {
        return makeError(ErrorCode::kInvalidData,
                         fmt::format("{} has no weight_map object that says which file holds which tensor.", fileName));
    }
    std::map<std::string, std::string> result;
    for (const auto& [name, value] : weightMap) {
        std::string_view file;
        if (value.get(file)) {
            return makeError(ErrorCode::kInvalidData,
                             fmt::format("{} does not map tensor {} to a file name.", fileName, quoteForMessage(name)));
        }
        if (!isPlainFileName(file)) {
            return makeError(
                ErrorCode::kInvalidData,
                fmt::format("{} maps tensor {} to {}, which is not the plain name of a .safetensors file beside it.",
                            fileName, quoteForMessage(name), quoteForMessage(file)));
        }
        if (!result.emplace(name, file).second) {
            return makeError(ErrorCode::kInvalidData,
                             fmt::format("{} lists tensor {} twice.", fileName, quoteForMessage(name)));
        }
    }
    return result;
}

}  // namespace halftone
