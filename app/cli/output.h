// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/evaluation/evaluate.h"
#include "core/recipe/recipe.h"

namespace halftone::cli {

/// "535 kB", "1.05 MB", "14.9 GB": powers of ten, three significant figures.
std::string bytesText(double bytes);
/// Three significant figures; from a thousand on a whole number ("13,952").
std::string numberText(double value);
/// "4.331 ± 0.012".
std::string perplexityText(const Estimate& estimate);
/// Four significant figures with the error: "0.001362 ± 2.1e-05".
std::string divergenceText(const Estimate& estimate);
/// "98.43 ± 0.07 %".
std::string percentText(const Estimate& share);
/// "1234567" as "1,234,567".
std::string countText(int64_t count);
/// "512 x 64".
std::string shapeText(std::span<const int64_t> shape);

/// Columns padded to their widest cell; the first is left-aligned, the others right-aligned unless asked otherwise.
class Table {
  public:
    enum class Align { kLeft, kRight };
    explicit Table(std::vector<std::string> header, std::vector<Align> alignment = {});
    void add(std::vector<std::string> row);
    void print() const;

  private:
    std::vector<std::vector<std::string>> m_rows;
    std::vector<Align> m_alignment;
};

/// Two columns without header: names and values.
void printFields(const std::vector<std::pair<std::string, std::string>>& fields);

/// The document on standard output, indented; malformed UTF-8 is replaced.
void printJson(const nlohmann::ordered_json& json);

/// All problems as JSON; severity "note", "warning" or "error".
nlohmann::ordered_json problemsJson(std::span<const RecipeProblem> problems);
/// Warnings and the first notes as lines on standard output.
void printProblems(std::span<const RecipeProblem> problems);

}  // namespace halftone::cli
