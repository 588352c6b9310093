// SPDX-License-Identifier: GPL-3.0-or-later
// The file of a ReferenceRun, little-endian:
//   "HTREFRUN", u32 version, u32 zero, u64 size of the payload, the payload, u64 XXH3 of everything before it.
// Payload: the strings origin, protocol and device (u32 length, bytes), u32 number of notes and that many strings; i64
//   vocabulary, exact tokens, sampled tokens, rows; u64 hash of the windows; i64 tokens fed, windows; f64 seconds; the
//   store's error and its check (f64, i64, three f64); then, per row, f64 negative log-likelihoods, f64 normalizers,
//   u32 ids (unless rows are whole) and f32 logits, array after array.
#include <bit>
#include <cmath>
#include <cstring>

#include <fmt/format.h>

#include "core/base/hash.h"
#include "core/base/mapped_file.h"
#include "core/base/text_file.h"
#include "core/evaluation/figures.h"
#include "core/evaluation/reference_run.h"

namespace halftone {
namespace {

static_assert(std::endian::native == std::endian::little, "the file is read and written as it lies in memory");

constexpr std::string_view kMagic = "HTREFRUN";
constexpr uint32_t kVersion = 1;
constexpr size_t kHeaderBytes = 24;
constexpr uint32_t kLongestString = 1 << 16;
constexpr uint32_t kMostNotes = 64;
constexpr int64_t kLargestVocabulary = int64_t{1} << 28;

class Writer {
  public:
    template <typename T>
    void number(T value) {
        static_assert(std::is_arithmetic_v<T>);
        m_bytes.append(reinterpret_cast<const char*>(&value), sizeof(value));
    }
    void string(std::string_view text) {
        text = text.substr(0, kLongestString);
        number(static_cast<uint32_t>(text.size()));
        m_bytes.append(text);
    }
    template <typename T>
    void array(std::span<const T> values) {
        if (values.empty()) return;
        m_bytes.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
    }
    void raw(std::string_view bytes) { m_bytes.append(bytes); }
    [[nodiscard]] std::string& bytes() { return m_bytes; }

  private:
    std::string m_bytes;
};

/// Reads forward; after the first read past the end everything is zero and failed() stays true.
class Reader {
  public:
    explicit Reader(std::span<const std::byte> bytes) : m_bytes(bytes) {}
    [[nodiscard]] bool failed() const { return m_failed; }
    [[nodiscard]] size_t remaining() const { return m_bytes.size(); }

