// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <string_view>

#include <fmt/format.h>
#include <simdjson.h>

#include "core/checkpoint/checkpoint_parts.h"
#include "core/checkpoint/message.h"
#include "core/checkpoint/safetensors_reader.h"
#include "core/checkpoint/tensor_names.h"

namespace halftone {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kIndexEnd = ".safetensors.index.json";
constexpr uint64_t kLargestConfig = 16'000'000;
constexpr size_t kDeepestConfig = 64;

/// Where the tensors of a Hugging Face checkpoint lie.
struct TensorFiles {
    std::vector<fs::path> shards;
    std::optional<std::map<std::string, std::string>> map;  ///< tensor -> shard, where there is an index
    fs::path indexPath;
    std::vector<CheckpointWarning> warnings;
};

bool isFile(const fs::path& path) {
    std::error_code ignored;
    return fs::is_regular_file(path, ignored);
}

Result<std::vector<fs::path>> listFiles(const fs::path& folder) {
    std::error_code error;
    std::vector<fs::path> files;
    for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
        if (isFile(it->path())) files.push_back(it->path());
    }
    if (error)
        return makeError(ErrorCode::kIo,
                         fmt::format("Cannot list the folder {}: {}.", folder.string(), error.message()));
    std::ranges::sort(files, [](const fs::path& a, const fs::path& b) {
        return naturalLess(a.filename().string(), b.filename().string());
    });
    return files;
}

std::vector<fs::path> withEnd(const std::vector<fs::path>& files, std::string_view end) {
    std::vector<fs::path> result;
    std::ranges::copy_if(files, std::back_inserter(result),
                         [end](const fs::path& p) { return p.filename().string().ends_with(end); });
    return result;
}

/// Reads config.json and the model_type in it.
Status readConfig(const fs::path& folder, CheckpointParts& parts) {
    const fs::path path = folder / "config.json";
    HT_ASSIGN_OR_RETURN(const auto file, MappedFile::open(path));
    const auto bytes = file->bytes();
    if (bytes.size() > kLargestConfig) {
        return makeError(ErrorCode::kInvalidData, fmt::format("{} has {} bytes; the most allowed is {}.", path.string(),
                                                              bytes.size(), kLargestConfig));
    }
    simdjson::padded_string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    simdjson::dom::parser parser;
    simdjson::dom::element root;
    if (parser.allocate(text.size(), kDeepestConfig)) {
        return makeError(ErrorCode::kOutOfMemory, fmt::format("There is not enough memory to read {}.", path.string()));
    }
    if (const auto error = parser.parse(text).get(root); error || !root.is_object()) {
        return makeError(ErrorCode::kInvalidData, fmt::format("{} is not a valid JSON object.", path.string()),
                         simdjson::error_message(error));
    }
    std::string_view modelType;
    if (!root["model_type"].get(modelType)) {
        parts.architecture = modelType;
    } else {
        parts.warnings.push_back({"config.json does not state model_type, so the model cannot be run.", {}});
    }
    parts.configJson.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return {};
}

Result<TensorFiles> filesOfIndex(const fs::path& indexPath) {
    HT_ASSIGN_OR_RETURN(const auto file, MappedFile::open(indexPath));
    const std::string_view text(reinterpret_cast<const char*>(file->bytes().data()), file->bytes().size());
    TensorFiles result;
    result.indexPath = indexPath;
    HT_ASSIGN_OR_RETURN(result.map, parseSafetensorsIndex(text, indexPath.string()));
    if (result.map->empty())
        return makeError(ErrorCode::kInvalidData, fmt::format("{} lists no tensors.", indexPath.string()));
    std::map<std::string, std::string> firstTensor;  // of each shard, sorted by shard
    for (const auto& [tensor, shard] : *result.map) firstTensor.emplace(shard, tensor);
    for (const auto& [shard, tensor] : firstTensor) {
        const fs::path path = indexPath.parent_path() / shard;
        if (!isFile(path)) {
            return makeError(
                ErrorCode::kNotFound,
                fmt::format("A shard of the model is missing: {} is listed in {} (for tensor {}) but does not exist.",
                            path.string(), indexPath.filename().string(), quoteForMessage(tensor)));
        }
        result.shards.push_back(path);
    }
    return result;
}

/// The count in "...-00001-of-00003.safetensors", or 0.
size_t shardCountInName(const std::string& name) {
    const size_t of = name.rfind("-of-");
    if (of == std::string::npos) return 0;
    const std::string digits = name.substr(of + 4, name.size() - of - 4 - std::string_view(".safetensors").size());
    const bool isNumber =
        !digits.empty() && digits.size() <= 6 && digits.find_first_not_of("0123456789") == std::string::npos;
    return isNumber ? std::stoul(digits) : 0;
}

