// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/tokenizer/pre_tokenizer.h"

namespace halftone::tokenization {

/// One way to split text before byte-level BPE, as tokenizer.ggml.pre names it. The patterns are applied one after the
/// other, each to every piece so far, matches isolated.
struct PreFamily {
    std::vector<std::string_view> names;     ///< the first is the one to write
    std::vector<std::string_view> patterns;  ///< as tokenizer.json spells them
    bool ignoreMerges = false;
    bool addsBos = false;  ///< where the file does not say
    bool addsSeparator = false;
    bool composed = false;  ///< texts are NFC-normalized first (the Qwen tokenizers)
};

extern const std::string_view kGpt2Pattern;

/// The family of a name, or null for a name that is not known.
[[nodiscard]] const PreFamily* findPreFamily(std::string_view name);
/// The family whose patterns and merge rule are exactly these, or null.
[[nodiscard]] const PreFamily* findPreFamily(std::span<const std::string> patterns, bool ignoreMerges);
/// The splitter of a family, ending with the byte-level alphabet.
Result<std::unique_ptr<PreTokenizer>> makeFamilyPreTokenizer(const PreFamily& family);

}  // namespace halftone::tokenization
