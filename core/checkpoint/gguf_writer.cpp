// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/gguf_writer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <type_traits>
#include <unordered_set>

#include <fmt/format.h>

#include "core/base/aligned_buffer.h"
#include "core/base/checked.h"
#include "core/checkpoint/message.h"

namespace halftone {
namespace {

namespace fs = std::filesystem;

static_assert(std::endian::native == std::endian::little, "values are copied into the file as they lie");

constexpr uint64_t kAlignment = 32;
constexpr uint32_t kMagic = 0x46554747u;  // "GGUF"
constexpr uint32_t kVersion = 3;
constexpr size_t kLongestTensorName = 63;
constexpr size_t kMostDimensions = 4;
constexpr size_t kBufferBytes = size_t{256} << 10;  // larger pieces go past it
constexpr uint64_t kLargestFile = uint64_t{1} << 62;
constexpr uint64_t kWritebackBytes = uint64_t{16} << 20;

/// The header's bytes as they will lie in the file.
class HeaderBytes {
  public:
    template <typename T>
    void number(T value) {
        static_assert(std::is_arithmetic_v<T>);
        const auto* bytes = reinterpret_cast<const char*>(&value);
        m_text.append(bytes, sizeof(T));
    }
    void string(std::string_view text) {
        number<uint64_t>(text.size());
        m_text.append(text);
    }
    void value(const GgufValue& value);
    void padTo(uint64_t alignment) { m_text.resize((m_text.size() + alignment - 1) & ~(alignment - 1), '\0'); }
    [[nodiscard]] std::span<const std::byte> bytes() const {
        return std::as_bytes(std::span(m_text.data(), m_text.size()));
    }

