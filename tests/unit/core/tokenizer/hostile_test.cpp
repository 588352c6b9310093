// SPDX-License-Identifier: GPL-3.0-or-later
// Damaged and malicious tokenizer files: an error with a sentence, or a tokenizer that works, but never anything else.
#include <random>

#include "tests/unit/core/tokenizer/tokenizer_test_support.h"

namespace halftone::test {
namespace {

using namespace tokenization;

const std::string kSample = "Once <s> upon\n a \xE4\xB8\xAD time \xF0\x9F\xA6\x99 123";

// Uses everything a tokenizer can do.
void exercise(const Result<TokenizerPointer>& tokenizer) {
    if (!tokenizer) {
        EXPECT_FALSE(tokenizer.error().message.empty());
        return;
    }
    const auto ids = (*tokenizer)->encode(kSample, {.addSpecial = true, .parseSpecial = true});
    if (ids) {
        (void)(*tokenizer)->decode(*ids, true);
        for (const TokenId id : *ids) EXPECT_GE(id, 0);
        for (const TokenId id : *ids) EXPECT_LT(id, (*tokenizer)->vocabSize());
    }
    const auto written = (*tokenizer)->ggufMetadata((*tokenizer)->vocabSize() + 3);
    if (written) (void)fromGguf(*written);
}

TEST(HostileJson, WrongTypesAndMissingFieldsAreErrors) {
    const char* texts[] = {
        "",
        "{",
        "[]",
        "null",
        R"({"model":null})",
        R"({"model":[]})",
        R"({"model":{}})",
        R"({"model":{"type":"Nonsense","vocab":{}}})",
        R"({"model":{"type":"BPE"}})",
        R"({"model":{"type":"BPE","vocab":[],"merges":[]}})",
        R"({"model":{"type":"BPE","vocab":{},"merges":[]}})",
        R"({"model":{"type":"BPE","vocab":{"a":"b"},"merges":[]}})",
        R"({"model":{"type":"BPE","vocab":{"a":-1},"merges":[]}})",
        R"({"model":{"type":"BPE","vocab":{"a":4000000000},"merges":[]}})",
        R"({"model":{"type":"BPE","vocab":{"a":7999999},"merges":[]}})",
        R"({"model":{"type":"BPE","vocab":{"a":1.5},"merges":[]}})",
        R"({"model":{"type":"BPE","vocab":{"a":0},"merges":{}}})",
        R"({"model":{"type":"BPE","vocab":{"a":0},"merges":["ab"]}})",
        R"({"model":{"type":"BPE","vocab":{"a":0},"merges":[""]}})",
        R"({"model":{"type":"BPE","vocab":{"a":0},"merges":["a a"]}})",
        R"({"model":{"type":"BPE","vocab":{"a":0},"merges":[["a"]]}})",
        R"({"model":{"type":"BPE","vocab":{"a":0},"merges":[[1,2]]}})",
        R"({"model":{"type":"Unigram","vocab":{"a":0}}})",
        R"({"model":{"type":"Unigram","vocab":[["a"]]}})",
        R"({"model":{"type":"Unigram","vocab":[["a","b"]]}})",
        R"({"model":{"type":"Unigram","vocab":[["a",0]],"unk_id":1}})",
        R"({"model":{"type":"Unigram","vocab":[["a",0]],"unk_id":-1}})",
        R"({"model":{"type":"WordPiece","vocab":{"a":0},"max_input_chars_per_word":-3}})",
        R"({"model":{"type":"WordLevel","vocab":{"a":0}},"added_tokens":[{"id":-1,"content":"x"}]})",
        R"({"model":{"type":"WordLevel","vocab":{"a":0}},"added_tokens":[{"content":"x"}]})",
        R"({"model":{"type":"WordLevel","vocab":{"a":0}},"added_tokens":[{"id":7000000,"content":"x"}]})",
        R"({"model":{"type":"WordLevel","vocab":{"a":0}},"normalizer":{"type":"Nmt"}})",
        R"({"model":{"type":"WordLevel","vocab":{"a":0}},"normalizer":{"type":"Replace"}})",
        R"({"model":{"type":"WordLevel","vocab":{"a":0}},"normalizer":{"type":"Sequence","normalizers":3}})",
        R"({"model":{"type":"WordLevel","vocab":{"a":0}},"normalizer":{"type":"Precompiled","precompiled_charsmap":"////"}})",
        R"({"model":{"type":"WordLevel","vocab":{"a":0}},"normalizer":{"type":"Precompiled","precompiled_charsmap":"*"}})",
        R"({"model":{"type":"WordLevel","vocab":{"a":0}},"pre_tokenizer":{"type":"UnicodeScripts"}})",
        R"({"model":{"type":"WordLevel","vocab":{"a":0}},"pre_tokenizer":{"type":"Split","pattern":{"Regex":"("},"behavior":"Isolated"}})",
        R"({"model":{"type":"WordLevel","vocab":{"a":0}},"pre_tokenizer":{"type":"Split","pattern":{"Regex":"a"},"behavior":"No"}})",
        R"({"model":{"type":"WordLevel","vocab":{"a":0}},"decoder":{"type":"CTC"}})",
        R"({"model":{"type":"WordLevel","vocab":{"a":0}},"decoder":{"type":"Strip","content":" ","start":-1,"stop":0}})",
        R"({"model":{"type":"WordLevel","vocab":{"a":0}},"post_processor":{"type":"BertProcessing","sep":["x",9],"cls":["y",0]}})",
        R"({"model":{"type":"WordLevel","vocab":{"a":0}},"post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"no"}}]}})",
    };
    for (const char* text : texts) {
        const auto tokenizer = fromJson(text);
        EXPECT_FALSE(tokenizer) << text;
        exercise(tokenizer);
    }
}

