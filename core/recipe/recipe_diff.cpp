// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <map>
#include <unordered_map>

#include <fmt/format.h>

#include "core/recipe/recipe.h"

namespace halftone {
namespace {

constexpr size_t kShownGroups = 2;

// Changes that read as one: same kind of tensor, same step.
struct ChangeGroup {
    std::string role;
    RecipeChange step;
    std::set<int> blocks;
    std::vector<std::string> tensors;
};

// "4-9, 12"
std::string blockRanges(const std::set<int>& blocks) {
    std::string out;
    for (auto at = blocks.begin(); at != blocks.end();) {
        const int first = *at;
        int last = first;
        while (++at != blocks.end() && *at == last + 1) last = *at;
        out += out.empty() ? "" : ", ";
        out += first == last ? std::to_string(first) : fmt::format("{}-{}", first, last);
    }
    return out;
}

std::string shortName(std::string name) {
    constexpr std::string_view kSuffix = ".weight";
    if (name.ends_with(kSuffix)) name.resize(name.size() - kSuffix.size());
    return name;
}

std::string storageText(const Format& format, const MethodChoice& method) {
    if (method.isDefault()) return format.displayName();
    return fmt::format("{} by {}", format.displayName(), method.displayName());
}

std::string stepText(const RecipeChange& change) {
    return fmt::format("{} → {}", storageText(change.before, change.methodBefore),
                       storageText(change.after, change.methodAfter));
}

bool isSameStep(const RecipeChange& a, const RecipeChange& b) {
    return a.before == b.before && a.after == b.after && a.methodBefore == b.methodBefore &&
           a.methodAfter == b.methodAfter;
}

std::string describeGroup(const ChangeGroup& group) {
    const std::string step = stepText(group.step);
    const bool isRole = !group.role.empty() && !group.blocks.empty();
    if (group.tensors.size() == 1 || !isRole) {
        const std::string who = group.tensors.size() == 1 ? shortName(group.tensors.front())
                                                          : fmt::format("{} tensors", group.tensors.size());
        return fmt::format("{}: {}", who, step);
    }
    return fmt::format("{} of block{} {}: {}", group.role, group.blocks.size() == 1 ? "" : "s",
                       blockRanges(group.blocks), step);
}

std::vector<ChangeGroup> groupChanges(std::span<const RecipeChange> changes, std::span<const TensorInfo> tensors) {
    std::unordered_map<std::string_view, const TensorInfo*> byName;
    for (const TensorInfo& tensor : tensors) byName.emplace(tensor.canonicalName, &tensor);
    std::vector<ChangeGroup> groups;
    for (const RecipeChange& change : changes) {
        const auto found = byName.find(change.tensor);
        const TensorInfo* info = found == byName.end() ? nullptr : found->second;
        const std::string role = info && info->role != TensorRole::kOther ? std::string(roleName(info->role)) : "";
        auto group = std::ranges::find_if(
            groups, [&](const ChangeGroup& g) { return g.role == role && isSameStep(g.step, change); });
        if (group == groups.end()) {
            groups.push_back({role, change, {}, {}});
            group = groups.end() - 1;
        }
        if (info && info->block >= 0) group->blocks.insert(info->block);
        group->tensors.push_back(change.tensor);
    }
    return groups;
}

}  // namespace

std::vector<RecipeChange> diff(const ResolvedRecipe& before, const ResolvedRecipe& after) {
    std::unordered_map<std::string_view, const ResolvedTensor*> earlier;
    for (const ResolvedTensor& tensor : before.tensors) earlier.emplace(tensor.name, &tensor);
    std::vector<RecipeChange> changes;
    for (const ResolvedTensor& tensor : after.tensors) {
        const auto found = earlier.find(tensor.name);
        if (found == earlier.end()) continue;
        const ResolvedTensor& old = *found->second;
        if (old.format == tensor.format && old.method == tensor.method) continue;
        changes.push_back({tensor.name, old.format, tensor.format, old.method, tensor.method});
    }
    return changes;
}

std::string describeChanges(std::span<const RecipeChange> changes, std::span<const TensorInfo> tensors) {
    if (changes.empty()) return "no change";
    const std::vector<ChangeGroup> groups = groupChanges(changes, tensors);
    if (groups.size() <= kShownGroups) {
        std::string out;
        for (const ChangeGroup& group : groups) out += (out.empty() ? "" : "; ") + describeGroup(group);
        return out;
    }
    const RecipeChange& first = changes.front();
    if (std::ranges::all_of(changes, [&](const RecipeChange& c) { return isSameStep(c, first); })) {
        return fmt::format("{} tensors: {}", changes.size(), stepText(first));
    }
    const auto endsAlike = [&](const RecipeChange& c) {
        return c.after == first.after && c.methodAfter == first.methodAfter;
    };
    if (std::ranges::all_of(changes, endsAlike)) {
        return fmt::format("{} tensors to {}", changes.size(), storageText(first.after, first.methodAfter));
    }
    return fmt::format("{}; {} more tensors", describeGroup(groups.front()),
                       changes.size() - groups.front().tensors.size());
}

}  // namespace halftone