    template <typename T>
    T number() {
        T value{};
        const auto bytes = take(sizeof(T));
        if (!bytes.empty()) std::memcpy(&value, bytes.data(), sizeof(T));
        return value;
    }
    std::string string() {
        const auto length = number<uint32_t>();
        if (length > kLongestString) m_failed = true;
        const auto bytes = take(length);
        return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
    }
    template <typename T>
    std::vector<T> array(size_t count) {
        const auto bytes = take(count * sizeof(T));
        std::vector<T> values(bytes.size() / sizeof(T));
        if (!bytes.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
        return values;
    }

  private:
    std::span<const std::byte> take(size_t count) {
        if (m_failed || count > m_bytes.size()) {
            m_failed = true;
            return {};
        }
        const auto taken = m_bytes.first(count);
        m_bytes = m_bytes.subspan(count);
        return taken;
    }

    std::span<const std::byte> m_bytes;
    bool m_failed = false;
};

tl::unexpected<Error> damaged(std::string_view what) {
    return makeError(ErrorCode::kInvalidData,
                     fmt::format("The stored reference is damaged ({}); run the reference again.", what));
}

/// The payload, after magic, version, size and checksum have been held against the file.
Result<std::span<const std::byte>> openPayload(std::span<const std::byte> bytes) {
    if (bytes.size() < kHeaderBytes + sizeof(uint64_t) ||
        std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) != 0) {
        return makeError(ErrorCode::kInvalidData, "This is not a stored reference.");
    }
    Reader header(bytes.subspan(kMagic.size()));
    const auto version = header.number<uint32_t>();
    if (version > kVersion) {
        return makeError(
            ErrorCode::kUnsupported,
            fmt::format("The stored reference is of version {}, which a newer program wrote; this one reads "
                        "up to {}. Run the reference again.",
                        version, kVersion));
    }
    const auto reserved = header.number<uint32_t>();
    const auto size = header.number<uint64_t>();
    if (version == 0 || reserved != 0) return damaged("its header makes no sense");
    if (size != bytes.size() - kHeaderBytes - sizeof(uint64_t)) return damaged("it is cut off");
    uint64_t checksum = 0;
    std::memcpy(&checksum, bytes.data() + bytes.size() - sizeof(checksum), sizeof(checksum));
    if (hashBytes(bytes.first(bytes.size() - sizeof(checksum))) != checksum)
        return damaged("its checksum does not fit");
    return bytes.subspan(kHeaderBytes, static_cast<size_t>(size));
}

/// The figures that follow from the likelihoods.
EvaluationResult figuresOf(std::span<const double> tokenNll, const EvaluationResult& stored) {
    FiguresBuilder builder(Protocol{}, false);
    for (const double nll : tokenNll) builder.add({.nll = nll});
    builder.finishWindow({}, stored.seconds);
    EvaluationResult result = builder.finish();
    result.protocol = stored.protocol;
    result.device = stored.device;
    result.notes = stored.notes;
    result.tokens = stored.tokens;
    result.windows = stored.windows;
    return result;
}

struct RowShape {
    int64_t vocabSize = 0, exact = 0, sampled = 0, rows = 0;
};

/// Whether the rows fill what is left of the payload exactly; nothing is allocated before.
bool fitsPayload(const RowShape& shape, size_t remaining) {
    if (shape.vocabSize < 1 || shape.vocabSize > kLargestVocabulary) return false;
    if (shape.exact < 1 || shape.exact > shape.vocabSize) return false;
    if (shape.sampled < 0 || shape.sampled > shape.vocabSize - shape.exact || shape.rows < 0) return false;
    const ReferenceRows rows(shape.vocabSize, {shape.exact, shape.sampled});
    if (rows.exactTokens() != shape.exact || rows.sampledTokens() != shape.sampled) return false;
    const uint64_t bytesPerRow = static_cast<uint64_t>(rows.bytesPerRow()) + sizeof(double);
    return remaining % bytesPerRow == 0 && remaining / bytesPerRow == static_cast<uint64_t>(shape.rows);
}

}  // namespace

Status ReferenceRun::save(const std::filesystem::path& path, const std::string& origin) const {
    Writer payload;
    for (const std::string& text : {origin, m_result.protocol, m_result.device}) payload.string(text);
    const auto notes = std::span(m_result.notes).first(std::min<size_t>(m_result.notes.size(), kMostNotes));
    payload.number(static_cast<uint32_t>(notes.size()));
    for (const std::string& note : notes) payload.string(note);
    for (const int64_t size : {m_rows.vocabSize(), m_rows.exactTokens(), m_rows.sampledTokens(), m_rows.rowCount()})
        payload.number(size);
    payload.number(m_windowsHash);
    payload.number(m_result.tokens);
    payload.number(m_result.windows);
    payload.number(m_result.seconds);
    payload.number(m_storeError);
    payload.number(m_check.rows);
    for (const double figure : {m_check.exactDivergence, m_check.storedDivergence, m_check.standardError})
        payload.number(figure);
    payload.array(std::span<const double>(m_tokenNll));
    payload.array(m_rows.normalizers());
    payload.array(m_rows.ids());
    payload.array(m_rows.logits());

    Writer file;
    file.raw(kMagic);
    file.number(kVersion);
    file.number(uint32_t{0});
    file.number(static_cast<uint64_t>(payload.bytes().size()));
    file.raw(payload.bytes());
    file.number(hashBytes(std::as_bytes(std::span(file.bytes()))));
    return writeFileAtomically(path, file.bytes());
}

Result<ReferenceRun::Loaded> ReferenceRun::load(const std::filesystem::path& path) {
    HT_ASSIGN_OR_RETURN(const auto file, MappedFile::open(path));
    auto loaded = parse(file->bytes());
    if (!loaded) loaded.error().context = path.string();
    return loaded;
}

Result<ReferenceRun::Loaded> ReferenceRun::parse(std::span<const std::byte> bytes) {
    HT_ASSIGN_OR_RETURN(const auto payload, openPayload(bytes));
    Reader reader(payload);
    Loaded loaded;
    auto run = std::make_shared<ReferenceRun>();
    EvaluationResult stored;
    loaded.origin = reader.string();
    stored.protocol = reader.string();
    stored.device = reader.string();
    const auto notes = reader.number<uint32_t>();
    if (notes > kMostNotes) return damaged("it has too many notes");
    for (uint32_t i = 0; i < notes; ++i) stored.notes.push_back(reader.string());
    RowShape shape;
    for (int64_t* size : {&shape.vocabSize, &shape.exact, &shape.sampled, &shape.rows})
        *size = reader.number<int64_t>();
    run->m_windowsHash = reader.number<uint64_t>();
    stored.tokens = reader.number<int64_t>();
    stored.windows = reader.number<int64_t>();
    stored.seconds = reader.number<double>();
    run->m_storeError = reader.number<double>();
    run->m_check.rows = reader.number<int64_t>();
    for (double* figure : {&run->m_check.exactDivergence, &run->m_check.storedDivergence, &run->m_check.standardError})
        *figure = reader.number<double>();
    if (reader.failed() || !fitsPayload(shape, reader.remaining())) return damaged("its sizes do not fit together");
    const auto rows = static_cast<size_t>(shape.rows);
    run->m_rows = ReferenceRows(shape.vocabSize, {shape.exact, shape.sampled});
    const size_t values = rows * static_cast<size_t>(shape.exact + shape.sampled);
    run->m_tokenNll = reader.array<double>(rows);
    for (const double nll : run->m_tokenNll) {
        if (!std::isfinite(nll)) return damaged("a likelihood is not a number");
    }
    ReferenceRows::Arrays arrays;
    arrays.normalizers = reader.array<double>(rows);
    arrays.ids = reader.array<uint32_t>(run->m_rows.isWhole() ? 0 : values);
    arrays.logits = reader.array<float>(values);
    HT_TRY(run->m_rows.adopt(shape.rows, std::move(arrays)));
    run->m_result = figuresOf(run->m_tokenNll, stored);
    loaded.run = std::move(run);
    return loaded;
}

}  // namespace halftone
