// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>
#include <unordered_set>

#include <fmt/format.h>

#include "core/checkpoint/checkpoint_parts.h"
#include "core/checkpoint/gguf_reader.h"
#include "core/checkpoint/message.h"

namespace halftone {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kMostSplits = 99999;  // what five digits can name

/// "<prefix>-00002-of-00003.gguf" taken apart.
struct SplitName {
    std::string prefix;
    int64_t number = 0;  ///< from 1
    int64_t count = 0;
    [[nodiscard]] std::string fileName(int64_t index) const {
        return fmt::format("{}-{:05}-of-{:05}.gguf", prefix, index + 1, count);
    }
};

std::optional<int64_t> parseFiveDigits(std::string_view text) {
    int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::optional<SplitName> parseSplitName(const std::string& fileName) {
    constexpr std::string_view kPattern = "-00000-of-00000.gguf";
    if (fileName.size() <= kPattern.size()) return std::nullopt;
    const std::string_view tail = std::string_view(fileName).substr(fileName.size() - kPattern.size());
    if (tail[0] != '-' || tail.substr(6, 4) != "-of-" || tail.substr(15) != ".gguf") return std::nullopt;
    const auto number = parseFiveDigits(tail.substr(1, 5)), count = parseFiveDigits(tail.substr(10, 5));
    if (!number || !count || *number < 1 || *number > *count) return std::nullopt;
    return SplitName{fileName.substr(0, fileName.size() - kPattern.size()), *number, *count};
}

struct OpenedFile {
    std::shared_ptr<const MappedFile> file;
    GgufHeader header;
};

Result<OpenedFile> openOne(const fs::path& path) {
    HT_ASSIGN_OR_RETURN(auto file, MappedFile::open(path));
    HT_ASSIGN_OR_RETURN(auto header, parseGguf(file->bytes(), path.string()));
    return OpenedFile{std::move(file), std::move(header)};
}

/// How many splits the model has by the header of one of them; 1 where the file is whole.
int64_t splitCount(const GgufHeader& header) {
    return std::max<int64_t>(1, header.metadata.integer("split.count").value_or(1));
}

Status checkSplit(const fs::path& path, const GgufHeader& header, int64_t index, int64_t count) {
    if (splitCount(header) != count || header.metadata.integer("split.no").value_or(-1) != index) {
        return makeError(
            ErrorCode::kInvalidData,
            fmt::format(
                "{} should be split {} of {}, but its header does not say so; a file has been renamed or belongs to "
                "another model.",
                path.string(), index + 1, count));
    }
    return {};
}

Result<std::vector<OpenedFile>> openSplits(const fs::path& path, int64_t count) {
    const auto name = parseSplitName(path.filename().string());
    if (count > kMostSplits || !name || name->count != count) {
        return makeError(ErrorCode::kInvalidData, fmt::format("{} is one of {} splits of a model, but its name does "
                                                              "not end in -NNNNN-of-{:05}.gguf, so the others cannot "
                                                              "be found; give it its original name.",
                                                              path.string(), count, count));
    }
    std::vector<OpenedFile> splits;
    for (int64_t index = 0; index < count; ++index) {
        const fs::path splitPath = path.parent_path() / name->fileName(index);
        std::error_code ignored;
        if (!fs::exists(splitPath, ignored)) {
            return makeError(ErrorCode::kNotFound,
                             fmt::format("Split {} of {} of the model is missing: {} does not exist.", index + 1, count,
                                         splitPath.string()));
        }
        HT_ASSIGN_OR_RETURN(auto opened, openOne(splitPath));
        HT_TRY(checkSplit(splitPath, opened.header, index, count));
        splits.push_back(std::move(opened));
    }
    return splits;
}

Status addTensors(CheckpointParts& parts, OpenedFile& opened, std::unordered_set<std::string>& names) {
    const int fileIndex = static_cast<int>(parts.files.size());
    for (TensorInfo& tensor : opened.header.tensors) {
        if (!names.insert(tensor.name).second) {
            return makeError(ErrorCode::kInvalidData,
                             fmt::format("{} repeats tensor {} of an earlier split.", opened.file->path().string(),
                                         quoteForMessage(tensor.name)));
        }
        tensor.file = fileIndex;
        parts.tensors.push_back(std::move(tensor));
    }
    if (opened.header.unclaimedBytes > 0) {
        parts.warnings.push_back({fmt::format("{} ends with {} bytes that belong to no tensor.",
                                              opened.file->path().string(), opened.header.unclaimedBytes),
                                  {}});
    }
    parts.files.push_back(opened.file);
    parts.headerBytes.push_back(opened.header.headerBytes);
    return {};
}

Status checkTensorTotal(const CheckpointParts& parts) {
    const auto total = parts.gguf.integer("split.tensors.count");
    if (total && *total != static_cast<int64_t>(parts.tensors.size())) {
        return makeError(ErrorCode::kInvalidData,
                         fmt::format("{} says that the model has {} tensors, but its splits hold {}.",
                                     parts.files.front()->path().string(), *total, parts.tensors.size()));
    }
    return {};
}

void nameCheckpoint(CheckpointParts& parts) {
    if (const std::string* architecture = parts.gguf.string("general.architecture")) {
        parts.architecture = *architecture;
    } else {
        parts.warnings.push_back({"The metadata do not state general.architecture, so the model cannot be run.", {}});
    }
    const std::string* name = parts.gguf.string("general.name");
    const bool isUsable = name && !name->empty() && isValidUtf8(*name);
    parts.name = isUsable ? *name : parts.path.stem().string();
}

}  // namespace

Result<CheckpointParts> openGgufFiles(const fs::path& path) {
    HT_ASSIGN_OR_RETURN(auto first, openOne(path));
    const int64_t count = splitCount(first.header);
    std::vector<OpenedFile> opened;
    if (count == 1) {
        opened.push_back(std::move(first));
    } else {
        HT_ASSIGN_OR_RETURN(opened, openSplits(path, count));
    }
    CheckpointParts parts;
    parts.kind = CheckpointKind::kGguf;
    parts.path = path;
    parts.gguf = std::move(opened.front().header.metadata);
    std::unordered_set<std::string> names;
    for (OpenedFile& file : opened) HT_TRY(addTensors(parts, file, names));
    if (count > 1) HT_TRY(checkTensorTotal(parts));
    // The merged model is not split any more.
    for (const char* key : {"split.no", "split.count", "split.tensors.count"}) parts.gguf.erase(key);
    nameCheckpoint(parts);
    return parts;
}

}  // namespace halftone
