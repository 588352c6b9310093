// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/checkpoint.h"

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <mutex>
#include <new>
#include <unordered_map>

#include <fmt/format.h>

#include "core/base/hash.h"
#include "core/checkpoint/checkpoint_parts.h"
#include "core/checkpoint/message.h"

namespace halftone {

namespace fs = std::filesystem;

struct Checkpoint::Index {
    std::unordered_map<std::string_view, size_t> byName;  // file spelling and canonical name; views into m_tensors
    std::vector<uint64_t> headerBytes;
    std::once_flag fingerprintOnce;
    std::string fingerprint;
};

/// Fills a Checkpoint from what a reader found; the only code besides Checkpoint that sees its members.
class CheckpointBuilder {
  public:
    static std::shared_ptr<const Checkpoint> build(CheckpointParts parts) {
        std::shared_ptr<Checkpoint> checkpoint(new Checkpoint);
        checkpoint->m_kind = parts.kind;
        checkpoint->m_path = std::move(parts.path);
        checkpoint->m_name = std::move(parts.name);
        checkpoint->m_architecture = std::move(parts.architecture);
        checkpoint->m_configJson = std::move(parts.configJson);
        checkpoint->m_gguf = std::move(parts.gguf);
        checkpoint->m_tensors = std::move(parts.tensors);
        checkpoint->m_files = std::move(parts.files);
        checkpoint->m_warnings = std::move(parts.warnings);
        for (const auto& file : checkpoint->m_files) checkpoint->m_fileNames.push_back(file->path());
        checkpoint->m_index->headerBytes = std::move(parts.headerBytes);
        indexNames(*checkpoint);
        return checkpoint;
    }

  private:
    static void indexNames(Checkpoint& checkpoint) {
        auto& byName = checkpoint.m_index->byName;
        byName.reserve(2 * checkpoint.m_tensors.size());
        for (size_t i = 0; i < checkpoint.m_tensors.size(); ++i) byName.emplace(checkpoint.m_tensors[i].name, i);
        for (size_t i = 0; i < checkpoint.m_tensors.size(); ++i) {
            TensorInfo& tensor = checkpoint.m_tensors[i];
            const auto [entry, isNew] = byName.emplace(tensor.canonicalName, i);
            if (isNew || entry->second == i) continue;
            const std::string& other = checkpoint.m_tensors[entry->second].name;
            checkpoint.m_warnings.push_back(
                {fmt::format("Tensors {} and {} would both be called {}; the second keeps its own name.",
                             quoteForMessage(other), quoteForMessage(tensor.name),
                             quoteForMessage(tensor.canonicalName)),
                 tensor.name});
            tensor.canonicalName = tensor.name;
        }
    }
};

namespace {

Result<CheckpointParts> openParts(const fs::path& path) {
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (status.type() == fs::file_type::not_found) {
        return makeError(ErrorCode::kNotFound, fmt::format("{} does not exist.", path.string()));
    }
    if (error) return makeError(ErrorCode::kIo, fmt::format("Cannot open {}: {}.", path.string(), error.message()));
    if (fs::is_directory(status)) return openFolder(path);
    // Asked here, as opening a pipe would wait for its writer.
    if (!fs::is_regular_file(status)) {
        return makeError(ErrorCode::kInvalidArgument, fmt::format("{} is not a regular file.", path.string()));
    }
    const std::string name = path.filename().string();
    if (name.ends_with(".safetensors.index.json")) return openSafetensorsIndexFile(path);
    if (name.ends_with(".safetensors")) return openSafetensorsFile(path);
    if (name == "config.json" || name == "tokenizer.json") return openFolder(path.parent_path());
    if (name.ends_with(".gguf")) return openGgufFiles(path);

    HT_ASSIGN_OR_RETURN(const auto file, MappedFile::open(path));
    constexpr std::string_view kMagic = "GGUF";
    const auto bytes = file->bytes();
    if (bytes.size() >= kMagic.size() && std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) == 0)
        return openGgufFiles(path);
    return makeError(
        ErrorCode::kUnsupported,
        fmt::format("{} is not a checkpoint; open a Hugging Face folder, a .gguf file or a .safetensors file.",
                    path.string()));
}

/// The path without "." and "..", and without the slash at the end that would hide a folder's name.
fs::path tidyPath(const fs::path& path) {
    std::error_code error;
    fs::path absolute = fs::absolute(path, error).lexically_normal();
    if (error) return path;
    return absolute.has_filename() ? absolute : absolute.parent_path();
}

uint64_t hashText(std::string_view text, uint64_t seed) {
    return hashBytes(std::as_bytes(std::span(text.data(), text.size())), seed);
}

/// While it lives, a page fault in the file reads that page alone: samples far apart would otherwise pull in 128 KiB
/// each.
class RandomAccess {
  public:
    explicit RandomAccess(const MappedFile& file) : m_bytes(file.bytes()) { advise(MADV_RANDOM); }
    ~RandomAccess() { advise(MADV_NORMAL); }
    RandomAccess(const RandomAccess&) = delete;
    RandomAccess& operator=(const RandomAccess&) = delete;

