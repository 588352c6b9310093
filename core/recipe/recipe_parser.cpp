// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "core/base/text_file.h"
#include "core/recipe/recipe_syntax.h"

namespace halftone {
namespace {

constexpr size_t kMaxRules = 10000;
constexpr size_t kMaxOverrides = 1000000;
constexpr size_t kMaxWordBytes = 4096;
constexpr int kMaxBlock = 1000000;
constexpr std::string_view kRuleParts = "role=, blocks=, match=, format= and method=";

// A word of a line: text, or key=value. Quotes are already taken off.
struct Word {
    std::string key;  // empty: no '='
    std::string value;
};

class RecipeParser {
  public:
    RecipeParser(std::string_view text, const std::string& source) : m_text(text), m_source(source) {}

    Result<Recipe> run() {
        if (m_text.starts_with("\xEF\xBB\xBF")) m_text.remove_prefix(3);
        while (!m_text.empty()) {
            const size_t end = std::min(m_text.find('\n'), m_text.size());
            std::string_view line = m_text.substr(0, end);
            m_text.remove_prefix(std::min(end + 1, m_text.size()));
            ++m_line;
            if (line.ends_with('\r')) line.remove_suffix(1);
            HT_TRY(parseLine(line));
        }
        if (!m_sawHeader) {
            m_line = std::max(m_line, 1);
            return fail(fmt::format("a recipe begins with the line \"{} {}\"", kRecipeMagic, kRecipeVersion));
        }
        return std::move(m_recipe);
    }

  private:
    tl::unexpected<Error> fail(const std::string& what) const {
        return makeError(ErrorCode::kInvalidData, fmt::format("{}, line {}: {}.", m_source, m_line, what));
    }

    Status parseLine(std::string_view line) {
        if (findMalformedUtf8(line) != std::string_view::npos) return fail("the text is not UTF-8");
        const auto isControl = [](unsigned char c) { return (c < ' ' && c != '\t') || c == 0x7F; };
        if (std::ranges::any_of(line, isControl)) return fail("there is a control character");
        HT_ASSIGN_OR_RETURN(const std::vector<Word> words, split(line));
        if (words.empty()) return {};
        if (!m_sawHeader) return parseHeader(words);
        if (!words[0].key.empty()) return fail(fmt::format("\"{}=\" does not begin a statement", words[0].key));
        const std::string& verb = words[0].value;
        if (verb == "name") return parseName(words);
        if (verb == "default") return parseDefault(words);
        if (verb == "rule") return parseRule(words);
        if (verb == "tensor") return parseTensor(words);
        if (verb == kRecipeMagic) return fail("the header may stand only once, on the first line");
        return fail(fmt::format("\"{}\" is not a statement; there are name, default, rule and tensor", verb));
    }

    Result<std::vector<Word>> split(std::string_view line) const {
        std::vector<Word> words;
        size_t at = 0;
        while (true) {
            while (at < line.size() && (line[at] == ' ' || line[at] == '\t')) ++at;
            if (at == line.size() || line[at] == '#') return words;
            HT_ASSIGN_OR_RETURN(Word word, readWord(line, at));
            words.push_back(std::move(word));
        }
    }

    Result<Word> readWord(std::string_view line, size_t& at) const {
        Word word;
        bool quoted = false;
        while (at < line.size() && line[at] != ' ' && line[at] != '\t') {
            if (quoted) return fail("a space is missing after the closing quote");
            if (line[at] == '"') {
                if (!word.value.empty()) return fail("a quote may only open a word or follow \"=\"");
                HT_ASSIGN_OR_RETURN(word.value, readQuoted(line, at));
                quoted = true;
                continue;
            }
            if (line[at] == '=' && word.key.empty()) {
                word.key = std::move(word.value);
                word.value.clear();
                if (word.key.empty()) return fail("there is nothing before \"=\"");
            } else {
                word.value += line[at];
            }
            if (word.value.size() > kMaxWordBytes)
                return fail(fmt::format("a word is longer than {} bytes", kMaxWordBytes));
            ++at;
        }
        return word;
    }

