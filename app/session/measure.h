// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

#include <optional>
#include <span>

namespace halftone::app {

/// A number that every tensor may have. One list for the table's columns, the matrix's colours and the filter's names.
enum class Measure {
    Bits,
    Bytes,
    StoredBytes,
    Parameters,
    RelativeError,
    Sqnr,
    Sensitivity,
    Kurtosis,
    MaxOverSigma,
    Minimum,
    Maximum,
    Mean,
    Deviation,
    Outliers,
    Zeros,
    NonFinite,
    Block,
    ActivationMaximum,
    ActivationMaxOverSigma,
    ActivationKurtosis,
};

/// How a measure is written.
enum class MeasureStyle { Number, Bytes, Percent, Count, Decibel };

struct MeasureInfo {
    Measure measure{};
    const char* key;      ///< name in filter expressions
    const char* alias;    ///< a second name, or ""
    const char* label;    ///< untranslated column title
    const char* meaning;  ///< untranslated tooltip: what it is and what it means for few bits
    MeasureStyle style{};
    bool logScale = false;  ///< colours follow the logarithm
};

[[nodiscard]] std::span<const MeasureInfo> allMeasures();
[[nodiscard]] const MeasureInfo& measureInfo(Measure measure);
/// By key or alias, ignoring case.
[[nodiscard]] std::optional<Measure> measureFromKey(const QString& key);
[[nodiscard]] QString measureLabel(Measure measure);
[[nodiscard]] QString measureMeaning(Measure measure);
/// With unit; "—" for nullopt.
[[nodiscard]] QString measureText(Measure measure, std::optional<double> value);

}  // namespace halftone::app
