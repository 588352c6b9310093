// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace halftone::tokenization {

/// A precompiled character map (charsmap.h has the layout) that puts `replacement` in place of every character that is
/// not one of `known`. Readers of unigram vocabularies fuse a run of unknown characters into one unknown token; with
/// this map in front they meet the text of the unknown token instead, once for each character, and fuse nothing.
///
/// Built as a graph, not as a tree: all characters with the same number of bytes to come share their nodes, so that
/// a million characters take a few hundred bytes for each pair of leading bytes that a known character has.
[[nodiscard]] std::string makeUnknownCharsmap(const std::vector<std::string_view>& known, std::string_view replacement);

}  // namespace halftone::tokenization
