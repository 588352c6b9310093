// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/methods/calibration_file.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

#include <fmt/format.h>

#include "core/base/checked.h"
#include "core/base/mapped_file.h"
#include "core/base/text_file.h"
#include "core/checkpoint/gguf_reader.h"
#include "core/checkpoint/gguf_writer.h"

namespace halftone {
namespace {

constexpr std::string_view kSquares = ".in_sum2", kCounts = ".counts", kMagnitudes = ".in_abs", kLargest = ".in_max",
                           kHessian = ".hessian";
constexpr const char* kShared = "halftone.calibration.shared";
constexpr const char* kSharedWith = "halftone.calibration.shared_with";
constexpr const char* kTokens = "halftone.calibration.tokens";
constexpr const char* kWindows = "halftone.calibration.windows";
constexpr int64_t kMaxEntries = 1 << 20;
constexpr int64_t kMaxNameBytes = 4096;
constexpr int64_t kMaxValues = int64_t{1} << 28;

tl::unexpected<Error> broken(const std::filesystem::path& path, const std::string& what) {
    return makeError(ErrorCode::kInvalidData, fmt::format("{} is not a usable calibration: {}.", path.string(), what));
}

// ---- GGUF form: reading ---------------------------------------------------------------------------------------------

class GgufCalibrationReader {
  public:
    GgufCalibrationReader(std::shared_ptr<const MappedFile> file, GgufHeader header)
        : m_file(std::move(file)), m_header(std::move(header)) {
        for (const TensorInfo& tensor : m_header.tensors) m_byName.emplace(tensor.name, &tensor);
    }

    Result<Calibration> run() {
        if (const std::string* type = m_header.metadata.string("general.type"); !type || *type != "imatrix") {
            return broken(m_file->path(), "general.type is not \"imatrix\"");
        }
        for (const TensorInfo& tensor : m_header.tensors) {
            if (!tensor.name.ends_with(kSquares)) continue;
            HT_TRY(readEntry(tensor.name.substr(0, tensor.name.size() - kSquares.size()), tensor));
        }
        if (m_calibration.byTensor.empty()) return broken(m_file->path(), "it names no tensors");
        shareHessians();
        if (const auto* names = m_header.metadata.strings("imatrix.datasets")) m_calibration.datasets = *names;
        m_calibration.chunkCount = m_header.metadata.integer("imatrix.chunk_count").value_or(0);
        m_calibration.chunkSize = m_header.metadata.integer("imatrix.chunk_size").value_or(0);
        HT_TRY(readWindows());
        return std::move(m_calibration);
    }

  private:
    [[nodiscard]] const TensorInfo* find(const std::string& name) const {
        const auto found = m_byName.find(name);
        return found == m_byName.end() ? nullptr : found->second;
    }

    /// The values of an F32 tensor that must have `count` of them; empty where there is no such tensor.
    Result<std::vector<float>> floats(const std::string& name, int64_t count) const {
        const TensorInfo* tensor = find(name);
        if (!tensor) return std::vector<float>();
        if (tensor->dtype != DType::kF32 || tensor->sizeBytes != static_cast<uint64_t>(count) * sizeof(float)) {
            return broken(m_file->path(), fmt::format("{} does not hold {} F32 values", name, count));
        }
        std::vector<float> values(static_cast<size_t>(count));
        std::memcpy(values.data(), m_file->bytes().data() + tensor->offset, tensor->sizeBytes);
        const bool legal = std::ranges::all_of(values, [](float v) { return std::isfinite(v) && v >= 0; });
        if (!legal) return broken(m_file->path(), fmt::format("{} holds negative or infinite values", name));
        return values;
    }

    Status readEntry(const std::string& name, const TensorInfo& squares) {
        const int64_t total = static_cast<int64_t>(squares.sizeBytes / sizeof(float));
        HT_ASSIGN_OR_RETURN(const auto sums, floats(squares.name, total));
        const TensorInfo* countInfo = find(name + std::string(kCounts));
        if (!countInfo) return broken(m_file->path(), fmt::format("{} has no counts", name));
        const auto matrices = static_cast<int64_t>(countInfo->sizeBytes / sizeof(float));
        if (matrices < 1 || total % matrices != 0) {
            return broken(m_file->path(), fmt::format("{} has {} values but {} counts", name, total, matrices));
        }
        HT_ASSIGN_OR_RETURN(const auto counts, floats(countInfo->name, matrices));
        InputStatistics& entry = m_calibration.byTensor[name];
        if (matrices == 1) {
            entry.tokens = double(counts[0]);
            entry.sumSquares.assign(sums.begin(), sums.end());
            return readFurther(name, entry);
        }
        // Experts one after another, each with a count of its own: stored as means. An unused expert counts as ones.
        entry.tokens = 1;
        const int64_t width = total / matrices;
        for (int64_t i = 0; i < total; ++i) {
            const float count = counts[static_cast<size_t>(i / width)];
            entry.sumSquares.push_back(count > 0 ? double(sums[static_cast<size_t>(i)]) / double(count) : 1.0);
        }
        return {};
    }

