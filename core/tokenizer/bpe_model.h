// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/tokenizer/flat_map.h"
#include "core/tokenizer/token_model.h"
#include "core/tokenizer/vocabulary.h"

namespace halftone::tokenization {

struct BpeOptions {
    UnknownPolicy unknown;
    bool ignoreMerges = false;     ///< a piece that is a token as a whole is not split at all
    std::string continuingPrefix;  ///< in front of every character of a piece but the first
    std::string endOfWordSuffix;   ///< behind the last one
};

/// Byte-pair encoding: the adjacent pair of smallest rank is merged again and again, of equal ranks the leftmost
/// (Sennrich et al. 2016). Ranks come from a list of merges, or from the scores of the tokens that merges produce
/// (SentencePiece BPE: higher score first, equal scores share a rank). A linked list and a priority queue make it
/// O(n log n) in the length of the piece.
class BpeModel final : public TokenModel {
  public:
    using TextPair = std::pair<std::string_view, std::string_view>;
    enum class MissingToken { kRefuse, kKeepAsPart };

    /// From merges in order of rank. `missing`: a part or product of a merge that is no token is an error, or is kept
    /// as a part that other merges can use and that in the end falls apart into characters.
    static Result<std::unique_ptr<BpeModel>> fromMerges(const Vocabulary& vocabulary,
                                                        const std::vector<TextPair>& merges, BpeOptions options,
                                                        MissingToken missing);
    /// From token scores: any two neighbours whose joined text is a token can merge.
    static std::unique_ptr<BpeModel> fromScores(const Vocabulary& vocabulary, BpeOptions options);

    void tokenize(std::string_view piece, std::vector<TokenId>& out) const override;

    /// Merges in order of rank as texts (for export).
    [[nodiscard]] std::vector<TextPair> merges() const;
    [[nodiscard]] const BpeOptions& options() const { return m_options; }

  private:
    // Symbols are token ids, or, from the vocabulary's size on, indices into m_parts; -1: unknown character.
    using Symbol = int32_t;
    struct Merge {
        uint32_t rank = 0;
        Symbol product = -1;
    };
    struct Node {
        Symbol symbol = -1;
        uint32_t begin = 0;
        uint32_t end = 0;
        int32_t previous = -1;
        int32_t next = -1;
    };
    struct Candidate {
        uint64_t priority = 0;  // rank, then position: the smallest is merged first
        Symbol product = -1;
    };
    struct Work;

    BpeModel(const Vocabulary& vocabulary, BpeOptions options)
        : m_vocabulary(vocabulary), m_options(std::move(options)) {}

    static uint64_t pairKey(Symbol left, Symbol right) {
        return (uint64_t{static_cast<uint32_t>(left)} << 32) | static_cast<uint32_t>(right);
    }
    [[nodiscard]] Symbol findSymbol(std::string_view text) const;
    Symbol makeSymbol(std::string_view text);
    [[nodiscard]] std::string_view symbolText(Symbol symbol) const;
    [[nodiscard]] bool isToken(Symbol symbol) const { return symbol >= 0 && symbol < m_vocabulary.size(); }
    [[nodiscard]] bool isUnused(Symbol symbol) const;

    void addScoredToken(TokenId id, uint32_t rank);
    void splitIntoCharacters(std::string_view piece, Work& work) const;
    void addCandidate(Work& work, int32_t left) const;
    void mergeAll(Work& work) const;
    void writeSymbol(const Work& work, Symbol symbol, std::string_view text, UnknownWriter& writer) const;

    const Vocabulary& m_vocabulary;
    BpeOptions m_options;
    FlatMap<Merge> m_merges;
    std::vector<std::pair<Symbol, Symbol>> m_mergeList;
    std::vector<std::unique_ptr<std::string>> m_parts;  // pointers: the index below refers to the texts
    std::unordered_map<std::string_view, Symbol> m_partIds;
    bool m_scored = false;
};

}  // namespace halftone::tokenization
