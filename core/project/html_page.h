// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/error.h"

namespace halftone {

/// A page to pass on: sections of paragraphs, tables and charts (svg_chart.h). Self-contained: no scripts, no links, no
/// outside resources; light or dark as the reader's system. Well-formed, so that other programs can read it. Knows no
/// language: whoever fills it gives the words. Texts are escaped here; `content` is HTML already. Not thread-safe.
class HtmlPage {
  public:
    struct Column {
        std::string title;
        bool isNumber = false;  ///< stands at the right
    };
    using Row = std::vector<std::string>;

    /// `language` as HTML writes it ("en", "zh-CN").
    HtmlPage(std::string_view title, std::string_view subtitle, std::string_view language);
    /// A section without content is left out.
    void addSection(std::string_view title, std::string_view content);
    [[nodiscard]] std::string text() const;

    /// `kind`: class of the style sheet, "muted" or "totals"; empty: none.
    [[nodiscard]] static std::string paragraph(std::string_view text, std::string_view kind = {});
    /// Empty without rows.
    [[nodiscard]] static std::string table(std::span<const Column> columns, std::span<const Row> rows);
    /// Names and values.
    [[nodiscard]] static std::string fields(std::span<const std::pair<std::string, std::string>> fields);
    /// Text of its own layout, folded below a summary.
    [[nodiscard]] static std::string folded(std::string_view summary, std::string_view text);

  private:
    std::string m_head, m_body;
};

/// For texts and attributes. Bytes that XML does not allow are left out.
[[nodiscard]] std::string escapeHtml(std::string_view text);

}  // namespace halftone
