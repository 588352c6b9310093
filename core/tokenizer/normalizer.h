// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/tokenizer/charsmap.h"
#include "core/tokenizer/regex.h"
#include "core/tokenizer/unicode_class.h"

namespace halftone::tokenization {

/// Where a stretch of text between added tokens lies in the whole text.
struct SegmentPlace {
    bool startsText = true;
    bool endsText = true;
    bool followsControl = false;  ///< directly behind a control token written in the text
};

/// Turns a stretch of well-formed UTF-8 into the form in which tokens are looked up. Immutable; any thread.
class Normalizer {
  public:
    virtual ~Normalizer() = default;
    [[nodiscard]] virtual Result<std::string> apply(std::string text, const SegmentPlace& place) const = 0;
};

/// Steps may lengthen a text at most this much, so that a file with steps that multiply text cannot exhaust memory.
[[nodiscard]] size_t normalizedSizeLimit(size_t inputBytes);
[[nodiscard]] tl::unexpected<Error> normalizedTextTooLong();

class SequenceNormalizer final : public Normalizer {
  public:
    explicit SequenceNormalizer(std::vector<std::unique_ptr<Normalizer>> steps) : m_steps(std::move(steps)) {}
    [[nodiscard]] Result<std::string> apply(std::string text, const SegmentPlace& place) const override;

  private:
    std::vector<std::unique_ptr<Normalizer>> m_steps;
};

class UnicodeNormalizer final : public Normalizer {
  public:
    explicit UnicodeNormalizer(UnicodeForm form) : m_form(form) {}
    [[nodiscard]] Result<std::string> apply(std::string text, const SegmentPlace&) const override {
        return normalizeUnicode(text, m_form);
    }

  private:
    UnicodeForm m_form;
};

class LowercaseNormalizer final : public Normalizer {
  public:
    [[nodiscard]] Result<std::string> apply(std::string text, const SegmentPlace&) const override {
        return toLowerCase(text);
    }
};

/// Drops combining marks.
class StripAccentsNormalizer final : public Normalizer {
  public:
    [[nodiscard]] Result<std::string> apply(std::string text, const SegmentPlace&) const override;
};

/// Drops white space at the ends.
class StripNormalizer final : public Normalizer {
  public:
    StripNormalizer(bool left, bool right) : m_left(left), m_right(right) {}
    [[nodiscard]] Result<std::string> apply(std::string text, const SegmentPlace&) const override;

  private:
    bool m_left;
    bool m_right;
};

/// Puts a text in front of a stretch that is not empty.
class PrependNormalizer final : public Normalizer {
  public:
    explicit PrependNormalizer(std::string prefix) : m_prefix(std::move(prefix)) {}
    [[nodiscard]] Result<std::string> apply(std::string text, const SegmentPlace&) const override {
        if (!text.empty()) text.insert(0, m_prefix);
        return text;
    }

  private:
    std::string m_prefix;
};

class ReplaceNormalizer final : public Normalizer {
  public:
    /// Replaces a plain text. An empty `from` leaves texts as they are.
    ReplaceNormalizer(std::string from, std::string to) : m_from(std::move(from)), m_to(std::move(to)) {}
    ReplaceNormalizer(Regex pattern, std::string to) : m_pattern(std::move(pattern)), m_to(std::move(to)) {}
    [[nodiscard]] Result<std::string> apply(std::string text, const SegmentPlace&) const override;

  private:
    [[nodiscard]] Result<std::string> applyPattern(const std::string& text) const;

    std::optional<Regex> m_pattern;
    std::string m_from;
    std::string m_to;
};

/// Spells bytes in the byte-level alphabet.
class ByteLevelNormalizer final : public Normalizer {
  public:
    [[nodiscard]] Result<std::string> apply(std::string text, const SegmentPlace&) const override;
};

class CharsmapNormalizer final : public Normalizer {
  public:
    explicit CharsmapNormalizer(Charsmap map) : m_map(std::move(map)) {}
    [[nodiscard]] Result<std::string> apply(std::string text, const SegmentPlace&) const override {
        return m_map.apply(text);
    }

  private:
    Charsmap m_map;
};

struct BertNormalizerOptions {
    bool cleanText = true;
    bool isolateIdeographs = true;
    bool stripAccents = true;
    bool lowercase = true;
};

class BertNormalizer final : public Normalizer {
  public:
    explicit BertNormalizer(const BertNormalizerOptions& options) : m_options(options) {}
    [[nodiscard]] Result<std::string> apply(std::string text, const SegmentPlace&) const override;

  private:
    BertNormalizerOptions m_options;
};

enum class SpacePrefix { kNever, kTextStart, kTextStartAndAfterControl, kEverySegment };

struct SentencePieceOptions {
    Charsmap charsmap;
    SpacePrefix prefix = SpacePrefix::kEverySegment;
    bool removeExtraSpaces = false;
    bool escapeSpaces = true;  ///< " " becomes U+2581
    bool suffixMarks = false;  ///< the mark goes behind words, not in front (treat_whitespace_as_suffix)
};

/// What SentencePiece does to text before it looks for pieces.
class SentencePieceNormalizer final : public Normalizer {
  public:
    explicit SentencePieceNormalizer(SentencePieceOptions options) : m_options(std::move(options)) {}
    [[nodiscard]] Result<std::string> apply(std::string text, const SegmentPlace& place) const override;

  private:
    SentencePieceOptions m_options;
};

}  // namespace halftone::tokenization
