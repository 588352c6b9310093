// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/message.h"

#include <gtest/gtest.h>

namespace halftone {
namespace {

TEST(Message, QuotesTextThatIsFitToPrint) {
    EXPECT_EQ(quoteForMessage("blk.0.attn_q.weight"), "\"blk.0.attn_q.weight\"");
    EXPECT_EQ(quoteForMessage("größe 权重"), "\"größe 权重\"");
    EXPECT_EQ(quoteForMessage(""), "\"\"");
}

TEST(Message, EscapesWhatIsNot) {
    EXPECT_EQ(quoteForMessage("a\nb\x1B[2J"), "\"a\\x0Ab\\x1B[2J\"");
    EXPECT_EQ(quoteForMessage("\xFFz"), "\"\\xFFz\"");
}

TEST(Message, CutsLongTextBetweenCharacters) {
    std::string text(95, 'a');
    text += "€€€";  // three bytes each: the limit falls inside the first
    const std::string quoted = quoteForMessage(text);
    EXPECT_EQ(quoted, "\"" + std::string(95, 'a') + "...\"");
    EXPECT_TRUE(isValidUtf8(quoted));
}

}  // namespace
}  // namespace halftone
