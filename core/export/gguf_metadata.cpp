// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/export/gguf_metadata.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/base/checked.h"
#include "core/tokenizer/tokenizer.h"

namespace halftone {
namespace {

using Json = nlohmann::json;
using Severity = RecipeProblem::Severity;

constexpr size_t kMaxProvenanceText = 127;

// Length keys are u32 in GGUF; the configuration is validated, so the numbers fit.
uint32_t asU32(int64_t value) {
    return static_cast<uint32_t>(std::clamp<int64_t>(value, 0, std::numeric_limits<uint32_t>::max()));
}

// The object that holds rotary parameters in old and new configurations; null where there is none.
Json ropeScalingOf(const std::string& configJson) {
    const Json config = Json::parse(configJson, nullptr, false);
    if (!config.is_object()) return {};
    for (const char* key : {"rope_scaling", "rope_parameters"}) {
        const auto found = config.find(key);
        if (found != config.end() && found->is_object()) return *found;
    }
    return {};
}

std::string ropeTypeOf(const Json& scaling) {
    if (!scaling.is_object()) return {};
    for (const char* key : {"rope_type", "type"}) {
        const auto found = scaling.find(key);
        if (found != scaling.end() && found->is_string()) return found->get<std::string>();
    }
    return {};
}

double numberOf(const Json& object, const char* key, double otherwise) {
    const auto found = object.find(key);
    return found != object.end() && found->is_number() ? found->get<double>() : otherwise;
}

void addRopeScaling(GgufMetadata& metadata, const std::string& prefix, const Json& scaling, const ModelConfig& config) {
    const std::string type = ropeTypeOf(scaling);
    if (type != "linear" && type != "yarn") return;
    metadata.set(prefix + "rope.scaling.type", type);
    const double factor = numberOf(scaling, "factor", 1.0);
    metadata.set(prefix + "rope.scaling.factor", static_cast<float>(factor));
    if (type != "yarn") return;
    const double original = numberOf(scaling, "original_max_position_embeddings", double(config.contextLength));
    metadata.set(prefix + "rope.scaling.original_context_length", asU32(static_cast<int64_t>(original)));
    for (const char* key : {"beta_fast", "beta_slow"}) {
        if (scaling.contains(key) && scaling[key].is_number()) {
            metadata.set(prefix + "rope.scaling.yarn_" + key, static_cast<float>(scaling[key].get<double>()));
        }
    }
    // Runtimes multiply by the usual 0.1 ln(factor) + 1 themselves; the key holds what differs from it.
    const double usual = 0.1 * std::log(factor) + 1.0;
    const double relative = double(config.ropeAttentionFactor) / usual;
    if (std::abs(relative - 1.0) > 1e-6)
        metadata.set(prefix + "rope.scaling.attn_factor", static_cast<float>(relative));
}

void addModelKeys(GgufMetadata& metadata, const std::string& prefix, const ModelConfig& config,
                  const std::string& configJson) {
    metadata.set(prefix + "context_length", asU32(config.contextLength));
    metadata.set(prefix + "embedding_length", asU32(config.hiddenSize));
    metadata.set(prefix + "block_count", asU32(config.blockCount));
    metadata.set(prefix + "feed_forward_length", asU32(config.ffnSize));
    metadata.set(prefix + "attention.head_count", asU32(config.headCount));
    if (config.architecture == Architecture::kGpt2) {
        metadata.set(prefix + "attention.layer_norm_epsilon", config.normEpsilon);
        return;
    }
    metadata.set(prefix + "attention.head_count_kv", asU32(config.kvHeadCount));
    metadata.set(prefix + "attention.layer_norm_rms_epsilon", config.normEpsilon);
    if (config.architecture == Architecture::kQwen3 || config.headDim * config.headCount != config.hiddenSize) {
        metadata.set(prefix + "attention.key_length", asU32(config.headDim));
        metadata.set(prefix + "attention.value_length", asU32(config.headDim));
    }
    if (config.slidingWindow > 0) metadata.set(prefix + "attention.sliding_window", asU32(config.slidingWindow));
    metadata.set(prefix + "rope.dimension_count", asU32(config.rotaryDim));
    metadata.set(prefix + "rope.freq_base", static_cast<float>(config.ropeBase));
    addRopeScaling(metadata, prefix, ropeScalingOf(configJson), config);
    metadata.set(prefix + "vocab_size", asU32(config.vocabSize));
}

void noteDifferences(const ModelConfig& config, std::vector<RecipeProblem>& problems) {
    if (config.architecture == Architecture::kGpt2 && config.activation == Activation::kGeluErf) {
        problems.push_back(
            {Severity::kNote,
             "The model uses GELU by the error function; GGUF runtimes compute gpt2's GELU by tanh, so their logits "
             "differ slightly from this model's.",
             {}});
    }
    const bool isLlamaKind =
        config.architecture == Architecture::kLlama || config.architecture == Architecture::kMistral;
    if (isLlamaKind && config.slidingWindow > 0 && config.slidingWindow < config.contextLength) {
        problems.push_back(
            {Severity::kNote,
             fmt::format(
                 "The model attends to the last {} tokens; runtimes of GGUF's llama architecture attend to all of "
                 "them, so longer prompts give other results there.",
                 config.slidingWindow),
             {}});
    }
}

void addTokenizer(GgufMetadata& metadata, const Checkpoint& checkpoint, int64_t vocabSize,
                  std::vector<RecipeProblem>& problems) {
    const auto warn = [&](const Error& error) {
        problems.push_back(
            {Severity::kWarning,
             fmt::format("The file gets no tokenizer, so runtimes cannot turn text into tokens: {}", error.message),
             {}});
    };
    const auto tokenizer = Tokenizer::load(checkpoint);
    if (!tokenizer) return warn(tokenizer.error());
    const auto keys = (*tokenizer)->ggufMetadata(vocabSize);
    if (!keys) return warn(keys.error());
    for (const auto& [key, value] : keys->entries()) metadata.set(key, value);
    for (std::string& difference : (*tokenizer)->ggufDifferences())
        problems.push_back({Severity::kWarning, std::move(difference), {}});
}

std::string ggufArchitecture(Architecture architecture) {
    if (architecture == Architecture::kMistral) return "llama";
    return std::string(architectureName(architecture));
}

Result<GgufMetadata> metadataFromGguf(const Checkpoint& checkpoint) {
    GgufMetadata metadata = checkpoint.gguf();
    for (const char* key : {"split.no", "split.count", "split.tensors.count", "general.alignment"}) metadata.erase(key);
    return metadata;
}

// llama.cpp's number for a file of one type; mixtures of the K types have numbers of their own.
struct FileTypeRow {
    DType type;
    uint32_t pure;
    uint32_t mixed;
};

constexpr auto kFileTypes = std::to_array<FileTypeRow>(
    {{DType::kF32, 0, 0},       {DType::kF16, 1, 1},      {DType::kQ4_0, 2, 2},      {DType::kQ4_1, 3, 3},
     {DType::kQ8_0, 7, 7},      {DType::kQ5_0, 8, 8},     {DType::kQ5_1, 9, 9},      {DType::kQ2_K, 10, 10},
     {DType::kQ3_K, 11, 12},    {DType::kQ4_K, 14, 15},   {DType::kQ5_K, 16, 17},    {DType::kQ6_K, 18, 18},
     {DType::kIQ2_XXS, 19, 19}, {DType::kIQ2_XS, 20, 20}, {DType::kIQ3_XXS, 23, 23}, {DType::kIQ1_S, 24, 24},
     {DType::kIQ4_NL, 25, 25},  {DType::kIQ3_S, 26, 26},  {DType::kIQ2_S, 28, 28},   {DType::kIQ4_XS, 30, 30},
     {DType::kIQ1_M, 31, 31},   {DType::kBF16, 32, 32},   {DType::kTQ1_0, 36, 36},   {DType::kTQ2_0, 37, 37},
     {DType::kMXFP4, 38, 38},   {DType::kNVFP4, 39, 39},  {DType::kQ1_0, 40, 40},    {DType::kQ2_0, 41, 41}});

struct ValueBytes {
    int64_t operator()(const std::string& text) const { return 8 + static_cast<int64_t>(text.size()); }
    int64_t operator()(const GgufArray& array) const {
        if (const auto* strings = std::get_if<std::vector<std::string>>(&array.values)) {
            int64_t bytes = 12;
            for (const std::string& text : *strings) bytes += 8 + static_cast<int64_t>(text.size());
            return bytes;
        }
        return std::visit([](const auto& v) { return 12 + static_cast<int64_t>(v.size() * sizeof(v[0])); },
                          array.values);
    }
    template <typename Number>
    int64_t operator()(Number /*value*/) const {
        return sizeof(Number);
    }
};

// At most `limit` bytes, cut at a character of UTF-8.
std::string truncated(std::string text, size_t limit) {
    if (text.size() <= limit) return text;
    while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xC0u) == 0x80u) --limit;
    text.resize(limit);
    return text;
}

}  // namespace

