// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/normalizer.h"

#include <algorithm>

#include "core/tokenizer/byte_alphabet.h"
#include "core/tokenizer/utf8.h"

namespace halftone::tokenization {
namespace {

constexpr std::string_view kSpaceMark = "\xE2\x96\x81";  // U+2581

/// Calls action(codePoint, bytes) for each character.
template <typename Action>
void forEachCharacter(std::string_view text, const Action& action) {
    for (size_t position = 0; position < text.size();) {
        const Utf8Step step = decodeUtf8(text, position);
        action(step.codePoint, text.substr(position, step.length));
        position += step.length;
    }
}

std::string cleanBertText(std::string_view text) {
    std::string result;
    result.reserve(text.size());
    forEachCharacter(text, [&result](char32_t c, std::string_view bytes) {
        if (c == 0 || c == 0xFFFD || isControlCharacter(c)) return;
        if (isWhitespace(c)) {
            result.push_back(' ');
        } else {
            result += bytes;
        }
    });
    return result;
}

std::string isolateIdeographs(std::string_view text) {
    std::string result;
    result.reserve(text.size() + text.size() / 4);
    forEachCharacter(text, [&result](char32_t c, std::string_view bytes) {
        const bool isolated = isBertIdeograph(c);
        if (isolated) result.push_back(' ');
        result += bytes;
        if (isolated) result.push_back(' ');
    });
    return result;
}

template <typename Predicate>
std::string dropCharacters(std::string_view text, const Predicate& dropped) {
    std::string result;
    result.reserve(text.size());
    forEachCharacter(text, [&](char32_t c, std::string_view bytes) {
        if (!dropped(c)) result += bytes;
    });
    return result;
}

std::string collapseSpaces(std::string_view text, const SegmentPlace& place) {
    std::string result;
    result.reserve(text.size());
    bool afterSpace = place.startsText;
    for (char c : text) {
        if (c != ' ' || !afterSpace) result.push_back(c);
        afterSpace = c == ' ';
    }
    if (place.endsText && !result.empty() && result.back() == ' ') result.pop_back();
    return result;
}

bool wantsPrefix(SpacePrefix prefix, const SegmentPlace& place) {
    switch (prefix) {
        case SpacePrefix::kNever:
            return false;
        case SpacePrefix::kTextStart:
            return place.startsText;
        case SpacePrefix::kTextStartAndAfterControl:
            return place.startsText || place.followsControl;
        case SpacePrefix::kEverySegment:
            return true;
    }
    return false;
}

}  // namespace

size_t normalizedSizeLimit(size_t inputBytes) {
    return inputBytes * 32 + (size_t{1} << 20);
}

tl::unexpected<Error> normalizedTextTooLong() {
    return makeError(ErrorCode::kInvalidData,
                     "The tokenizer's normalizer makes the text far longer than it was; its file is damaged.");
}

Result<std::string> SequenceNormalizer::apply(std::string text, const SegmentPlace& place) const {
    const size_t limit = normalizedSizeLimit(text.size());
    for (const auto& step : m_steps) {
        HT_ASSIGN_OR_RETURN(text, step->apply(std::move(text), place));
        if (text.size() > limit) return normalizedTextTooLong();
    }
    return text;
}

Result<std::string> StripAccentsNormalizer::apply(std::string text, const SegmentPlace&) const {
    return dropCharacters(text, isMark);
}

Result<std::string> StripNormalizer::apply(std::string text, const SegmentPlace&) const {
    size_t begin = text.size();
    size_t end = 0;
    for (size_t position = 0; position < text.size();) {
        const Utf8Step step = decodeUtf8(text, position);
        if (!isWhitespace(step.codePoint)) {
            begin = std::min(begin, position);
            end = position + step.length;
        }
        position += step.length;
    }
    if (!m_left) begin = 0;
    if (!m_right) end = text.size();
    return begin < end ? text.substr(begin, end - begin) : std::string();
}

Result<std::string> ReplaceNormalizer::apply(std::string text, const SegmentPlace&) const {
    if (m_pattern) return applyPattern(text);
    if (m_from.empty()) return text;
    const size_t limit = normalizedSizeLimit(text.size());
    std::string result;
    result.reserve(text.size() + text.size() / 4);
    size_t position = 0;
    for (size_t found = text.find(m_from); found != std::string::npos; found = text.find(m_from, position)) {
        result.append(text, position, found - position).append(m_to);
        position = found + m_from.size();
        if (result.size() > limit) return normalizedTextTooLong();
    }
    return result.append(text, position);
}

Result<std::string> ReplaceNormalizer::applyPattern(const std::string& text) const {
    const size_t limit = normalizedSizeLimit(text.size());
    RegexMatcher matcher(*m_pattern, text.size());
    std::string result;
    size_t copied = 0;
    for (size_t from = 0; from <= text.size();) {
        HT_ASSIGN_OR_RETURN(const std::optional<TextRange> match, matcher.next(text, from));
        if (!match) break;
        result.append(text, copied, match->begin - copied).append(m_to);
        if (result.size() > limit) return normalizedTextTooLong();
        copied = match->end;
        from = match->end;
        if (match->size() > 0) continue;
        if (from == text.size()) break;
        from += decodeUtf8(text, from).length;
    }
    return result.append(text, copied);
}

Result<std::string> ByteLevelNormalizer::apply(std::string text, const SegmentPlace&) const {
    return spellBytes(text);
}

Result<std::string> BertNormalizer::apply(std::string text, const SegmentPlace&) const {
    if (m_options.cleanText) text = cleanBertText(text);
    if (m_options.isolateIdeographs) text = isolateIdeographs(text);
    if (m_options.stripAccents) text = dropCharacters(normalizeUnicode(text, UnicodeForm::kNfd), isNonSpacingMark);
    if (m_options.lowercase) text = toLowerCase(text);
    return text;
}

Result<std::string> SentencePieceNormalizer::apply(std::string text, const SegmentPlace& place) const {
    text = m_options.charsmap.apply(text);
    if (m_options.removeExtraSpaces) text = collapseSpaces(text, place);
    if (text.empty()) return text;
    if (wantsPrefix(m_options.prefix, place)) {
        if (m_options.suffixMarks) {
            text.push_back(' ');
        } else {
            text.insert(text.begin(), ' ');
        }
    }
    if (!m_options.escapeSpaces) return text;
    return ReplaceNormalizer(std::string(" "), std::string(kSpaceMark)).apply(std::move(text), place);
}

}  // namespace halftone::tokenization
