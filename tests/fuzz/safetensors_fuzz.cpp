// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error.h"
#include "core/checkpoint/message.h"
#include "core/checkpoint/safetensors_reader.h"
#include "tests/fuzz/fuzz_input.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const auto parsed = halftone::parseSafetensors(halftone::test::fuzzBytes(data, size), "input");
    if (!parsed) {
        HT_CHECK(halftone::isValidUtf8(parsed.error().message));
        return 0;
    }
    uint64_t end = parsed->headerBytes;
    for (const halftone::TensorInfo& tensor : parsed->tensors) {
        HT_CHECK(tensor.offset == end);
        end += tensor.sizeBytes;
        HT_CHECK(tensor.rows() >= 0 && tensor.cols() >= 0 && tensor.elementCount() >= 0);
        HT_CHECK(halftone::isValidUtf8(tensor.name));
    }
    HT_CHECK(end == size);
    return 0;
}
