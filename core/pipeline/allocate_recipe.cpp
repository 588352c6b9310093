// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/pipeline/allocate_recipe.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "core/pipeline/candidates.h"
#include "core/recipe/recipe_from_formats.h"

namespace halftone {
namespace {

// Below this a format is as good as lossless, and its error is no measure for others.
constexpr double kNegligibleError = 1e-9;

/// The formats that a row of `cols` takes, each once.
std::vector<Format> formatsFor(const AllocationRequest& request, int64_t cols) {
    std::vector<Format> formats;
    for (const Format& format : request.formats) {
        const Format fitting = format.orFallback(cols);
        if (std::ranges::find(formats, fitting) == formats.end()) formats.push_back(fitting);
    }
    return formats;
}

/// A tensor's formats with their errors; harm is not known yet.
struct Tried {
    std::vector<Candidate> candidates;
    double probedError = 0;
};

Result<Tried> tryTensor(const AllocationRequest& request, int tensor, const JobContext& context) {
    const TensorInfo& info = request.checkpoint->tensors()[static_cast<size_t>(tensor)];
    std::vector<Format> formats = formatsFor(request, info.cols());
    const std::set<Format> wanted(formats.begin(), formats.end());
    const ResolvedTensor* probe = request.probed.find(info.canonicalName);
    if (probe && !wanted.contains(probe->format)) formats.push_back(probe->format);
    Tried tried;
    const auto keep = [&](const Candidate& candidate) {
        if (probe && candidate.format == probe->format) tried.probedError = candidate.distortion.relativeMse();
        if (wanted.contains(candidate.format)) tried.candidates.push_back(candidate);
    };
    HT_TRY(tryFormats({request.checkpoint, tensor, request.calibration, formats}, keep, context));
    return tried;
}

AllocationTensor tensorOf(const std::string& name, const Tried& tried, double harmPerError) {
    AllocationTensor tensor{.name = name, .choices = {}};
    for (const Candidate& candidate : tried.candidates)
        tensor.choices.push_back(
            {candidate.format, candidate.bytes, harmPerError * candidate.distortion.relativeMse()});
    return tensor;
}

}  // namespace

Result<std::vector<AllocationTensor>> allocationTable(const AllocationRequest& request, const JobContext& context) {
    if (request.formats.empty()) return makeError(ErrorCode::kInvalidArgument, "There is no format to choose from.");
    std::map<std::string, double> divergence;
    for (const TensorSensitivity& one : request.sensitivities) {
        // A figure within its own error of nothing still stands for some harm.
        divergence[one.tensor] = std::max(one.kld.mean, 0.1 * one.kld.standardError);
    }
    const auto tensors = request.checkpoint->tensors();
    const JobContext inner{.stop = context.stop, .progress = nullptr, .pool = context.pool};
    context.start("Trying formats", std::ranges::count_if(tensors, &TensorInfo::isQuantizable), "tensors");
    std::vector<AllocationTensor> table;
    for (size_t i = 0; i < tensors.size(); ++i) {
        if (!tensors[i].isQuantizable()) continue;
        const std::string& name = tensors[i].canonicalName;
        HT_ASSIGN_OR_RETURN(const Tried tried, tryTensor(request, static_cast<int>(i), inner));
        const auto known = divergence.find(name);
        const bool isMeasured = known != divergence.end() && tried.probedError > kNegligibleError;
        table.push_back(tensorOf(name, tried, isMeasured ? known->second / tried.probedError : 0));
        context.advance(1);
    }
    return table;
}

Result<AllocatedRecipe> allocateRecipe(const Checkpoint& checkpoint, std::span<const AllocationTensor> table,
                                       int64_t budgetBytes) {
    const auto tensors = checkpoint.tensors();
    int64_t fixed = 0;
    const ResolvedRecipe untouched = resolve(Recipe{}, tensors);
    for (const ResolvedTensor& tensor : untouched.tensors) fixed += tensor.quantizable ? 0 : tensor.bytes;
    const auto found = allocate(table, budgetBytes - fixed);
    if (!found) {
        return makeError(
            ErrorCode::kInvalidArgument,
            fmt::format("No choice of these formats is so small: the smallest comes to {:.2f} MB, and {:.2f} "
                        "MB were asked for.",
                        double(smallestBytes(table) + fixed) / 1e6, double(budgetBytes) / 1e6));
    }
    std::map<std::string, Format> formats;
    for (size_t i = 0; i < table.size(); ++i) formats[table[i].name] = table[i].choices[found->chosen[i]].format;
    const auto formatOf = [&](const TensorInfo& tensor) { return formats.at(tensor.canonicalName); };
    AllocatedRecipe allocated;
    allocated.recipe = recipeFromFormats(commonestFormat(tensors, formatOf), tensors, formatOf);
    allocated.totals = resolve(allocated.recipe, tensors).totals;
    allocated.recipe.name = fmt::format("allocated, {:.2f} bits", allocated.totals.bitsPerWeight());
    allocated.predictedKld = found->harm;
    return allocated;
}

std::vector<Format> usualAllocationFormats() {
    std::vector<Format> formats;
    for (const DType type :
         {DType::kQ2_K, DType::kQ3_K, DType::kIQ4_XS, DType::kQ4_K, DType::kQ5_K, DType::kQ6_K, DType::kQ8_0})
        formats.push_back(Format::of(type));
    return formats;
}

}  // namespace halftone
