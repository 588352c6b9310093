// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/project/report_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace halftone {
namespace {

using testing::HasSubstr;
using testing::Not;

ReportContent full() {
    ReportContent content;
    content.title = "model, mine";
    content.made = "Halftone";
    content.totals = {"4 bits per weight", "1 MB of 4 MB"};
    content.defaultSentence = "Default: Q4_K.";
    content.rules = {{{"roles"}}, {{"attn_q"}}};
    content.remarks = {"a remark"};
    content.recipeText = "default q4_k";
    content.runs = {{{"run"}}, {{"first run"}}};
    content.chartCaption = "the text";
    content.points = {{"a", 1, 0.1, 0, true}, {"b", 2, 0.01, 0, false}};
    content.axes = {"size", "harm", 0, 0};
    content.errorLines = {{"attn_q", {{0, 0.1}, {1, 0.2}}}};
    content.tensors = {{{"tensor"}}, {{"blk.0.attn_q"}}};
    content.words = {{{"word"}}, {{"earth"}}};
    content.modelHtml = "<p>card</p>";
    return content;
}

TEST(ReportPage, EverythingStandsInItsSectionInOrder) {
    const std::string page = composeReport(full());
    size_t at = 0;
    for (const char* part :
         {"<title>model, mine", "<h2>Recipe", "4 bits per weight · 1 MB of 4 MB", "Default: Q4_K.", "attn_q",
          "a remark", "default q4_k", "<h2>Measured", "first run", "the text", "<svg", "<h2>Layers", "<svg",
          "blk.0.attn_q", "<h2>Words that the recipe hurts most", "earth", "<h2>Model", "card"}) {
        const size_t found = page.find(part, at);
        ASSERT_NE(found, std::string::npos) << part;
        at = found;
    }
}

TEST(ReportPage, WhatIsEmptyIsLeftOutAndNothingMeasuredIsSaid) {
    ReportContent content = full();
    content.runs.rows.clear();
    content.words = {};
    content.errorLines.clear();
    const std::string page = composeReport(content);
    EXPECT_THAT(page, HasSubstr("Nothing has been measured yet."));
    EXPECT_THAT(page, Not(HasSubstr("<svg")));
    EXPECT_THAT(page, Not(HasSubstr("hurts most")));
}

TEST(ReportPage, TheReadersWordsTakeThePlaceOfEnglishOnes) {
    ReportWords words;
    words.measured = "评测";
    words.aboutRuns = "过期";
    const std::string page = composeReport(full(), words);
    EXPECT_THAT(page, HasSubstr("<h2>评测"));
    EXPECT_THAT(page, HasSubstr("过期"));
    EXPECT_THAT(page, Not(HasSubstr("<h2>Measured")));
}

}  // namespace
}  // namespace halftone
