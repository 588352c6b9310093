// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/hash.h"

#include <gtest/gtest.h>

#include <string_view>

namespace halftone {
namespace {

uint64_t hashText(std::string_view text, uint64_t seed = 0) {
    return hashBytes(std::as_bytes(std::span(text.data(), text.size())), seed);
}

TEST(Hash, IsTheStandardXxh3) {
    // Values of the XXH3 specification's 64-bit variant; they end up in files and must never change.
    EXPECT_EQ(hashText(""), 0x2D06800538D394C2u);
    EXPECT_NE(hashText("a"), hashText("b"));
    EXPECT_NE(hashText("a"), hashText("a", 1));
    EXPECT_EQ(hashText("halftone"), hashText("halftone"));
}

TEST(Hash, WritesSixteenDigits) {
    EXPECT_EQ(toHex(0), "0000000000000000");
    EXPECT_EQ(toHex(0xABCDEF), "0000000000abcdef");
    EXPECT_EQ(toHex(~uint64_t{0}), "ffffffffffffffff");
}

}  // namespace
}  // namespace halftone