  private:
    void array(const GgufArray& array);
    std::string m_text;
};

/// Id of a C++ type in GgufValue.
template <typename T>
constexpr GgufType typeIdOf() {
    if constexpr (std::is_same_v<T, uint8_t>) return GgufType::kU8;
    if constexpr (std::is_same_v<T, int8_t>) return GgufType::kI8;
    if constexpr (std::is_same_v<T, uint16_t>) return GgufType::kU16;
    if constexpr (std::is_same_v<T, int16_t>) return GgufType::kI16;
    if constexpr (std::is_same_v<T, uint32_t>) return GgufType::kU32;
    if constexpr (std::is_same_v<T, int32_t>) return GgufType::kI32;
    if constexpr (std::is_same_v<T, float>) return GgufType::kF32;
    if constexpr (std::is_same_v<T, bool>) return GgufType::kBool;
    if constexpr (std::is_same_v<T, std::string>) return GgufType::kString;
    if constexpr (std::is_same_v<T, GgufArray>) return GgufType::kArray;
    if constexpr (std::is_same_v<T, uint64_t>) return GgufType::kU64;
    if constexpr (std::is_same_v<T, int64_t>) return GgufType::kI64;
    if constexpr (std::is_same_v<T, double>) return GgufType::kF64;
}

void HeaderBytes::value(const GgufValue& value) {
    std::visit(
        [this](const auto& v) {
            using T = std::decay_t<decltype(v)>;
            number(static_cast<uint32_t>(typeIdOf<T>()));
            if constexpr (std::is_same_v<T, std::string>) {
                string(v);
            } else if constexpr (std::is_same_v<T, GgufArray>) {
                array(v);
            } else if constexpr (std::is_same_v<T, bool>) {
                number<uint8_t>(v ? 1 : 0);
            } else {
                number(v);
            }
        },
        value);
}

void HeaderBytes::array(const GgufArray& array) {
    std::visit(
        [this, &array](const auto& values) {
            using T = typename std::decay_t<decltype(values)>::value_type;
            const bool isBool = std::is_same_v<T, uint8_t> && array.elementType == GgufType::kBool;
            number(static_cast<uint32_t>(isBool ? GgufType::kBool : typeIdOf<T>()));
            number<uint64_t>(values.size());
            for (const T& v : values) {
                if constexpr (std::is_same_v<T, std::string>) {
                    string(v);
                } else {
                    number(v);
                }
            }
        },
        array.values);
}

tl::unexpected<Error> invalidTensor(const fs::path& target, const std::string& name, std::string_view problem) {
    return makeError(ErrorCode::kInvalidArgument,
                     fmt::format("Cannot write {}: tensor {} {}.", target.string(), quoteForMessage(name), problem));
}

/// Byte size of a tensor that GGUF can hold, or what is wrong with it.
Result<uint64_t> tensorBytes(const fs::path& target, const GgufTensorSpec& spec) {
    if (spec.name.empty() || spec.name.size() > kLongestTensorName) {
        return invalidTensor(
            target, spec.name,
            fmt::format("has a name of {} bytes; GGUF allows 1 to {}", spec.name.size(), kLongestTensorName));
    }
    if (!isValidUtf8(spec.name)) return invalidTensor(target, spec.name, "has a name that is not valid UTF-8");
    const DTypeInfo& info = dtypeInfo(spec.dtype);
    if (info.ggmlId < 0)
        return invalidTensor(target, spec.name, fmt::format("has type {}, which GGUF does not have", info.name));
    if (spec.shape.size() > kMostDimensions) {
        return invalidTensor(target, spec.name,
                             fmt::format("has {} dimensions; GGUF allows {}", spec.shape.size(), kMostDimensions));
    }
    const int64_t rowLength = spec.shape.empty() ? 1 : spec.shape.back();
    if (rowLength % info.blockElements != 0) {
        return invalidTensor(
            target, spec.name,
            fmt::format("has rows of {} elements, which blocks of {} do not divide", rowLength, info.blockElements));
    }
    const auto count = checkedElementCount(spec.shape);
    const auto bytes = count ? dtypeBytes(spec.dtype, static_cast<uint64_t>(*count)) : std::nullopt;
    if (!bytes) return invalidTensor(target, spec.name, "has a size that overflows");
    return *bytes;
}

void writeTensorEntry(HeaderBytes& header, const GgufTensorSpec& spec, uint64_t offset) {
    header.string(spec.name);
    header.number(static_cast<uint32_t>(std::max<size_t>(spec.shape.size(), 1)));
    if (spec.shape.empty()) header.number<uint64_t>(1);
    for (auto size = spec.shape.rbegin(); size != spec.shape.rend(); ++size)
        header.number(static_cast<uint64_t>(*size));
    header.number(static_cast<uint32_t>(dtypeInfo(spec.dtype).ggmlId));
    header.number(offset);
}

std::string reasonText(int errorNumber) {
    return std::strerror(errorNumber);
}

/// fsync of a folder, so that the rename in it survives a power cut. Some file systems cannot; that is no failure.
void syncFolder(const fs::path& folder) {
    const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return;
    ::fsync(fd);
    ::close(fd);
}

}  // namespace

struct GgufWriter::State {
    fs::path target;
    fs::path temporary;
    int fd = -1;
    std::vector<GgufTensorSpec> tensors;
    std::vector<uint64_t> sizes;
    uint64_t dataBytes = 0;  // of all tensors, padded
    size_t current = 0;      // tensor being filled
    uint64_t written = 0;    // bytes of it that have come
    AlignedBuffer buffer{kBufferBytes};
    size_t buffered = 0;
    uint64_t fileBytes = 0;  // bytes handed to the operating system
    uint64_t startedWriteback = 0;

    State() = default;
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    ~State() {
        if (fd >= 0) ::close(fd);
        if (!temporary.empty()) ::unlink(temporary.c_str());
    }

