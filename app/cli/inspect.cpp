// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "app/cli/options.h"
#include "app/cli/output.h"
#include "core/checkpoint/checkpoint.h"
#include "core/model/model_config.h"
#include "core/tokenizer/tokenizer.h"

namespace halftone::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string_view kindName(CheckpointKind kind) {
    switch (kind) {
        case CheckpointKind::kHuggingFace:
            return "Hugging Face folder";
        case CheckpointKind::kGguf:
            return "GGUF";
        case CheckpointKind::kTensorFile:
            return "tensor file";
        case CheckpointKind::kTokenizer:
            return "tokenizer";
    }
    return "";
}

// What running the checkpoint would need, with the reasons where it is not there.
struct Runnable {
    Result<ModelConfig> config;
    Result<std::shared_ptr<const Tokenizer>> tokenizer;
};

Json configJson(const ModelConfig& config) {
    return {{"architecture", architectureName(config.architecture)},
            {"vocab_size", config.vocabSize},
            {"hidden_size", config.hiddenSize},
            {"ffn_size", config.ffnSize},
            {"blocks", config.blockCount},
            {"heads", config.headCount},
            {"kv_heads", config.kvHeadCount},
            {"head_dim", config.headDim},
            {"context_length", config.contextLength},
            {"tied_embeddings", config.tiedEmbeddings}};
}

Json tensorJson(const TensorInfo& tensor) {
    Json json{{"name", tensor.canonicalName},
              {"role", roleName(tensor.role)},
              {"type", dtypeInfo(tensor.dtype).name},
              {"shape", tensor.shape},
              {"rows", tensor.rows()},
              {"cols", tensor.cols()},
              {"bytes", tensor.sizeBytes},
              {"quantizable", tensor.isQuantizable()}};
    if (tensor.name != tensor.canonicalName) json["stored_name"] = tensor.name;
    if (tensor.block >= 0) json["block"] = tensor.block;
    if (!dtypeInfo(tensor.dtype).decodable) json["decodable"] = false;
    return json;
}

void printInspectJson(const Checkpoint& checkpoint, const Runnable& runnable) {
    Json json{{"path", checkpoint.path().string()},        {"name", checkpoint.name()},
              {"kind", kindName(checkpoint.kind())},       {"architecture", checkpoint.architecture()},
              {"parameters", checkpoint.parameterCount()}, {"bytes", checkpoint.totalTensorBytes()},
              {"fingerprint", checkpoint.fingerprint()},   {"runs", runnable.config.has_value()}};
    if (runnable.config) {
        json["config"] = configJson(*runnable.config);
    } else {
        json["why_not"] = runnable.config.error().message;
    }
    if (runnable.tokenizer) {
        json["tokenizer"] = (*runnable.tokenizer)->description();
    } else {
        json["why_no_tokenizer"] = runnable.tokenizer.error().message;
    }
    json["files"] = Json::array();
    for (const auto& file : checkpoint.files()) json["files"].push_back(file.string());
    json["warnings"] = Json::array();
    for (const CheckpointWarning& warning : checkpoint.warnings()) json["warnings"].push_back(warning.message);
    json["tensors"] = Json::array();
    for (const TensorInfo& tensor : checkpoint.tensors()) json["tensors"].push_back(tensorJson(tensor));
    printJson(json);
}

void printSummary(const Checkpoint& checkpoint, const Runnable& runnable) {
    const auto bytes = static_cast<double>(checkpoint.totalTensorBytes());
    const auto parameters = checkpoint.parameterCount();
    std::vector<std::pair<std::string, std::string>> fields{
        {"checkpoint", checkpoint.name()},
        {"path", checkpoint.path().string()},
        {"kind", fmt::format("{}, {} file{}", kindName(checkpoint.kind()), checkpoint.files().size(),
                             checkpoint.files().size() == 1 ? "" : "s")},
        {"architecture", checkpoint.architecture().empty() ? "not stated" : checkpoint.architecture()},
        {"parameters", countText(parameters)},
        {"size", parameters > 0
                     ? fmt::format("{}, {:.3g} bits per weight", bytesText(bytes), 8 * bytes / double(parameters))
                     : bytesText(bytes)}};
    if (runnable.config) {
        const ModelConfig& config = *runnable.config;
        fields.emplace_back(
            "model",
            fmt::format(
                "{} blocks, width {}, ffn {}, {} heads ({} for keys and values) of {}, vocabulary {}, context {}{}",
                config.blockCount, config.hiddenSize, config.ffnSize, config.headCount, config.kvHeadCount,
                config.headDim, config.vocabSize, config.contextLength, config.tiedEmbeddings ? ", tied head" : ""));
    } else if (checkpoint.kind() != CheckpointKind::kTokenizer) {
        fields.emplace_back("runs", "no: " + runnable.config.error().message);
    }
    fields.emplace_back("tokenizer", runnable.tokenizer ? (*runnable.tokenizer)->description()
                                                        : "none: " + runnable.tokenizer.error().message);
    fields.emplace_back("fingerprint", checkpoint.fingerprint());
    printFields(fields);
    for (const CheckpointWarning& warning : checkpoint.warnings()) fmt::print("warning: {}\n", warning.message);
}

void printTensors(const Checkpoint& checkpoint) {
    if (checkpoint.tensors().empty()) return;
    using Align = Table::Align;
    Table table({"tensor", "role", "type", "shape", "size"},
                {Align::kLeft, Align::kLeft, Align::kLeft, Align::kRight, Align::kRight});
    for (const TensorInfo& tensor : checkpoint.tensors()) {
        const std::string type = std::string(dtypeInfo(tensor.dtype).name) +
                                 (dtypeInfo(tensor.dtype).decodable ? "" : " (not decodable here)");
        table.add({tensor.canonicalName, std::string(roleName(tensor.role)), type, shapeText(tensor.shape),
                   bytesText(double(tensor.sizeBytes))});
    }
    fmt::print("\n");
    table.print();
}

}  // namespace

Status runInspect(const InspectOptions& options, const CommonOptions& common) {
    HT_ASSIGN_OR_RETURN(const auto checkpoint, Checkpoint::open(options.checkpoint));
    const Runnable runnable{readModelConfig(*checkpoint), Tokenizer::load(*checkpoint)};
    if (common.json) {
        printInspectJson(*checkpoint, runnable);
        return {};
    }
    printSummary(*checkpoint, runnable);
    printTensors(*checkpoint);
    return {};
}

}  // namespace halftone::cli
