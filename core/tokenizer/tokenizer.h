// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/checkpoint/gguf_value.h"
#include "core/tokenizer/utf8_assembler.h"

namespace halftone {

class Checkpoint;
using TokenId = int32_t;

/// Types of a vocabulary entry, numbered as in GGUF and SentencePiece.
enum class TokenType : int32_t { kNormal = 1, kUnknown = 2, kControl = 3, kUserDefined = 4, kUnused = 5, kByte = 6 };

struct EncodeTextOptions {
    bool addSpecial = false;    ///< BOS/EOS, [CLS]/[SEP] where the tokenizer says so
    bool parseSpecial = false;  ///< control tokens written in the text ("<s>") become their ids
};

/// Text <-> token ids. Immutable; any thread.
class Tokenizer {
  public:
    virtual ~Tokenizer() = default;

    /// From a Hugging Face folder (tokenizer.json, else tokenizer.model, else vocab.json with merges.txt;
    /// tokenizer_config.json beside them), from a GGUF's vocabulary, or from a folder that holds only a tokenizer.
    static Result<std::shared_ptr<const Tokenizer>> load(const Checkpoint& checkpoint);

    /// Text must be UTF-8; malformed bytes are replaced by U+FFFD first.
    [[nodiscard]] virtual Result<std::vector<TokenId>> encode(std::string_view text,
                                                              const EncodeTextOptions& options) const = 0;
    /// Whole text of `ids`; control tokens are left out unless asked for. Malformed UTF-8 becomes U+FFFD.
    [[nodiscard]] virtual std::string decode(std::span<const TokenId> ids, bool withSpecial = false) const = 0;
    /// The bytes that one token contributes in the middle of a text (may be a part of a UTF-8 character). Control and
    /// unknown tokens contribute nothing; tokenText() has their spelling.
    [[nodiscard]] virtual std::string tokenBytes(TokenId id) const = 0;
    /// What whole texts lose at their ends compared with their tokens' bytes put together.
    [[nodiscard]] virtual TextTrim textTrim() const { return {}; }
    /// The vocabulary's own spelling of a token ("Ġthe", "▁the", "<0x0A>").
    [[nodiscard]] virtual std::string_view tokenText(TokenId id) const = 0;
    [[nodiscard]] virtual TokenType tokenType(TokenId id) const = 0;
    [[nodiscard]] virtual int64_t vocabSize() const = 0;

    [[nodiscard]] virtual std::optional<TokenId> bos() const = 0;
    [[nodiscard]] virtual std::optional<TokenId> eos() const = 0;
    [[nodiscard]] virtual bool addsBos() const = 0;
    /// Tokens that end a generation (eos, eot, ...).
    [[nodiscard]] virtual std::span<const TokenId> endOfGeneration() const = 0;
    /// One line for people: "byte-level BPE, 50257 tokens".
    [[nodiscard]] virtual std::string description() const = 0;

    /// The tokenizer.* metadata that reproduces this tokenizer in a GGUF file (reference page on tokenizers, section
    /// 6). `vocabSize` of the model: missing ids become "[PAD<id>]" of type unused.
    [[nodiscard]] virtual Result<GgufMetadata> ggufMetadata(int64_t modelVocabSize) const = 0;
    /// What runtimes that read these keys do otherwise than this tokenizer, one sentence each. GGUF's kinds of
    /// vocabulary cannot express everything.
    [[nodiscard]] virtual std::vector<std::string> ggufDifferences() const { return {}; }
};

/// Turns a stream of tokens into a stream of well-formed UTF-8: holds back the start of an unfinished character. All
/// parts put together are what decode() gives for the same tokens. Not thread-safe.
class TextStream {
  public:
    explicit TextStream(std::shared_ptr<const Tokenizer> tokenizer);
    /// Text that became complete with this token; may be empty.
    [[nodiscard]] std::string push(TokenId id);
    /// What is left at the end (unfinished bytes become U+FFFD).
    [[nodiscard]] std::string finish();

  private:
    std::shared_ptr<const Tokenizer> m_tokenizer;
    Utf8Assembler m_assembler;
};

}  // namespace halftone
