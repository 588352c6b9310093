// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/byte_alphabet.h"

#include <array>

#include "core/tokenizer/utf8.h"

namespace halftone::tokenization {
namespace {

constexpr size_t kCodePointCount = 0x144;

struct Alphabet {
    std::array<std::string, 256> spelling;
    std::array<int16_t, kCodePointCount> byteOf{};
};

constexpr bool isPrintableByte(unsigned byte) {
    return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

Alphabet makeAlphabet() {
    Alphabet alphabet;
    alphabet.byteOf.fill(-1);
    char32_t nextSubstitute = 0x100;
    for (unsigned byte = 0; byte < 256; ++byte) {
        const char32_t codePoint = isPrintableByte(byte) ? byte : nextSubstitute++;
        appendUtf8(alphabet.spelling[byte], codePoint);
        alphabet.byteOf[codePoint] = static_cast<int16_t>(byte);
    }
    return alphabet;
}

const Alphabet& alphabet() {
    static const Alphabet instance = makeAlphabet();
    return instance;
}

int hexDigit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

}  // namespace

std::string_view byteSpelling(uint8_t byte) {
    return alphabet().spelling[byte];
}

std::optional<uint8_t> byteOfSpelling(char32_t codePoint) {
    if (codePoint >= kCodePointCount || alphabet().byteOf[codePoint] < 0) return std::nullopt;
    return static_cast<uint8_t>(alphabet().byteOf[codePoint]);
}

std::string spellBytes(std::string_view bytes) {
    std::string result;
    result.reserve(bytes.size() + bytes.size() / 4);
    for (char c : bytes) result.append(byteSpelling(static_cast<uint8_t>(c)));
    return result;
}

std::string bytesOfSpelling(std::string_view spelling) {
    std::string result;
    result.reserve(spelling.size());
    for (size_t position = 0; position < spelling.size();) {
        const Utf8Step step = decodeUtf8(spelling, position);
        const auto byte = step.valid ? byteOfSpelling(step.codePoint) : std::nullopt;
        if (!byte) return std::string(spelling);
        result.push_back(static_cast<char>(*byte));
        position += step.length;
    }
    return result;
}

std::optional<uint8_t> byteOfByteToken(std::string_view token) {
    if (token.size() != 6 || !token.starts_with("<0x") || token[5] != '>') return std::nullopt;
    const int high = hexDigit(token[3]);
    const int low = hexDigit(token[4]);
    if (high < 0 || low < 0) return std::nullopt;
    return static_cast<uint8_t>(high * 16 + low);
}

std::string byteToken(uint8_t byte) {
    static constexpr std::string_view kDigits = "0123456789ABCDEF";
    return {'<', '0', 'x', kDigits[byte >> 4], kDigits[byte & 15], '>'};
}

}  // namespace halftone::tokenization
