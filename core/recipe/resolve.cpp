// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <array>
#include <map>
#include <set>

#include <fmt/format.h>

#include "core/quant/formats/codec.h"
#include "core/recipe/recipe_match.h"
#include "core/recipe/recipe_syntax.h"

namespace halftone {
namespace {

using Severity = RecipeProblem::Severity;

// Integers in a checkpoint are codes or indices of another quantizer, not weights to be rounded.
bool holdsFloats(DType type) {
    switch (type) {
        case DType::kI8:
        case DType::kI16:
        case DType::kI32:
        case DType::kI64:
        case DType::kU8:
        case DType::kU16:
        case DType::kU32:
        case DType::kU64:
        case DType::kBool:
        case DType::kF8E8M0:
        case DType::kC64:
            return false;
        default:
            return true;
    }
}

// Matrices of architectures that this program only carries along: what the reference quantizer never touches
// (reference page on GGUF, section 5) stays as it is.
bool isUntouchable(const TensorInfo& tensor) {
    const std::string& name = tensor.canonicalName;
    if (name.starts_with("blk.") && !name.ends_with(".weight")) return true;
    constexpr std::array<std::string_view, 10> kParts{
        "_norm.weight", "ssm_conv1d",  "shortconv.conv", "time_mix_first", "time_mix_w0",
        "time_mix_w1",  "time_mix_w2", "time_mix_decay", "time_mix_lerp",  "attn_rel_b.weight"};
    return std::ranges::any_of(kParts, [&](std::string_view part) { return name.find(part) != std::string::npos; });
}

enum class Fate { kAssigned, kFloat32, kStored };

Fate fateOf(const TensorInfo& tensor) {
    if (!dtypeInfo(tensor.dtype).decodable || !holdsFloats(tensor.dtype)) return Fate::kStored;
    if (tensor.role == TensorRole::kOther && tensor.shape.size() >= 2 && isUntouchable(tensor)) return Fate::kStored;
    return tensor.isQuantizable() && tensor.cols() > 0 ? Fate::kAssigned : Fate::kFloat32;
}

// What became of one rule, for the problems list.
struct RuleUse {
    CompiledMatch match;
    int64_t matched = 0;     // tensors its conditions hold for
    int64_t assignable = 0;  // of these, such as take a format
    int64_t decided = 0;     // of these, such as no later rule or override takes away
};

class Resolver {
  public:
    Resolver(const Recipe& recipe, std::span<const TensorInfo> tensors) : m_recipe(recipe), m_tensors(tensors) {
        for (const RecipeRule& rule : recipe.rules) m_rules.push_back({CompiledMatch(rule.match)});
    }

    ResolvedRecipe run() {
        m_result.tensors.reserve(m_tensors.size());
        for (const TensorInfo& tensor : m_tensors) {
            m_result.tensors.push_back(resolveOne(tensor));
            addToTotals(m_result.tensors.back());
        }
        reportRules();
        reportOverrides();
        reportUnwritableFormats();
        reportMisfits();
        return std::move(m_result);
    }

  private:
    void report(Severity severity, std::string message, std::string tensor = {}) {
        m_result.problems.push_back({severity, std::move(message), std::move(tensor)});
    }

    // What the recipe speaks out for a tensor; no format: it says nothing.
    struct Request {
        std::optional<Format> format;
        MethodChoice method;
    };

    Request requestedFor(const TensorInfo& tensor, Fate fate) {
        Request requested{m_recipe.defaultFormat, m_recipe.defaultMethod};
        RuleUse* decider = nullptr;
        for (size_t i = 0; i < m_rules.size(); ++i) {
            if (!m_rules[i].match.matches(tensor)) continue;
            ++m_rules[i].matched;
            if (fate != Fate::kAssigned) continue;
            ++m_rules[i].assignable;
            decider = &m_rules[i];
            requested.format = m_recipe.rules[i].format;
            requested.method = m_recipe.rules[i].method.value_or(m_recipe.defaultMethod);
        }
        const auto found = m_recipe.overrides.find(tensor.canonicalName);
        if (found != m_recipe.overrides.end()) {
            m_usedOverrides.insert(found->first);
            decider = nullptr;
            requested = {found->second, m_recipe.defaultMethod};
            if (fate == Fate::kFloat32) {
                report(Severity::kWarning,
                       fmt::format("{} is no weight matrix: it stays F32 although the recipe names it.",
                                   tensor.canonicalName),
                       tensor.canonicalName);
            }
        }
        if (decider) ++decider->decided;
        const auto method = m_recipe.methodOverrides.find(tensor.canonicalName);
        if (method != m_recipe.methodOverrides.end()) {
            m_usedOverrides.insert(method->first);
            requested.method = method->second;
        }
        return requested;
    }

    ResolvedTensor resolveOne(const TensorInfo& tensor) {
        const Fate fate = fateOf(tensor);
        const Request requested = requestedFor(tensor, fate);
        ResolvedTensor out;
        out.name = tensor.canonicalName;
        out.role = tensor.role;
        out.quantizable = fate == Fate::kAssigned;
        out.rows = tensor.rows();
        out.cols = tensor.cols();
        out.sourceBytes = static_cast<int64_t>(tensor.sizeBytes);
        const Format stored = Format::of(tensor.dtype);
        if (fate == Fate::kFloat32) {
            out.requested = out.format = Format::of(DType::kF32);
            out.bytes = out.rows * out.cols * 4;
        } else if (fate == Fate::kStored || !requested.format) {
            out.kept = true;
            out.requested = out.format = stored;
            out.bytes = out.sourceBytes;
            if (fate == Fate::kStored && tensor.isQuantizable()) reportStored(tensor, requested.format);
        } else {
            assign(tensor, *requested.format, out);
            if (!out.kept) assignMethod(requested.method, out);
        }
        return out;
    }

