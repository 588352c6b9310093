// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/project/html_page.h"
#include "core/project/svg_chart.h"

namespace halftone {

/// Rows of a table as they are read.
struct ReportTable {
    std::vector<HtmlPage::Column> columns;
    std::vector<HtmlPage::Row> rows;
    [[nodiscard]] std::string html() const { return HtmlPage::table(columns, rows); }
};

/// The words of a report that are no figures of its own, in the language of its reader.
struct ReportWords {
    std::string recipe = "Recipe", measured = "Measured", layers = "Layers", words = "Words that the recipe hurts most",
                model = "Model";
    std::string recipeAsText = "The recipe as text";
    std::string nothingMeasured = "Nothing has been measured yet.";
    std::string aboutRuns = "●: runs of this recipe. Figures of different texts or protocols cannot be compared.";
};

/// What a report of a session says. Whoever fills it knows where figures come from and how they are written; the page
/// knows what belongs where. What is empty is left out.
struct ReportContent {
    std::string title, made, language = "en";
    // Recipe
    std::vector<std::string> totals;
    std::string defaultSentence;
    ReportTable rules;
    std::vector<std::string> remarks;  ///< on the recipe: problems, and whether the checkpoint is the same
    std::string recipeText;
    // Measured
    ReportTable runs;
    std::string chartCaption;
    std::vector<ChartPoint> points;
    ScatterAxes axes;
    // Layers
    std::vector<ChartMatrix> matrices;
    std::vector<ChartLine> errorLines;  ///< of roles, over the blocks
    std::string errorLineX, errorLineY;
    ReportTable tensors;
    // Words that the recipe hurts most
    ReportTable words;
    // Model
    std::string modelHtml;
};

/// The page, for the window and the command line alike.
[[nodiscard]] std::string composeReport(const ReportContent& content, const ReportWords& words = {});

}  // namespace halftone
