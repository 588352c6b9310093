// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/unicode_class.h"

#include <algorithm>

#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>

#include "core/tokenizer/utf8.h"

namespace halftone::tokenization {
namespace {

uint32_t categoryMask(char32_t c) {
    return U_GET_GC_MASK(static_cast<UChar32>(c));
}

const icu::Normalizer2* normalizerOf(UnicodeForm form) {
    UErrorCode status = U_ZERO_ERROR;
    const icu::Normalizer2* result = nullptr;
    switch (form) {
        case UnicodeForm::kNfc:
            result = icu::Normalizer2::getNFCInstance(status);
            break;
        case UnicodeForm::kNfd:
            result = icu::Normalizer2::getNFDInstance(status);
            break;
        case UnicodeForm::kNfkc:
            result = icu::Normalizer2::getNFKCInstance(status);
            break;
        case UnicodeForm::kNfkd:
            result = icu::Normalizer2::getNFKDInstance(status);
            break;
    }
    return U_SUCCESS(status) ? result : nullptr;
}

bool isAscii(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

}  // namespace

bool isWhitespace(char32_t c) {
    return u_isUWhiteSpace(static_cast<UChar32>(c)) != 0;
}

bool isNumber(char32_t c) {
    return (categoryMask(c) & U_GC_N_MASK) != 0;
}

bool isWordCharacter(char32_t c) {
    if (u_isUAlphabetic(static_cast<UChar32>(c))) return true;
    return (categoryMask(c) & (U_GC_M_MASK | U_GC_ND_MASK | U_GC_PC_MASK)) != 0;
}

bool isPunctuation(char32_t c) {
    if (c < 0x80) return (c >= 33 && c <= 47) || (c >= 58 && c <= 64) || (c >= 91 && c <= 96) || (c >= 123 && c <= 126);
    return (categoryMask(c) & U_GC_P_MASK) != 0;
}

bool isControlCharacter(char32_t c) {
    if (c == '\t' || c == '\n' || c == '\r') return false;
    return (categoryMask(c) & (U_GC_CC_MASK | U_GC_CF_MASK | U_GC_CN_MASK | U_GC_CO_MASK)) != 0;
}

bool isMark(char32_t c) {
    return (categoryMask(c) & U_GC_M_MASK) != 0;
}

bool isNonSpacingMark(char32_t c) {
    return (categoryMask(c) & U_GC_MN_MASK) != 0;
}

bool isBertIdeograph(char32_t c) {
    struct Interval {
        char32_t first;
        char32_t last;
    };
    // 2B920 is what the reference implementations use, not 2B820.
    static constexpr Interval kIntervals[] = {{0x4E00, 0x9FFF},   {0x3400, 0x4DBF},   {0x20000, 0x2A6DF},
                                              {0x2A700, 0x2B73F}, {0x2B740, 0x2B81F}, {0x2B920, 0x2CEAF},
                                              {0xF900, 0xFAFF},   {0x2F800, 0x2FA1F}};
    return std::ranges::any_of(kIntervals, [c](const Interval& i) { return c >= i.first && c <= i.last; });
}

std::string toLowerCase(std::string_view text) {
    std::string result;
    result.reserve(text.size());
    for (size_t position = 0; position < text.size();) {
        const Utf8Step step = decodeUtf8(text, position);
        position += step.length;
        if (step.codePoint == 0x130) {  // the only character whose full lower case is two characters
            result.append("i\xCC\x87");
        } else {
            appendUtf8(result, static_cast<char32_t>(u_tolower(static_cast<UChar32>(step.codePoint))));
        }
    }
    return result;
}

std::string normalizeUnicode(std::string_view text, UnicodeForm form) {
    const icu::Normalizer2* normalizer = normalizerOf(form);
    if (normalizer == nullptr || isAscii(text)) return std::string(text);
    std::string result;
    result.reserve(text.size());
    icu::StringByteSink<std::string> sink(&result);
    UErrorCode status = U_ZERO_ERROR;
    normalizer->normalizeUTF8(0, icu::StringPiece(text.data(), static_cast<int32_t>(text.size())), sink, nullptr,
                              status);
    return U_SUCCESS(status) ? result : std::string(text);
}

}  // namespace halftone::tokenization
