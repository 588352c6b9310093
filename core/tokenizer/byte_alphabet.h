// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace halftone::tokenization {

/// The alphabet of byte-level BPE: each byte is spelled by one printable character. 188 printable bytes by themselves,
/// the other 68 in increasing order by U+0100 ... U+0143 (space -> U+0120, newline -> U+010A).
[[nodiscard]] std::string_view byteSpelling(uint8_t byte);
[[nodiscard]] std::optional<uint8_t> byteOfSpelling(char32_t codePoint);
/// Spells every byte of `bytes`.
[[nodiscard]] std::string spellBytes(std::string_view bytes);
/// Inverse of spellBytes; a text with a character outside the alphabet stands for itself.
[[nodiscard]] std::string bytesOfSpelling(std::string_view spelling);

/// Value of a byte token "<0x00>" ... "<0xFF>".
[[nodiscard]] std::optional<uint8_t> byteOfByteToken(std::string_view token);
[[nodiscard]] std::string byteToken(uint8_t byte);

}  // namespace halftone::tokenization