    Status readFurther(const std::string& name, InputStatistics& entry) {
        const int64_t channels = entry.channels();
        HT_ASSIGN_OR_RETURN(const auto magnitudes, floats(name + std::string(kMagnitudes), channels));
        entry.sumMagnitudes.assign(magnitudes.begin(), magnitudes.end());
        HT_ASSIGN_OR_RETURN(entry.largest, floats(name + std::string(kLargest), channels));
        const TensorInfo* tensor = find(name + std::string(kHessian));
        if (!tensor) return {};
        const auto bytes = checkedMul(static_cast<uint64_t>(channels), static_cast<uint64_t>(channels) * sizeof(float));
        if (tensor->dtype != DType::kF32 || !bytes || tensor->sizeBytes != *bytes) {
            return broken(m_file->path(),
                          fmt::format("{} is not a matrix of {} x {}", tensor->name, channels, channels));
        }
        auto hessian = std::make_shared<Hessian>();
        hessian->channels = channels;
        hessian->tokens = static_cast<int64_t>(std::min(entry.tokens, 1e15));
        const std::byte* at = m_file->bytes().data() + tensor->offset;
        const auto count = static_cast<size_t>(channels * channels);
        if (reinterpret_cast<uintptr_t>(at) % alignof(float) == 0) {
            hessian->sums = {reinterpret_cast<const float*>(at), count};
            hessian->owner = m_file;
        } else {
            auto copy = std::make_shared<std::vector<float>>(count);
            std::memcpy(copy->data(), at, count * sizeof(float));
            hessian->sums = *copy;
            hessian->owner = std::move(copy);
        }
        entry.hessian = std::move(hessian);
        return {};
    }

    Status readWindows() {
        const auto* tokens = integers(kTokens);
        const auto* lengths = integers(kWindows);
        if (!tokens || !lengths) return {};
        const bool legal = std::ranges::all_of(*lengths, [](int32_t v) { return v > 0; }) &&
                           std::ranges::all_of(*tokens, [](int32_t v) { return v >= 0; });
        const int64_t total = std::accumulate(lengths->begin(), lengths->end(), int64_t{0});
        if (!legal || total != std::ssize(*tokens)) {
            return broken(m_file->path(), "its windows do not fit its tokens");
        }
        auto at = tokens->begin();
        for (const int32_t length : *lengths) {
            m_calibration.windows.emplace_back(at, at + length);
            at += length;
        }
        return {};
    }

    [[nodiscard]] const std::vector<int32_t>* integers(const char* key) const {
        const GgufArray* array = m_header.metadata.array(key);
        return array ? std::get_if<std::vector<int32_t>>(&array->values) : nullptr;
    }

    void shareHessians() {
        const auto* shared = m_header.metadata.strings(kShared);
        const auto* with = m_header.metadata.strings(kSharedWith);
        if (!shared || !with || shared->size() != with->size()) return;
        for (size_t i = 0; i < shared->size(); ++i) {
            const auto who = m_calibration.byTensor.find((*shared)[i]);
            const auto whose = m_calibration.byTensor.find((*with)[i]);
            if (who == m_calibration.byTensor.end() || whose == m_calibration.byTensor.end()) continue;
            if (who->second.channels() == whose->second.channels()) who->second.hessian = whose->second.hessian;
        }
    }

    std::shared_ptr<const MappedFile> m_file;
    GgufHeader m_header;
    std::map<std::string, const TensorInfo*> m_byName;
    Calibration m_calibration;
};

// ---- older form: reading --------------------------------------------------------------------------------------------

class LegacyReader {
  public:
    explicit LegacyReader(const MappedFile& file) : m_file(file), m_rest(file.bytes()) {}