    [[nodiscard]] tl::unexpected<Error> ioError(std::string_view action, int errorNumber) const {
        const bool isFull = errorNumber == ENOSPC || errorNumber == EDQUOT || errorNumber == EFBIG;
        return makeError(ErrorCode::kIo,
                         fmt::format("Cannot {} {}: {}{}.", action, target.string(), reasonText(errorNumber),
                                     isFull ? "; free some space or choose another disk" : ""));
    }
    Result<HeaderBytes> makeHeader(const GgufMetadata& metadata);
    Status openTemporary();
    Status reserve(uint64_t totalBytes) const;
    Status append(std::span<const std::byte> bytes);
    Status flush();
    Status writeThrough(std::span<const std::byte> bytes);
    Status completeTensors();
};

Status GgufWriter::State::openTemporary() {
    static std::atomic<uint64_t> counter{0};
    constexpr int kAttempts = 100;
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
        const fs::path candidate = target.parent_path() / fmt::format(".{}.{}-{}.part.gguf", target.filename().string(),
                                                                      ::getpid(), counter++);
        fd = ::open(candidate.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0) {
            temporary = candidate;
            return {};
        }
        if (errno != EEXIST) break;
    }
    return ioError("create", errno);
}

/// Takes the room of the whole file at once, so that a disk that is too small is noticed before hours of work.
Status GgufWriter::State::reserve(uint64_t totalBytes) const {
    if (totalBytes == 0 || ::fallocate(fd, 0, 0, static_cast<off_t>(totalBytes)) == 0) return {};
    const int reason = errno;
    if (reason != ENOSPC && reason != EDQUOT && reason != EFBIG) return {};  // the file system cannot reserve
    return makeError(
        ErrorCode::kIo,
        fmt::format("Cannot write {}: it needs {} bytes, and {}; free some space or choose another disk.",
                    target.string(), totalBytes,
                    reason == EFBIG ? "files of that size are not allowed there" : "the disk has no room for them"),
        reasonText(reason));
}

Status GgufWriter::State::writeThrough(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const ssize_t done = ::write(fd, bytes.data(), bytes.size());
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) return ioError("write", done < 0 ? errno : ENOSPC);
        bytes = bytes.subspan(static_cast<size_t>(done));
        fileBytes += static_cast<uint64_t>(done);
    }
    if (fileBytes - startedWriteback >= kWritebackBytes) {
        // Starts writing back early, so that the fsync at the end is short.
        ::sync_file_range(fd, static_cast<off_t>(startedWriteback), static_cast<off_t>(fileBytes - startedWriteback),
                          SYNC_FILE_RANGE_WRITE);
        startedWriteback = fileBytes;
    }
    return {};
}

Status GgufWriter::State::flush() {
    const size_t count = std::exchange(buffered, 0);
    return writeThrough(buffer.bytes().first(count));
}

Status GgufWriter::State::append(std::span<const std::byte> bytes) {
    if (bytes.size() > kBufferBytes - buffered) HT_TRY(flush());
    if (bytes.size() >= kBufferBytes) return writeThrough(bytes);
    if (!bytes.empty()) std::memcpy(buffer.data() + buffered, bytes.data(), bytes.size());
    buffered += bytes.size();
    return {};
}

/// Pads what is complete and steps over tensors without elements.
Status GgufWriter::State::completeTensors() {
    while (current < tensors.size() && written == sizes[current]) {
        constexpr std::array<std::byte, kAlignment> kZeros{};
        const size_t padding = static_cast<size_t>((kAlignment - sizes[current] % kAlignment) % kAlignment);
        HT_TRY(append(std::span(kZeros).first(padding)));
        ++current;
        written = 0;
    }
    return {};
}

GgufWriter::GgufWriter(std::unique_ptr<State> state) : m_state(std::move(state)) {}
GgufWriter::GgufWriter(GgufWriter&&) noexcept = default;
GgufWriter& GgufWriter::operator=(GgufWriter&&) noexcept = default;
GgufWriter::~GgufWriter() = default;

