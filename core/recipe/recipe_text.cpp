// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include <fmt/format.h>

#include "core/base/text_file.h"
#include "core/recipe/recipe_syntax.h"

namespace halftone {
namespace {

constexpr int64_t kMaxRecipeBytes = 4 << 20;

std::string blocksToText(const RuleMatch& match) {
    if (match.firstBlock && match.lastBlock && *match.firstBlock == *match.lastBlock)
        return std::to_string(*match.firstBlock);
    return fmt::format("{}-{}", match.firstBlock ? std::to_string(*match.firstBlock) : "",
                       match.lastBlock ? std::to_string(*match.lastBlock) : "");
}

// A bare word ends at a space, opens no comment and needs no escapes.
std::string wordToText(std::string_view word) {
    const bool plain = !word.empty() && std::ranges::none_of(word, [](unsigned char c) {
        return c <= ' ' || c == '"' || c == '#' || c == '\\' || c == '=' || c == 0x7F;
    });
    return plain ? std::string(word) : quoteForRecipe(word);
}

std::string methodToText(const MethodChoice& method) {
    return " method=" + method.name();
}

bool namesMethods(const Recipe& recipe) {
    return !recipe.defaultMethod.isDefault() || !recipe.methodOverrides.empty() ||
           std::ranges::any_of(recipe.rules, [](const RecipeRule& rule) { return rule.method.has_value(); });
}

}  // namespace

std::string quoteForRecipe(std::string_view value) {
    std::string out = "\"";
    for (size_t i = 0; i < value.size(); ++i) {
        const char c = value[i];
        if (c == '"') {
            out += "\\\"";
        } else if (c == '\\') {
            // A lone backslash stays one (regular expressions are full of them); it is doubled where the next
            // character would otherwise be taken for the escaped one.
            const bool ambiguous = i + 1 == value.size() || value[i + 1] == '\\' || value[i + 1] == '"';
            out += ambiguous ? "\\\\" : "\\";
        } else {
            const bool control = (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == 0x7F;
            out += control ? ' ' : c;
        }
    }
    return out + '"';
}

std::string matchToText(const RuleMatch& match) {
    std::string out;
    const auto append = [&](const std::string& part) { out += (out.empty() ? "" : " ") + part; };
    if (!match.roles.empty()) {
        std::string roles;
        for (TensorRole role : match.roles) roles += (roles.empty() ? "" : ",") + std::string(roleName(role));
        append("role=" + roles);
    }
    if (match.firstBlock || match.lastBlock) append("blocks=" + blocksToText(match));
    if (!match.regex.empty()) append("match=" + quoteForRecipe(match.regex));
    return out;
}

std::string Recipe::toText() const {
    std::string out = fmt::format("{} {}\n", kRecipeMagic, namesMethods(*this) ? kRecipeVersion : 1);
    if (!name.empty()) out += fmt::format("name {}\n", quoteForRecipe(name));
    out += fmt::format("default {}{}\n", defaultFormat ? defaultFormat->name() : "keep",
                       defaultMethod.isDefault() ? "" : methodToText(defaultMethod));
    for (const RecipeRule& rule : rules) {
        const std::string conditions = matchToText(rule.match);
        out += fmt::format("rule {}{}format={}{}\n", conditions, conditions.empty() ? "" : " ", rule.format.name(),
                           rule.method ? methodToText(*rule.method) : "");
    }
    for (const auto& [tensor, format] : overrides) {
        const auto method = methodOverrides.find(tensor);
        out += fmt::format("tensor {} format={}{}\n", wordToText(tensor), format.name(),
                           method == methodOverrides.end() ? "" : methodToText(method->second));
    }
    for (const auto& [tensor, method] : methodOverrides) {
        if (!overrides.contains(tensor)) out += fmt::format("tensor {}{}\n", wordToText(tensor), methodToText(method));
    }
    return out;
}

Result<Recipe> Recipe::parse(std::string_view text) {
    return parseRecipe(text, "Recipe");
}

Result<Recipe> Recipe::load(const std::filesystem::path& path) {
    HT_ASSIGN_OR_RETURN(const std::string text, readTextFile(path, kMaxRecipeBytes));
    return parseRecipe(text, path.string());
}

Status Recipe::save(const std::filesystem::path& path) const {
    return writeFileAtomically(path, toText());
}

size_t Recipe::overriddenTensorCount() const {
    size_t count = overrides.size();
    for (const auto& [tensor, choice] : methodOverrides) count += overrides.contains(tensor) ? 0 : 1;
    return count;
}

Recipe Recipe::pure(const Format& format) {
    Recipe recipe;
    recipe.name = format.displayName();
    recipe.defaultFormat = format;
    return recipe;
}

Recipe Recipe::pure(const Format& format, const MethodChoice& method) {
    Recipe recipe = pure(format);
    recipe.defaultMethod = method;
    if (!method.isDefault()) recipe.name += ", " + method.displayName();
    return recipe;
}

}  // namespace halftone
