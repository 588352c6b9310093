// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

#include "core/tokenizer/companion_files.h"

namespace halftone::tokenization {

/// GPT-2's two files put together as the tokenizer.json that says the same: vocab.json (token -> id, in the byte-level
/// alphabet) and merges.txt (one merge a line, the first ones first; a line "#version" at the top). How text is split
/// follows `companions` (tokenizer_class, else model_type of config.json): Qwen2 as Qwen2 does, anything else as GPT-2
/// does. Roles that the classes have by default are added to `companions`. Errors: damaged files, a vocabulary that is
/// not byte-level, a class that prepares text in another way.
Result<std::string> joinByteLevelFiles(std::string_view vocabJson, std::string_view mergesText,
                                       CompanionFiles& companions);

}  // namespace halftone::tokenization
