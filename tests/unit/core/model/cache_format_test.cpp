// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/cache_format.h"

#include <gtest/gtest.h>

#include "tests/support/test_paths.h"

namespace halftone::test {
namespace {

ModelConfig heads(int64_t headDim) {
    ModelConfig config;
    config.blockCount = 5;
    config.headCount = 8;
    config.kvHeadCount = 4;
    config.headDim = headDim;
    return config;
}

TEST(CacheFormat, NamesAreReadAsTheyAreWritten) {
    for (const DType key : runnableCacheTypes()) {
        for (const DType value : runnableCacheTypes()) {
            const CacheFormat format{key, value};
            const auto parsed = CacheFormat::parse(format.name());
            HT_ASSERT_OK(parsed);
            EXPECT_EQ(*parsed, format) << format.name();
        }
    }
    EXPECT_EQ((CacheFormat{DType::kQ8_0, DType::kQ8_0}).name(), "q8_0");
    EXPECT_EQ((CacheFormat{DType::kQ8_0, DType::kQ4_0}).name(), "k=q8_0,v=q4_0");
    EXPECT_EQ(CacheFormat::parse("Q8_0").value(), (CacheFormat{DType::kQ8_0, DType::kQ8_0}));
    EXPECT_EQ(CacheFormat::parse("v=q4_0").value(), (CacheFormat{DType::kF16, DType::kQ4_0}));
    EXPECT_EQ(CacheFormat::parse("v=q4_0,k=q8_0").value(), (CacheFormat{DType::kQ8_0, DType::kQ4_0}));
    EXPECT_TRUE(CacheFormat().isFull());
    EXPECT_FALSE(CacheFormat::parse("f16").value().isFull());
}

TEST(CacheFormat, OtherWordsAreRefused) {
    for (const char* text : {"", "q4_k", "k=", "k=q8_0,q4_0", "x=q8_0", "q8_0,q8_0", "bf16", "k=q8_0;v=q8_0"}) {
        const auto parsed = CacheFormat::parse(text);
        ASSERT_FALSE(parsed.has_value()) << text;
        EXPECT_EQ(parsed.error().code, ErrorCode::kInvalidArgument);
        EXPECT_NE(parsed.error().message.find("f32, f16, q8_0 and q4_0"), std::string::npos);
    }
}

TEST(CacheFormat, BlocksMustDivideAHead) {
    const CacheFormat packed{DType::kQ8_0, DType::kQ4_0};
    HT_ASSERT_OK(checkCacheFormat(heads(64), packed));
    EXPECT_EQ(cacheBytesPerToken(heads(64), packed), 5 * (4 * 2 * 34 + 4 * 2 * 18));
    EXPECT_EQ(cacheBytesPerToken(heads(16), CacheFormat()), 5 * 4 * 16 * 4 * 2);
    EXPECT_EQ(checkCacheFormat(heads(16), packed).error().message,
              "Heads of 16 values are no whole number of Q8_0 blocks of 32; take F16 cells.");
    HT_ASSERT_OK(checkCacheFormat(heads(16), {DType::kF16, DType::kF32}));
    EXPECT_FALSE(checkCacheFormat(heads(64), {DType::kF16, DType::kQ4_K}).has_value());
}

}  // namespace
}  // namespace halftone::test
