// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/token_decoder.h"

#include <array>

#include "core/tokenizer/byte_alphabet.h"

namespace halftone::tokenization {
namespace {

// A step that would make one token longer than this is skipped, so that a damaged file cannot exhaust memory.
constexpr size_t kMaxTokenBytes = 1 << 16;

std::string replaceAll(const std::string& text, std::string_view from, std::string_view to) {
    if (from.empty()) return text;
    std::string result;
    size_t position = 0;
    for (size_t found = text.find(from); found != std::string::npos; found = text.find(from, position)) {
        result.append(text, position, found - position).append(to);
        position = found + from.size();
        if (result.size() > kMaxTokenBytes) return text;
    }
    return result.append(text, position);
}

// The spaces that BERT-style tokenizers set before punctuation and inside English contractions.
std::string cleanUpSpaces(std::string text) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 11> kRules = {{{" .", "."},
                                                                                              {" ?", "?"},
                                                                                              {" !", "!"},
                                                                                              {" ,", ","},
                                                                                              {" ' ", "'"},
                                                                                              {" n't", "n't"},
                                                                                              {" 'm", "'m"},
                                                                                              {" do not", " don't"},
                                                                                              {" 's", "'s"},
                                                                                              {" 've", "'ve"},
                                                                                              {" 're", "'re"}}};
    for (const auto& [from, to] : kRules) text = replaceAll(text, from, to);
    return text;
}

}  // namespace

std::string TokenDecoder::decode(std::string_view tokenText) const {
    std::string text(tokenText);
    for (const Step& step : m_steps) text = step(std::move(text));
    return text;
}

TokenDecoder::Step TokenDecoder::byteLevel() {
    return [](const std::string& text) { return bytesOfSpelling(text); };
}

TokenDecoder::Step TokenDecoder::byteFallback() {
    return [](std::string text) {
        const auto byte = byteOfByteToken(text);
        return byte ? std::string(1, static_cast<char>(*byte)) : text;
    };
}

TokenDecoder::Step TokenDecoder::replaceText(std::string from, std::string to) {
    return [from = std::move(from), to = std::move(to)](const std::string& text) { return replaceAll(text, from, to); };
}

TokenDecoder::Step TokenDecoder::wordPiece(std::string prefix, bool cleanup) {
    return [prefix = std::move(prefix), cleanup](const std::string& text) {
        const bool continues = !prefix.empty() && text.starts_with(prefix);
        std::string result = continues ? text.substr(prefix.size()) : " " + text;
        return cleanup ? cleanUpSpaces(std::move(result)) : result;
    };
}

TokenDecoder::Step TokenDecoder::wordStarts(std::string mark) {
    return [mark = std::move(mark)](const std::string& text) {
        return text.starts_with(mark) ? cleanUpSpaces(" " + text.substr(mark.size())) : text;
    };
}

TokenDecoder::Step TokenDecoder::strip(std::string content, size_t start, size_t stop) {
    return [content = std::move(content), start, stop](std::string text) {
        if (content.empty()) return text;
        for (size_t i = 0; i < start && text.starts_with(content); ++i) text.erase(0, content.size());
        for (size_t i = 0; i < stop && text.ends_with(content); ++i) text.erase(text.size() - content.size());
        return text;
    };
}

}  // namespace halftone::tokenization
