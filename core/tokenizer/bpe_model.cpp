// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/bpe_model.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <queue>

#include <fmt/format.h>

#include "core/tokenizer/utf8.h"

namespace halftone::tokenization {
namespace {

// Longer tokens are not built by scored merges: the search for their splits is quadratic in their length.
constexpr size_t kMaxScoredTokenBytes = 256;

bool canBeMerged(TokenType type) {
    return type == TokenType::kNormal || type == TokenType::kUserDefined || type == TokenType::kUnused;
}

float comparableScore(float score) {
    return std::isnan(score) ? -std::numeric_limits<float>::infinity() : score;
}

}  // namespace

struct BpeModel::Work {
    struct Later {
        bool operator()(const Candidate& a, const Candidate& b) const { return a.priority > b.priority; }
    };
    std::vector<Node> nodes;
    std::priority_queue<Candidate, std::vector<Candidate>, Later> queue;
    std::unordered_map<Symbol, std::pair<Symbol, Symbol>> partsOfUnused;
};

Result<std::unique_ptr<BpeModel>> BpeModel::fromMerges(const Vocabulary& vocabulary,
                                                       const std::vector<TextPair>& merges, BpeOptions options,
                                                       MissingToken missing) {
    std::unique_ptr<BpeModel> model(new BpeModel(vocabulary, std::move(options)));
    model->m_mergeList.reserve(merges.size());
    const size_t prefixSize = model->m_options.continuingPrefix.size();
    std::string joined;
    for (const auto& [left, right] : merges) {
        joined.assign(left).append(right.substr(std::min(prefixSize, right.size())));
        if (missing == MissingToken::kRefuse) {
            for (const std::string_view text : {left, right, std::string_view(joined)}) {
                if (vocabulary.find(text)) continue;
                return makeError(
                    ErrorCode::kInvalidData,
                    fmt::format(
                        "The tokenizer's merge \"{} {}\" needs the token \"{}\", which is not in the vocabulary.",
                        clipText(left), clipText(right), clipText(text)));
            }
        }
        const Symbol leftSymbol = model->makeSymbol(left);
        const Symbol rightSymbol = model->makeSymbol(right);
        const Merge merge{static_cast<uint32_t>(model->m_mergeList.size()), model->makeSymbol(joined)};
        if (model->m_merges.insert(pairKey(leftSymbol, rightSymbol), merge)) {
            model->m_mergeList.emplace_back(leftSymbol, rightSymbol);
        }
    }
    return model;
}

std::unique_ptr<BpeModel> BpeModel::fromScores(const Vocabulary& vocabulary, BpeOptions options) {
    std::unique_ptr<BpeModel> model(new BpeModel(vocabulary, std::move(options)));
    model->m_scored = true;
    std::vector<TokenId> order;
    for (TokenId id = 0; id < vocabulary.size(); ++id) {
        if (canBeMerged(vocabulary.at(id).type)) order.push_back(id);
    }
    const auto score = [&vocabulary](TokenId id) { return comparableScore(vocabulary.at(id).score); };
    std::ranges::stable_sort(order, [&](TokenId a, TokenId b) { return score(a) > score(b); });
    uint32_t rank = 0;
    for (size_t i = 0; i < order.size(); ++i) {
        if (i > 0 && score(order[i]) != score(order[i - 1])) ++rank;
        model->addScoredToken(order[i], rank);
    }
    return model;
}

void BpeModel::addScoredToken(TokenId id, uint32_t rank) {
    const std::string_view text = m_vocabulary.at(id).text;
    if (text.size() > kMaxScoredTokenBytes || findSymbol(text) != id) return;
    for (size_t cut = 0; cut < text.size();) {
        const size_t firstLength = decodeUtf8(text, cut).length;
        cut += firstLength;
        if (cut >= text.size()) break;
        const std::string_view left = text.substr(0, cut);
        const std::string_view right = text.substr(cut);
        // A part is a token, or a single character that is none.
        Symbol leftSymbol = findSymbol(left);
        if (leftSymbol < 0 && cut == firstLength) leftSymbol = makeSymbol(left);
        Symbol rightSymbol = findSymbol(right);
        if (rightSymbol < 0 && decodeUtf8(right, 0).length == right.size()) rightSymbol = makeSymbol(right);
        if (leftSymbol < 0 || rightSymbol < 0) continue;
        if (m_merges.insert(pairKey(leftSymbol, rightSymbol), Merge{rank, id}))
            m_mergeList.emplace_back(leftSymbol, rightSymbol);
    }
}

BpeModel::Symbol BpeModel::findSymbol(std::string_view text) const {
    if (const auto id = m_vocabulary.find(text); id && (!m_scored || canBeMerged(m_vocabulary.at(*id).type)))
        return *id;
    const auto part = m_partIds.find(text);
    return part == m_partIds.end() ? -1 : part->second;
}

BpeModel::Symbol BpeModel::makeSymbol(std::string_view text) {
    if (const Symbol known = findSymbol(text); known >= 0) return known;
    m_parts.push_back(std::make_unique<std::string>(text));
    const auto symbol = static_cast<Symbol>(m_vocabulary.size() + static_cast<int64_t>(m_parts.size()) - 1);
    m_partIds.emplace(*m_parts.back(), symbol);
    return symbol;
}

std::string_view BpeModel::symbolText(Symbol symbol) const {
    if (isToken(symbol)) return m_vocabulary.at(symbol).text;
    return *m_parts[static_cast<size_t>(symbol - m_vocabulary.size())];
}

bool BpeModel::isUnused(Symbol symbol) const {
    return m_scored && isToken(symbol) && m_vocabulary.at(symbol).type == TokenType::kUnused;
}

std::vector<BpeModel::TextPair> BpeModel::merges() const {
    std::vector<TextPair> result;
    result.reserve(m_mergeList.size());
    for (const auto& [left, right] : m_mergeList) result.emplace_back(symbolText(left), symbolText(right));
    return result;
}

void BpeModel::splitIntoCharacters(std::string_view piece, Work& work) const {
    const bool decorated = !m_options.continuingPrefix.empty() || !m_options.endOfWordSuffix.empty();
    work.nodes.reserve(piece.size());
    std::string spelled;
    for (size_t position = 0; position < piece.size();) {
        const size_t end = position + decodeUtf8(piece, position).length;
        std::string_view text = piece.substr(position, end - position);
        if (decorated) {
            spelled.assign(position > 0 ? m_options.continuingPrefix : std::string()).append(text);
            if (end == piece.size()) spelled += m_options.endOfWordSuffix;
            text = spelled;
        }
        const auto index = static_cast<int32_t>(work.nodes.size());
        work.nodes.push_back(
            {findSymbol(text), static_cast<uint32_t>(position), static_cast<uint32_t>(end), index - 1, index + 1});
        position = end;
    }
    work.nodes.back().next = -1;
}

void BpeModel::addCandidate(Work& work, int32_t left) const {
    if (left < 0) return;
    const Node& node = work.nodes[static_cast<size_t>(left)];
    if (node.next < 0) return;
    const Node& next = work.nodes[static_cast<size_t>(node.next)];
    if (node.symbol < 0 || next.symbol < 0) return;
    const Merge* merge = m_merges.find(pairKey(node.symbol, next.symbol));
    if (merge == nullptr) return;
    work.queue.push({(uint64_t{merge->rank} << 32) | static_cast<uint32_t>(left), merge->product});
    if (isUnused(merge->product)) work.partsOfUnused[merge->product] = {node.symbol, next.symbol};
}

void BpeModel::mergeAll(Work& work) const {
    for (size_t i = 0; i + 1 < work.nodes.size(); ++i) addCandidate(work, static_cast<int32_t>(i));
    while (!work.queue.empty()) {
        const Candidate best = work.queue.top();
        work.queue.pop();
        const auto leftIndex = static_cast<int32_t>(best.priority & 0xFFFFFFFFu);
        Node& left = work.nodes[static_cast<size_t>(leftIndex)];
        if (left.end == left.begin || left.next < 0) continue;
        Node& right = work.nodes[static_cast<size_t>(left.next)];
        // The entry is stale if one of the two has been merged with another neighbour since.
        const Merge* merge =
            left.symbol < 0 || right.symbol < 0 ? nullptr : m_merges.find(pairKey(left.symbol, right.symbol));
        if (merge == nullptr || merge->product != best.product || merge->rank != best.priority >> 32) continue;
        left.symbol = best.product;
        left.end = right.end;
        left.next = right.next;
        right.begin = right.end;
        if (left.next >= 0) work.nodes[static_cast<size_t>(left.next)].previous = leftIndex;
        addCandidate(work, left.previous);
        addCandidate(work, leftIndex);
    }
}

void BpeModel::writeSymbol(const Work& work, Symbol symbol, std::string_view text, UnknownWriter& writer) const {
    if (isUnused(symbol)) {
        const auto parts = work.partsOfUnused.find(symbol);
        if (parts != work.partsOfUnused.end()) {
            writeSymbol(work, parts->second.first, symbolText(parts->second.first), writer);
            writeSymbol(work, parts->second.second, symbolText(parts->second.second), writer);
            return;
        }
    }
    if (isToken(symbol)) return writer.known(symbol);
    if (symbol < 0 || decodeUtf8(text, 0).length == text.size()) return writer.unknown(text);
    for (size_t position = 0; position < text.size();) {
        const std::string_view character = text.substr(position, decodeUtf8(text, position).length);
        const auto id = m_vocabulary.find(character);
        id ? writer.known(*id) : writer.unknown(character);
        position += character.size();
    }
}

void BpeModel::tokenize(std::string_view piece, std::vector<TokenId>& out) const {
    if (m_options.ignoreMerges) {
        if (const auto whole = m_vocabulary.find(piece)) {
            out.push_back(*whole);
            return;
        }
    }
    Work work;
    splitIntoCharacters(piece, work);
    mergeAll(work);
    UnknownWriter writer(m_vocabulary, m_options.unknown, out);
    for (int32_t index = 0; index >= 0; index = work.nodes[static_cast<size_t>(index)].next) {
        const Node& node = work.nodes[static_cast<size_t>(index)];
        writeSymbol(work, node.symbol, piece.substr(node.begin, node.end - node.begin), writer);
    }
}

}  // namespace halftone::tokenization
