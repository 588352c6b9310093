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
/// What each token adds to a running text; put together they are the text.
[[nodiscard]] QStringList runningTexts(const std::shared_ptr<const Tokenizer>& tokenizer, std::span<const TokenId> ids);

}  // namespace halftone::app
