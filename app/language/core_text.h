// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

#include <string_view>

#include "core/base/error.h"
#include "core/quant/methods/method.h"

namespace halftone::app {

/// What core says, in the language of the window. core speaks English and knows no languages: descriptions of methods,
/// stages of jobs, problems of recipes, errors. The table beside this file (core_sentences.h) holds those sentences
/// that have translations, with %1, %2 for what differs from case to case; a sentence that is not in it stays English.
/// Technical names (Q4_K, GPTQ, attn_q) are no texts and are the same in every language.
[[nodiscard]] QString coreText(std::string_view english);

/// The sentence of an error. One that has no translation stands behind its kind, which always has one, so that the
/// reader knows at least what sort of trouble it is.
[[nodiscard]] QString errorText(const Error& error);

/// A method's name, with the parameters that differ from its standard values: "GPTQ (damping 0.05)".
[[nodiscard]] QString methodName(const MethodChoice& choice);
[[nodiscard]] QString methodName(const MethodDescription& method);

/// What an edit changed, as core's describeChanges() writes it.
[[nodiscard]] QString changeText(std::string_view english);

}  // namespace halftone::app
