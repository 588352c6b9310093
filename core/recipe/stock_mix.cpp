// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/recipe/stock_mix.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/recipe/recipe_from_formats.h"

namespace halftone {
namespace {

using enum DType;

constexpr auto kMixes = std::to_array<StockMix>({
    {"q2_k_s", "Q2_K_S", "Two bits; with few key-value heads four for the values, and for the first down projections",
     kQ2_K, 21},
    {"q2_k", "Q2_K", "Two bits; three or four for values, three for down and attention output projections", kQ2_K, 10},
    {"q3_k_s", "Q3_K_S", "Three bits throughout, six for the head", kQ3_K, 11},
    {"q3_k_m", "Q3_K_M", "Three bits; four, at the beginning five, for values, down and attention output projections",
     kQ3_K, 12},
    {"q3_k_l", "Q3_K_L", "Three bits; five for values, down and attention output projections", kQ3_K, 13},
    {"iq4_xs", "IQ4_XS", "Four bits on a curved scale in super-blocks; five for the first down projections", kIQ4_XS,
     30},
    {"iq4_nl", "IQ4_NL", "Four bits on a curved scale; five for the first down projections", kIQ4_NL, 25},
    {"q4_0", "Q4_0", "Four bits in simple blocks, fast everywhere; six for the head", kQ4_0, 2},
    {"q4_k_s", "Q4_K_S", "Four bits; five for the first values and down projections", kQ4_K, 14},
    {"q4_k_m", "Q4_K_M", "Four bits; six for half of the values and down projections. The usual choice", kQ4_K, 15},
    {"q4_1", "Q4_1", "Four bits with an offset in simple blocks; six for the head", kQ4_1, 3},
    {"q5_0", "Q5_0", "Five bits in simple blocks; six for the head", kQ5_0, 8},
    {"q5_k_s", "Q5_K_S", "Five bits throughout, six for the head", kQ5_K, 16},
    {"q5_k_m", "Q5_K_M", "Five bits; six for half of the values and down projections", kQ5_K, 17},
    {"q5_1", "Q5_1", "Five bits with an offset in simple blocks; six for the head", kQ5_1, 9},
    {"q6_k", "Q6_K", "Six bits throughout", kQ6_K, 18},
    {"q8_0", "Q8_0", "Eight bits throughout", kQ8_0, 7},
});

constexpr int kManyExperts = 8;   // the mixtures treat models with exactly so many apart
constexpr int kLargeBlocks = 80;  // the 70B models of Llama, told by depth and shared key-value heads

/// The kinds of tensors that the mixtures tell apart.
enum class Part : uint8_t { kHead, kEmbedding, kValue, kKey, kDown, kAttentionOutput, kOther };

Part partOf(TensorRole role, bool hasHead) {
    switch (role) {
        case TensorRole::kOutput:
            return Part::kHead;
        case TensorRole::kTokenEmbedding:
            return hasHead ? Part::kEmbedding : Part::kHead;
        case TensorRole::kAttnV:
        case TensorRole::kAttnQkv:
            return Part::kValue;
        case TensorRole::kAttnK:
            return Part::kKey;
        case TensorRole::kFfnDown:
        case TensorRole::kExpertDown:
        case TensorRole::kSharedExpertDown:
            return Part::kDown;
        case TensorRole::kAttnOutput:
            return Part::kAttentionOutput;
        default:
            return Part::kOther;
    }
}

/// What the rules ask about a checkpoint.
struct Facts {
    int blocks = 0;
    int experts = 0;
    int64_t headsPerKeyValueHead = 1;
    bool hasHead = false;
    bool withImportance = false;
    std::map<int, int> valueIndex;  ///< block -> how many blocks with values come before it

    [[nodiscard]] bool isLarge() const { return blocks == kLargeBlocks && headsPerKeyValueHead > 1; }
};

Facts factsOf(std::span<const TensorInfo> tensors, bool withImportance) {
    Facts facts{.withImportance = withImportance, .valueIndex = {}};
    int64_t queryRows = 0, keyRows = 0;
    for (const TensorInfo& tensor : tensors) {
        if (!tensor.isQuantizable()) continue;
        facts.blocks = std::max(facts.blocks, tensor.block + 1);
        facts.hasHead |= tensor.role == TensorRole::kOutput;
        if (tensor.role == TensorRole::kAttnQ && queryRows == 0) queryRows = tensor.rows();
        if (tensor.role == TensorRole::kAttnK && keyRows == 0) keyRows = tensor.rows();
        if (partOf(tensor.role, true) == Part::kValue) facts.valueIndex[tensor.block] = 0;
        if (tensor.role != TensorRole::kExpertDown) continue;
        const int stacked = tensor.shape.size() > 2 ? static_cast<int>(tensor.shape.front()) : tensor.expert + 1;
        facts.experts = std::max(facts.experts, stacked);
    }
    if (keyRows > 0) facts.headsPerKeyValueHead = queryRows / keyRows;
    int index = 0;
    for (auto& [block, position] : facts.valueIndex) position = index++;
    return facts;
}

/// The first and the last eighth, and every third block between.
bool getsMore(int index, int count) {
    return index < count / 8 || index >= 7 * count / 8 || (index - count / 8) % 3 == 2;
}

/// The type of each part under one mix. Mixes are told apart by file type, as their names are not all base types.
class MixRules {
  public:
    MixRules(const StockMix& mix, const Facts& facts) : m_mix(mix), m_facts(facts) {}

