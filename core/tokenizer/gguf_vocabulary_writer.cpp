// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/gguf_vocabulary_writer.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>

#include "core/tokenizer/bpe_model.h"
#include "core/tokenizer/byte_alphabet.h"
#include "core/tokenizer/pipeline_tokenizer.h"
#include "core/tokenizer/utf8.h"

namespace halftone::tokenization {
namespace {

constexpr std::string_view kSpaceMark = "\xE2\x96\x81";
constexpr float kPaddingScore = -10000.0F;
constexpr float kAddedScore = -1000.0F;

std::string replaceText(std::string text, std::string_view from, std::string_view to) {
    for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
        text.replace(at, from.size(), to);
    return text;
}

bool isAdded(TokenType type) {
    return type == TokenType::kControl || type == TokenType::kUserDefined || type == TokenType::kUnknown;
}

std::string paddingText(int64_t id) {
    return fmt::format("[PAD{}]", id);
}

class VocabularyWriter {
  public:
    VocabularyWriter(const TokenizerParts& parts, int64_t size)
        : m_parts(parts),
          m_vocabulary(*parts.vocabulary),
          m_plan(parts.gguf),
          m_size(size > 0 ? size : m_vocabulary.size()) {}

    GgufMetadata run() {
        set("model", std::string(modelName()));
        set("pre", m_plan.form == GgufForm::kByteLevelBpe ? m_plan.pre : std::string("default"));
        writeTokens();
        if (m_plan.form == GgufForm::kByteLevelBpe || m_plan.form == GgufForm::kMergedBpe) writeMerges();
        writeSpecialTokens();
        writeSettings();
        writeChatTemplates();
        return std::move(m_result);
    }

  private:
    void set(std::string_view name, GgufValue value) {
        m_result.set(fmt::format("tokenizer.ggml.{}", name), std::move(value));
    }

    [[nodiscard]] std::string_view modelName() const {
        switch (m_plan.form) {
            case GgufForm::kScoredBpe:
                return "llama";
            case GgufForm::kMergedBpe:
                return "gemma4";
            case GgufForm::kUnigram:
                return "t5";
            case GgufForm::kWordPiece:
                return "bert";
            default:
                return "gpt2";
        }
    }

    [[nodiscard]] bool marksSpaces() const {
        return m_plan.form == GgufForm::kScoredBpe || m_plan.form == GgufForm::kMergedBpe ||
               m_plan.form == GgufForm::kUnigram;
    }

    // The text of a token in the spelling of the vocabulary's kind.
    [[nodiscard]] std::string spelling(const VocabularyEntry& entry) const {
        if (entry.type == TokenType::kUserDefined)
            return marksSpaces() ? replaceText(entry.text, kSpaceMark, " ") : entry.text;
        if (isAdded(entry.type) || entry.type == TokenType::kByte) return entry.text;
        if (marksSpaces()) return replaceText(entry.text, " ", kSpaceMark);
        if (m_plan.form == GgufForm::kWordPiece) {
            const bool continues = !m_plan.continuingPrefix.empty() && entry.text.starts_with(m_plan.continuingPrefix);
            return continues ? entry.text.substr(m_plan.continuingPrefix.size()) : std::string(kSpaceMark) + entry.text;
        }
        return m_plan.spellBytes ? spellBytes(entry.text) : entry.text;
    }

    [[nodiscard]] TokenType writtenType(TokenType type) const {
        if (type == TokenType::kUnknown && m_plan.unknownIsOrdinary) return TokenType::kNormal;
        // Only SentencePiece vocabularies have a type for the unknown token; elsewhere it is a control token.
        return !marksSpaces() && type == TokenType::kUnknown ? TokenType::kControl : type;
    }

    void writeTokens() {
        std::vector<std::string> tokens;
        std::vector<int32_t> types;
        std::vector<float> scores;
        std::unordered_set<std::string> used;
        const std::vector<float> known = tokenScores();
        for (int64_t id = 0; id < m_size; ++id) {
            const bool present = id < m_vocabulary.size() && !m_vocabulary.at(static_cast<TokenId>(id)).text.empty();
            std::string text = present ? spelling(m_vocabulary.at(static_cast<TokenId>(id))) : paddingText(id);
            TokenType type = present ? writtenType(m_vocabulary.at(static_cast<TokenId>(id)).type) : TokenType::kUnused;
            float score = present ? known[static_cast<size_t>(id)] : kPaddingScore;
            // Readers refuse a vocabulary in which a text is empty or occurs twice.
            if (text.empty() || !used.insert(text).second) {
                text = paddingText(id);
                type = TokenType::kUnused;
                score = kPaddingScore;
                used.insert(text);
            }
            tokens.push_back(std::move(text));
            types.push_back(static_cast<int32_t>(type));
            scores.push_back(score);
        }
        set("tokens", GgufArray{GgufType::kString, std::move(tokens)});
        if (m_plan.form == GgufForm::kScoredBpe || m_plan.form == GgufForm::kUnigram) {
            set("scores", GgufArray{GgufType::kF32, std::move(scores)});
        }
        set("token_type", GgufArray{GgufType::kI32, std::move(types)});
    }