    void assign(const TensorInfo& tensor, const Format& requested, ResolvedTensor& out) {
        out.requested = requested;
        out.format = requested.orFallback(out.cols);
        // What the file stores already goes over unchanged, whether or not this program could encode it.
        out.kept = out.format == Format::of(tensor.dtype);
        if (!out.kept && !canEncode(out.format)) m_unwritable.insert(out.format);
        out.bytes = out.kept ? out.sourceBytes : out.format.storageBytes(out.rows, out.cols);
        if (!out.fellBack()) return;
        const std::string forbids = !requested.isStorage()
                                        ? fmt::format("which {} cannot hold", requested.displayName())
                                        : fmt::format("which {}'s blocks of {} do not divide", requested.displayName(),
                                                      dtypeInfo(requested.storage()).blockElements);
        report(Severity::kNote,
               fmt::format("{} has rows of {} values, {}: it takes {} instead.", tensor.canonicalName, out.cols,
                           forbids, out.format.displayName()),
               tensor.canonicalName);
    }

    // A method that makes no sense for the format gives way to the default one, and the problems list says why.
    void assignMethod(const MethodChoice& requested, ResolvedTensor& out) {
        out.requestedMethod = requested;
        const std::string obstacle = methodObstacle(requested.id, out.format);
        if (obstacle.empty()) {
            out.method = requested;
            return;
        }
        MisfitMethod& misfit = m_misfits[obstacle];
        if (misfit.tensors++ == 0) misfit.firstTensor = out.name;
    }

    void reportMisfits() {
        for (const auto& [obstacle, misfit] : m_misfits) {
            const std::string who = misfit.tensors == 1 ? misfit.firstTensor + " is"
                                                        : fmt::format("{} tensors (the first is {}) are",
                                                                      misfit.tensors, misfit.firstTensor);
            report(Severity::kWarning, fmt::format("{} {} rounded to the nearest value instead.", obstacle, who),
                   misfit.tensors == 1 ? misfit.firstTensor : std::string());
        }
    }

    void reportStored(const TensorInfo& tensor, const std::optional<Format>& requested) {
        if (!requested || *requested == Format::of(tensor.dtype)) return;
        const std::string_view type = dtypeInfo(tensor.dtype).name;
        const std::string reason = !dtypeInfo(tensor.dtype).decodable
                                       ? fmt::format("is stored as {}, which this program does not decode", type)
                                   : !holdsFloats(tensor.dtype)
                                       ? fmt::format("holds {} values, not weights", type)
                                       : fmt::format("is of a kind that is never quantized ({})", type);
        report(Severity::kNote, fmt::format("{} {}: it keeps that type.", tensor.canonicalName, reason),
               tensor.canonicalName);
    }

    void addToTotals(const ResolvedTensor& tensor) {
        RecipeTotals& totals = m_result.totals;
        const int64_t elements = tensor.rows * tensor.cols;
        totals.parameters += elements;
        totals.bytes += tensor.bytes;
        totals.sourceBytes += tensor.sourceBytes;
        if (!tensor.quantizable) return;
        totals.quantizedParameters += elements;
        totals.quantizedBytes += tensor.bytes;
    }

    void reportRules() {
        for (size_t i = 0; i < m_rules.size(); ++i) {
            const RuleUse& use = m_rules[i];
            const std::string conditions = matchToText(m_recipe.rules[i].match);
            const std::string who = fmt::format("Rule {}{}", i + 1, conditions.empty() ? "" : " (" + conditions + ")");
            if (!use.match.error().empty()) {
                report(Severity::kError, fmt::format("{}: {}.", who, use.match.error()));
            } else if (use.matched == 0) {
                report(Severity::kWarning, fmt::format("{} matches no tensor of this checkpoint.", who));
            } else if (use.assignable == 0) {
                report(Severity::kWarning,
                       fmt::format("{} matches only tensors that take no format (norms, biases).", who));
            } else if (use.decided == 0) {
                report(Severity::kNote,
                       fmt::format("{} decides nothing: what stands after it wins for all its tensors.", who));
            }
        }
    }

    void reportOverrides() {
        std::set<std::string> named;
        for (const auto& [name, format] : m_recipe.overrides) named.insert(name);
        for (const auto& [name, method] : m_recipe.methodOverrides) named.insert(name);
        for (const std::string& name : named) {
            if (m_usedOverrides.contains(name)) continue;
            report(Severity::kWarning, fmt::format("The recipe names {}, which this checkpoint does not have.", name),
                   name);
        }
    }

    void reportUnwritableFormats() {
        for (const Format& format : m_unwritable) {
            report(Severity::kError,
                   fmt::format("{} is a type that this program does not write; choose another format.",
                               format.displayName()));
        }
    }

    const Recipe& m_recipe;
    std::span<const TensorInfo> m_tensors;
    std::vector<RuleUse> m_rules;
    std::set<std::string> m_usedOverrides;
    std::set<Format> m_unwritable;
    struct MisfitMethod {
        int64_t tensors = 0;
        std::string firstTensor;
    };
    std::map<std::string, MisfitMethod> m_misfits;  // by obstacle
    ResolvedRecipe m_result;
};

}  // namespace

const ResolvedTensor* ResolvedRecipe::find(std::string_view canonicalName) const {
    const auto found = std::ranges::find(tensors, canonicalName, &ResolvedTensor::name);
    return found == tensors.end() ? nullptr : &*found;
}

ResolvedRecipe resolve(const Recipe& recipe, std::span<const TensorInfo> tensors) {
    return Resolver(recipe, tensors).run();
}

}  // namespace halftone
