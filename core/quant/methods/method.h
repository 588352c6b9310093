// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/base/error.h"
#include "core/quant/formats/format.h"

namespace halftone {

/// How codes are chosen for a format. A format says what can be stored, a method what is stored.
enum class MethodId : uint8_t {
    kNearest,      ///< nearest value; for block types the search of the reference library
    kPercentile,   ///< nearest value, range cut at a percentile of the magnitudes
    kMse,          ///< nearest value, range that gives the least (weighted) squared error
    kHqq,          ///< half-quadratic search of the zero point
    kGptq,         ///< errors of a column are made up for by the columns after it
    kAwq,          ///< channels with large inputs are scaled up first, then ranges clipped
    kSmoothQuant,  ///< outliers of the inputs are moved into the weights
    kWanda,        ///< elements that meet small inputs are left out first, then nearest value
    kSparseGpt,    ///< GPTQ that leaves elements out as it goes along
    kAutoRound,    ///< learned by gradient steps on the output of the whole block
};

/// What a method must know about the inputs of a layer.
enum class CalibrationNeed : uint8_t {
    kNone,         ///< nothing, and it makes no use of it
    kImportance,   ///< mean square per channel; works without, better with
    kMeanSquares,  ///< mean square per channel; does not work without
    kMaxima,       ///< largest magnitude per channel; does not work without
    kHessian,      ///< the full matrix of second moments; does not work without
    kTokens,       ///< the calibration text itself; does not work without; better with second moments
};

/// A number that a method takes. Flags are 0 or 1 (`isFlag`).
struct MethodParameter {
    std::string_view key;
    std::string_view sentence;  ///< what it does, for a tooltip
    double standard = 0;
    double minimum = 0, maximum = 0;
    bool isFlag = false;
    bool isWhole = false;
};

/// All that a menu, a recipe and a report need to know about a method.
struct MethodDescription {
    MethodId id = MethodId::kNearest;
    std::string_view name;         ///< in recipes and on the command line: "gptq"
    std::string_view displayName;  ///< "GPTQ"
    std::string_view sentence;     ///< one sentence of explanation
    std::string_view source;       ///< where it comes from
    CalibrationNeed need = CalibrationNeed::kNone;
    std::span<const MethodParameter> parameters;
};

/// In the order in which menus show them; the first is the default.
[[nodiscard]] std::span<const MethodDescription> offeredMethods();
[[nodiscard]] const MethodDescription& describeMethod(MethodId id);

/// A method with its parameters. A value; parameters that are not named have their standard value.
struct MethodChoice {
    MethodId id = MethodId::kNearest;
    std::map<std::string, double, std::less<>> parameters;

    bool operator==(const MethodChoice&) const = default;
    [[nodiscard]] bool isDefault() const { return *this == MethodChoice{}; }
    /// The parameter's value. Precondition: the method has it.
    [[nodiscard]] double value(std::string_view key) const;
    [[nodiscard]] bool flag(std::string_view key) const { return value(key) != 0; }

    /// "gptq" or "gptq:act_order=0:damping=0.05": the inverse of parse().
    [[nodiscard]] std::string name() const;
    /// "GPTQ", with the parameters that differ from the standard: "GPTQ (damping 0.05)".
    [[nodiscard]] std::string displayName() const;
    /// Case-insensitive; "rtn" is another word for "nearest". The error lists what is accepted.
    static Result<MethodChoice> parse(std::string_view text);
};

/// Why `method` makes no sense for `format`, as one sentence; empty where it does.
[[nodiscard]] std::string methodObstacle(MethodId method, const Format& format);

}  // namespace halftone
