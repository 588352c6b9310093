// SPDX-License-Identifier: GPL-3.0-or-later
#include <string>

#include "core/base/error.h"
#include "core/checkpoint/tensor_names.h"
#include "tests/fuzz/fuzz_input.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using halftone::naturalLess;
    const std::string_view text = halftone::test::fuzzText(data, size);
    for (const auto& naming : {halftone::nameFromGguf(text), halftone::nameFromHuggingFace(text, {}),
                               halftone::nameFromHuggingFace(text, {.hasPostNorms = true, .isConv1d = false})}) {
        HT_CHECK(naming.block >= -1 && naming.expert >= -1);
        HT_CHECK(text.empty() || !naming.canonicalName.empty());
    }
    // A strict order, or sorting would read out of bounds.
    const std::string_view left = text.substr(0, size / 2), right = text.substr(size / 2);
    HT_CHECK(!naturalLess(left, left));
    HT_CHECK(!(naturalLess(left, right) && naturalLess(right, left)));
    HT_CHECK(left == right || naturalLess(left, right) || naturalLess(right, left));
    return 0;
}
