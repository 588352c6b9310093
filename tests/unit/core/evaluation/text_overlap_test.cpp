// SPDX-License-Identifier: GPL-3.0-or-later
// Expected figures: a separate program in Python that follows the formulas of the publications.
#include "core/evaluation/text_overlap.h"

#include <gtest/gtest.h>

#include <vector>

namespace halftone {
namespace {

using Text = std::vector<TokenId>;

struct Pair {
    Text reference, candidate;
};
const Pair kChanged{{1, 2, 3, 4, 1, 5}, {1, 2, 6, 4, 1, 5}};
const Pair kShorter{{1, 2, 3, 4, 5, 6, 7, 8}, {1, 2, 3, 4, 5}};
const Pair kReversed{{1, 2, 3}, {3, 2, 1}};
const Pair kRepeating{{1, 2, 3, 4, 5, 6}, {2, 2, 2, 2, 9, 1}};

TextOverlap overlapOf(const std::vector<Pair>& pairs) {
    TextOverlap overlap;
    for (const Pair& pair : pairs) overlap.add(pair.reference, pair.candidate);
    return overlap;
}

TEST(TextOverlap, OfATextWithItselfIsWhole) {
    const auto overlap = overlapOf({{{4, 5, 6, 7, 8}, {4, 5, 6, 7, 8}}});
    EXPECT_DOUBLE_EQ(overlap.bleu(), 1);
    EXPECT_DOUBLE_EQ(overlap.rougeL(), 1);
    const auto tooShortForFour = overlapOf({{{4, 5}, {4, 5}}});
    EXPECT_DOUBLE_EQ(tooShortForFour.bleu(), 1);
}

TEST(TextOverlap, OfNothingInCommonIsNothing) {
    const auto overlap = overlapOf({{{1, 2, 3}, {4, 5, 6}}});
    EXPECT_EQ(overlap.bleu(), 0);
    EXPECT_EQ(overlap.rougeL(), 0);
    EXPECT_EQ(TextOverlap().bleu(), 0);
    EXPECT_EQ(TextOverlap().rougeL(), 0);
    EXPECT_EQ(overlapOf({{{1, 2}, {}}}).bleu(), 0);
    EXPECT_EQ(overlapOf({{{1, 2}, {}}}).rougeL(), 0);
    EXPECT_EQ(overlapOf({{{}, {}}}).rougeL(), 1) << "two empty texts are the same";
}

TEST(TextOverlap, IsWhatTheFormulasGive) {
    EXPECT_NEAR(overlapOf({kChanged}).bleu(), 0.37991784282579627, 1e-12);
    EXPECT_NEAR(overlapOf({kChanged}).rougeL(), 0.8333333333333334, 1e-12);
    EXPECT_NEAR(overlapOf({kShorter}).bleu(), 0.5488116360940264, 1e-12) << "brevity";
    EXPECT_NEAR(overlapOf({kShorter}).rougeL(), 0.7692307692307693, 1e-12);
    EXPECT_NEAR(overlapOf({kReversed}).bleu(), 0.3968502629920499, 1e-12) << "orders without a match";
    EXPECT_NEAR(overlapOf({kReversed}).rougeL(), 0.3333333333333333, 1e-12);
    EXPECT_NEAR(overlapOf({kRepeating}).bleu(), 0.09652434877402245, 1e-12) << "matches are clipped";
}

TEST(TextOverlap, OfSeveralTextsIsThatOfTheCollection) {
    const auto overlap = overlapOf({kChanged, kShorter, kReversed, kRepeating});
    EXPECT_EQ(overlap.pairs(), 4);
    EXPECT_NEAR(overlap.bleu(), 0.3500018552298323, 1e-12);
    EXPECT_NEAR(overlap.rougeL(), 0.5256410256410257, 1e-12);
    EXPECT_NEAR(overlapOf({kChanged, kShorter}).bleu(), 0.4826999428554263, 1e-12);
}

}  // namespace
}  // namespace halftone
