// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <QStringList>

#include <memory>
#include <span>

#include "core/tokenizer/tokenizer.h"

namespace halftone::app {

/// A token as lists show it: spaces and line breaks made visible, bytes that are no text as \xE8, control tokens as the
/// vocabulary spells them.
[[nodiscard]] QString spelledToken(const Tokenizer& tokenizer, TokenId id);
/// Visible spaces, tabs and line breaks.
[[nodiscard]] QString visibleText(QString text);
/// What stands for a token that adds nothing to a text (unknown characters, control tokens): the vocabulary's spelling,
/// or its number where it has none, ⟨259⟩. Empty for tokens with text of their own, and for the one that begins a text.
[[nodiscard]] QString placeholderOf(const Tokenizer& tokenizer, TokenId id);
/// What each token adds to a running text; put together they are the text, with placeholders for tokens that have none.
[[nodiscard]] QStringList runningTexts(const std::shared_ptr<const Tokenizer>& tokenizer, std::span<const TokenId> ids);

}  // namespace halftone::app
