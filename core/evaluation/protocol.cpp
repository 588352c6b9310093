// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "core/evaluation/evaluate.h"

namespace halftone {
namespace {

constexpr int64_t kMaxContextLength = 1 << 24;

struct ProtocolName {
    std::string_view name;
    Protocol protocol;
};

// The first entry of a kind and length is the one that name() gives.
constexpr std::array<ProtocolName, 5> kNames{{{"p512", {ProtocolKind::kHalfScored, 512}},
                                              {"p2048", {ProtocolKind::kFullWindow, 2048}},
                                              {"p4096", {ProtocolKind::kFullWindow, 4096}},
                                              {"bos-window", {ProtocolKind::kBosWindow, 512}},
                                              {"plain-window", {ProtocolKind::kPlainWindow, 512}}}};

tl::unexpected<Error> tooShort(const Protocol& protocol, int64_t needed, int64_t present) {
    return makeError(ErrorCode::kInvalidArgument,
                     fmt::format("The text has {} tokens, but protocol {} needs at least {}; take a longer text or a "
                                 "smaller context.",
                                 present, protocol.name(), needed));
}

std::vector<TokenId> withBos(std::span<const TokenId> text, std::optional<TokenId> bos) {
    std::vector<TokenId> tokens;
    tokens.reserve(text.size() + 1);
    if (bos) tokens.push_back(*bos);
    tokens.insert(tokens.end(), text.begin(), text.end());
    return tokens;
}

// Full windows only; the tail is dropped.
std::vector<EvaluationWindow> fullWindows(const std::vector<TokenId>& tokens, const Protocol& protocol,
                                          std::optional<TokenId> bos, int64_t count) {
    const bool half = protocol.kind == ProtocolKind::kHalfScored;
    std::vector<EvaluationWindow> windows(static_cast<size_t>(count));
    for (int64_t i = 0; i < count; ++i) {
        EvaluationWindow& window = windows[static_cast<size_t>(i)];
        const auto begin = tokens.begin() + i * protocol.contextLength;
        window.tokens.assign(begin, begin + protocol.contextLength);
        if (half && bos) window.tokens.front() = *bos;
        window.scoreBegin = half ? protocol.contextLength / 2 : 0;
        window.scoreEnd = protocol.contextLength - 1;
    }
    return windows;
}

// Windows that cover the whole text, the last one perhaps short.
std::vector<EvaluationWindow> coveringWindows(std::span<const TokenId> text, int64_t pieceLength,
                                              std::optional<TokenId> bos) {
    std::vector<EvaluationWindow> windows;
    const auto length = static_cast<int64_t>(text.size());
    for (int64_t begin = 0; begin < length; begin += pieceLength) {
        const int64_t count = std::min(pieceLength, length - begin);
        EvaluationWindow window;
        window.tokens = withBos(text.subspan(static_cast<size_t>(begin), static_cast<size_t>(count)), bos);
        window.scoreEnd = static_cast<int64_t>(window.tokens.size()) - 1;
        if (window.scoreEnd > 0) windows.push_back(std::move(window));
    }
    return windows;
}

}  // namespace

std::string Protocol::name() const {
    for (const ProtocolName& entry : kNames) {
        if (entry.protocol == *this && !entry.name.ends_with("-window")) return std::string(entry.name);
    }
    const auto entry = std::ranges::find_if(kNames, [&](const ProtocolName& e) { return e.protocol.kind == kind; });
    return fmt::format("{} ctx {}", entry->name, contextLength);
}

Result<Protocol> Protocol::parse(std::string_view name) {
    constexpr std::string_view kInfix = " ctx ";
    const size_t infix = name.find(kInfix);
    const std::string_view base = name.substr(0, infix);
    const auto entry = std::ranges::find(kNames, base, &ProtocolName::name);
    if (entry == kNames.end()) {
        return makeError(
            ErrorCode::kInvalidArgument,
            fmt::format("\"{}\" is not an evaluation protocol; there are p512, p2048, p4096, bos-window and "
                        "plain-window.",
                        name));
    }
    Protocol protocol = entry->protocol;
    if (infix == std::string_view::npos) return protocol;
    const std::string_view digits = name.substr(infix + kInfix.size());
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), protocol.contextLength);
    if (error != std::errc{} || end != digits.data() + digits.size() || protocol.contextLength < 2) {
        return makeError(ErrorCode::kInvalidArgument,
                         fmt::format("\"{}\" is not a context length of 2 tokens or more.", digits));
    }
    return protocol;
}

Result<std::vector<EvaluationWindow>> makeWindows(std::span<const TokenId> textTokens, const Protocol& protocol,
                                                  std::optional<TokenId> bos, int64_t maxWindows) {
    const int64_t context = protocol.contextLength;
    if (context < 2 || context > kMaxContextLength) {
        return makeError(ErrorCode::kInvalidArgument,
                         fmt::format("A context of {} tokens is outside what an evaluation takes (2 to {}).", context,
                                     kMaxContextLength));
    }
    if (textTokens.empty())
        return makeError(ErrorCode::kInvalidArgument, "The text is empty: there is nothing to evaluate.");
    std::vector<EvaluationWindow> windows;
    if (protocol.kind == ProtocolKind::kHalfScored || protocol.kind == ProtocolKind::kFullWindow) {
        const std::vector<TokenId> tokens = withBos(textTokens, bos);
        const auto present = static_cast<int64_t>(tokens.size());
        const int64_t needed = protocol.kind == ProtocolKind::kHalfScored ? 2 * context : context;
        if (present < needed) return tooShort(protocol, needed, present);
        const int64_t count = present / context;
        windows = fullWindows(tokens, protocol, bos, maxWindows > 0 ? std::min(count, maxWindows) : count);
    } else if (protocol.kind == ProtocolKind::kBosWindow) {
        if (!bos) {
            return makeError(ErrorCode::kInvalidArgument,
                             "Protocol bos-window needs a begin-of-sequence token, which this tokenizer does not have; "
                             "use plain-window.");
        }
        windows = coveringWindows(textTokens, context - 1, bos);
    } else {
        if (textTokens.size() < 2) return tooShort(protocol, 2, 1);
        windows = coveringWindows(textTokens, context, std::nullopt);
    }
    if (maxWindows > 0 && static_cast<int64_t>(windows.size()) > maxWindows)
        windows.resize(static_cast<size_t>(maxWindows));
    return windows;
}

std::optional<TokenId> evaluationBos(const Protocol& protocol, const Tokenizer& tokenizer) {
    if (protocol.kind == ProtocolKind::kPlainWindow) return std::nullopt;
    const bool wanted = protocol.kind == ProtocolKind::kBosWindow || tokenizer.addsBos();
    return wanted ? tokenizer.bos() : std::nullopt;
}

Result<std::string> checkContextLength(const ModelConfig& config, int64_t contextLength) {
    if (config.contextLength <= 0 || contextLength <= config.contextLength) return std::string();
    if (config.ropeStyle == RopeStyle::kNone) {
        return makeError(
            ErrorCode::kInvalidArgument,
            fmt::format("The model has {} positions; windows of {} tokens do not fit. Set a context of at most {}.",
                        config.contextLength, contextLength, config.contextLength));
    }
    return fmt::format(
        "The windows of {} tokens are longer than the {} the model was made for; the figures are likely worse for "
        "that.",
        contextLength, config.contextLength);
}

}  // namespace halftone