TEST(HostileJson, DeepNestingIsRefused) {
    std::string deep = R"({"type":"Lowercase"})";
    for (int i = 0; i < 100; ++i) deep = R"({"type":"Sequence","normalizers":[)" + deep + "]}";
    EXPECT_FALSE(fromJson(R"({"model":{"type":"WordLevel","vocab":{"a":0}},"normalizer":)" + deep + "}"));
    EXPECT_FALSE(fromJson(R"({"model":)" + std::string(100'000, '[')));
}

TEST(HostileJson, OddButPossibleFilesWork) {
    const char* texts[] = {
        R"({"model":{"type":"BPE","vocab":{"":0,"a":1,"aa":2},"merges":["a a"],"unk_token":"gone"}})",
        R"({"model":{"vocab":{"a":0},"merges":[]}})",
        R"({"model":{"type":"WordLevel","vocab":{"a":5},"unk_token":"a"},"added_tokens":[{"id":9,"content":""}]})",
        R"({"model":{"type":"BPE","vocab":{"a":0,"##":1},"merges":[["a","##"]],"continuing_subword_prefix":"##"}})",
        R"({"model":{"type":"Unigram","vocab":[["",0.0],["a",-1e300],["O",1e30]],"unk_id":0}})",
        R"({"model":{"type":"WordLevel","vocab":{"a":0}},"pre_tokenizer":{"type":"Split","pattern":{"Regex":""},"behavior":"Isolated"}})",
        R"json({"model":{"type":"WordLevel","vocab":{"a":0}},"pre_tokenizer":{"type":"Split","pattern":{"Regex":"a\\K"},"behavior":"Isolated"}})json",
        R"({"model":{"type":"WordLevel","vocab":{"a":0}},"pre_tokenizer":{"type":"Metaspace","replacement":""}})",
        R"({"model":{"type":"WordLevel","vocab":{"a":0}},"decoder":{"type":"Replace","pattern":{"Regex":"a|"},"content":"aa"}})",
        R"({"model":{"type":"WordLevel","vocab":{"a":0}},"added_tokens":[{"id":0,"content":"a","normalized":true}],"normalizer":{"type":"Prepend","prepend":"a"}})",
    };
    for (const char* text : texts) {
        const auto tokenizer = fromJson(text);
        HT_EXPECT_OK(tokenizer) << text;
        exercise(tokenizer);
    }
}

TEST(HostileJson, AHostilePatternEndsWithAnError) {
    const auto tokenizer = fromJson(
        R"({"model":{"type":"WordLevel","vocab":{"a":0}},"pre_tokenizer":{"type":"Split","pattern":{"Regex":"(a|aa)+$"},"behavior":"Isolated"}})");
    HT_ASSERT_OK(tokenizer);
    const auto ids = (*tokenizer)->encode(std::string(100'000, 'a') + "!", {});
    EXPECT_FALSE(ids);
}

TEST(HostileJson, LongChainsOfMergesStayFast) {
    std::string vocabulary = R"("a":0)";
    std::string merges;
    std::string token = "a";
    for (int i = 1; i < 18; ++i) {
        merges += std::string(merges.empty() ? "" : ",") + "[\"" + token + "\",\"" + token + "\"]";
        token += token;
        vocabulary += ",\"" + token + "\":" + std::to_string(i);
    }
    const auto tokenizer =
        fromJson(R"({"model":{"type":"BPE","vocab":{)" + vocabulary + R"(},"merges":[)" + merges + "]}}");
    HT_ASSERT_OK(tokenizer);
    const auto ids = (*tokenizer)->encode(std::string(1 << 18, 'a'), {});
    HT_ASSERT_OK(ids);
    EXPECT_EQ(ids->size(), 2U);
}

// Every byte position of a real file, cut off there or changed there.
TEST(HostileSentencePiece, EveryTruncationIsHandled) {
    HT_SHARED_OR_SKIP(path, "models/stories260K/tokenizer.model");
    const std::string bytes = readFile(path);
    size_t refused = 0;
    for (size_t size = 0; size < bytes.size(); ++size) {
        const auto tokenizer = fromSentencePiece(std::string_view(bytes).substr(0, size));
        if (tokenizer) exercise(tokenizer);
        refused += tokenizer ? 0 : 1;
    }
    EXPECT_GT(refused, bytes.size() / 2);
}

TEST(HostileSentencePiece, ChangedBytesAreHandled) {
    HT_SHARED_OR_SKIP(path, "models/babyllama-105/tokenizer.model");
    const std::string bytes = readFile(path);
    std::mt19937 random(3);
    for (int round = 0; round < 3000; ++round) {
        std::string changed = bytes;
        for (int i = 0; i < 3; ++i) changed[random() % changed.size()] = static_cast<char>(random());
        exercise(fromSentencePiece(changed));
    }
}

TEST(HostileJson, ChangedBytesAreHandled) {
    for (const char* name : {"models/babyllama-105/tokenizer.json", "models/slm4096-gpt2/tokenizer.json"}) {
        HT_SHARED_OR_SKIP(path, name);
        const std::string text = readFile(path);
        std::mt19937 random(5);
        for (int round = 0; round < 1500; ++round) {
            std::string changed = text;
            for (int i = 0; i < 2; ++i) changed[random() % changed.size()] = static_cast<char>(' ' + random() % 95);
            exercise(fromJson(changed));
        }
    }
}

GgufMetadata smallVocabulary(const std::string& model) {
    GgufMetadata metadata;
    metadata.set("tokenizer.ggml.model", model);
    metadata.set(
        "tokenizer.ggml.tokens",
        GgufArray{GgufType::kString, std::vector<std::string>{"<unk>", "<s>", "</s>", "a", "b", "ab", "\xE2\x96\x81"}});
    return metadata;
}

TEST(HostileGguf, EveryKindSurvivesOddValues) {
    for (const char* model : {"llama", "gpt2", "gemma4", "bert", "t5"}) {
        exercise(fromGguf(smallVocabulary(model)));
        GgufMetadata odd = smallVocabulary(model);
        odd.set("tokenizer.ggml.bos_token_id", uint32_t{4'000'000'000});
        odd.set("tokenizer.ggml.eos_token_id", int32_t{-7});
        odd.set("tokenizer.ggml.pre", std::string("no-such-family"));
        odd.set("tokenizer.ggml.merges", GgufArray{GgufType::kString, std::vector<std::string>{"a b", "ab a", "ab a"}});
        odd.set("tokenizer.ggml.token_type", GgufArray{GgufType::kI32, std::vector<int32_t>{2, 3, 3, -9, 99, 1, 4}});
        odd.set("tokenizer.ggml.precompiled_charsmap",
                GgufArray{GgufType::kU8, std::vector<uint8_t>{4, 0, 0, 0, 255, 255, 255, 255}});
        const auto tokenizer = fromGguf(odd);
        HT_EXPECT_OK(tokenizer) << model;
        exercise(tokenizer);
        if (std::string(model) == "gpt2") {
            EXPECT_NE((*tokenizer)->description().find("no-such-family"), std::string::npos);
        }
    }
}

TEST(HostileGguf, BrokenVocabulariesAreErrors) {
    EXPECT_FALSE(fromGguf({}));
    EXPECT_FALSE(fromGguf(smallVocabulary("rwkv")));
    GgufMetadata shortTypes = smallVocabulary("llama");
    shortTypes.set("tokenizer.ggml.token_type", GgufArray{GgufType::kI32, std::vector<int32_t>{1}});
    EXPECT_FALSE(fromGguf(shortTypes));
    GgufMetadata badMerge = smallVocabulary("gpt2");
    badMerge.set("tokenizer.ggml.merges", GgufArray{GgufType::kString, std::vector<std::string>{"ab"}});
    EXPECT_FALSE(fromGguf(badMerge));
    GgufMetadata noTokens = smallVocabulary("llama");
    noTokens.erase("tokenizer.ggml.tokens");
    EXPECT_FALSE(fromGguf(noTokens));
}

// Characters only, without byte tokens: what is not in the vocabulary becomes <unk>.
TEST(SmallVocabularies, GiveUnknownTokensInsteadOfBytes) {
    HT_SHARED_OR_SKIP(folder, "models/babyllama-105");
    for (const auto& path : {folder, folder / "babyllama-105-f16.gguf"}) {
        const auto tokenizer = openTokenizer(path);
        HT_ASSERT_OK(tokenizer);
        const auto ids = plainIds(**tokenizer,
                                  "a\n\xE4\xB8\xAD"
                                  "b");
        EXPECT_EQ(ids, (std::vector<TokenId>{3, 5, 0, plainIds(**tokenizer, "b").back()}));
    }
}

TEST(PaddedVocabularies, NameTheMissingIds) {
    for (const char* source : {"models/stories260K", "models/stories260K/stories260K-f16.gguf"}) {
        HT_SHARED_OR_SKIP(path, source);
        const auto tokenizer = openTokenizer(path);
        HT_ASSERT_OK(tokenizer);
        const auto metadata = (*tokenizer)->ggufMetadata(515);
        HT_ASSERT_OK(metadata);
        const auto& tokens = *metadata->strings("tokenizer.ggml.tokens");
        ASSERT_EQ(tokens.size(), 515U);
        EXPECT_EQ(tokens[514], "[PAD514]");
        const auto& types = std::get<std::vector<int32_t>>(metadata->array("tokenizer.ggml.token_type")->values);
        EXPECT_EQ(types[514], 5);
        EXPECT_EQ(std::get<std::vector<float>>(metadata->array("tokenizer.ggml.scores")->values)[514], -10000.0F);
    }
}

}  // namespace
}  // namespace halftone::test
