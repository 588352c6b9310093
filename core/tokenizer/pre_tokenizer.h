// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "core/base/error.h"
#include "core/tokenizer/normalizer.h"
#include "core/tokenizer/regex.h"

namespace halftone::tokenization {

/// A text and the pieces of it that the model sees one by one: increasing, not overlapping, never empty.
struct Pieces {
    std::string text;
    std::vector<TextRange> ranges;
    [[nodiscard]] std::string_view piece(const TextRange& range) const {
        return std::string_view(text).substr(range.begin, range.size());
    }
};

/// Cuts pieces into smaller pieces, and may respell them. Immutable; any thread.
class PreTokenizer {
  public:
    virtual ~PreTokenizer() = default;
    [[nodiscard]] virtual Status apply(Pieces& pieces, const SegmentPlace& place) const = 0;
};

class SequencePreTokenizer final : public PreTokenizer {
  public:
    explicit SequencePreTokenizer(std::vector<std::unique_ptr<PreTokenizer>> steps) : m_steps(std::move(steps)) {}
    [[nodiscard]] Status apply(Pieces& pieces, const SegmentPlace& place) const override;

  private:
    std::vector<std::unique_ptr<PreTokenizer>> m_steps;
};

/// What becomes of the text that a splitter matches.
enum class SplitBehavior { kRemoved, kIsolated, kMergedWithPrevious, kMergedWithNext, kContiguous };

/// Splits at the matches of a pattern. `invert`: what does not match is treated as the match.
class SplitPreTokenizer final : public PreTokenizer {
  public:
    SplitPreTokenizer(Regex pattern, SplitBehavior behavior, bool invert)
        : m_pattern(std::move(pattern)), m_behavior(behavior), m_invert(invert) {}
    [[nodiscard]] Status apply(Pieces& pieces, const SegmentPlace& place) const override;

  private:
    Regex m_pattern;
    SplitBehavior m_behavior;
    bool m_invert;
};

/// Splits at the characters of a class; each is a match of its own.
class CharacterSplitPreTokenizer final : public PreTokenizer {
  public:
    using Predicate = bool (*)(char32_t);
    CharacterSplitPreTokenizer(Predicate predicate, SplitBehavior behavior)
        : m_predicate(predicate), m_behavior(behavior) {}
    [[nodiscard]] Status apply(Pieces& pieces, const SegmentPlace& place) const override;

  private:
    Predicate m_predicate;
    SplitBehavior m_behavior;
};

/// Byte-level alphabet: optionally a space in front, the GPT-2 pattern, then every byte spelled by one character.
class ByteLevelPreTokenizer final : public PreTokenizer {
  public:
    /// Without `pattern` pieces are only respelled.
    ByteLevelPreTokenizer(bool addPrefixSpace, std::unique_ptr<PreTokenizer> pattern)
        : m_addPrefixSpace(addPrefixSpace), m_pattern(std::move(pattern)) {}
    [[nodiscard]] Status apply(Pieces& pieces, const SegmentPlace& place) const override;

  private:
    bool m_addPrefixSpace;
    std::unique_ptr<PreTokenizer> m_pattern;
};

/// Spaces become a mark; optionally one mark in front, and a split before each mark.
class MetaspacePreTokenizer final : public PreTokenizer {
  public:
    MetaspacePreTokenizer(std::string mark, SpacePrefix prefix, bool split)
        : m_mark(std::move(mark)), m_prefix(prefix), m_split(split) {}
    [[nodiscard]] Status apply(Pieces& pieces, const SegmentPlace& place) const override;

  private:
    [[nodiscard]] Status splitAtMarks(Pieces& pieces) const;

    std::string m_mark;
    SpacePrefix m_prefix;
    bool m_split;
};

/// Cuts before each run of marks that follows something else. For models in which no token reaches across such a place
/// this changes no result and keeps pieces short.
class WordStartPreTokenizer final : public PreTokenizer {
  public:
    explicit WordStartPreTokenizer(std::string mark) : m_mark(std::move(mark)) {}
    [[nodiscard]] Status apply(Pieces& pieces, const SegmentPlace& place) const override;
    /// Whether `token` has the mark behind something other than the mark.
    [[nodiscard]] static bool reachesAcross(std::string_view token, std::string_view mark);

  private:
    std::string m_mark;
};

}  // namespace halftone::tokenization
