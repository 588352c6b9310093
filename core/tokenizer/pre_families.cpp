// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/pre_families.h"

#include <algorithm>

// Patterns are data of the formats: tokenizers agree with each other only if every character is the same.
#define HT_CONTRACTIONS R"((?i:'s|'t|'re|'ve|'m|'ll|'d))"
#define HT_LINES_AND_SPACES R"(\s*[\r\n]+|\s+(?!\S)|\s+)"
#define HT_CASED_WORDS(suffix)                                                               \
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+)" suffix \
    R"(|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*)" suffix

namespace halftone::tokenization {
namespace {

constexpr std::string_view kGpt2 = R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
constexpr std::string_view kLlama3 =
    HT_CONTRACTIONS R"(|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|)" HT_LINES_AND_SPACES;
constexpr std::string_view kQwen2 =
    HT_CONTRACTIONS R"(|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|)" HT_LINES_AND_SPACES;
constexpr std::string_view kQwen35 =
    HT_CONTRACTIONS R"(|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|)" HT_LINES_AND_SPACES;
constexpr std::string_view kO200k =
    HT_CASED_WORDS(HT_CONTRACTIONS "?") R"(|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|)" HT_LINES_AND_SPACES;
constexpr std::string_view kTekken = HT_CASED_WORDS("") R"(|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|)" HT_LINES_AND_SPACES;
constexpr std::string_view kDeepSeekWords =
    R"([!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|)" HT_LINES_AND_SPACES;
constexpr std::string_view kDeepSeekLetters =
    R"(\s?[A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿΆΈ-ΊΌΎ-ΡΣ-ϵϷ-ҁҊ-ԯԱ-ՖႠ-ჅᎠ-Ᏽᏸ-ᏽᲐ-ᲺᲽ-Ჿᴀ-ᴫᵫ-ᵷᵹ-ᶚḀ-ἕἘ-Ἕἠ-ὅὈ-Ὅὐ-ὗὙὛὝὟ-ώᾀ-ᾴᾶ-ᾼιῂ-ῄῆ-ῌῐ-ΐῖ-Ίῠ-Ῥῲ-ῴῶ-ῼℂℇℊ-ℓℕℙ-ℝℤΩℨK-ℭℯ-ℴℹℼ-ℿⅅ-ⅉⅎↃↄⰀ-ⱻⱾ-ⳤⳫ-ⳮⳲⳳꙀ-ꙭꚀ-ꚛꜢ-ꝯꝱ-ꞇꞋ-ꞎꭰ-ꮿﬀ-ﬆﬓ-ﬗＡ-Ｚａ-ｚ𐐀-𐑏𐒰-𐓓𐓘-𐓻𐲀-𐲲𐳀-𐳲𑢠-𑣟𞤀-𞥃]+)";
constexpr std::string_view kDeepSeekIdeographs = R"([一-龥ࠀ-一가-퟿]+)";
constexpr std::string_view kBloom = R"( ?[^(\s|.,!?…。，、।۔،)]+)";
constexpr std::string_view kKimi =
    R"([\p{Han}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+)" HT_CONTRACTIONS
    R"(?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*)" HT_CONTRACTIONS
    R"(?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|)" HT_LINES_AND_SPACES;
constexpr std::string_view kBailing =
    R"('(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+)";
constexpr std::string_view kSeedCoder =
    HT_CONTRACTIONS R"(|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1}| ?[^\s\p{L}\p{N}\r\n]+|)" HT_LINES_AND_SPACES;
constexpr std::string_view kExaoneMoe = HT_CONTRACTIONS
    R"(|[^\r\n\p{L}\p{N}]?(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]?|\s*[\r\n]|\s+(?!\S)|\s+)";
constexpr std::string_view kMiniCpm5 =
    HT_CONTRACTIONS R"(|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}+| ?[^\s\p{L}\p{N}]+[\r\n]*|)" HT_LINES_AND_SPACES;

const std::vector<PreFamily>& families() {
    static const std::vector<PreFamily> table = {
        {.names = {"gpt-2", "phi-2", "jina-es", "jina-de", "jina-v2-es", "jina-v2-de", "gigachat", "a.x-4.0", "mellum",
                   "modern-bert", "exaone4", "mpt", "olmo", "jais", "trillion", "granite-docling"},
         .patterns = {kGpt2}},
        {.names = {"roberta-bpe", "jina-v1-en", "jina-v2-code"},
         .patterns = {kGpt2},
         .addsBos = true,
         .addsSeparator = true},
        {.names = {"llama-bpe", "llama3", "llama-v3", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2",
                   "jina-v5-nano"},
         .patterns = {kLlama3},
         .ignoreMerges = true,
         .addsBos = true},
        {.names = {"smaug-bpe", "dbrx", "chatglm-bpe", "glm4"}, .patterns = {kLlama3}},
        {.names = {"qwen2", "deepseek-r1-qwen", "kormo", "f2llmv2", "megrez", "stablelm2", "hunyuan", "solar-open",
                   "grok-2"},
         .patterns = {kQwen2},
         .composed = true},
        {.names = {"qwen35"}, .patterns = {kQwen35}, .composed = true},
        {.names = {"gpt-4o", "llama4", "kanana2", "talkie", "minimax-m2"}, .patterns = {kO200k}},
        {.names = {"tekken"}, .patterns = {kTekken}, .ignoreMerges = true, .addsBos = true},
        {.names = {"deepseek-v3", "hunyuan-dense", "joyai-llm", "hy_v4"},
         .patterns = {R"(\p{N}{1,3})", "[一-龥぀-ゟ゠-ヿ]+", kDeepSeekWords}},
        {.names = {"deepseek-coder"},
         .patterns = {R"([\r\n])", R"(\s?\p{L}+)", R"(\s?\p{P}+)", kDeepSeekIdeographs, R"(\p{N})"}},
        {.names = {"deepseek-llm"},
         .patterns = {R"([\r\n])", kDeepSeekLetters, R"(\s?[!-/:-~！-／：-～‘-‟　-。]+)", R"(\s+$)",
                      kDeepSeekIdeographs, R"(\p{N}+)"}},
        {.names = {"smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b", "mellum2"},
         .patterns = {R"(\p{N})", kGpt2}},
        {.names = {"falcon"}, .patterns = {R"([\p{P}\$\+<=>\^~\|`]+)", kGpt2, "[0-9][0-9][0-9]"}},
        // How Falcon's own tokenizer.json spells it; the digits are separate already.
        {.names = {"falcon"}, .patterns = {R"([\p{P}\$\+<=>\^~\|`]+)", kGpt2, R"(\p{N}+)", "[0-9][0-9][0-9]"}},
        {.names = {"bloom", "poro-chat", "gpt3-finnish"}, .patterns = {kBloom}},
        {.names = {"viking"}, .patterns = {kBloom, R"(\p{N})"}},
        {.names = {"kimi-k2"}, .patterns = {kKimi}},
        {.names = {"bailingmoe", "bailingmoe2", "llada-moe"}, .patterns = {kBailing}},
        {.names = {"seed-coder"}, .patterns = {kSeedCoder}},
        {.names = {"exaone-moe"}, .patterns = {kExaoneMoe}},
        {.names = {"superbpe"}, .patterns = {R"(\p{N}+)", R"((?=(\d{3})+(?!\d)))"}},
        {.names = {"tiny_aya", "cohere2moe"}, .patterns = {R"(\d{1,3}(?=(?:\d{3})*\b))", kO200k}},
        {.names = {"minicpm5"}, .patterns = {R"(\p{N}{1,3})", kMiniCpm5}, .ignoreMerges = true},
        {.names = {"default"}, .patterns = {R"([\p{P}\$\+<=>\^~\|]+)", kGpt2, R"(\p{N}+)", "[0-9][0-9][0-9]"}},
    };
    return table;
}

}  // namespace

const std::string_view kGpt2Pattern = kGpt2;

const PreFamily* findPreFamily(std::string_view name) {
    for (const PreFamily& family : families()) {
        if (std::ranges::find(family.names, name) != family.names.end()) return &family;
    }
    return nullptr;
}

const PreFamily* findPreFamily(std::span<const std::string> patterns, bool ignoreMerges) {
    for (const PreFamily& family : families()) {
        if (!family.addsSeparator && family.ignoreMerges == ignoreMerges &&
            std::ranges::equal(family.patterns, patterns)) {
            return &family;
        }
    }
    return nullptr;
}

Result<std::unique_ptr<PreTokenizer>> makeFamilyPreTokenizer(const PreFamily& family) {
    std::vector<std::unique_ptr<PreTokenizer>> steps;
    for (const std::string_view pattern : family.patterns) {
        HT_ASSIGN_OR_RETURN(Regex regex, Regex::compile(pattern));
        steps.push_back(std::make_unique<SplitPreTokenizer>(std::move(regex), SplitBehavior::kIsolated, false));
    }
    steps.push_back(std::make_unique<ByteLevelPreTokenizer>(false, nullptr));
    return std::make_unique<SequencePreTokenizer>(std::move(steps));
}

}  // namespace halftone::tokenization