    // `at` stands on the opening quote; afterwards behind the closing one. \" and \\ are escapes, other backslashes
    // stay.
    Result<std::string> readQuoted(std::string_view line, size_t& at) const {
        std::string out;
        for (++at; at < line.size(); ++at) {
            const char c = line[at];
            if (c == '"') {
                ++at;
                return out;
            }
            const bool escape = c == '\\' && at + 1 < line.size() && (line[at + 1] == '"' || line[at + 1] == '\\');
            if (escape) ++at;
            out += line[at];
            if (out.size() > kMaxWordBytes)
                return fail(fmt::format("a quoted text is longer than {} bytes", kMaxWordBytes));
        }
        return fail("a quoted text is not closed");
    }

    Status parseHeader(const std::vector<Word>& words) {
        if (words[0].value != kRecipeMagic || !words[0].key.empty() || words.size() != 2) {
            return fail(fmt::format("a recipe begins with the line \"{} {}\"", kRecipeMagic, kRecipeVersion));
        }
        HT_ASSIGN_OR_RETURN(const int version, parseInteger(words[1].value, "the version"));
        if (version > kRecipeVersion) {
            return fail(fmt::format("the recipe has version {}, this program reads up to {}", version, kRecipeVersion));
        }
        if (version < 1) return fail("the version is 1 or more");
        m_sawHeader = true;
        return {};
    }

    Status parseName(const std::vector<Word>& words) {
        if (m_sawName) return fail("the recipe has a name already");
        if (words.size() != 2 || !words[1].key.empty()) return fail("name takes one text in double quotes");
        m_recipe.name = words[1].value;
        m_sawName = true;
        return {};
    }

    Status parseDefault(const std::vector<Word>& words) {
        if (m_sawDefault) return fail("the recipe has a default already");
        const bool hasMethod = words.size() == 3 && words[2].key == "method";
        if ((words.size() != 2 && !hasMethod) || !words[1].key.empty()) {
            return fail("default takes one format, or \"keep\", and may take method=");
        }
        m_sawDefault = true;
        if (hasMethod) {
            HT_ASSIGN_OR_RETURN(m_recipe.defaultMethod, parseMethod(words[2].value));
        }
        if (words[1].value == "keep") return {};
        HT_ASSIGN_OR_RETURN(m_recipe.defaultFormat, parseFormat(words[1].value));
        return {};
    }

    Status parseRule(const std::vector<Word>& words) {
        if (m_recipe.rules.size() >= kMaxRules) return fail(fmt::format("there are more than {} rules", kMaxRules));
        RecipeRule rule;
        std::set<std::string> seen;
        for (size_t i = 1; i < words.size(); ++i) {
            const Word& word = words[i];
            if (word.key.empty()) {
                return fail(fmt::format("\"{}\" is not a condition; a rule has {}", word.value, kRuleParts));
            }
            if (!seen.insert(word.key).second) return fail(fmt::format("\"{}=\" stands twice in one rule", word.key));
            HT_TRY(parseCondition(word, rule));
        }
        if (!seen.contains("format")) return fail("the rule has no format=");
        m_recipe.rules.push_back(std::move(rule));
        return {};
    }

    Status parseCondition(const Word& word, RecipeRule& rule) const {
        if (word.key == "role") return parseRoles(word.value, rule.match);
        if (word.key == "blocks") return parseBlocks(word.value, rule.match);
        if (word.key == "match") {
            if (word.value.empty()) return fail("match= needs a regular expression");
            rule.match.regex = word.value;
            return {};
        }
        if (word.key == "format") {
            HT_ASSIGN_OR_RETURN(rule.format, parseFormat(word.value));
            return {};
        }
        if (word.key == "method") {
            HT_ASSIGN_OR_RETURN(rule.method, parseMethod(word.value));
            return {};
        }
        return fail(fmt::format("\"{}=\" is not part of a rule; there are {}", word.key, kRuleParts));
    }

