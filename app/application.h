// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace halftone::app {

/// The studio from command line to exit status.
int runStudio(int argc, char** argv);

}  // namespace halftone::app
