// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/error.h"

namespace halftone {

class Checkpoint;
class Tokenizer;

/// The ways of writing a conversation that are known here, each told by the marker tokens in a template's text.
enum class ChatFamily { kChatMl, kLlama2, kLlama3, kMistral, kZephyr, kGemma, kPhi3 };

/// "ChatML", "Llama 3", ...
[[nodiscard]] std::string_view chatFamilyName(ChatFamily family);

/// The chat template that a checkpoint comes with. Templates are programs (Jinja); they are not run. A template that
/// writes its turns in one of the known ways is recognised, and a single message of a user is written in that way, with
/// the opening of the answer behind it. Immutable; any thread.
class ChatTemplate {
  public:
    explicit ChatTemplate(std::string source);
    /// From chat_template of a Hugging Face folder (chat_template.jinja, chat_template.json, tokenizer_config.json) or
    /// tokenizer.chat_template of a GGUF; nullopt where there is none.
    static std::optional<ChatTemplate> read(const Checkpoint& checkpoint);

    [[nodiscard]] const std::string& source() const { return m_source; }
    /// nullopt: the template is of no known family.
    [[nodiscard]] std::optional<ChatFamily> family() const { return m_family; }
    /// What the model reads for one message of a user, to be encoded with special tokens parsed and added: BOS is
    /// written only where the template has it and the tokenizer does not put it there. A template's own default
    /// instructions come first where they are plain text (ChatML). kUnsupported for a template that is not recognised.
    [[nodiscard]] Result<std::string> render(std::string_view message, const Tokenizer& tokenizer) const;

  private:
    std::string m_source;
    std::optional<ChatFamily> m_family;
};

}  // namespace halftone
