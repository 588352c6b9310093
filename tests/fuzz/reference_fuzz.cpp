// SPDX-License-Identifier: GPL-3.0-or-later
// The reader of stored references: any bytes give a reference that can be compared with, or one sentence. The checksum
// is put right first, so that the reader behind it is reached.
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/evaluation/reference_run.h"
#include "tests/fuzz/fuzz_input.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    std::vector<uint8_t> input(data, data + size);
    const auto read = [&] { return halftone::ReferenceRun::parse(std::as_bytes(std::span(input))); };
    if (const auto asItIs = read(); !asItIs) HT_CHECK(!asItIs.error().message.empty());
    if (size >= 32) {
        const uint64_t payload = size - 32;
        std::memcpy(input.data() + 16, &payload, sizeof(payload));
        const uint64_t checksum = halftone::hashBytes(std::as_bytes(std::span(input).first(size - 8)));
        std::memcpy(input.data() + size - 8, &checksum, sizeof(checksum));
    }
    const auto loaded = read();
    if (!loaded) return 0;
    const halftone::ReferenceRun& run = *loaded->run;
    if (run.vocabSize() > 100000 || run.scored() == 0) return 0;
    std::vector<float> logits(static_cast<size_t>(run.vocabSize()), 0.5f);
    std::vector<double> logProbs(logits.size());
    const auto comparison = run.compare(run.scored() - 1, logits, halftone::summarizeRow(logits));
    HT_CHECK(comparison.variance >= 0 || std::isnan(comparison.variance));
    run.logProbs(0, logProbs);
    HT_CHECK(run.rows().topToken(0) < run.vocabSize());
    return 0;
}
