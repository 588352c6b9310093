// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/pattern_syntax.h"
#include "core/tokenizer/utf8.h"

#include <vector>

#include <fmt/format.h>

namespace halftone::tokenization {
namespace {

constexpr std::string_view kWordClasses = "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}";
constexpr int kMaxNesting = 8;

struct CharacterClass {
    bool negated = false;
    std::string body;                        // without brackets
    std::vector<std::string> intersections;  // look-aheads that a character must also pass
};

class Translator {
  public:
    explicit Translator(std::string_view pattern) : m_pattern(pattern) {}

    Result<std::string> run() {
        std::string result;
        while (m_position < m_pattern.size()) {
            if (m_pattern[m_position] == '\\') {
                appendEscape(result, false);
            } else if (m_pattern[m_position] == '[') {
                HT_ASSIGN_OR_RETURN(const CharacterClass parsed, parseClass(0));
                result += spell(parsed);
            } else {
                result.push_back(m_pattern[m_position++]);
            }
        }
        return result;
    }

  private:
    [[nodiscard]] tl::unexpected<Error> refuse(std::string_view why) const {
        return makeError(ErrorCode::kUnsupported,
                         fmt::format("The tokenizer's pattern \"{}\" {}, which cannot be matched here.",
                                     clipText(m_pattern, 200), why));
    }

    void appendEscape(std::string& out, bool inClass) {
        const char kind = m_position + 1 < m_pattern.size() ? m_pattern[m_position + 1] : '\0';
        const auto wrap = [&](std::string_view open, std::string_view members) {
            out += inClass ? std::string(members) : fmt::format("{}{}]", open, members);
        };
        if (kind == 's') {
            out += "\\p{White_Space}";
        } else if (kind == 'S') {
            out += "\\P{White_Space}";
        } else if (kind == 'w') {
            wrap("[", kWordClasses);
        } else if (kind == 'W' && !inClass) {
            wrap("[^", kWordClasses);
        } else if (kind == 'h') {
            wrap("[", "0-9a-fA-F");
        } else {
            out += m_pattern.substr(m_position, 2);
        }
        m_position += 2;
    }

    // At '['; afterwards behind the matching ']'.
    Result<CharacterClass> parseClass(int depth) {
        if (depth > kMaxNesting) return refuse("nests character classes too deeply");
        CharacterClass result;
        ++m_position;
        if (peek() == '^') {
            result.negated = true;
            ++m_position;
        }
        if (peek() == ']') takeLiteral(result.body);
        while (m_position < m_pattern.size() && peek() != ']') {
            HT_TRY(parseMember(result, depth));
        }
        if (m_position >= m_pattern.size()) return refuse("has a character class without an end");
        ++m_position;
        return result;
    }

    Status parseMember(CharacterClass& result, int depth) {
        if (peek() == '\\') {
            appendEscape(result.body, true);
        } else if (m_pattern.substr(m_position).starts_with("[:")) {
            const size_t end = m_pattern.find(":]", m_position);
            if (end == std::string_view::npos) return refuse("has a character class without an end");
            result.body += m_pattern.substr(m_position, end + 2 - m_position);
            m_position = end + 2;
        } else if (m_pattern.substr(m_position).starts_with("&&")) {
            m_position += 2;
            return parseIntersection(result, depth);
        } else if (peek() == '[') {
            HT_ASSIGN_OR_RETURN(const CharacterClass nested, parseClass(depth + 1));
            if (nested.negated || !nested.intersections.empty()) return refuse("joins a negated class to another");
            result.body += nested.body;
        } else {
            takeLiteral(result.body);
        }
        return {};
    }

    Status parseIntersection(CharacterClass& result, int depth) {
        if (peek() != '[') return refuse("intersects a class with something that is not a class in brackets");
        HT_ASSIGN_OR_RETURN(const CharacterClass other, parseClass(depth + 1));
        if (!other.intersections.empty()) return refuse("nests class intersections");
        result.intersections.push_back(fmt::format("{}[{}])", other.negated ? "(?!" : "(?=", other.body));
        return {};
    }

    [[nodiscard]] static std::string spell(const CharacterClass& parsed) {
        const std::string plain = fmt::format("[{}{}]", parsed.negated ? "^" : "", parsed.body);
        if (parsed.intersections.empty()) return plain;
        std::string conditions;
        for (const std::string& condition : parsed.intersections) conditions += condition;
        if (!parsed.negated) return fmt::format("(?:{}[{}])", conditions, parsed.body);
        return fmt::format("(?:(?!{}[{}])(?s:.))", conditions, parsed.body);
    }

    [[nodiscard]] char peek() const { return m_position < m_pattern.size() ? m_pattern[m_position] : '\0'; }
    void takeLiteral(std::string& out) { out.push_back(m_pattern[m_position++]); }

    std::string_view m_pattern;
    size_t m_position = 0;
};

}  // namespace

Result<std::string> pcrePattern(std::string_view onigurumaPattern) {
    return Translator(onigurumaPattern).run();
}

}  // namespace halftone::tokenization
