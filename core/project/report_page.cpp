// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/project/report_page.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace halftone {

namespace {

std::string muted(const std::string& text) {
    return text.empty() ? std::string() : HtmlPage::paragraph(text, "muted");
}

std::string recipeSection(const ReportContent& content, const ReportWords& words) {
    std::string html = HtmlPage::paragraph(fmt::format("{}", fmt::join(content.totals, " · ")), "totals");
    html += HtmlPage::paragraph(content.defaultSentence);
    html += content.rules.html();
    for (const std::string& remark : content.remarks) html += muted(remark);
    return html + HtmlPage::folded(words.recipeAsText, content.recipeText);
}

std::string runSection(const ReportContent& content, const ReportWords& words) {
    if (content.runs.rows.empty()) return muted(words.nothingMeasured);
    std::string html = content.runs.html() + muted(words.aboutRuns);
    if (content.points.empty()) return html;
    return html + muted(content.chartCaption) + scatterSvg(content.points, content.axes);
}

std::string layerSection(const ReportContent& content) {
    std::string html;
    for (const ChartMatrix& matrix : content.matrices) html += matrixSvg(matrix);
    return html + linesSvg(content.errorLines, content.errorLineX, content.errorLineY) + content.tensors.html();
}

}  // namespace

std::string composeReport(const ReportContent& content, const ReportWords& words) {
    HtmlPage page(content.title, content.made, content.language);
    page.addSection(words.recipe, recipeSection(content, words));
    page.addSection(words.measured, runSection(content, words));
    page.addSection(words.layers, layerSection(content));
    page.addSection(words.words, content.words.html());
    page.addSection(words.model, content.modelHtml);
    return page.text();
}

}  // namespace halftone
