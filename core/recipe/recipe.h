// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/quant/formats/format.h"
#include "core/quant/methods/method.h"
#include "core/tensor/tensor_info.h"

namespace halftone {

/// Which tensors a rule speaks of; every condition that is set must hold.
struct RuleMatch {
    std::set<TensorRole> roles;                ///< empty: any
    std::optional<int> firstBlock, lastBlock;  ///< inclusive
    std::string regex;                         ///< PCRE2 on the canonical name, searched anywhere; empty: any
    bool operator==(const RuleMatch&) const = default;
};

/// "What matches takes this format." Later rules win over earlier ones.
struct RecipeRule {
    RuleMatch match;
    Format format;
    std::optional<MethodChoice> method{};  ///< nullopt: the recipe's default method
    bool operator==(const RecipeRule&) const = default;
};

/// What every quantizable tensor becomes: a default, rules in order, overrides of single tensors. A pure value:
/// comparable, hashable through its text, undoable by keeping the old one. Text form (`.recipe`), one statement a line,
/// `#` comments:
///
///     halftone-recipe 2
///     name "INT4 by GPTQ, sensitive tensors wider"
///     default int4_g128_asym method=gptq
///     rule role=attn_v,ffn_down blocks=0-3 format=q6_k
///     rule match="^output" format=q8_0 method=nearest
///     tensor blk.7.ffn_down.weight format=int4_g64_asym method=gptq:damping=0.05
///     tensor blk.8.ffn_down.weight method=mse
///
/// The method goes with the statement that decides the format; a statement without one takes the default's. Version 1
/// is the same without methods; a recipe that names none is written as version 1.
struct Recipe {
    std::string name;
    std::optional<Format> defaultFormat;  ///< nullopt: tensors keep the type they have
    std::vector<RecipeRule> rules;
    std::map<std::string, Format> overrides;  ///< by canonical name
    MethodChoice defaultMethod;
    std::map<std::string, MethodChoice> methodOverrides;  ///< by canonical name; the format need not be overridden
    bool operator==(const Recipe&) const = default;

    [[nodiscard]] std::string toText() const;
    /// The error names the line, what is wrong there and what is accepted.
    static Result<Recipe> parse(std::string_view text);
    static Result<Recipe> load(const std::filesystem::path& path);
    /// Atomic: old file or new file.
    [[nodiscard]] Status save(const std::filesystem::path& path) const;

    /// Tensors that have a format or a method of their own.
    [[nodiscard]] size_t overriddenTensorCount() const;

    /// Every weight matrix, embedding and head included, takes the format or its fallback.
    static Recipe pure(const Format& format);
    static Recipe pure(const Format& format, const MethodChoice& method);
};

/// One tensor's fate.
struct ResolvedTensor {
    std::string name;                ///< canonical
    Format requested;                ///< what the recipe says
    Format format;                   ///< what it gets: requested, or the fallback its row length forces
    MethodChoice method{};           ///< how its codes are chosen; one that makes sense for `format`
    MethodChoice requestedMethod{};  ///< what the recipe says
    bool quantizable = true;         ///< norms, biases and the like are F32 whatever the recipe says
    bool kept = false;               ///< no rule touches it: stays as stored
    int64_t rows = 0, cols = 0;
    int64_t sourceBytes = 0;
    int64_t bytes = 0;
    TensorRole role = TensorRole::kOther;
    [[nodiscard]] bool fellBack() const { return requested != format; }
    [[nodiscard]] bool methodFellBack() const { return requestedMethod != method; }
};

struct RecipeTotals {
    int64_t parameters = 0;
    int64_t bytes = 0;  ///< all tensors
    int64_t sourceBytes = 0;
    int64_t quantizedParameters = 0;  ///< in quantizable tensors
    int64_t quantizedBytes = 0;
    [[nodiscard]] double bitsPerWeight() const { return parameters ? 8.0 * double(bytes) / double(parameters) : 0.0; }
};

/// Something in the recipe worth telling before any work is done.
struct RecipeProblem {
    enum class Severity { kNote, kWarning, kError } severity = Severity::kNote;
    std::string message;
    std::string tensor;  ///< canonical name, or empty
};

/// The recipe applied to one checkpoint's tensors.
struct ResolvedRecipe {
    std::vector<ResolvedTensor> tensors;  ///< in the checkpoint's order
    RecipeTotals totals;
    std::vector<RecipeProblem>
        problems;  ///< all of them: fallbacks, rules and overrides that match nothing, bad regex, ...
    [[nodiscard]] const ResolvedTensor* find(std::string_view canonicalName) const;
};

/// Never fails: problems are part of the result. `tensors` as Checkpoint::tensors().
ResolvedRecipe resolve(const Recipe& recipe, std::span<const TensorInfo> tensors);

/// Difference of two recipes on the same tensors, for the diff view and for undo names ("ffn_down of blocks 4-9: Q4_K →
/// Q5_K").
struct RecipeChange {
    std::string tensor;
    Format before, after;
    MethodChoice methodBefore{}, methodAfter{};
};
std::vector<RecipeChange> diff(const ResolvedRecipe& before, const ResolvedRecipe& after);
/// One readable line for a set of changes.
std::string describeChanges(std::span<const RecipeChange> changes, std::span<const TensorInfo> tensors);

}  // namespace halftone