    Result<Calibration> run() {
        Calibration calibration;
        HT_ASSIGN_OR_RETURN(const int64_t entries, count("the number of tensors", kMaxEntries));
        if (entries == 0) return broken(m_file.path(), "it names no tensors");
        for (int64_t i = 0; i < entries; ++i) {
            HT_ASSIGN_OR_RETURN(const std::string name, text(kMaxNameBytes));
            HT_ASSIGN_OR_RETURN(const int64_t calls, count("the number of calls", std::numeric_limits<int32_t>::max()));
            HT_ASSIGN_OR_RETURN(const int64_t values, count("the number of values", kMaxValues));
            if (values == 0) return broken(m_file.path(), fmt::format("{} has no values", name));
            InputStatistics& entry = calibration.byTensor[name];
            entry.tokens = static_cast<double>(calls);
            HT_TRY(readValues(name, values, entry.sumSquares));
        }
        // The rest is missing in files of the first versions.
        if (m_rest.size() < sizeof(int32_t)) return calibration;
        HT_ASSIGN_OR_RETURN(calibration.chunkCount, count("the last chunk", std::numeric_limits<int32_t>::max()));
        if (m_rest.size() < sizeof(int32_t)) return calibration;
        HT_ASSIGN_OR_RETURN(std::string dataset, text(kMaxNameBytes));
        if (!dataset.empty()) calibration.datasets.push_back(std::move(dataset));
        return calibration;
    }

  private:
    Result<int64_t> count(std::string_view what, int64_t most) {
        int32_t value = 0;
        if (m_rest.size() < sizeof value) return broken(m_file.path(), fmt::format("it ends before {}", what));
        std::memcpy(&value, m_rest.data(), sizeof value);
        m_rest = m_rest.subspan(sizeof value);
        if (value < 0 || value > most) return broken(m_file.path(), fmt::format("{} is {}", what, value));
        return int64_t{value};
    }

    Result<std::string> text(int64_t mostBytes) {
        HT_ASSIGN_OR_RETURN(const int64_t length, count("the length of a name", mostBytes));
        if (static_cast<size_t>(length) > m_rest.size()) return broken(m_file.path(), "it ends inside a name");
        std::string out(reinterpret_cast<const char*>(m_rest.data()), static_cast<size_t>(length));
        m_rest = m_rest.subspan(static_cast<size_t>(length));
        return out;
    }

    Status readValues(const std::string& name, int64_t count, std::vector<double>& out) {
        if (static_cast<size_t>(count) > m_rest.size() / sizeof(float)) {
            return broken(m_file.path(), fmt::format("it ends inside the values of {}", name));
        }
        std::vector<float> values(static_cast<size_t>(count));
        std::memcpy(values.data(), m_rest.data(), values.size() * sizeof(float));
        m_rest = m_rest.subspan(values.size() * sizeof(float));
        const bool legal = std::ranges::all_of(values, [](float v) { return std::isfinite(v) && v >= 0; });
        if (!legal) return broken(m_file.path(), fmt::format("the values of {} are negative or infinite", name));
        out.assign(values.begin(), values.end());
        return {};
    }

    const MappedFile& m_file;
    std::span<const std::byte> m_rest;
};

// ---- GGUF form: writing ---------------------------------------------------------------------------------------------

/// A tensor of the file and where its values come from.
struct Piece {
    GgufTensorSpec spec;
    std::vector<float> own;
    std::span<const float> values() const { return borrowed.empty() ? std::span<const float>(own) : borrowed; }
    std::span<const float> borrowed;
};

std::vector<float> toFloats(const std::vector<double>& values) {
    std::vector<float> out(values.size());
    std::ranges::transform(values, out.begin(), [](double value) { return static_cast<float>(value); });
    return out;
}

GgufArray stringArray(std::vector<std::string> values) {
    GgufArray array;
    array.elementType = GgufType::kString;
    array.values = std::move(values);
    return array;
}

void addWindows(const std::vector<std::vector<int32_t>>& windows, GgufMetadata& metadata) {
    std::vector<int32_t> tokens, lengths;
    for (const std::vector<int32_t>& window : windows) {
        tokens.insert(tokens.end(), window.begin(), window.end());
        lengths.push_back(static_cast<int32_t>(window.size()));
    }
    if (tokens.empty()) return;
    metadata.set(kTokens, GgufArray{GgufType::kI32, std::move(tokens)});
    metadata.set(kWindows, GgufArray{GgufType::kI32, std::move(lengths)});
}

struct Draft {
    std::vector<Piece> pieces;
    std::vector<std::string> shared, sharedWith;
};

Draft draftOf(const Calibration& calibration, bool withHessians) {
    Draft draft;
    std::map<const float*, std::string> holders;
    const auto add = [&](const std::string& name, std::vector<int64_t> shape, std::vector<float> values,
                         std::span<const float> borrowed = {}) {
        draft.pieces.push_back({{name, DType::kF32, std::move(shape)}, std::move(values), borrowed});
    };
    for (const auto& [name, entry] : calibration.byTensor) {
        const int64_t channels = entry.channels();
        add(name + std::string(kSquares), {1, channels}, toFloats(entry.sumSquares));
        add(name + std::string(kCounts), {1, 1}, {static_cast<float>(entry.tokens)});
        if (!withHessians) continue;
        if (!entry.sumMagnitudes.empty())
            add(name + std::string(kMagnitudes), {1, channels}, toFloats(entry.sumMagnitudes));
        if (!entry.largest.empty()) add(name + std::string(kLargest), {1, channels}, entry.largest);
        if (!entry.hessian) continue;
        const auto [holder, isNew] = holders.emplace(entry.hessian->sums.data(), name);
        if (isNew) {
            add(name + std::string(kHessian), {channels, channels}, {}, entry.hessian->sums);
        } else {
            draft.shared.push_back(name);
            draft.sharedWith.push_back(holder->second);
        }
    }
    return draft;
}

bool isGguf(std::span<const std::byte> bytes) {
    constexpr std::string_view kMagic = "GGUF";
    return bytes.size() >= kMagic.size() && std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) == 0;
}

}  // namespace

