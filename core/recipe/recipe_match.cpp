// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/recipe/recipe_match.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <fmt/format.h>

namespace halftone {
namespace {

// A recipe may come from anywhere: a pattern that backtracks without end must give up, not hang the window.
constexpr uint32_t kMatchLimit = 200000;
constexpr uint32_t kDepthLimit = 2000;
constexpr uint32_t kHeapLimitKib = 4096;

std::string pcreMessage(int code) {
    PCRE2_UCHAR buffer[256];
    pcre2_get_error_message(code, buffer, sizeof buffer);
    return reinterpret_cast<const char*>(buffer);
}

}  // namespace

struct CompiledMatch::Regex {
    pcre2_code* code = nullptr;
    pcre2_match_data* data = nullptr;
    pcre2_match_context* context = nullptr;
    Regex() = default;
    Regex(const Regex&) = delete;
    Regex& operator=(const Regex&) = delete;
    ~Regex() {
        pcre2_match_context_free(context);
        pcre2_match_data_free(data);
        pcre2_code_free(code);
    }
};

CompiledMatch::CompiledMatch(const RuleMatch& match) : m_match(match) {
    if (match.regex.empty()) return;
    m_regex = std::make_unique<Regex>();
    int code = 0;
    PCRE2_SIZE offset = 0;
    m_regex->code =
        pcre2_compile(reinterpret_cast<PCRE2_SPTR>(match.regex.data()), match.regex.size(),
                      PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C, &code, &offset, nullptr);
    if (!m_regex->code) {
        m_error = fmt::format("the regular expression \"{}\" is wrong at character {}: {}", match.regex, offset + 1,
                              pcreMessage(code));
        m_regex.reset();
        return;
    }
    m_regex->data = pcre2_match_data_create(1, nullptr);
    m_regex->context = pcre2_match_context_create(nullptr);
    pcre2_set_match_limit(m_regex->context, kMatchLimit);
    pcre2_set_depth_limit(m_regex->context, kDepthLimit);
    pcre2_set_heap_limit(m_regex->context, kHeapLimitKib);
}

CompiledMatch::~CompiledMatch() = default;
CompiledMatch::CompiledMatch(CompiledMatch&&) noexcept = default;
CompiledMatch& CompiledMatch::operator=(CompiledMatch&&) noexcept = default;

bool CompiledMatch::matches(const TensorInfo& tensor) {
    if (!m_error.empty()) return false;
    if (!m_match.roles.empty() && !m_match.roles.contains(tensor.role)) return false;
    const bool limitsBlocks = m_match.firstBlock || m_match.lastBlock;
    if (limitsBlocks && tensor.block < 0) return false;
    if (m_match.firstBlock && tensor.block < *m_match.firstBlock) return false;
    if (m_match.lastBlock && tensor.block > *m_match.lastBlock) return false;
    return !m_regex || regexMatches(tensor.canonicalName);
}

bool CompiledMatch::regexMatches(const std::string& name) {
    const int result = pcre2_match(m_regex->code, reinterpret_cast<PCRE2_SPTR>(name.data()), name.size(), 0, 0,
                                   m_regex->data, m_regex->context);
    if (result >= 0) return true;
    if (result != PCRE2_ERROR_NOMATCH) {
        m_error =
            fmt::format("the regular expression \"{}\" gave up on {}: {}", m_match.regex, name, pcreMessage(result));
    }
    return false;
}

}  // namespace halftone
