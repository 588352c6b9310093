// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/utf8.h"

#include <algorithm>

namespace halftone::tokenization {
namespace {

struct LeadByte {
    uint32_t length = 0;       // 0: not a lead byte
    uint8_t secondLow = 0x80;  // range of the second byte: excludes overlong forms, surrogates and values above 10FFFF
    uint8_t secondHigh = 0xBF;
    char32_t bits = 0;
};

LeadByte classifyLead(uint8_t byte) {
    if (byte >= 0xC2 && byte <= 0xDF) return {2, 0x80, 0xBF, byte & 0x1Fu};
    if (byte == 0xE0) return {3, 0xA0, 0xBF, 0};
    if (byte == 0xED) return {3, 0x80, 0x9F, 0x0D};
    if (byte >= 0xE1 && byte <= 0xEF) return {3, 0x80, 0xBF, byte & 0x0Fu};
    if (byte == 0xF0) return {4, 0x90, 0xBF, 0};
    if (byte >= 0xF1 && byte <= 0xF3) return {4, 0x80, 0xBF, byte & 0x07u};
    if (byte == 0xF4) return {4, 0x80, 0x8F, 4};
    return {};
}

}  // namespace

Utf8Step decodeUtf8(std::string_view text, size_t position) {
    const auto first = static_cast<uint8_t>(text[position]);
    if (first < 0x80) return {first, 1, true, false};
    const LeadByte lead = classifyLead(first);
    if (lead.length == 0) return {};
    Utf8Step step{lead.bits, 1, true, false};
    for (; step.length < lead.length; ++step.length) {
        if (position + step.length >= text.size()) return {0xFFFD, step.length, false, true};
        const auto byte = static_cast<uint8_t>(text[position + step.length]);
        const uint8_t low = step.length == 1 ? lead.secondLow : 0x80;
        const uint8_t high = step.length == 1 ? lead.secondHigh : 0xBF;
        if (byte < low || byte > high) return {0xFFFD, step.length, false, false};
        step.codePoint = (step.codePoint << 6) | (byte & 0x3Fu);
    }
    return step;
}

void appendUtf8(std::string& text, char32_t codePoint) {
    const auto push = [&text](char32_t value) { text.push_back(static_cast<char>(static_cast<uint8_t>(value))); };
    if (codePoint < 0x80) return push(codePoint);
    if (codePoint < 0x800) {
        push(0xC0 | (codePoint >> 6));
        return push(0x80 | (codePoint & 0x3F));
    }
    if (codePoint < 0x10000) {
        push(0xE0 | (codePoint >> 12));
    } else {
        push(0xF0 | (codePoint >> 18));
        push(0x80 | ((codePoint >> 12) & 0x3F));
    }
    push(0x80 | ((codePoint >> 6) & 0x3F));
    push(0x80 | (codePoint & 0x3F));
}

bool isWellFormedUtf8(std::string_view text) {
    for (size_t position = 0; position < text.size();) {
        const Utf8Step step = decodeUtf8(text, position);
        if (!step.valid) return false;
        position += step.length;
    }
    return true;
}

std::string replaceMalformedUtf8(std::string_view text) {
    if (isWellFormedUtf8(text)) return std::string(text);
    std::string result;
    result.reserve(text.size() + 16);
    for (size_t position = 0; position < text.size();) {
        const Utf8Step step = decodeUtf8(text, position);
        if (step.valid) {
            result.append(text.substr(position, step.length));
        } else {
            result.append("\xEF\xBF\xBD");
        }
        position += step.length;
    }
    return result;
}

size_t finishedUtf8Length(std::string_view text) {
    const size_t longest = std::min<size_t>(text.size(), 3);
    for (size_t back = 1; back <= longest; ++back) {
        const size_t position = text.size() - back;
        const auto byte = static_cast<uint8_t>(text[position]);
        if (byte < 0x80) return text.size();
        if (byte >= 0xC0) return decodeUtf8(text, position).unfinished ? position : text.size();
    }
    return text.size();
}

std::string clipText(std::string_view text, size_t maxBytes) {
    const std::string_view beginning = text.substr(0, maxBytes);
    const bool cut = beginning.size() < text.size();
    return replaceMalformedUtf8(cut ? beginning.substr(0, finishedUtf8Length(beginning)) : beginning);
}

}  // namespace halftone::tokenization
