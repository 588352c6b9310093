// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/unknown_charsmap.h"

#include <cstdint>
#include <map>
#include <set>

namespace halftone::tokenization {
namespace {

// Places in the array. A node's children stand at its base XOR their byte; a leaf's value stands at the base itself.
constexpr uint32_t kValueIndex = 1;     // the one value, shared by all leaves
constexpr uint32_t kRootBase = 256;     // the root's children: 256 .. 511
constexpr uint32_t kFirstWindow = 512;  // then 64 places for each state inside a character
constexpr uint32_t kWindow = 64;        // bytes 0x80 .. 0xBF
constexpr uint32_t kBlock = 256;        // readers look anywhere in the aligned 256 places around a base
constexpr uint32_t kLeafBit = 1u << 8;
constexpr uint32_t kValueBit = 1u << 31;

int lengthOfLead(unsigned byte) {
    if (byte < 0x80) return 1;
    if (byte >= 0xC2 && byte < 0xE0) return 2;
    if (byte >= 0xE0 && byte < 0xF0) return 3;
    return byte >= 0xF0 && byte < 0xF5 ? 4 : 0;
}

class Builder {
  public:
    explicit Builder(const std::vector<std::string_view>& known) {
        for (const std::string_view character : known) {
            m_known.emplace(character);
            for (size_t length = 1; length < character.size(); ++length)
                m_prefixes.emplace(character.substr(0, length));
        }
    }

    std::vector<uint32_t> run() {
        m_units.assign(kFirstWindow, 0);
        m_units[0] = kRootBase << 10;
        m_units[kValueIndex] = kValueBit;
        for (unsigned byte = 1; byte < 256; ++byte) {
            const int length = lengthOfLead(byte);
            if (length > 0) addEdge(kRootBase, byte, std::string(1, static_cast<char>(byte)), length - 1);
        }
        m_units.resize((m_units.size() + kBlock - 1) / kBlock * kBlock, 0);
        return std::move(m_units);
    }

  private:
    // The edge for `byte` out of the node with `base`; `prefix` ends with that byte, `rest` bytes follow it.
    void addEdge(uint32_t base, unsigned byte, const std::string& prefix, int rest) {
        if (m_known.contains(prefix)) return;
        const uint32_t node = base ^ byte;
        if (rest == 0) {
            m_units[node] = ((node ^ kValueIndex) << 10) | kLeafBit | byte;
            return;
        }
        const uint32_t child = m_prefixes.contains(prefix) ? makeState(prefix, rest) : sharedState(rest);
        m_units[node] = ((node ^ child) << 10) | byte;
    }

    // Base of a state in which `rest` continuation bytes are to come.
    uint32_t makeState(const std::string& prefix, int rest) {
        const auto start = static_cast<uint32_t>(m_units.size());
        m_units.resize(m_units.size() + kWindow, 0);
        const uint32_t base = start ^ 0x80u;
        for (unsigned byte = 0x80; byte < 0xC0; ++byte) addEdge(base, byte, prefix + static_cast<char>(byte), rest - 1);
        return base;
    }

    // For prefixes that no known character has.
    uint32_t sharedState(int rest) {
        const auto found = m_shared.find(rest);
        if (found != m_shared.end()) return found->second;
        const uint32_t base = makeState("?", rest);  // begins like no character of several bytes
        m_shared.emplace(rest, base);
        return base;
    }

    std::set<std::string, std::less<>> m_known, m_prefixes;
    std::map<int, uint32_t> m_shared;
    std::vector<uint32_t> m_units;
};

}  // namespace

std::string makeUnknownCharsmap(const std::vector<std::string_view>& known, std::string_view replacement) {
    const std::vector<uint32_t> units = Builder(known).run();
    std::string bytes;
    const auto append = [&bytes](uint32_t value) {
        for (int shift = 0; shift < 32; shift += 8) bytes.push_back(static_cast<char>((value >> shift) & 0xFFu));
    };
    bytes.reserve(4 * units.size() + replacement.size() + 5);
    append(static_cast<uint32_t>(4 * units.size()));
    for (const uint32_t unit : units) append(unit);
    bytes += replacement;
    bytes.push_back('\0');
    return bytes;
}

}  // namespace halftone::tokenization