    // Scores as the vocabulary has them. Where it has none (tokenizer.json of BPE), the order of the merges gives them:
    // a product that comes earlier scores higher, and characters, which nothing produces, come last.
    [[nodiscard]] std::vector<float> tokenScores() const {
        std::vector<float> scores(static_cast<size_t>(m_vocabulary.size()));
        bool stated = m_plan.form != GgufForm::kScoredBpe;
        for (TokenId id = 0; id < m_vocabulary.size(); ++id) {
            scores[static_cast<size_t>(id)] = m_vocabulary.at(id).score;
            stated = stated || m_vocabulary.at(id).score != 0.0F;
        }
        if (!stated) deriveScores(scores);
        if (m_plan.form != GgufForm::kScoredBpe) return scores;
        for (TokenId id = 0; id < m_vocabulary.size(); ++id) {
            const bool scoreless = m_vocabulary.at(id).score == 0.0F;
            if (m_vocabulary.at(id).type == TokenType::kUserDefined && scoreless)
                scores[static_cast<size_t>(id)] = kAddedScore;
        }
        return scores;
    }

    void deriveScores(std::vector<float>& scores) const {
        if (m_plan.bpe == nullptr) return;
        std::vector<bool> scored(scores.size(), false);
        float next = 0.0F;
        const auto give = [&](TokenId id) {
            if (scored[static_cast<size_t>(id)]) return;
            scored[static_cast<size_t>(id)] = true;
            scores[static_cast<size_t>(id)] = next;
            next -= 1.0F;
        };
        for (const auto& [left, right] : m_plan.bpe->merges()) {
            if (const auto id = m_vocabulary.find(std::string(left).append(right))) give(*id);
        }
        for (TokenId id = 0; id < m_vocabulary.size(); ++id) {
            if (m_vocabulary.at(id).type == TokenType::kNormal) give(id);
        }
    }

    void writeMerges() {
        std::vector<std::string> merges;
        if (m_plan.spellBytes) addCharacterMerges(merges);
        if (m_plan.bpe != nullptr) {
            for (const auto& [left, right] : m_plan.bpe->merges()) {
                merges.push_back(m_plan.spellBytes ? fmt::format("{} {}", spellBytes(left), spellBytes(right))
                                                   : fmt::format("{} {}", left, right));
            }
        }
        set("merges", GgufArray{GgufType::kString, std::move(merges)});
    }

    // In the byte-level alphabet a character of several bytes has to be merged from them first.
    void addCharacterMerges(std::vector<std::string>& merges) const {
        std::unordered_set<std::string> seen;
        for (TokenId id = 0; id < m_vocabulary.size(); ++id) {
            const std::string_view text = m_vocabulary.at(id).text;
            for (size_t position = 0; position < text.size();) {
                const std::string_view character = text.substr(position, decodeUtf8(text, position).length);
                position += character.size();
                for (size_t cut = 1; cut < character.size(); ++cut) {
                    std::string merge = fmt::format("{} {}", spellBytes(character.substr(0, cut)),
                                                    spellBytes(character.substr(cut, 1)));
                    if (seen.insert(merge).second) merges.push_back(std::move(merge));
                }
            }
        }
    }

    void writeId(std::string_view name, std::optional<TokenId> id) {
        if (id && *id < m_size) set(name, static_cast<uint32_t>(*id));
    }

    void writeSpecialTokens() {
        const SpecialTokens& special = m_parts.special;
        std::optional<TokenId> bos = special.bos;
        std::optional<TokenId> eos = special.eos;
        if (m_plan.form == GgufForm::kByteLevelBpe && !eos) {
            // Without these keys readers take token 11, whatever it is. The end of a line is the harmless choice.
            eos = m_vocabulary.find(m_plan.spellBytes ? "\n" : byteSpelling('\n'));
            if (!bos) bos = eos;
        }
        writeId("bos_token_id", bos);
        writeId("eos_token_id", eos);
        writeId("eot_token_id", special.endOfTurn);
        // A token named here would be fused where it is repeated.
        if (!m_plan.unknownIsOrdinary) writeId("unknown_token_id", special.unknown);
        writeId("seperator_token_id", special.separator);  // the format's spelling
        writeId("padding_token_id", special.padding);
        writeId("cls_token_id", special.classification);
        writeId("mask_token_id", special.mask);
    }