  private:
    void advise(int advice) const {
        if (!m_bytes.empty()) ::madvise(const_cast<std::byte*>(m_bytes.data()), m_bytes.size(), advice);
    }
    std::span<const std::byte> m_bytes;
};

/// Three short pieces of a tensor: start, middle and end.
uint64_t hashSample(std::span<const std::byte> bytes, uint64_t seed) {
    constexpr size_t kPiece = 64;
    if (bytes.size() <= 3 * kPiece) return hashBytes(bytes, seed);
    for (const size_t start : std::array{size_t{0}, bytes.size() / 2, bytes.size() - kPiece}) {
        seed = hashBytes(bytes.subspan(start, kPiece), seed);
    }
    return seed;
}

}  // namespace

Checkpoint::Checkpoint() : m_index(std::make_unique<Index>()) {}
Checkpoint::~Checkpoint() = default;

Result<std::shared_ptr<const Checkpoint>> Checkpoint::open(const fs::path& path) {
    const fs::path tidy = tidyPath(path);
    try {
        HT_ASSIGN_OR_RETURN(auto parts, openParts(tidy));
        return CheckpointBuilder::build(std::move(parts));
    } catch (const std::bad_alloc&) {
        return makeError(ErrorCode::kOutOfMemory,
                         fmt::format("There is not enough memory for the header of {}.", tidy.string()));
    }
}

const TensorInfo* Checkpoint::find(std::string_view name) const {
    const auto it = m_index->byName.find(name);
    return it == m_index->byName.end() ? nullptr : &m_tensors[it->second];
}

std::span<const std::byte> Checkpoint::bytes(const TensorInfo& tensor) const {
    if (tensor.sizeBytes == 0) return {};
    return m_files[static_cast<size_t>(tensor.file)]->bytes().subspan(tensor.offset, tensor.sizeBytes);
}

void Checkpoint::dropPages(const TensorInfo& tensor) const {
    if (tensor.sizeBytes > 0) m_files[static_cast<size_t>(tensor.file)]->dropPages(tensor.offset, tensor.sizeBytes);
}

uint64_t Checkpoint::totalTensorBytes() const {
    uint64_t total = 0;
    for (const TensorInfo& tensor : m_tensors) total += tensor.sizeBytes;
    return total;
}

int64_t Checkpoint::parameterCount() const {
    int64_t total = 0;
    for (const TensorInfo& tensor : m_tensors) total += tensor.elementCount();
    return total;
}

std::string Checkpoint::fingerprint() const {
    std::call_once(m_index->fingerprintOnce, [this] {
        std::vector<std::unique_ptr<RandomAccess>> access;
        for (const auto& file : m_files) access.push_back(std::make_unique<RandomAccess>(*file));
        uint64_t hash = hashText(m_configJson, 0);
        for (size_t i = 0; i < m_files.size(); ++i) {
            const auto bytes = m_files[i]->bytes();
            hash = hashBytes(bytes.first(m_index->headerBytes[i]), hash ^ bytes.size());
        }
        for (const TensorInfo& tensor : m_tensors) hash = hashSample(bytes(tensor), hashText(tensor.name, hash));
        m_index->fingerprint = toHex(hash);
    });
    return m_index->fingerprint;
}

}  // namespace halftone
