// SPDX-License-Identifier: GPL-3.0-or-later
// Runs the suite as a lesser processor would: HT_TEST_SIMD=avx2, sse4 or scalar keeps the vector code from choosing
// anything better. An instruction set that this machine lacks is not made up: the best one below it runs.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include <hwy/highway.h>

namespace halftone::test {
namespace {

class SimdEnvironment : public testing::Environment {
  public:
    void SetUp() override {
        const char* name = std::getenv("HT_TEST_SIMD");
        if (!name) return;
        const std::string limit = name;
        // The better an instruction set, the lower its bit.
        const int64_t best = limit == "avx2" ? HWY_AVX2 : limit == "sse4" ? HWY_SSE4 : HWY_SCALAR;
        hwy::DisableTargets(best - 1);
        std::printf("vector code limited to %s\n", name);
    }
};

[[maybe_unused]] const auto* const kEnvironment = testing::AddGlobalTestEnvironment(new SimdEnvironment);

}  // namespace
}  // namespace halftone::test
