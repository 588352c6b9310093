// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/recipe/recipe_from_formats.h"

#include <algorithm>
#include <map>
#include <set>

namespace halftone {
namespace {

using Place = std::pair<TensorRole, int>;  // role and block

/// Where a format goes: the blocks of each role.
using Groups = std::map<Format, std::map<TensorRole, std::set<int>>>;

/// Roles whose blocks are the same take one rule together.
void addRules(const Format& format, const std::map<TensorRole, std::set<int>>& byRole,
              const std::map<TensorRole, std::set<int>>& allBlocks, std::vector<RecipeRule>& rules) {
    std::map<std::pair<bool, std::set<int>>, std::set<TensorRole>> rolesOf;  // (everywhere, blocks) -> roles
    for (const auto& [role, blocks] : byRole) {
        const bool everywhere = blocks == allBlocks.at(role);
        rolesOf[{everywhere, everywhere ? std::set<int>{} : blocks}].insert(role);
    }
    for (const auto& [place, roles] : rolesOf) {
        RecipeRule rule{.match = {.roles = roles, .firstBlock = {}, .lastBlock = {}, .regex = {}}, .format = format};
        const auto& [everywhere, blocks] = place;
        if (everywhere) rules.push_back(rule);
        for (auto first = blocks.begin(); first != blocks.end();) {
            auto last = first;
            while (std::next(last) != blocks.end() && *std::next(last) == *last + 1) ++last;
            rule.match.firstBlock = *first;
            rule.match.lastBlock = *last;
            rules.push_back(rule);
            first = std::next(last);
        }
    }
}

}  // namespace

Recipe recipeFromFormats(const Format& base, std::span<const TensorInfo> tensors,
                         const std::function<Format(const TensorInfo&)>& formatOf) {
    std::map<Place, std::set<Format>> formatsAt;
    std::map<TensorRole, std::set<int>> allBlocks;
    for (const TensorInfo& tensor : tensors) {
        if (!tensor.isQuantizable()) continue;
        formatsAt[{tensor.role, tensor.block}].insert(formatOf(tensor));
        allBlocks[tensor.role].insert(tensor.block);
    }
    Recipe recipe;
    recipe.defaultFormat = base;
    Groups groups;
    for (const TensorInfo& tensor : tensors) {
        if (!tensor.isQuantizable()) continue;
        const Format format = formatOf(tensor);
        // Without a block a rule by role would match tensors of all blocks, and "other" is no role of its own.
        const bool isAlone = formatsAt.at({tensor.role, tensor.block}).size() == 1 && tensor.role != TensorRole::kOther;
        const bool hasPlace = isAlone && (tensor.block >= 0 || allBlocks.at(tensor.role).size() == 1);
        if (!hasPlace) {
            if (format != base) recipe.overrides[tensor.canonicalName] = format;
        } else if (format != base) {
            groups[format][tensor.role].insert(tensor.block);
        }
    }
    for (const auto& [format, byRole] : groups) addRules(format, byRole, allBlocks, recipe.rules);
    return recipe;
}

Format commonestFormat(std::span<const TensorInfo> tensors, const std::function<Format(const TensorInfo&)>& formatOf) {
    std::map<Format, int64_t> weights;
    for (const TensorInfo& tensor : tensors) {
        if (tensor.isQuantizable()) weights[formatOf(tensor)] += tensor.elementCount();
    }
    const auto largest = std::ranges::max_element(weights, {}, &std::pair<const Format, int64_t>::second);
    return largest == weights.end() ? Format() : largest->first;
}

}  // namespace halftone