/// Picks the safetensors files of a folder; no value where there are none.
Result<std::optional<TensorFiles>> findTensorFiles(const fs::path& folder, const std::vector<fs::path>& files) {
    if (isFile(folder / "model.safetensors")) {
        TensorFiles result;
        result.shards = {folder / "model.safetensors"};
        return std::optional(std::move(result));
    }
    const auto indexes = withEnd(files, kIndexEnd);
    const fs::path standardIndex = folder / "model.safetensors.index.json";
    if (!indexes.empty() && (indexes.size() == 1 || isFile(standardIndex))) {
        HT_ASSIGN_OR_RETURN(auto result, filesOfIndex(indexes.size() == 1 ? indexes.front() : standardIndex));
        return std::optional(std::move(result));
    }
    TensorFiles result;
    result.shards = withEnd(files, ".safetensors");
    if (result.shards.empty()) return std::optional<TensorFiles>();
    if (result.shards.size() == 1 && shardCountInName(result.shards.front().filename().string()) <= 1)
        return std::optional(std::move(result));
    const size_t expected = shardCountInName(result.shards.front().filename().string());
    if (expected != result.shards.size()) {
        return makeError(ErrorCode::kNotFound,
                         fmt::format("{} holds {} .safetensors files and no model.safetensors.index.json that says "
                                     "which belong together; open one "
                                     "of the files, or add the index.",
                                     folder.string(), result.shards.size()));
    }
    result.warnings.push_back(
        {"model.safetensors.index.json is missing; the shards were put together by their names.", {}});
    return std::optional(std::move(result));
}

/// Adds one shard's tensors to the parts, leaving out what the index maps elsewhere.
Status addShard(const fs::path& path, TensorFiles& source, CheckpointParts& parts, std::set<std::string>& names) {
    HT_ASSIGN_OR_RETURN(auto file, MappedFile::open(path));
    HT_ASSIGN_OR_RETURN(auto header, parseSafetensors(file->bytes(), path.string()));
    const std::string shard = path.filename().string();
    for (TensorInfo& tensor : header.tensors) {
        if (source.map) {
            const auto entry = source.map->find(tensor.name);
            if (entry == source.map->end() || entry->second != shard) {
                parts.warnings.push_back(
                    {fmt::format("Tensor {} lies in {} but the index does not list it there; it is left out.",
                                 quoteForMessage(tensor.name), shard),
                     tensor.name});
                continue;
            }
        }
        if (!names.insert(tensor.name).second) {
            return makeError(ErrorCode::kInvalidData, fmt::format("{} repeats tensor {} of another shard.",
                                                                  path.string(), quoteForMessage(tensor.name)));
        }
        tensor.file = static_cast<int>(parts.files.size());
        parts.tensors.push_back(std::move(tensor));
    }
    parts.files.push_back(std::move(file));
    parts.headerBytes.push_back(header.headerBytes);
    return {};
}

Status loadTensors(TensorFiles source, CheckpointParts& parts) {
    std::set<std::string> names;
    for (const fs::path& shard : source.shards) HT_TRY(addShard(shard, source, parts, names));
    if (source.map) {
        for (const auto& [tensor, shard] : *source.map) {
            if (names.contains(tensor)) continue;
            return makeError(ErrorCode::kInvalidData,
                             fmt::format("{} says that tensor {} lies in {}, but it does not.",
                                         source.indexPath.string(), quoteForMessage(tensor), shard));
        }
    }
    std::ranges::move(source.warnings, std::back_inserter(parts.warnings));
    return {};
}

/// Works out what the names mean, drops buffers, and sorts.
void nameTensors(CheckpointParts& parts) {
    const auto naming = HuggingFaceNaming::of(parts.tensors, parts.architecture);
    std::vector<TensorInfo> kept;
    kept.reserve(parts.tensors.size());
    size_t buffers = 0;
    for (TensorInfo& tensor : parts.tensors) {
        auto name = nameFromHuggingFace(tensor.name, naming);
        if (name.isBuffer) {
            ++buffers;
            continue;
        }
        applyNaming(tensor, std::move(name));
        kept.push_back(std::move(tensor));
    }
    parts.tensors = std::move(kept);
    std::ranges::stable_sort(parts.tensors, comesBeforeInModel);
    if (buffers > 0) {
        parts.warnings.push_back(
            {fmt::format("{} buffers that are not weights (attention masks, rotation tables) are left out.", buffers),
             {}});
    }
}

