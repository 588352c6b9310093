// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/pipeline_tokenizer.h"

#include "core/tokenizer/gguf_vocabulary_writer.h"
#include "core/tokenizer/utf8.h"

namespace halftone::tokenization {
namespace {

constexpr size_t kMaxTextBytes = size_t{1} << 30;  // positions are 32 bits wide inside the models

bool isHidden(TokenType type) {
    return type == TokenType::kControl || type == TokenType::kUnknown;
}

}  // namespace

Result<std::vector<TokenId>> PipelineTokenizer::encode(std::string_view text, const EncodeTextOptions& options) const {
    if (text.size() > kMaxTextBytes) {
        return makeError(ErrorCode::kInvalidArgument, "The text is longer than 1 GiB; tokenize it in parts.");
    }
    const std::string clean = replaceMalformedUtf8(text);
    std::vector<TokenId> ids;
    ids.reserve(clean.size() / 4 + 8);
    if (options.addSpecial) ids = m_parts.prefix;
    const std::vector<TextSegment> segments = m_parts.rawTokens.split(clean, options.parseSpecial);
    for (size_t i = 0; i < segments.size(); ++i) {
        const TextSegment& segment = segments[i];
        if (segment.token) {
            ids.push_back(*segment.token);
            continue;
        }
        const SegmentPlace place{i == 0, i + 1 == segments.size(), i > 0 && segments[i - 1].special};
        const std::string_view part = std::string_view(clean).substr(segment.range.begin, segment.range.size());
        HT_TRY(encodeSegment(part, place, options.parseSpecial, ids));
    }
    if (options.addSpecial) ids.insert(ids.end(), m_parts.suffix.begin(), m_parts.suffix.end());
    return ids;
}

Status PipelineTokenizer::encodeSegment(std::string_view text, const SegmentPlace& place, bool parseSpecial,
                                        std::vector<TokenId>& out) const {
    std::string normalized(text);
    if (m_parts.normalizer) {
        HT_ASSIGN_OR_RETURN(normalized, m_parts.normalizer->apply(std::move(normalized), place));
    }
    if (m_parts.normalizedTokens.empty()) return encodeNormalized(normalized, place, out);
    const std::vector<TextSegment> segments = m_parts.normalizedTokens.split(normalized, parseSpecial);
    for (size_t i = 0; i < segments.size(); ++i) {
        if (segments[i].token) {
            out.push_back(*segments[i].token);
            continue;
        }
        const SegmentPlace inner{place.startsText && i == 0, place.endsText && i + 1 == segments.size(),
                                 i == 0 ? place.followsControl : segments[i - 1].special};
        const std::string_view part =
            std::string_view(normalized).substr(segments[i].range.begin, segments[i].range.size());
        HT_TRY(encodeNormalized(part, inner, out));
    }
    return {};
}

Status PipelineTokenizer::encodeNormalized(std::string_view text, const SegmentPlace& place,
                                           std::vector<TokenId>& out) const {
    if (text.empty()) return {};
    if (text.size() > kMaxTextBytes) return normalizedTextTooLong();
    Pieces pieces{std::string(text), {{0, text.size()}}};
    if (m_parts.preTokenizer) HT_TRY(m_parts.preTokenizer->apply(pieces, place));
    if (pieces.text.size() > kMaxTextBytes * 2) return normalizedTextTooLong();
    for (const TextRange& range : pieces.ranges) {
        const std::string_view piece = pieces.piece(range);
        const bool cached = piece.size() <= PieceCache::kMaxPieceBytes;
        if (cached && m_cache.find(piece, out)) continue;
        const size_t before = out.size();
        m_parts.model->tokenize(piece, out);
        if (cached) m_cache.insert(piece, out.data() + before, out.size() - before);
    }
    return {};
}

std::string PipelineTokenizer::spelledBytes(TokenId id) const {
    if (!m_parts.vocabulary->contains(id)) return {};
    const VocabularyEntry& entry = m_parts.vocabulary->at(id);
    const bool added = isHidden(entry.type) || entry.type == TokenType::kUserDefined;
    return added && m_parts.addedTextIsPlain ? entry.text : m_parts.decoder.decode(entry.text);
}

std::string PipelineTokenizer::decode(std::span<const TokenId> ids, bool withSpecial) const {
    Utf8Assembler assembler(m_parts.decoder.trim());
    std::string text;
    for (const TokenId id : ids) text += assembler.push(withSpecial ? spelledBytes(id) : tokenBytes(id));
    return text + assembler.finish();
}

std::string PipelineTokenizer::tokenBytes(TokenId id) const {
    return isHidden(tokenType(id)) ? std::string() : spelledBytes(id);
}

TokenType PipelineTokenizer::tokenType(TokenId id) const {
    return m_parts.vocabulary->contains(id) ? m_parts.vocabulary->at(id).type : TokenType::kUnused;
}

bool PipelineTokenizer::addsBos() const {
    return m_parts.special.bos && !m_parts.prefix.empty() && m_parts.prefix.front() == *m_parts.special.bos;
}

Result<GgufMetadata> PipelineTokenizer::ggufMetadata(int64_t modelVocabSize) const {
    return writeGgufVocabulary(m_parts, modelVocabSize);
}

}  // namespace halftone::tokenization
