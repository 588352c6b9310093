// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <deque>
#include <optional>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "app/cli/options.h"
#include "core/inference/backend.h"
#include "core/inference/op_profile.h"

namespace halftone::cli {

/// What --profile and --trace collect: a profile for each part of a run that is looked at by itself. Profiles are
/// borrowed by the executables that fill them, which have to be told to stop, or to be gone, before this is.
class RunProfile {
  public:
    explicit RunProfile(ProfileChoice choice) : m_choice(std::move(choice)) {}

    [[nodiscard]] bool isOn() const { return m_choice.isSet(); }
    /// From now on the executable's operations belong to the part of this name. Nothing without --profile and --trace.
    Status watch(Executable& executable, const std::string& part);
    /// Measures what the device can do, for the shares of the table.
    Status measureLimits(Backend& backend, const JobContext& context);
    void setLimits(std::optional<DeviceRates> limits) { m_limits = limits; }
    /// Writes the file of --trace.
    [[nodiscard]] Status writeTrace() const;
    /// The tables on standard output, or as "profile" into a report; nothing without --profile.
    void print() const;
    void addTo(nlohmann::ordered_json& report) const;

  private:
    struct Part {
        std::string name;
        OpProfile profile;
    };
    void printPart(const Part& part) const;
    [[nodiscard]] nlohmann::ordered_json partJson(const Part& part) const;

    ProfileChoice m_choice;
    std::deque<Part> m_parts;  // addresses stay
    std::optional<DeviceRates> m_limits;
};

}  // namespace halftone::cli
