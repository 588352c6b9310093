// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

#include "core/recipe/recipe.h"

namespace halftone {

/// First line of every recipe: this word and the version of the language.
inline constexpr std::string_view kRecipeMagic = "halftone-recipe";
inline constexpr int kRecipeVersion = 2;

/// The recipe in `text`; errors begin with "`source`, line N: ".
Result<Recipe> parseRecipe(std::string_view text, const std::string& source);

/// The conditions of a rule as a recipe file spells them ("role=attn_v,ffn_down blocks=0-3"); empty where there are
/// none.
std::string matchToText(const RuleMatch& match);

/// `value` in double quotes, readable back by the parser. A line has no place for control characters: they become
/// spaces.
std::string quoteForRecipe(std::string_view value);

}  // namespace halftone