/// The whole header; fills in the tensors' sizes and the size of the padded data.
Result<HeaderBytes> GgufWriter::State::makeHeader(const GgufMetadata& metadata) {
    HeaderBytes header;
    header.number(kMagic);
    header.number(kVersion);
    header.number<uint64_t>(tensors.size());
    header.number<uint64_t>(metadata.entries().size());
    for (const auto& [key, value] : metadata.entries()) {
        header.string(key);
        header.value(key == "general.alignment" ? GgufValue(static_cast<uint32_t>(kAlignment)) : value);
    }
    std::unordered_set<std::string_view> names;
    for (const GgufTensorSpec& spec : tensors) {
        HT_ASSIGN_OR_RETURN(const uint64_t size, tensorBytes(target, spec));
        if (!names.insert(spec.name).second) return invalidTensor(target, spec.name, "is listed twice");
        writeTensorEntry(header, spec, dataBytes);
        sizes.push_back(size);
        const auto end = checkedAdd(dataBytes, size);
        if (!end || *end > kLargestFile) return invalidTensor(target, spec.name, "makes the file too large");
        dataBytes = (*end + kAlignment - 1) & ~(kAlignment - 1);
    }
    header.padTo(kAlignment);
    return header;
}

Result<GgufWriter> GgufWriter::create(const fs::path& target, const GgufMetadata& metadata,
                                      std::vector<GgufTensorSpec> tensors) {
    auto state = std::make_unique<State>();
    std::error_code ignored;
    // A link is written through, not replaced.
    state->target =
        fs::is_symlink(target, ignored) ? fs::weakly_canonical(target, ignored) : fs::absolute(target, ignored);
    if (fs::is_directory(state->target, ignored)) {
        return makeError(ErrorCode::kInvalidArgument,
                         fmt::format("Cannot write {}: it is a folder; give a file name.", target.string()));
    }
    state->tensors = std::move(tensors);
    HT_ASSIGN_OR_RETURN(const HeaderBytes header, state->makeHeader(metadata));
    HT_TRY(state->openTemporary());
    HT_TRY(state->reserve(header.bytes().size() + state->dataBytes));
    HT_TRY(state->append(header.bytes()));
    HT_TRY(state->completeTensors());
    return GgufWriter(std::move(state));
}

Status GgufWriter::write(std::span<const std::byte> bytes) {
    State& state = *m_state;
    if (bytes.empty()) return {};
    if (state.current >= state.tensors.size()) {
        return makeError(ErrorCode::kInternal,
                         fmt::format("All tensors of {} are complete, yet more bytes came.", state.target.string()));
    }
    if (bytes.size() > state.sizes[state.current] - state.written) {
        return makeError(ErrorCode::kInternal, fmt::format("Tensor {} of {} takes {} bytes, yet more came.",
                                                           quoteForMessage(state.tensors[state.current].name),
                                                           state.target.string(), state.sizes[state.current]));
    }
    HT_TRY(state.append(bytes));
    state.written += bytes.size();
    return state.completeTensors();
}

Status GgufWriter::seal() {
    State& state = *m_state;
    if (state.current < state.tensors.size()) {
        return makeError(ErrorCode::kInternal,
                         fmt::format("Tensor {} of {} is not complete: {} of {} bytes came.",
                                     quoteForMessage(state.tensors[state.current].name), state.target.string(),
                                     state.written, state.sizes[state.current]));
    }
    HT_TRY(state.flush());
    if (::fsync(state.fd) != 0) return state.ioError("write", errno);
    const int closed = ::close(std::exchange(state.fd, -1));
    if (closed != 0) return state.ioError("write", errno);
    return {};
}

const fs::path& GgufWriter::sealedPath() const {
    return m_state->temporary;
}

Status GgufWriter::publish() {
    State& state = *m_state;
    if (::rename(state.temporary.c_str(), state.target.c_str()) != 0) return state.ioError("replace", errno);
    state.temporary.clear();
    syncFolder(state.target.parent_path());
    return {};
}

Status GgufWriter::finish() {
    HT_TRY(seal());
    return publish();
}

}  // namespace halftone
