// SPDX-License-Identifier: GPL-3.0-or-later
// khr_matrices INPUT.spv OUTPUT.spv: a step of the build, see khr_matrices.h.
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <vector>

#include "shaders/tools/khr_matrices.h"

int main(int argc, char** argv) {
    if (argc != 3) {
        std::fprintf(stderr, "Usage: khr_matrices INPUT.spv OUTPUT.spv\n");
        return 2;
    }
    std::ifstream input(argv[1], std::ios::binary);
    const std::vector<char> bytes((std::istreambuf_iterator<char>(input)), {});
    std::vector<uint32_t> words(bytes.size() / 4);
    std::copy_n(bytes.begin(), words.size() * 4, reinterpret_cast<char*>(words.data()));
    const halftone::TranslatedModule module = halftone::translateMatrices(words);
    if (!module.error.empty()) {
        std::fprintf(stderr, "%s: %s\n", argv[1], module.error.c_str());
        return 1;
    }
    std::ofstream output(argv[2], std::ios::binary);
    output.write(reinterpret_cast<const char*>(module.words.data()),
                 static_cast<std::streamsize>(module.words.size() * 4));
    return output.good() ? 0 : 1;
}
