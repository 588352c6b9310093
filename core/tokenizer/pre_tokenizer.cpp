// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/pre_tokenizer.h"

#include <algorithm>

#include "core/tokenizer/byte_alphabet.h"
#include "core/tokenizer/utf8.h"

namespace halftone::tokenization {
namespace {

struct Stretch {
    TextRange range;
    bool isMatch = false;
};

void appendRange(std::vector<TextRange>& out, const TextRange& range) {
    if (range.size() > 0) out.push_back(range);
}

// Folds stretches that cover a piece into new pieces, from the left.
void foldForward(const std::vector<Stretch>& stretches, SplitBehavior behavior, std::vector<TextRange>& out) {
    const size_t first = out.size();
    bool previousWasMatch = false;
    for (const Stretch& stretch : stretches) {
        const bool extend = behavior == SplitBehavior::kContiguous ? stretch.isMatch == previousWasMatch
                                                                   : stretch.isMatch && !previousWasMatch;
        if (extend && out.size() > first) {
            out.back().end = stretch.range.end;
        } else {
            appendRange(out, stretch.range);
        }
        previousWasMatch = stretch.isMatch;
    }
}

void foldMergedWithNext(const std::vector<Stretch>& stretches, std::vector<TextRange>& out) {
    const size_t first = out.size();
    bool nextWasMatch = false;
    for (size_t i = stretches.size(); i-- > 0;) {
        const Stretch& stretch = stretches[i];
        if (stretch.isMatch && !nextWasMatch && out.size() > first) {
            out.back().begin = stretch.range.begin;
        } else {
            appendRange(out, stretch.range);
        }
        nextWasMatch = stretch.isMatch;
    }
    std::reverse(out.begin() + static_cast<std::ptrdiff_t>(first), out.end());
}

void foldStretches(const std::vector<Stretch>& stretches, SplitBehavior behavior, std::vector<TextRange>& out) {
    switch (behavior) {
        case SplitBehavior::kRemoved:
            for (const Stretch& stretch : stretches) {
                if (!stretch.isMatch) appendRange(out, stretch.range);
            }
            return;
        case SplitBehavior::kIsolated:
            for (const Stretch& stretch : stretches) appendRange(out, stretch.range);
            return;
        case SplitBehavior::kMergedWithNext:
            return foldMergedWithNext(stretches, out);
        case SplitBehavior::kMergedWithPrevious:
        case SplitBehavior::kContiguous:
            return foldForward(stretches, behavior, out);
    }
}

// Covers the piece with matches and what lies between them; positions are relative to the whole text.
Status findStretches(RegexMatcher& matcher, std::string_view piece, size_t offset, std::vector<Stretch>& out) {
    size_t covered = 0;
    for (size_t from = 0; from <= piece.size();) {
        HT_ASSIGN_OR_RETURN(const std::optional<TextRange> match, matcher.next(piece, from));
        if (!match) break;
        if (match->begin > covered) out.push_back({{offset + covered, offset + match->begin}, false});
        out.push_back({{offset + match->begin, offset + match->end}, true});
        covered = match->end;
        from = match->end;
        if (match->size() > 0) continue;
        if (from == piece.size()) break;
        from += decodeUtf8(piece, from).length;
    }
    if (covered < piece.size()) out.push_back({{offset + covered, offset + piece.size()}, false});
    return {};
}

}  // namespace

Status SequencePreTokenizer::apply(Pieces& pieces, const SegmentPlace& place) const {
    const size_t limit = normalizedSizeLimit(pieces.text.size());
    for (const auto& step : m_steps) {
        HT_TRY(step->apply(pieces, place));
        if (pieces.text.size() > limit) return normalizedTextTooLong();
    }
    return {};
}

Status SplitPreTokenizer::apply(Pieces& pieces, const SegmentPlace&) const {
    RegexMatcher matcher(m_pattern, pieces.text.size());
    std::vector<TextRange> result;
    result.reserve(pieces.ranges.size());
    std::vector<Stretch> stretches;
    for (const TextRange& range : pieces.ranges) {
        stretches.clear();
        HT_TRY(findStretches(matcher, pieces.piece(range), range.begin, stretches));
        if (m_invert) {
            for (Stretch& stretch : stretches) stretch.isMatch = !stretch.isMatch;
        }
        foldStretches(stretches, m_behavior, result);
    }
    pieces.ranges = std::move(result);
    return {};
}

Status CharacterSplitPreTokenizer::apply(Pieces& pieces, const SegmentPlace&) const {
    std::vector<TextRange> result;
    result.reserve(pieces.ranges.size());
    std::vector<Stretch> stretches;
    for (const TextRange& range : pieces.ranges) {
        stretches.clear();
        for (size_t position = range.begin; position < range.end;) {
            const Utf8Step step = decodeUtf8(pieces.text, position);
            const bool isMatch = m_predicate(step.codePoint);
            const TextRange character{position, position + step.length};
            if (!isMatch && !stretches.empty() && !stretches.back().isMatch) {
                stretches.back().range.end = character.end;
            } else {
                stretches.push_back({character, isMatch});
            }
            position = character.end;
        }
        foldStretches(stretches, m_behavior, result);
    }
    pieces.ranges = std::move(result);
    return {};
}

Status ByteLevelPreTokenizer::apply(Pieces& pieces, const SegmentPlace& place) const {
    if (m_addPrefixSpace) {
        Pieces prefixed;
        prefixed.text.reserve(pieces.text.size() + pieces.ranges.size());
        for (const TextRange& range : pieces.ranges) {
            const size_t begin = prefixed.text.size();
            if (pieces.text[range.begin] != ' ') prefixed.text.push_back(' ');
            prefixed.text += pieces.piece(range);
            prefixed.ranges.push_back({begin, prefixed.text.size()});
        }
        pieces = std::move(prefixed);
    }
    if (m_pattern) HT_TRY(m_pattern->apply(pieces, place));
    std::string spelled;
    spelled.reserve(pieces.text.size() + pieces.text.size() / 3);
    for (TextRange& range : pieces.ranges) {
        const size_t begin = spelled.size();
        for (size_t i = range.begin; i < range.end; ++i) spelled += byteSpelling(static_cast<uint8_t>(pieces.text[i]));
        range = {begin, spelled.size()};
    }
    pieces.text = std::move(spelled);
    return {};
}

Status MetaspacePreTokenizer::apply(Pieces& pieces, const SegmentPlace& place) const {
    Pieces marked;
    marked.text.reserve(pieces.text.size() + pieces.text.size() / 3);
    for (const TextRange& range : pieces.ranges) {
        const size_t begin = marked.text.size();
        const std::string_view piece = pieces.piece(range);
        const bool hasMark = piece.starts_with(' ') || piece.starts_with(m_mark);
        const bool wanted = m_prefix == SpacePrefix::kEverySegment ||
                            (m_prefix == SpacePrefix::kTextStart && place.startsText && range.begin == 0);
        if (wanted && !hasMark) marked.text += m_mark;
        for (char c : piece) {
            if (c == ' ') {
                marked.text += m_mark;
            } else {
                marked.text.push_back(c);
            }
        }
        marked.ranges.push_back({begin, marked.text.size()});
    }
    pieces = std::move(marked);
    return m_split ? splitAtMarks(pieces) : Status();
}

Status MetaspacePreTokenizer::splitAtMarks(Pieces& pieces) const {
    if (m_mark.empty()) return {};
    std::vector<TextRange> result;
    for (const TextRange& range : pieces.ranges) {
        const std::string_view piece = pieces.piece(range);
        size_t begin = 0;
        for (size_t at = piece.find(m_mark, 1); at != std::string_view::npos; at = piece.find(m_mark, at + 1)) {
            appendRange(result, {range.begin + begin, range.begin + at});
            begin = at;
        }
        appendRange(result, {range.begin + begin, range.end});
    }
    pieces.ranges = std::move(result);
    return {};
}

Status WordStartPreTokenizer::apply(Pieces& pieces, const SegmentPlace&) const {
    std::vector<TextRange> result;
    const size_t length = m_mark.size();
    for (const TextRange& range : pieces.ranges) {
        const std::string_view piece = pieces.piece(range);
        size_t begin = 0;
        size_t endOfRun = 0;
        for (size_t at = piece.find(m_mark); at != std::string_view::npos; at = piece.find(m_mark, at + length)) {
            if (at != endOfRun) {
                appendRange(result, {range.begin + begin, range.begin + at});
                begin = at;
            }
            endOfRun = at + length;
        }
        appendRange(result, {range.begin + begin, range.end});
    }
    pieces.ranges = std::move(result);
    return {};
}

bool WordStartPreTokenizer::reachesAcross(std::string_view token, std::string_view mark) {
    size_t endOfRun = 0;
    for (size_t at = token.find(mark); at != std::string_view::npos; at = token.find(mark, at + mark.size())) {
        if (at != endOfRun) return true;
        endOfRun = at + mark.size();
    }
    return false;
}

}  // namespace halftone::tokenization