    Status parseTensor(const std::vector<Word>& words) {
        const bool named = words.size() >= 3 && words[1].key.empty() && !words[1].value.empty();
        if (!named) return fail("tensor takes a name, and format= or method= or both");
        if (m_recipe.overrides.size() + m_recipe.methodOverrides.size() >= kMaxOverrides) {
            return fail(fmt::format("there are more than {} tensor statements", kMaxOverrides));
        }
        for (size_t i = 2; i < words.size(); ++i) HT_TRY(parseOverride(words[1].value, words[i]));
        return {};
    }

    Status parseOverride(const std::string& tensor, const Word& word) {
        if (word.key == "format") {
            HT_ASSIGN_OR_RETURN(const Format format, parseFormat(word.value));
            if (m_recipe.overrides.emplace(tensor, format).second) return {};
            return fail(fmt::format("tensor {} has a format already", tensor));
        }
        if (word.key == "method") {
            HT_ASSIGN_OR_RETURN(MethodChoice method, parseMethod(word.value));
            if (m_recipe.methodOverrides.emplace(tensor, std::move(method)).second) return {};
            return fail(fmt::format("tensor {} has a method already", tensor));
        }
        return fail("tensor takes a name, and format= or method= or both");
    }

    Status parseRoles(std::string_view list, RuleMatch& match) const {
        while (true) {
            const size_t end = std::min(list.find(','), list.size());
            const std::string_view name = list.substr(0, end);
            const auto role = roleFromName(name);
            if (!role) return fail(fmt::format("\"{}\" is not a role; there are {}", name, roleList()));
            match.roles.insert(*role);
            if (end == list.size()) return {};
            list.remove_prefix(end + 1);
        }
    }

    // "3", "0-3", "4-" (to the last block), "-3" (from the first).
    Status parseBlocks(std::string_view text, RuleMatch& match) const {
        const size_t dash = text.find('-');
        const std::string_view first = text.substr(0, dash);
        const std::string_view last = dash == std::string_view::npos ? first : text.substr(dash + 1);
        if (first.empty() && last.empty()) return fail("blocks= takes a number or a range such as 0-3, 4- or -3");
        if (!first.empty()) {
            HT_ASSIGN_OR_RETURN(match.firstBlock, parseInteger(first, "blocks="));
        }
        if (!last.empty()) {
            HT_ASSIGN_OR_RETURN(match.lastBlock, parseInteger(last, "blocks="));
        }
        if (match.firstBlock && match.lastBlock && *match.firstBlock > *match.lastBlock) {
            return fail(fmt::format("the range of blocks {}-{} runs backwards", *match.firstBlock, *match.lastBlock));
        }
        return {};
    }

    Result<int> parseInteger(std::string_view text, std::string_view where) const {
        int value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error != std::errc{} || end != text.data() + text.size() || value < 0 || value > kMaxBlock) {
            return fail(fmt::format("{} needs a whole number up to {}, not \"{}\"", where, kMaxBlock, text));
        }
        return value;
    }

    Result<Format> parseFormat(std::string_view name) const {
        auto format = Format::parse(name);
        if (format) return *format;
        std::string message = format.error().message;
        while (message.ends_with('.')) message.pop_back();
        return fail(message);
    }

    Result<MethodChoice> parseMethod(std::string_view text) const {
        auto method = MethodChoice::parse(text);
        if (method) return *method;
        std::string message = method.error().message;
        while (message.ends_with('.')) message.pop_back();
        return fail(message);
    }

    static std::string roleList() {
        std::string out;
        for (int i = 0; i < static_cast<int>(TensorRole::kCount); ++i) {
            out += (out.empty() ? "" : ", ") + std::string(roleName(static_cast<TensorRole>(i)));
        }
        return out;
    }

    std::string_view m_text;
    const std::string& m_source;
    Recipe m_recipe;
    int m_line = 0;
    bool m_sawHeader = false, m_sawName = false, m_sawDefault = false;
};

}  // namespace

Result<Recipe> parseRecipe(std::string_view text, const std::string& source) {
    return RecipeParser(text, source).run();
}

}  // namespace halftone
