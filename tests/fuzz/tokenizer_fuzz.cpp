// SPDX-License-Identifier: GPL-3.0-or-later
// The first byte chooses the format: tokenizer.json, tokenizer.model, vocab.json and merges.txt, a pattern, a GGUF
// vocabulary or text for one of them.
#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/error.h"
#include "core/tokenizer/byte_level_files.h"
#include "core/tokenizer/gguf_vocabulary_reader.h"
#include "core/tokenizer/hf_reader.h"
#include "core/tokenizer/pipeline_tokenizer.h"
#include "core/tokenizer/regex.h"
#include "core/tokenizer/sentencepiece_reader.h"
#include "core/tokenizer/utf8.h"
#include "tests/fuzz/fuzz_input.h"

namespace {

using namespace halftone;
using namespace halftone::tokenization;

constexpr std::string_view kSample = "Once <s> upon\n a \xE4\xB8\xAD time \xF0\x9F\xA6\x99 123 [MASK] ' don't";

// Everything that a tokenizer which could be read must be able to do.
void exercise(Result<TokenizerParts> parts, std::string_view text) {
    if (!parts) {
        HT_CHECK(!parts.error().message.empty() && isWellFormedUtf8(parts.error().message));
        return;
    }
    const auto tokenizer = std::make_shared<const PipelineTokenizer>(std::move(*parts));
    const auto ids = tokenizer->encode(text, {.addSpecial = true, .parseSpecial = true});
    if (ids) {
        TextStream stream(tokenizer);
        std::string streamed;
        for (const TokenId id : *ids) {
            HT_CHECK(id >= 0 && id < tokenizer->vocabSize());
            streamed += stream.push(id);
        }
        streamed += stream.finish();
        HT_CHECK(streamed == tokenizer->decode(*ids, false) && isWellFormedUtf8(streamed));
    }
    const auto written = tokenizer->ggufMetadata(tokenizer->vocabSize() + 1);
    if (written) HT_CHECK(readGgufTokenizer(*written).has_value());
}

void fuzzPattern(std::string_view bytes) {
    const size_t separator = bytes.find('\n');
    const auto regex = Regex::compile(replaceMalformedUtf8(bytes.substr(0, separator)));
    if (!regex || separator == std::string_view::npos) return;
    const std::string subject = replaceMalformedUtf8(bytes.substr(separator + 1, 256));
    RegexMatcher matcher(*regex, subject.size());
    for (size_t from = 0; from <= subject.size();) {
        const auto match = matcher.next(subject, from);
        if (!match || !*match) return;
        HT_CHECK((*match)->begin >= from && (*match)->end >= (*match)->begin && (*match)->end <= subject.size());
        from = (*match)->end;
        if ((*match)->size() > 0) continue;
        if (from == subject.size()) return;
        from += decodeUtf8(subject, from).length;
    }
}

// vocab.json, a NUL, merges.txt.
void fuzzByteLevelFiles(std::string_view bytes) {
    const size_t separator = std::min(bytes.find('\0'), bytes.size());
    const std::string_view merges = separator < bytes.size() ? bytes.substr(separator + 1) : std::string_view();
    CompanionFiles companions;
    const auto joined = joinByteLevelFiles(bytes.substr(0, separator), merges, companions);
    if (joined) {
        exercise(readHuggingFaceTokenizer(*joined, companions), kSample);
    } else {
        HT_CHECK(!joined.error().message.empty() && isWellFormedUtf8(joined.error().message));
    }
}

// Tokens are the lines of the first half, merges those of the second; the text is all of it.
GgufMetadata vocabularyOf(const char* model, std::string_view bytes) {
    std::vector<std::string> tokens;
    std::vector<std::string> merges;
    for (size_t begin = 0; begin < bytes.size();) {
        const size_t end = std::min(bytes.find('\n', begin), bytes.size());
        (begin < bytes.size() / 2 ? tokens : merges).emplace_back(bytes.substr(begin, end - begin));
        begin = end + 1;
    }
    std::vector<int32_t> types;
    std::vector<float> scores;
    for (const std::string& token : tokens) {
        types.push_back(token.empty() ? 1 : static_cast<unsigned char>(token.back()) % 8);
        scores.push_back(-static_cast<float>(token.size() % 7));
    }
    GgufMetadata metadata;
    metadata.set("tokenizer.ggml.model", std::string(model));
    metadata.set("tokenizer.ggml.tokens", GgufArray{GgufType::kString, std::move(tokens)});
    metadata.set("tokenizer.ggml.token_type", GgufArray{GgufType::kI32, std::move(types)});
    metadata.set("tokenizer.ggml.scores", GgufArray{GgufType::kF32, std::move(scores)});
    metadata.set("tokenizer.ggml.merges", GgufArray{GgufType::kString, std::move(merges)});
    return metadata;
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size == 0) return 0;
    static constexpr std::array<const char*, 5> kModels = {"llama", "gpt2", "gemma4", "bert", "t5"};
    const std::string_view bytes = test::fuzzText(data, size).substr(1);
    switch (data[0]) {
        case 'j':
            exercise(readHuggingFaceTokenizer(bytes, {}), kSample);
            break;
        case 's':
            exercise(readSentencePieceTokenizer(bytes, {}), kSample);
            break;
        case 'v':
            fuzzByteLevelFiles(bytes);
            break;
        case 'p':
            fuzzPattern(bytes);
            break;
        default:
            exercise(readGgufTokenizer(vocabularyOf(kModels[data[0] % kModels.size()], bytes)), bytes);
            break;
    }
    return 0;
}
