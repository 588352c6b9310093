// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/project/html_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace halftone {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(HtmlPage, SectionsTablesAndFoldedTextInOrder) {
    HtmlPage page("A model", "made today", "en");
    const HtmlPage::Column columns[] = {{"name", false}, {"bits", true}};
    const HtmlPage::Row rows[] = {{"q", "4.5"}, {"k", "8.5"}};
    page.addSection("Layers", HtmlPage::table(columns, rows) + HtmlPage::folded("text", "a\nb"));
    page.addSection("Nothing", HtmlPage::table(columns, {}));
    const std::string text = page.text();
    EXPECT_THAT(text, HasSubstr("<html lang=\"en\">"));
    EXPECT_THAT(text, HasSubstr("<title>A model</title>"));
    EXPECT_THAT(text, HasSubstr("<th>name</th><th class=\"n\">bits</th>"));
    EXPECT_THAT(text, HasSubstr("<tr><td>k</td><td class=\"n\">8.5</td></tr>"));
    EXPECT_THAT(text, HasSubstr("<pre>a\nb</pre>"));
    EXPECT_THAT(text, Not(HasSubstr("Nothing"))) << "a section without content is left out";
    EXPECT_LT(text.find("made today"), text.find("Layers"));
}

TEST(HtmlPage, WhateverIsGivenStaysText) {
    HtmlPage page("</title><b>", "\"x\" & y", "en\"");
    const std::pair<std::string, std::string> fields[] = {{"<i>", "a\x01\x02z"}};
    page.addSection("<u>", HtmlPage::paragraph("<script>", "muted") + HtmlPage::fields(fields));
    const std::string text = page.text();
    for (const char* forbidden : {"<b>", "<i>", "<u>", "<script", "\x01"}) EXPECT_THAT(text, Not(HasSubstr(forbidden)));
    EXPECT_THAT(text, HasSubstr("&lt;/title&gt;&lt;b&gt;"));
    EXPECT_THAT(text, HasSubstr("lang=\"en&quot;\""));
    EXPECT_THAT(text, HasSubstr("<td>az</td>"));
}

TEST(HtmlPage, NothingComesFromOutside) {
    const std::string text = HtmlPage("t", "s", "en").text();
    for (const char* forbidden : {"http:", "https:", "src=", "href=", "url(", "@import", "<link"})
        EXPECT_THAT(text, Not(HasSubstr(forbidden)));
    EXPECT_THAT(text, HasSubstr("prefers-color-scheme:dark"));
}

}  // namespace
}  // namespace halftone
