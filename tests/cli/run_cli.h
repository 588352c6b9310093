// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace halftone::test {

/// What one run of halftone-cli left behind.
struct CliRun {
    int status = -1;  ///< exit status; -1: ended by a signal
    std::string out, err;
    /// Standard output as JSON; fails the test and gives null where it is none.
    [[nodiscard]] nlohmann::json json() const;
};

/// Runs the built halftone-cli and waits for it. `interruptAfter`: sends SIGINT after that time.
CliRun runCli(const std::vector<std::string>& arguments, std::optional<std::chrono::milliseconds> interruptAfter = {});

}  // namespace halftone::test
