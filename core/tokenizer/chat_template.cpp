// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/chat_template.h"

#include <filesystem>

#include <fmt/format.h>

#include "core/checkpoint/checkpoint.h"
#include "core/tokenizer/companion_files.h"
#include "core/tokenizer/tokenizer.h"

namespace halftone {
namespace {

bool has(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

/// Zephyr ends a user's turn with EOS; others that open it with the same marker do not.
bool endsUserWithEos(std::string_view source) {
    constexpr std::string_view kUser = "<|user|>";
    const size_t user = source.find(kUser);
    if (user == std::string_view::npos) return false;
    const std::string_view rest = source.substr(user + kUser.size());
    return rest.find("eos_token") < rest.find("<|");
}

std::optional<ChatFamily> recognise(std::string_view source) {
    if (has(source, "<|im_start|>")) return ChatFamily::kChatMl;
    if (has(source, "<|start_header_id|>")) return ChatFamily::kLlama3;
    if (has(source, "<start_of_turn>")) return ChatFamily::kGemma;
    if (has(source, "[INST]")) return has(source, "<<SYS>>") ? ChatFamily::kLlama2 : ChatFamily::kMistral;
    if (has(source, "<|user|>") && has(source, "<|end|>")) return ChatFamily::kPhi3;
    if (endsUserWithEos(source)) return ChatFamily::kZephyr;
    return std::nullopt;
}

/// The instructions that a ChatML template writes where the conversation brings none: plain text between the opening
/// of the system's turn and its end. Empty where it is made of anything but text.
std::string defaultInstructions(std::string_view source) {
    // A line break stands in the text of a template as such or as an escape.
    for (const std::string_view opening : {"<|im_start|>system\\n", "<|im_start|>system\n"}) {
        const size_t at = source.find(opening);
        if (at == std::string_view::npos) continue;
        const std::string_view rest = source.substr(at + opening.size());
        const std::string_view text = rest.substr(0, rest.find("<|im_end|>"));
        if (text.size() < rest.size() && text.find_first_of("'\"{}\\") == std::string_view::npos)
            return std::string(text);
    }
    return {};
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kSpace = " \t\r\n";
    const size_t first = text.find_first_not_of(kSpace);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::string chatMl(std::string_view source, std::string_view message) {
    const std::string instructions = defaultInstructions(source);
    const std::string system =
        instructions.empty() ? std::string() : fmt::format("<|im_start|>system\n{}<|im_end|>\n", instructions);
    return fmt::format("{}<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n", system, message);
}

/// The versions of this way of writing differ in the spaces around the message.
std::string instruction(std::string_view source, std::string_view message) {
    return fmt::format("[INST]{}{}{}[/INST]", has(source, "[INST] ") ? " " : "", message,
                       has(source, " [/INST]") ? " " : "");
}

std::string turn(ChatFamily family, std::string_view source, std::string_view message, std::string_view eos) {
    switch (family) {
        case ChatFamily::kChatMl:
            return chatMl(source, message);
        case ChatFamily::kLlama2:
        case ChatFamily::kMistral:
            return instruction(source, message);
        case ChatFamily::kLlama3:
            return fmt::format(
                "<|start_header_id|>user<|end_header_id|>\n\n{}<|eot_id|>"
                "<|start_header_id|>assistant<|end_header_id|>\n\n",
                message);
        case ChatFamily::kZephyr:
            return fmt::format("<|user|>\n{}{}\n<|assistant|>\n", message, eos);
        case ChatFamily::kGemma:
            return fmt::format("<start_of_turn>user\n{}<end_of_turn>\n<start_of_turn>model\n", message);
        case ChatFamily::kPhi3:
            return fmt::format("<|user|>\n{}<|end|>\n<|assistant|>\n", message);
    }
    return std::string(message);
}

std::string spelling(const Tokenizer& tokenizer, std::optional<TokenId> id) {
    return id ? std::string(tokenizer.tokenText(*id)) : std::string();
}

}  // namespace

std::string_view chatFamilyName(ChatFamily family) {
    switch (family) {
        case ChatFamily::kChatMl:
            return "ChatML";
        case ChatFamily::kLlama2:
            return "Llama 2";
        case ChatFamily::kLlama3:
            return "Llama 3";
        case ChatFamily::kMistral:
            return "Mistral";
        case ChatFamily::kZephyr:
            return "Zephyr";
        case ChatFamily::kGemma:
            return "Gemma";
        case ChatFamily::kPhi3:
            return "Phi-3";
    }
    return {};
}

ChatTemplate::ChatTemplate(std::string source) : m_source(std::move(source)), m_family(recognise(m_source)) {}

std::optional<ChatTemplate> ChatTemplate::read(const Checkpoint& checkpoint) {
    if (const std::string* source = checkpoint.gguf().string("tokenizer.chat_template")) return ChatTemplate(*source);
    if (checkpoint.kind() == CheckpointKind::kGguf) return std::nullopt;
    std::error_code error;
    const bool isFolder = std::filesystem::is_directory(checkpoint.path(), error);
    const auto companions = tokenization::readCompanionFiles(
        isFolder ? checkpoint.path() : checkpoint.path().parent_path(), checkpoint.configJson());
    for (const auto& [name, source] : companions.chatTemplates) {
        if (name.empty()) return ChatTemplate(source);
    }
    return std::nullopt;
}

Result<std::string> ChatTemplate::render(std::string_view message, const Tokenizer& tokenizer) const {
    if (!m_family) {
        return makeError(ErrorCode::kUnsupported,
                         "The checkpoint's chat template is of no kind that is known here; write the prompt with its "
                         "marker tokens yourself.");
    }
    const std::string_view text = has(m_source, "trim") ? trimmed(message) : message;
    std::string rendered;
    if (has(m_source, "bos_token") && !tokenizer.addsBos()) rendered = spelling(tokenizer, tokenizer.bos());
    return rendered + turn(*m_family, m_source, text, spelling(tokenizer, tokenizer.eos()));
}

}  // namespace halftone
