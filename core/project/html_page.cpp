// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/project/html_page.h"

#include <fmt/format.h>

#include "core/project/svg_chart.h"

namespace halftone {
namespace {

constexpr std::string_view kStyle =
    ":root{color-scheme:light dark;--window:#f3f4f5;--surface:#fff;--text:#1d2125;--muted:#6b7680;"
    "--line:#d3d6d9;--accent:#2864b4;--second:#d05f0a}"
    "@media (prefers-color-scheme:dark){:root{--window:#1f2326;--surface:#181b1e;--text:#dde1e4;"
    "--muted:#8d979f;--line:#3d4347;--accent:#4f8fdd;--second:#ff9d4d}}"
    "body{margin:0;background:var(--window);color:var(--text);font:13px/1.45 system-ui,sans-serif}"
    "main{max-width:1080px;margin:0 auto;padding:24px 16px}"
    "h1{font-size:22px;margin:0}h2{font-size:15px;margin:0 0 8px}h3{font-size:13px;margin:8px 0}"
    "section{background:var(--surface);border:1px solid var(--line);border-radius:4px;padding:16px;"
    "margin:16px 0;overflow-x:auto}"
    "p{margin:4px 0}.muted{color:var(--muted)}.totals{font-size:15px;font-weight:600}"
    ".wide{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums}"
    ".wide table{width:100%}th,td{text-align:left;padding:2px 8px;white-space:nowrap}"
    "th{color:var(--muted);font-weight:400;border-bottom:1px solid var(--line)}"
    ".n{text-align:right}.wide tbody tr:nth-child(even){background:var(--window)}"
    "pre{background:var(--window);padding:8px;overflow-x:auto}summary{cursor:pointer;color:var(--muted)}"
    "@media print{section{break-inside:avoid-page}}";

std::string_view sideOf(const HtmlPage::Column& column) {
    return column.isNumber ? " class=\"n\"" : "";
}

}  // namespace

std::string escapeHtml(std::string_view text) {
    std::string escaped;
    escaped.reserve(text.size());
    for (const char letter : text) {
        switch (letter) {
            case '&':
                escaped += "&amp;";
                break;
            case '<':
                escaped += "&lt;";
                break;
            case '>':
                escaped += "&gt;";
                break;
            case '"':
                escaped += "&quot;";
                break;
            default:
                if (static_cast<unsigned char>(letter) >= 0x20 || letter == '\n' || letter == '\t') escaped += letter;
        }
    }
    return escaped;
}

HtmlPage::HtmlPage(std::string_view title, std::string_view subtitle, std::string_view language)
    : m_head(fmt::format("<!DOCTYPE html>\n<html lang=\"{}\">\n<head><meta charset=\"utf-8\"/>"
                         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>"
                         "<title>{}</title>\n<style>{}{}</style></head>\n",
                         escapeHtml(language), escapeHtml(title), kStyle, chartStyle())),
      m_body(fmt::format("<h1>{}</h1>\n{}", escapeHtml(title), paragraph(subtitle, "muted"))) {}

void HtmlPage::addSection(std::string_view title, std::string_view content) {
    if (content.empty()) return;
    m_body += fmt::format("<section><h2>{}</h2>\n{}</section>\n", escapeHtml(title), content);
}

std::string HtmlPage::text() const {
    return fmt::format("{}<body><main>\n{}</main></body>\n</html>\n", m_head, m_body);
}

std::string HtmlPage::paragraph(std::string_view text, std::string_view kind) {
    const std::string attribute = kind.empty() ? std::string() : fmt::format(" class=\"{}\"", kind);
    return fmt::format("<p{}>{}</p>\n", attribute, escapeHtml(text));
}

std::string HtmlPage::table(std::span<const Column> columns, std::span<const Row> rows) {
    if (rows.empty()) return {};
    std::string html = "<div class=\"wide\"><table>\n<thead><tr>";
    for (const Column& column : columns) html += fmt::format("<th{}>{}</th>", sideOf(column), escapeHtml(column.title));
    html += "</tr></thead>\n<tbody>\n";
    for (const Row& row : rows) {
        html += "<tr>";
        for (size_t at = 0; at < columns.size() && at < row.size(); ++at)
            html += fmt::format("<td{}>{}</td>", sideOf(columns[at]), escapeHtml(row[at]));
        html += "</tr>\n";
    }
    return html + "</tbody></table></div>\n";
}

std::string HtmlPage::fields(std::span<const std::pair<std::string, std::string>> fields) {
    std::string html;
    for (const auto& [name, value] : fields)
        html += fmt::format("<tr><td class=\"muted\">{}</td><td>{}</td></tr>\n", escapeHtml(name), escapeHtml(value));
    return html.empty() ? html : fmt::format("<table>\n{}</table>\n", html);
}

std::string HtmlPage::folded(std::string_view summary, std::string_view text) {
    return fmt::format("<details><summary>{}</summary><pre>{}</pre></details>\n", escapeHtml(summary),
                       escapeHtml(text));
}

}  // namespace halftone
