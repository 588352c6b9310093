// SPDX-License-Identifier: GPL-3.0-or-later
// Runs every file of the folders given through the fuzz function; a crash or a sanitizer report is the failure. Each
// input is also cut at several places and has single bytes changed, which costs little and covers more than the files
// alone.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "tests/fuzz/fuzz_input.h"

namespace {

/// A buffer of exactly that size, so that the address sanitizer sees a read past its end.
void runOne(std::vector<uint8_t> input) {
    input.shrink_to_fit();
    LLVMFuzzerTestOneInput(input.data(), input.size());
}

void runVariants(const std::vector<uint8_t>& input) {
    constexpr size_t kVariants = 64;
    const size_t step = std::max<size_t>(1, input.size() / kVariants);
    for (size_t at = 0; at < input.size(); at += step) {
        runOne({input.begin(), input.begin() + static_cast<std::ptrdiff_t>(at)});
        for (const uint8_t flip : {uint8_t{0x01}, uint8_t{0x80}, uint8_t{0xFF}}) {
            auto changed = input;
            changed[at] = static_cast<uint8_t>(changed[at] ^ flip);
            runOne(std::move(changed));
        }
    }
}

}  // namespace

int main(int argc, char** argv) {
    size_t files = 0;
    for (int i = 1; i < argc; ++i) {
        for (const auto& entry : std::filesystem::directory_iterator(argv[i])) {
            if (!entry.is_regular_file()) continue;
            std::ifstream file(entry.path(), std::ios::binary);
            const std::vector<uint8_t> input{std::istreambuf_iterator<char>(file), {}};
            runOne(input);
            runVariants(input);
            ++files;
        }
    }
    std::printf("%zu inputs survived\n", files);
    return files > 0 ? 0 : 1;
}