bool isCalibrationFile(const std::filesystem::path& path) {
    if (path.extension() == ".dat") return true;
    const auto file = MappedFile::open(path);
    return file && isGguf((*file)->bytes());
}

Result<Calibration> loadCalibration(const std::filesystem::path& path) {
    HT_ASSIGN_OR_RETURN(auto file, MappedFile::open(path));
    const auto bytes = file->bytes();
    if (isGguf(bytes)) {
        HT_ASSIGN_OR_RETURN(GgufHeader header, parseGguf(bytes, path.filename().string()));
        return GgufCalibrationReader(std::move(file), std::move(header)).run();
    }
    return LegacyReader(*file).run();
}

Status saveCalibration(const Calibration& calibration, const std::filesystem::path& path, bool withHessians,
                       const JobContext& context) {
    const Draft draft = draftOf(calibration, withHessians);
    GgufMetadata metadata;
    metadata.set("general.type", std::string("imatrix"));
    metadata.set("imatrix.datasets", stringArray(calibration.datasets));
    metadata.set("imatrix.chunk_count", static_cast<uint32_t>(std::clamp<int64_t>(calibration.chunkCount, 0, 1 << 30)));
    metadata.set("imatrix.chunk_size", static_cast<uint32_t>(std::clamp<int64_t>(calibration.chunkSize, 0, 1 << 30)));
    if (!draft.shared.empty()) {
        metadata.set(kShared, stringArray(draft.shared));
        metadata.set(kSharedWith, stringArray(draft.sharedWith));
    }
    if (withHessians) addWindows(calibration.windows, metadata);
    std::vector<GgufTensorSpec> specs;
    int64_t total = 0;
    for (const Piece& piece : draft.pieces) {
        specs.push_back(piece.spec);
        total += static_cast<int64_t>(piece.values().size_bytes());
    }
    context.start("Saving the calibration", total, "bytes");
    HT_ASSIGN_OR_RETURN(GgufWriter writer, GgufWriter::create(path, metadata, std::move(specs)));
    for (const Piece& piece : draft.pieces) {
        HT_TRY(context.checkpoint());
        HT_TRY(writer.write(std::as_bytes(piece.values())));
        context.advance(static_cast<int64_t>(piece.values().size_bytes()));
    }
    return writer.finish();
}

Status saveLegacyImportance(const Calibration& calibration, const std::filesystem::path& path) {
    std::string out;
    const auto putInt = [&](int64_t value) {
        const auto narrow = static_cast<int32_t>(std::min<int64_t>(value, std::numeric_limits<int32_t>::max()));
        out.append(reinterpret_cast<const char*>(&narrow), sizeof narrow);
    };
    const auto putText = [&](const std::string& text) {
        putInt(static_cast<int64_t>(text.size()));
        out += text;
    };
    const int64_t calls = std::max<int64_t>(1, calibration.chunkCount);
    putInt(static_cast<int64_t>(calibration.byTensor.size()));
    for (const auto& [name, entry] : calibration.byTensor) {
        putText(name);
        putInt(calls);
        putInt(entry.channels());
        for (const float weight : entry.importance()) {
            const float value = weight * static_cast<float>(calls);
            out.append(reinterpret_cast<const char*>(&value), sizeof value);
        }
    }
    putInt(calls);
    putText(calibration.datasets.empty() ? std::string() : calibration.datasets.front());
    return writeFileAtomically(path, out);
}

}  // namespace halftone