    [[nodiscard]] DType typeOf(Part part, int block) const {
        switch (part) {
            case Part::kHead:
                return m_mix.base == kQ8_0 ? kQ8_0 : kQ6_K;
            case Part::kValue:
                return value(block);
            case Part::kKey:
                return m_facts.experts == kManyExperts ? kQ8_0 : m_mix.base;
            case Part::kDown:
                return down(block);
            case Part::kAttentionOutput:
                return attentionOutput();
            case Part::kEmbedding:
            case Part::kOther:
                break;
        }
        return m_mix.base;
    }

  private:
    [[nodiscard]] bool is(std::string_view name) const { return m_mix.name == name; }

    [[nodiscard]] DType value(int block) const {
        if (m_facts.experts == kManyExperts) return kQ8_0;
        const DType type = plainValue(block);
        return m_facts.isLarge() && (type == kQ3_K || type == kQ4_K) ? kQ5_K : type;
    }
    [[nodiscard]] DType plainValue(int block) const {
        const bool sharesKeys = m_facts.headsPerKeyValueHead >= 4;
        const auto place = m_facts.valueIndex.find(block);
        const int index = place == m_facts.valueIndex.end() ? 0 : place->second;
        if (is("q2_k")) return sharesKeys ? kQ4_K : kQ3_K;
        if (is("q2_k_s")) return sharesKeys ? kQ4_K : kQ2_K;
        if (is("q3_k_m")) return index < 2 ? kQ5_K : kQ4_K;
        if (is("q3_k_l")) return kQ5_K;
        if (is("iq4_nl") || is("iq4_xs")) return sharesKeys ? kQ5_K : m_mix.base;
        if (is("q4_k_s")) return index < 4 ? kQ5_K : kQ4_K;
        if (is("q4_k_m") || is("q5_k_m"))
            return getsMore(index, static_cast<int>(m_facts.valueIndex.size())) ? kQ6_K : m_mix.base;
        return m_mix.base;
    }
    [[nodiscard]] DType down(int block) const {
        const bool isEarly = block < m_facts.blocks / 8;
        if (is("q2_k")) return kQ3_K;
        if (is("q2_k_s")) return isEarly ? kQ4_K : kQ2_K;
        if (is("q3_k_m")) return block < m_facts.blocks / 16 ? kQ5_K : kQ4_K;
        if (is("q3_k_l")) return kQ5_K;
        if (is("q4_k_m") || is("q5_k_m")) return getsMore(block, m_facts.blocks) ? kQ6_K : m_mix.base;
        if (!isEarly) return m_mix.base;
        if (is("q4_k_s")) return kQ5_K;
        if (is("iq4_nl") || is("iq4_xs")) return m_facts.withImportance ? m_mix.base : kQ5_K;
        if (is("q4_0") && m_facts.withImportance) return kQ4_1;
        if (is("q5_0") && m_facts.withImportance) return kQ5_1;
        return m_mix.base;
    }
    [[nodiscard]] DType attentionOutput() const {
        if (m_facts.experts == kManyExperts) {
            static constexpr std::string_view kWider[] = {"q2_k",   "q3_k_s", "q3_k_m", "iq4_nl",
                                                          "q4_k_s", "q4_k_m", "iq4_xs"};
            return std::ranges::find(kWider, m_mix.name) != std::end(kWider) ? kQ5_K : m_mix.base;
        }
        if (is("q2_k")) return kQ3_K;
        if (is("q3_k_m")) return kQ4_K;
        if (is("q3_k_l")) return kQ5_K;
        return m_mix.base;
    }

    const StockMix& m_mix;
    const Facts& m_facts;
};

}  // namespace

std::span<const StockMix> stockMixes() {
    return kMixes;
}

Result<StockMix> findStockMix(std::string_view name) {
    const auto isSameLetter = [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); };
    const auto mix = std::ranges::find_if(
        kMixes, [&](const StockMix& known) { return std::ranges::equal(known.name, name, isSameLetter); });
    if (mix != kMixes.end()) return *mix;
    std::vector<std::string_view> names;
    for (const StockMix& known : kMixes) names.push_back(known.name);
    return makeError(ErrorCode::kInvalidArgument,
                     fmt::format("\"{}\" is not a known mix; there are {}.", name, fmt::join(names, ", ")));
}

Recipe stockMixRecipe(const StockMix& mix, std::span<const TensorInfo> tensors, bool withImportance) {
    const Facts facts = factsOf(tensors, withImportance);
    const MixRules mixRules(mix, facts);
    Recipe recipe = recipeFromFormats(Format::of(mix.base), tensors, [&](const TensorInfo& tensor) {
        return Format::of(mixRules.typeOf(partOf(tensor.role, facts.hasHead), tensor.block));
    });
    recipe.name = mix.displayName;
    return recipe;
}

const StockMix* matchingStockMix(const ResolvedRecipe& resolved, std::span<const TensorInfo> tensors) {
    const auto isSame = [](const ResolvedTensor& a, const ResolvedTensor& b) {
        return a.quantizable == b.quantizable && (!a.quantizable || a.requested == b.requested);
    };
    for (const StockMix& mix : kMixes) {
        for (const bool withImportance : {false, true}) {
            const ResolvedRecipe candidate = resolve(stockMixRecipe(mix, tensors, withImportance), tensors);
            if (std::ranges::equal(resolved.tensors, candidate.tensors, isSame)) return &mix;
        }
    }
    return nullptr;
}

}  // namespace halftone
