// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

#include "core/base/error.h"

namespace halftone::tokenization {

/// tokenizer.json writes patterns for Oniguruma (Ruby syntax); matching is by PCRE2. This spells the differences out:
/// \s, \w and \h by their Unicode meaning there, nested character classes and class intersections as look-aheads.
Result<std::string> pcrePattern(std::string_view onigurumaPattern);

}  // namespace halftone::tokenization
