// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/methods/method.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/quant/formats/codec.h"
#include "core/quant/methods/block_grid.h"
#include "tests/support/test_paths.h"
#include "tests/unit/core/quant/method_support.h"
#include "tests/unit/core/quant/test_data.h"

namespace halftone::test {
namespace {

using testing::HasSubstr;

TEST(Method, NamesSurviveTheRoundTrip) {
    for (const MethodDescription& description : offeredMethods()) {
        const auto plain = MethodChoice::parse(description.name);
        HT_ASSERT_OK(plain);
        EXPECT_EQ(plain->id, description.id);
        EXPECT_EQ(plain->name(), description.name);
        EXPECT_EQ(plain->displayName(), description.displayName);
        MethodChoice changed = *plain;
        for (const MethodParameter& parameter : description.parameters) {
            EXPECT_EQ(plain->value(parameter.key), parameter.standard) << parameter.key;
            changed.parameters[std::string(parameter.key)] =
                parameter.standard == parameter.maximum ? parameter.minimum : parameter.maximum;
        }
        const auto again = MethodChoice::parse(changed.name());
        HT_ASSERT_OK(again);
        EXPECT_EQ(*again, changed) << changed.name();
    }
}

TEST(Method, StandardValuesAndOtherSpellingsAreTheSameChoice) {
    EXPECT_EQ(method("RTN"), MethodChoice{});
    EXPECT_EQ(method("gptq:damping=0.01"), method("GPTQ"));
    EXPECT_EQ(method("gptq:act_order=off"), method("gptq:act_order=0"));
    EXPECT_NE(method("gptq:act_order=off"), method("gptq"));
    EXPECT_EQ(method("gptq:act_order=off:act_order=on"), method("gptq"));
}

TEST(Method, ErrorsSayWhatIsAccepted) {
    const auto error = [](std::string_view text) { return MethodChoice::parse(text).error().message; };
    EXPECT_THAT(error("gptp"), HasSubstr("\"gptp\" is not a method; there are nearest, percentile, mse, hqq, gptq"));
    EXPECT_THAT(error("gptq:dampng=1"), HasSubstr("no parameter \"dampng\"; there are damping, act_order"));
    EXPECT_THAT(error("nearest:x=1"), HasSubstr("it takes none"));
    EXPECT_THAT(error("gptq:damping"), HasSubstr("needs a value"));
    EXPECT_THAT(error("gptq:damping=11"), HasSubstr("takes a number from 0 to 10, not \"11\""));
    EXPECT_THAT(error("gptq:damping=nan"), HasSubstr("takes a number"));
    EXPECT_THAT(error("hqq:iterations=2.5"), HasSubstr("takes a whole number"));
    EXPECT_THAT(error("gptq:"), HasSubstr("no parameter \"\""));
}

TEST(Method, CombinationsThatMakeNoSenseSayWhy) {
    const auto obstacle = [](std::string_view name, std::string_view of) {
        return methodObstacle(method(name).id, format(of));
    };
    for (const Format& any : encodableFormats()) EXPECT_EQ(methodObstacle(MethodId::kNearest, any), "") << any.name();
    for (const char* name : {"percentile", "mse", "hqq", "gptq", "awq"}) {
        EXPECT_EQ(obstacle(name, "int4_g128_asym"), "") << name;
        EXPECT_THAT(obstacle(name, "f16"), HasSubstr("stores every value on its own")) << name;
    }
    EXPECT_THAT(obstacle("hqq", "int4_g128_sym"), HasSubstr("zero point"));
    EXPECT_THAT(obstacle("mse", "q4_k"), HasSubstr("search of its own"));
    EXPECT_THAT(obstacle("gptq", "int8_tensor_sym"), HasSubstr("a single one for the whole tensor"));
    EXPECT_THAT(obstacle("gptq", "iq4_nl"), HasSubstr("evenly spaced"));
    EXPECT_EQ(obstacle("gptq", "q4_k"), "");
    EXPECT_EQ(obstacle("awq", "q4_0"), "");
}

// The grid and the codec must agree on every value, or a method would make up for errors that are not there.
TEST(BlockGrid, LevelsAreWhatTheCodecDecodes) {
    for (const char* name : {"q4_0", "q4_1", "q5_0", "q5_1", "q8_0", "q2_k", "q3_k", "q4_k", "q5_k", "q6_k"}) {
        const Format type = format(name);
        constexpr int64_t kCols = 512;
        const PackedLayout layout = PackedLayout::of(type, kCols);
        const auto values = gaussian(kCols, 0.05f, 7);
        std::vector<std::byte> packed(static_cast<size_t>(layout.rowBytes));
        HT_ASSERT_OK(encodeRows(layout, values, 1, {}, packed));
        std::vector<float> decoded(kCols);
        HT_ASSERT_OK(decodeRows(layout, packed, 1, decoded));
        const int elements = static_cast<int>(dtypeInfo(type.storage()).blockElements);
        const int64_t blockBytes = dtypeInfo(type.storage()).blockBytes();
        std::vector<std::byte> rewritten = packed;
        for (int64_t block = 0; block < kCols / elements; ++block) {
            const auto* bytes = reinterpret_cast<const uint8_t*>(packed.data()) + block * blockBytes;
            std::vector<uint8_t> codes(static_cast<size_t>(elements));
            for (int i = 0; i < elements; ++i) {
                const LevelGrid grid = readBlockGrid(type.storage(), bytes, i / blockGridSize(type.storage()));
                const int code = readBlockCode(type.storage(), bytes, i);
                ASSERT_GE(code, 0);
                ASSERT_LE(code, grid.maxCode);
                codes[static_cast<size_t>(i)] = static_cast<uint8_t>(code);
                ASSERT_FLOAT_EQ(grid.scale * static_cast<float>(code) + grid.offset,
                                decoded[static_cast<size_t>(block * elements + i)])
                    << name << " element " << i;
            }
            auto* target = reinterpret_cast<uint8_t*>(rewritten.data()) + block * blockBytes;
            std::vector<uint8_t> none(codes.size(), 0);
            writeBlockCodes(type.storage(), none.data(), target);
            writeBlockCodes(type.storage(), codes.data(), target);
        }
        EXPECT_EQ(rewritten, packed) << name;
    }
}

}  // namespace
}  // namespace halftone::test
