// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/widgets/command_palette.h"

#include <gtest/gtest.h>

namespace halftone::app {
namespace {

TEST(FuzzyScore, CharactersInOrderMatch) {
    EXPECT_GE(fuzzyScore("blk.12.ffn_down.weight", "12down"), 0);
    EXPECT_GE(fuzzyScore("Export GGUF", "eg"), 0);
    EXPECT_EQ(fuzzyScore("Export GGUF", "gex"), -1);
    EXPECT_EQ(fuzzyScore("anything", ""), 0);
}

TEST(FuzzyScore, CloserIsBetter) {
    EXPECT_LT(fuzzyScore("ffn_down", "ffn"), fuzzyScore("blk.0.ffn_down", "ffn"));
}

}  // namespace
}  // namespace halftone::app
