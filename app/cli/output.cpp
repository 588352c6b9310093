// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/output.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace halftone::cli {
namespace {

constexpr int64_t kShownNotes = 8;

// Characters as a terminal counts them: every byte that does not continue a UTF-8 sequence.
size_t displayWidth(const std::string& text) {
    return static_cast<size_t>(std::ranges::count_if(text, [](unsigned char c) { return (c & 0xC0u) != 0x80u; }));
}

std::string_view severityName(RecipeProblem::Severity severity) {
    switch (severity) {
        case RecipeProblem::Severity::kNote:
            return "note";
        case RecipeProblem::Severity::kWarning:
            return "warning";
        case RecipeProblem::Severity::kError:
            return "error";
    }
    return "error";
}

// What a problem says of any tensor.
std::string withoutTensor(const RecipeProblem& problem) {
    std::string message = problem.message;
    const size_t at = problem.tensor.empty() ? std::string::npos : message.find(problem.tensor);
    return at == std::string::npos ? message : message.erase(at, problem.tensor.size());
}

// Three significant figures without an exponent, for 1 <= value < 1000.
std::string threeFigures(double value) {
    const int decimals = value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
    return fmt::format("{:.{}f}", value, decimals);
}

}  // namespace

std::string bytesText(double bytes) {
    constexpr std::array<const char*, 5> kUnits{"kB", "MB", "GB", "TB", "PB"};
    if (bytes < 999.5) return fmt::format("{:.0f} B", bytes);
    size_t unit = 0;
    double value = bytes / 1000;
    while (value >= 999.5 && unit + 1 < kUnits.size()) {
        value /= 1000;
        ++unit;
    }
    return threeFigures(value) + " " + kUnits[unit];
}

std::string numberText(double value) {
    constexpr double kCounted = 1e3, kLargest = 1e15;
    const bool isLarge = std::abs(value) >= kCounted && std::abs(value) < kLargest;
    return isLarge ? countText(std::llround(value)) : fmt::format("{:.3g}", value);
}

std::string perplexityText(const Estimate& estimate) {
    return fmt::format("{:.3f} ± {:.3f}", estimate.mean, estimate.standardError);
}

std::string divergenceText(const Estimate& estimate) {
    return fmt::format("{:.4g} ± {:.2g}", estimate.mean, estimate.standardError);
}

std::string percentText(const Estimate& share) {
    return fmt::format("{:.2f} ± {:.2f} %", 100 * share.mean, 100 * share.standardError);
}

std::string countText(int64_t count) {
    std::string digits = std::to_string(count);
    for (auto at = static_cast<int64_t>(digits.size()) - 3; at > (count < 0 ? 1 : 0); at -= 3) {
        digits.insert(static_cast<size_t>(at), ",");
    }
    return digits;
}

std::string shapeText(std::span<const int64_t> shape) {
    std::string out;
    for (int64_t dim : shape) out += (out.empty() ? "" : " x ") + std::to_string(dim);
    return out.empty() ? "scalar" : out;
}

Table::Table(std::vector<std::string> header, std::vector<Align> alignment) : m_alignment(std::move(alignment)) {
    for (size_t column = m_alignment.size(); column < header.size(); ++column) {
        m_alignment.push_back(column == 0 ? Align::kLeft : Align::kRight);
    }
    m_rows.push_back(std::move(header));
}

void Table::add(std::vector<std::string> row) {
    m_rows.push_back(std::move(row));
}

void Table::print() const {
    std::vector<size_t> widths(m_alignment.size());
    for (const auto& row : m_rows) {
        for (size_t column = 0; column < row.size(); ++column)
            widths[column] = std::max(widths[column], displayWidth(row[column]));
    }
    for (const auto& row : m_rows) {
        std::string line;
        for (size_t column = 0; column < row.size(); ++column) {
            const std::string padding(widths[column] - displayWidth(row[column]), ' ');
            if (column > 0) line += "  ";
            line += m_alignment[column] == Align::kLeft ? row[column] + padding : padding + row[column];
        }
        line.resize(line.find_last_not_of(' ') + 1);
        fmt::print("{}\n", line);
    }
}

void printFields(const std::vector<std::pair<std::string, std::string>>& fields) {
    size_t width = 0;
    for (const auto& [name, value] : fields) width = std::max(width, displayWidth(name));
    for (const auto& [name, value] : fields)
        fmt::print("{}{}  {}\n", name, std::string(width - displayWidth(name), ' '), value);
}

void printJson(const nlohmann::ordered_json& json) {
    fmt::print("{}\n", json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

nlohmann::ordered_json problemsJson(std::span<const RecipeProblem> problems) {
    auto out = nlohmann::ordered_json::array();
    for (const RecipeProblem& problem : problems) {
        nlohmann::ordered_json entry{{"severity", severityName(problem.severity)}, {"message", problem.message}};
        if (!problem.tensor.empty()) entry["tensor"] = problem.tensor;
        out.push_back(std::move(entry));
    }
    return out;
}

void printProblems(std::span<const RecipeProblem> problems) {
    // Notes that differ only in the tensor they speak of are told once.
    std::map<std::string, int64_t> others;
    std::vector<const RecipeProblem*> shown;
    for (const RecipeProblem& problem : problems) {
        if (others.try_emplace(withoutTensor(problem), -1).first->second++ < 0) shown.push_back(&problem);
    }
    int64_t notes = 0;
    for (const RecipeProblem* problem : shown) {
        if (problem->severity == RecipeProblem::Severity::kNote && ++notes > kShownNotes) continue;
        const int64_t more = others[withoutTensor(*problem)];
        fmt::print("{}: {}{}\n", severityName(problem->severity), problem->message,
                   more > 0 ? fmt::format(" (And {} more tensor{}.)", more, more == 1 ? "" : "s") : "");
    }
    if (notes > kShownNotes) fmt::print("... and {} more kinds of notes (--json lists all)\n", notes - kShownNotes);
}

}  // namespace halftone::cli
