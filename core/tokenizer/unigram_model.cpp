// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/unigram_model.h"

#include <algorithm>
#include <cmath>

#include "core/tokenizer/utf8.h"

namespace halftone::tokenization {
namespace {

double usableScore(const VocabularyEntry& entry) {
    if (entry.type == TokenType::kUserDefined) return 0.0;
    return std::isfinite(entry.score) ? double{entry.score} : -1e30;
}

}  // namespace

UnigramModel::UnigramModel(const Vocabulary& vocabulary, const UnknownPolicy& unknown)
    : m_vocabulary(vocabulary), m_unknown(unknown) {
    double smallest = 0.0;
    for (TokenId id = 0; id < vocabulary.size(); ++id) {
        const VocabularyEntry& entry = vocabulary.at(id);
        if (entry.type != TokenType::kNormal && entry.type != TokenType::kUserDefined) continue;
        smallest = std::min(smallest, usableScore(entry));
        if (vocabulary.find(entry.text) == id) m_trie.insert(entry.text, id);
    }
    m_unknownScore = smallest - 10.0;
}

void UnigramModel::extendFrom(std::string_view piece, size_t position, std::vector<Best>& best) const {
    const auto offer = [&](size_t end, double score, TokenId id) {
        Best& target = best[end];
        if (!target.reached || score > target.score) target = {score, static_cast<uint32_t>(position), id, true};
    };
    const double base = best[position].score;
    const size_t characterEnd = position + decodeUtf8(piece, position).length;
    bool characterIsToken = false;
    uint32_t node = ByteTrie::kRoot;
    for (size_t end = position; end < piece.size();) {
        node = m_trie.step(node, piece[end++]);
        if (node == ByteTrie::kNoNode) break;
        const TokenId id = m_trie.value(node);
        if (id < 0) continue;
        characterIsToken = characterIsToken || end == characterEnd;
        offer(end, base + usableScore(m_vocabulary.at(id)), id);
    }
    if (!characterIsToken) offer(characterEnd, base + m_unknownScore, -1);
}

void UnigramModel::tokenize(std::string_view piece, std::vector<TokenId>& out) const {
    std::vector<Best> best(piece.size() + 1);
    best[0].reached = true;
    for (size_t position = 0; position < piece.size(); ++position) {
        if (best[position].reached) extendFrom(piece, position, best);
    }
    std::vector<std::pair<size_t, size_t>> path;
    for (size_t end = piece.size(); end > 0; end = best[end].from) path.emplace_back(best[end].from, end);
    UnknownWriter writer(m_vocabulary, m_unknown, out);
    for (size_t i = path.size(); i-- > 0;) {
        const auto [begin, end] = path[i];
        best[end].id >= 0 ? writer.known(best[end].id) : writer.unknown(piece.substr(begin, end - begin));
    }
}

}  // namespace halftone::tokenization