Result<GgufMetadata> buildExportMetadata(const Checkpoint& checkpoint, const std::optional<ModelConfig>& config,
                                         const std::vector<ExportTensorPlan>& tensors,
                                         std::vector<RecipeProblem>& problems) {
    GgufMetadata metadata;
    if (checkpoint.kind() == CheckpointKind::kGguf) {
        HT_ASSIGN_OR_RETURN(metadata, metadataFromGguf(checkpoint));
    } else {
        const std::string architecture = config ? ggufArchitecture(config->architecture) : "unknown";
        metadata.set("general.architecture", architecture);
        metadata.set("general.type", std::string("model"));
        metadata.set("general.name", checkpoint.name());
        if (config) {
            addModelKeys(metadata, architecture + ".", *config, checkpoint.configJson());
            addTokenizer(metadata, checkpoint, config->vocabSize, problems);
            noteDifferences(*config, problems);
        }
    }
    metadata.set("general.file_type", majorityFileType(tensors));
    metadata.set("general.quantization_version", uint32_t{2});
    return metadata;
}

void addProvenance(GgufMetadata& metadata, const Checkpoint& checkpoint, const std::string& recipeText,
                   const ImportanceData& importance) {
    metadata.set("halftone.version", std::string(HT_VERSION));
    metadata.set("halftone.recipe", recipeText);
    metadata.set("halftone.source.name", checkpoint.name());
    metadata.set("halftone.source.fingerprint", checkpoint.fingerprint());
    if (importance.byTensor.empty()) return;
    metadata.set("quantize.imatrix.file", truncated(importance.dataset, kMaxProvenanceText));
    metadata.set("quantize.imatrix.dataset", truncated(importance.dataset, kMaxProvenanceText));
    metadata.set("quantize.imatrix.entries_count", asU32(static_cast<int64_t>(importance.byTensor.size())));
    metadata.set("quantize.imatrix.chunks_count", asU32(importance.chunkCount));
}

