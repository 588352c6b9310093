// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error.h"
#include "core/checkpoint/gguf_reader.h"
#include "core/checkpoint/message.h"
#include "tests/fuzz/fuzz_input.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const auto parsed = halftone::parseGguf(halftone::test::fuzzBytes(data, size), "input");
    if (!parsed) {
        HT_CHECK(halftone::isValidUtf8(parsed.error().message));
        return 0;
    }
    HT_CHECK(parsed->headerBytes <= size);
    for (const halftone::TensorInfo& tensor : parsed->tensors) {
        HT_CHECK(tensor.sizeBytes == 0 || (tensor.offset <= size && tensor.sizeBytes <= size - tensor.offset));
        HT_CHECK(tensor.rows() >= 0 && tensor.cols() >= 0 && tensor.elementCount() >= 0);
        HT_CHECK(halftone::isValidUtf8(tensor.name));
    }
    return 0;
}
