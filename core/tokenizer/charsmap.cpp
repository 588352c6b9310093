// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/charsmap.h"

#include "core/tokenizer/utf8.h"

namespace halftone::tokenization {
namespace {

uint32_t readU32(std::string_view bytes, size_t offset) {
    uint32_t value = 0;
    for (size_t i = 0; i < 4; ++i) value |= uint32_t{static_cast<uint8_t>(bytes[offset + i])} << (8 * i);
    return value;
}

// Unit of a double-array trie: has_leaf bit 8, offset with a scale bit 9, label in the low byte (bit 31 set: a value).
bool unitHasLeaf(uint32_t unit) {
    return ((unit >> 8) & 1) != 0;
}
uint32_t unitValue(uint32_t unit) {
    return unit & 0x7FFFFFFFu;
}
uint32_t unitLabel(uint32_t unit) {
    return unit & 0x800000FFu;
}
size_t unitOffset(uint32_t unit) {
    return size_t{unit >> 10} << ((unit & 512u) >> 6);
}

}  // namespace

Result<Charsmap> Charsmap::parse(std::string bytes) {
    Charsmap map;
    map.m_bytes = std::move(bytes);
    if (map.m_bytes.empty()) return map;
    const size_t trieBytes = map.m_bytes.size() < 4 ? 0 : readU32(map.m_bytes, 0);
    if (map.m_bytes.size() < 4 || trieBytes % 4 != 0 || trieBytes > map.m_bytes.size() - 4) {
        return makeError(ErrorCode::kInvalidData,
                         "The tokenizer's precompiled character map is damaged: its trie does not fit.");
    }
    map.m_units.resize(trieBytes / 4);
    for (size_t i = 0; i < map.m_units.size(); ++i) map.m_units[i] = readU32(map.m_bytes, 4 + 4 * i);
    map.m_replacementsBegin = 4 + trieBytes;
    return map;
}

Charsmap::Step Charsmap::match(std::string_view text) const {
    Step best;
    if (m_units.empty()) return best;
    size_t node = unitOffset(m_units[0]);
    for (size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<uint8_t>(text[i]);
        if (byte == 0) break;
        node ^= byte;
        const uint32_t current = unit(node);
        if (node >= m_units.size() || unitLabel(current) != byte) break;
        node ^= unitOffset(current);
        if (!unitHasLeaf(current)) continue;
        const size_t begin = m_replacementsBegin + unitValue(unit(node));
        if (begin >= m_bytes.size()) break;
        const size_t end = m_bytes.find('\0', begin);
        if (end == std::string::npos) break;
        best = {std::string_view(m_bytes).substr(begin, end - begin), i + 1};
    }
    return best;
}

std::string Charsmap::apply(std::string_view text) const {
    std::string result;
    result.reserve(text.size() + text.size() / 8);
    for (size_t position = 0; position < text.size();) {
        const Step step = match(text.substr(position));
        const Utf8Step character = decodeUtf8(text, position);
        if (step.consumedBytes >= character.length) {
            result += step.replacement;
            position += step.consumedBytes;
        } else {
            result += text.substr(position, character.length);
            position += character.length;
        }
    }
    // A damaged table may hold broken characters, or cut one in the text.
    return replaceMalformedUtf8(result);
}

}  // namespace halftone::tokenization