std::vector<float> ropeDivisors(const Checkpoint& checkpoint, const ModelConfig& config) {
    const Json scaling = ropeScalingOf(checkpoint.configJson());
    if (ropeTypeOf(scaling) != "llama3") return {};
    const double factor = numberOf(scaling, "factor", 8.0);
    const double low = numberOf(scaling, "low_freq_factor", 1.0);
    const double high = numberOf(scaling, "high_freq_factor", 4.0);
    const double original = numberOf(scaling, "original_max_position_embeddings", 8192.0);
    std::vector<float> divisors;
    for (int64_t k = 0; k < config.rotaryDim / 2; ++k) {
        const double frequency = std::pow(config.ropeBase, -2.0 * double(k) / double(config.rotaryDim));
        const double wavelength = 2.0 * std::numbers::pi / frequency;
        double divisor = factor;
        if (wavelength < original / high) {
            divisor = 1.0;
        } else if (wavelength <= original / low) {
            const double smooth = (original / wavelength - low) / (high - low);
            divisor = 1.0 / ((1.0 - smooth) / factor + smooth);
        }
        divisors.push_back(static_cast<float>(divisor));
    }
    return divisors;
}

uint32_t majorityFileType(const std::vector<ExportTensorPlan>& tensors) {
    std::map<DType, int64_t> elements;
    for (const ExportTensorPlan& tensor : tensors) {
        if (tensor.shape.size() < 2) continue;
        int64_t count = 1;
        for (int64_t dim : tensor.shape) count *= dim;
        elements[tensor.storage] += count;
    }
    const auto largest = std::ranges::max_element(elements, {}, &std::pair<const DType, int64_t>::second);
    if (largest == elements.end()) return 0;
    const auto row = std::ranges::find(kFileTypes, largest->first, &FileTypeRow::type);
    if (row == kFileTypes.end()) return 0;
    const auto isWeight = [](DType type) { return type != DType::kF32; };
    const auto weightTypes = std::ranges::count_if(elements, [&](const auto& entry) { return isWeight(entry.first); });
    return weightTypes > 1 ? row->mixed : row->pure;
}

int64_t ggufHeaderBytes(const GgufMetadata& metadata, const std::vector<ExportTensorPlan>& tensors) {
    int64_t bytes = 24;
    for (const auto& [key, value] : metadata.entries())
        bytes += 8 + static_cast<int64_t>(key.size()) + 4 + std::visit(ValueBytes{}, value);
    for (const ExportTensorPlan& tensor : tensors) {
        bytes += 8 + static_cast<int64_t>(tensor.targetName.size()) + 4 +
                 8 * static_cast<int64_t>(tensor.shape.size()) + 4 + 8;
    }
    return roundUp(bytes, 32);
}

}  // namespace halftone
