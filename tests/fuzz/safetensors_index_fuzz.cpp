// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error.h"
#include "core/checkpoint/message.h"
#include "core/checkpoint/safetensors_reader.h"
#include "tests/fuzz/fuzz_input.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const auto parsed = halftone::parseSafetensorsIndex(halftone::test::fuzzText(data, size), "input");
    if (!parsed) {
        HT_CHECK(halftone::isValidUtf8(parsed.error().message));
        return 0;
    }
    for (const auto& [tensor, file] : *parsed) {
        HT_CHECK(file.find('/') == std::string::npos && file.find('\0') == std::string::npos);
        HT_CHECK(halftone::isValidUtf8(tensor));
    }
    return 0;
}