    void writeSettings() {
        const auto edgeIs = [](const std::vector<TokenId>& edge, std::optional<TokenId> id, bool front) {
            return id && !edge.empty() && (front ? edge.front() : edge.back()) == *id;
        };
        set("add_bos_token", edgeIs(m_parts.prefix, m_parts.special.bos, true));
        set("add_eos_token", edgeIs(m_parts.suffix, m_parts.special.eos, false));
        if (m_plan.form == GgufForm::kWordPiece) {
            set("add_sep_token", edgeIs(m_parts.suffix, m_parts.special.separator, false));
            set("normalizer.lowercase", m_plan.lowercase);
            set("normalizer.strip_accents", m_plan.stripAccents);
        }
        if (m_plan.form == GgufForm::kScoredBpe || m_plan.form == GgufForm::kUnigram)
            set("add_space_prefix", m_plan.addSpacePrefix);
        if (m_plan.form != GgufForm::kUnigram) return;
        set("remove_extra_whitespaces", m_plan.removeExtraSpaces);
        if (m_plan.charsmap.empty()) return;
        set("precompiled_charsmap",
            GgufArray{GgufType::kU8, std::vector<uint8_t>(m_plan.charsmap.begin(), m_plan.charsmap.end())});
    }

    void writeChatTemplates() {
        std::vector<std::string> names;
        for (const auto& [name, text] : m_plan.chatTemplates) {
            m_result.set(name.empty() ? "tokenizer.chat_template" : fmt::format("tokenizer.chat_template.{}", name),
                         text);
            if (!name.empty()) names.push_back(name);
        }
        if (!names.empty()) m_result.set("tokenizer.chat_templates", GgufArray{GgufType::kString, std::move(names)});
    }

    const TokenizerParts& m_parts;
    const Vocabulary& m_vocabulary;
    const GgufPlan& m_plan;
    int64_t m_size;
    GgufMetadata m_result;
};

// Lengthens (or cuts) one of the per-token arrays of copied keys.
template <typename T, typename Make>
void resizeArray(GgufMetadata& metadata, const std::string& key, size_t size, const Make& make) {
    const GgufArray* array = metadata.array(key);
    const auto* values = array ? std::get_if<std::vector<T>>(&array->values) : nullptr;
    if (values == nullptr || values->size() == size) return;
    GgufArray changed = *array;
    auto& target = std::get<std::vector<T>>(changed.values);
    while (target.size() < size) target.push_back(make(target.size()));
    target.resize(size);
    metadata.set(key, std::move(changed));
}

GgufMetadata resizedOriginal(const GgufPlan& plan, int64_t size) {
    GgufMetadata result = plan.original;
    if (size <= 0) return result;
    const auto count = static_cast<size_t>(size);
    resizeArray<std::string>(result, "tokenizer.ggml.tokens", count,
                             [](size_t id) { return paddingText(static_cast<int64_t>(id)); });
    resizeArray<float>(result, "tokenizer.ggml.scores", count, [](size_t) { return kPaddingScore; });
    resizeArray<int32_t>(result, "tokenizer.ggml.token_type", count,
                         [](size_t) { return static_cast<int32_t>(TokenType::kUnused); });
    return result;
}

}  // namespace

Result<GgufMetadata> writeGgufVocabulary(const TokenizerParts& parts, int64_t modelVocabSize) {
    if (modelVocabSize > Vocabulary::kMaxSize) {
        return makeError(ErrorCode::kInvalidArgument,
                         fmt::format("A vocabulary of {} tokens is larger than any in use.", modelVocabSize));
    }
    if (parts.gguf.form == GgufForm::kOriginal) return resizedOriginal(parts.gguf, modelVocabSize);
    if (parts.gguf.form == GgufForm::kNone) {
        return makeError(ErrorCode::kUnsupported,
                         fmt::format("The tokenizer cannot be written to a GGUF file: {}.", parts.gguf.refusal));
    }
    return VocabularyWriter(parts, modelVocabSize).run();
}

}  // namespace halftone::tokenization
