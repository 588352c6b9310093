// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/options.h"

int main(int argc, char** argv) {
    return halftone::cli::runCommandLine(argc, argv);
}
