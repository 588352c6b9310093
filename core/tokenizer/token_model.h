// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string_view>
#include <vector>

#include "core/tokenizer/tokenizer.h"

namespace halftone::tokenization {

/// Turns one piece of normalized text into token ids. Immutable; any thread.
class TokenModel {
  public:
    virtual ~TokenModel() = default;
    /// Appends the ids of `piece`, which is not empty.
    virtual void tokenize(std::string_view piece, std::vector<TokenId>& out) const = 0;
};

/// What a model does with characters that the vocabulary lacks.
struct UnknownPolicy {
    TokenId unknown = -1;       ///< -1: they are dropped
    bool byteFallback = false;  ///< spell them by byte tokens where all of these exist
    bool fuse = false;          ///< neighbouring unknown characters give one token
};

class Vocabulary;

/// Applies an UnknownPolicy while the tokens of one piece are written.
class UnknownWriter {
  public:
    UnknownWriter(const Vocabulary& vocabulary, const UnknownPolicy& policy, std::vector<TokenId>& out)
        : m_vocabulary(vocabulary), m_policy(policy), m_out(out) {}
    void known(TokenId id) {
        m_out.push_back(id);
        m_afterUnknown = false;
    }
    void unknown(std::string_view text);

  private:
    const Vocabulary& m_vocabulary;
    const UnknownPolicy& m_policy;
    std::vector<TokenId>& m_out;
    bool m_afterUnknown = false;
};

}  // namespace halftone::tokenization