Result<CheckpointParts> finishTensors(CheckpointParts parts, TensorFiles source) {
    HT_TRY(loadTensors(std::move(source), parts));
    nameTensors(parts);
    return parts;
}

std::string folderName(const fs::path& folder) {
    const std::string name = folder.filename().string();
    return name.empty() ? folder.string() : name;
}

bool holdsTokenizer(const fs::path& folder) {
    const auto has = [&](const char* name) { return isFile(folder / name); };
    return has("tokenizer.json") || has("tokenizer.model") || has("vocab.txt") ||
           (has("vocab.json") && has("merges.txt"));
}

/// A folder without safetensors: one GGUF model, tokenizer files, or a sentence on what is wrong with it.
Result<CheckpointParts> openOtherFolder(const fs::path& folder, const std::vector<fs::path>& files) {
    const auto ggufs = withEnd(files, ".gguf");
    const bool isOneModel =
        ggufs.size() == 1 || (!ggufs.empty() && ggufs.front().filename().string().ends_with(
                                                    fmt::format("-00001-of-{:05}.gguf", ggufs.size())));
    if (isOneModel) return openGgufFiles(ggufs.front());
    if (!ggufs.empty()) {
        return makeError(ErrorCode::kInvalidArgument,
                         fmt::format("{} holds {} GGUF files; open one of them, for example {}.", folder.string(),
                                     ggufs.size(), ggufs.front().filename().string()));
    }
    const bool isPickle = std::ranges::any_of(files, [](const fs::path& path) {
        const std::string extension = path.extension().string();
        return extension == ".pt" || extension == ".pth" || path.filename().string().starts_with("pytorch_model");
    });
    if (isPickle) {
        return makeError(
            ErrorCode::kUnsupported,
            fmt::format("{} holds its weights as PyTorch pickle files, which are not read because they can run code; "
                        "convert them to safetensors.",
                        folder.string()));
    }
    if (holdsTokenizer(folder)) {
        CheckpointParts parts;
        parts.kind = CheckpointKind::kTokenizer;
        parts.path = folder;
        parts.name = folderName(folder);
        if (isFile(folder / "config.json")) HT_TRY(readConfig(folder, parts));
        return parts;
    }
    return makeError(
        ErrorCode::kNotFound,
        fmt::format(
            "{} holds no checkpoint: there is no model.safetensors, no model.safetensors.index.json, no .gguf file "
            "and no tokenizer.",
            folder.string()));
}

}  // namespace

Result<CheckpointParts> openFolder(const fs::path& folder) {
    HT_ASSIGN_OR_RETURN(const auto files, listFiles(folder));
    HT_ASSIGN_OR_RETURN(auto source, findTensorFiles(folder, files));
    if (!source) return openOtherFolder(folder, files);
    CheckpointParts parts;
    parts.path = folder;
    parts.name = folderName(folder);
    if (isFile(folder / "config.json")) {
        HT_TRY(readConfig(folder, parts));
    } else {
        parts.kind = CheckpointKind::kTensorFile;
        parts.warnings.push_back(
            {"The folder has no config.json, so the model cannot be run; its weights can be inspected.", {}});
    }
    return finishTensors(std::move(parts), std::move(*source));
}

Result<CheckpointParts> openSafetensorsFile(const fs::path& path) {
    const fs::path folder = path.parent_path();
    if (isFile(folder / "config.json")) {
        HT_ASSIGN_OR_RETURN(const auto files, listFiles(folder));
        const auto source = findTensorFiles(folder, files);
        const bool isPart = source && *source && std::ranges::find((*source)->shards, path) != (*source)->shards.end();
        if (isPart) return openFolder(folder);
    }
    CheckpointParts parts;
    parts.kind = CheckpointKind::kTensorFile;
    parts.path = path;
    parts.name = path.stem().string();
    TensorFiles source;
    source.shards = {path};
    return finishTensors(std::move(parts), std::move(source));
}

Result<CheckpointParts> openSafetensorsIndexFile(const fs::path& path) {
    const fs::path folder = path.parent_path();
    HT_ASSIGN_OR_RETURN(auto source, filesOfIndex(path));
    CheckpointParts parts;
    parts.path = folder;
    parts.name = folderName(folder);
    if (isFile(folder / "config.json")) {
        HT_TRY(readConfig(folder, parts));
    } else {
        parts.kind = CheckpointKind::kTensorFile;
    }
    return finishTensors(std::move(parts), std::move(source));
}

}  // namespace halftone
