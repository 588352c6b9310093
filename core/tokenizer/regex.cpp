// SPDX-License-Identifier: GPL-3.0-or-later
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "core/tokenizer/regex.h"

#include <array>

#include <fmt/format.h>

#include "core/tokenizer/pattern_syntax.h"
#include "core/tokenizer/utf8.h"

namespace halftone::tokenization {
namespace {

constexpr size_t kMaxPatternBytes = 1 << 16;
constexpr uint32_t kMatchLimit = 20'000'000;
constexpr uint32_t kDepthLimit = 100'000;
constexpr uint32_t kHeapLimitKib = 64 * 1024;
constexpr std::chrono::milliseconds kBaseTime{3000};
constexpr size_t kBytesPerMillisecond = 200;  // a healthy pattern is some hundred times faster

std::string describePcreError(int code) {
    std::array<PCRE2_UCHAR, 256> buffer{};
    pcre2_get_error_message(code, buffer.data(), buffer.size());
    return reinterpret_cast<const char*>(buffer.data());
}

}  // namespace

Result<Regex> Regex::compile(std::string_view pattern) {
    HT_ASSIGN_OR_RETURN(const std::string translated, pcrePattern(pattern));
    return compilePcre(translated, pattern);
}

Result<Regex> Regex::literal(std::string_view text) {
    std::string escaped;
    for (char c : text) {
        const bool alphanumeric = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (static_cast<unsigned char>(c) < 0x80 && !alphanumeric) escaped.push_back('\\');
        escaped.push_back(c);
    }
    return compilePcre(escaped, text);
}

Result<Regex> Regex::compilePcre(const std::string& translated, std::string_view original) {
    const std::unique_ptr<pcre2_compile_context, decltype(&pcre2_compile_context_free)> context(
        pcre2_compile_context_create(nullptr), &pcre2_compile_context_free);
    if (!context)
        return makeError(ErrorCode::kOutOfMemory, "There is not enough memory to compile the tokenizer's pattern.");
    pcre2_set_max_pattern_length(context.get(), kMaxPatternBytes);
    pcre2_set_newline(context.get(), PCRE2_NEWLINE_LF);
    // Ruby's ^ and $ work per line. \C could cut a character in two.
    const uint32_t options = PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE | PCRE2_NEVER_BACKSLASH_C;
    int errorCode = 0;
    PCRE2_SIZE errorOffset = 0;
    pcre2_code* code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(translated.data()), translated.size(), options,
                                     &errorCode, &errorOffset, context.get());
    if (code == nullptr) {
        return makeError(ErrorCode::kInvalidData,
                         fmt::format("The tokenizer's pattern \"{}\" is not a valid regular expression: {}.",
                                     clipText(original, 200), describePcreError(errorCode)),
                         fmt::format("pcre2 offset {}", errorOffset));
    }
    Regex result;
    result.m_pattern = std::string(original);
    result.m_code = std::shared_ptr<const void>(code, [](pcre2_code* p) { pcre2_code_free(p); });
    pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);  // where it fails, matching is interpreted
    return result;
}

RegexMatcher::RegexMatcher(const Regex& regex, size_t textBytes)
    : m_regex(regex),
      m_matchData(pcre2_match_data_create(1, nullptr),
                  [](void* p) { pcre2_match_data_free(static_cast<pcre2_match_data*>(p)); }),
      m_matchContext(pcre2_match_context_create(nullptr),
                     [](void* p) { pcre2_match_context_free(static_cast<pcre2_match_context*>(p)); }),
      m_deadline(std::chrono::steady_clock::now() + kBaseTime +
                 std::chrono::milliseconds(textBytes / kBytesPerMillisecond)) {
    if (!m_matchContext) return;
    auto* context = static_cast<pcre2_match_context*>(m_matchContext.get());
    pcre2_set_match_limit(context, kMatchLimit);
    pcre2_set_depth_limit(context, kDepthLimit);
    pcre2_set_heap_limit(context, kHeapLimitKib);
}

Result<std::optional<TextRange>> RegexMatcher::next(std::string_view subject, size_t from) {
    if (!m_matchData || !m_matchContext)
        return makeError(ErrorCode::kOutOfMemory, "There is not enough memory to split the text.");
    if ((++m_calls & 31) == 0 && std::chrono::steady_clock::now() > m_deadline) return failure(PCRE2_ERROR_MATCHLIMIT);
    const auto* code = static_cast<const pcre2_code*>(m_regex.m_code.get());
    auto* data = static_cast<pcre2_match_data*>(m_matchData.get());
    auto* context = static_cast<pcre2_match_context*>(m_matchContext.get());
    const auto* text = reinterpret_cast<PCRE2_SPTR>(subject.data());
    int count = pcre2_match(code, text, subject.size(), from, PCRE2_NO_UTF_CHECK, data, context);
    if (count == PCRE2_ERROR_JIT_STACKLIMIT) {
        count = pcre2_match(code, text, subject.size(), from, PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT, data, context);
    }
    if (count == PCRE2_ERROR_NOMATCH) return std::optional<TextRange>();
    if (count < 0) return failure(count);
    const PCRE2_SIZE* offsets = pcre2_get_ovector_pointer(data);
    // \K inside a look-around can report a match that ends before it begins, or begins before `from`.
    if (offsets[0] < from || offsets[1] < offsets[0] || offsets[1] > subject.size()) return std::optional<TextRange>();
    return std::optional<TextRange>(TextRange{offsets[0], offsets[1]});
}

tl::unexpected<Error> RegexMatcher::failure(int code) const {
    return makeError(ErrorCode::kUnsupported,
                     fmt::format("The tokenizer's pattern \"{}\" takes too long or too much memory on this text.",
                                 clipText(m_regex.pattern(), 200)),
                     describePcreError(code));
}

}  // namespace halftone::tokenization
