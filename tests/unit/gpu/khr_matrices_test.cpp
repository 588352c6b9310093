// SPDX-License-Identifier: GPL-3.0-or-later
#include "shaders/tools/khr_matrices.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <initializer_list>
#include <string_view>

#include "shaders/shader_table.h"

namespace halftone {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// A module word by word; ids below 20 are the test's.
class Module {
  public:
    Module() : m_words{0x07230203, 0x00010500, 0, 20, 0} {}
    Module& add(uint32_t op, std::initializer_list<uint32_t> operands) {
        m_words.push_back(static_cast<uint32_t>(operands.size() + 1) << 16 | op);
        m_words.insert(m_words.end(), operands);
        return *this;
    }
    [[nodiscard]] const std::vector<uint32_t>& words() const { return m_words; }

  private:
    std::vector<uint32_t> m_words;
};

constexpr uint32_t kUint = 1, kHalf = 2, kFloat = 3, kScope = 4, kM = 5, kN = 6, kK = 7;
constexpr uint32_t kLeft = 8, kRight = 9, kSum = 10, kTrue = 11, kFalse = 12, kPointer = 13, kStride = 14;

/// The types of a product, and true and false.
Module declarations() {
    Module module;
    module.add(17, {1}).add(17, {5357}).add(21, {kUint, 32, 0});
    module.add(5358, {kLeft, kHalf, kScope, kM, kK}).add(5358, {kRight, kHalf, kScope, kK, kN});
    module.add(5358, {kSum, kFloat, kScope, kM, kN}).add(41, {0, kTrue}).add(42, {0, kFalse});
    return module;
}

/// Instructions of a module from its header on.
std::vector<std::vector<uint32_t>> instructions(const std::vector<uint32_t>& words) {
    std::vector<std::vector<uint32_t>> all;
    for (size_t at = 5; at < words.size(); at += words[at] >> 16) {
        std::vector<uint32_t> one(words.begin() + static_cast<std::ptrdiff_t>(at),
                                  words.begin() + static_cast<std::ptrdiff_t>(at + (words[at] >> 16)));
        one.front() &= 0xFFFFu;
        all.push_back(std::move(one));
    }
    return all;
}

TEST(KhrMatrices, SaysWhichPartATypeHasAndHowAMatrixLies) {
    Module module = declarations();
    module.add(5359, {kLeft, 15, kPointer, kStride, kFalse, 2}).add(5359, {kRight, 16, kPointer, kStride, kTrue});
    module.add(61, {kSum, 17, kPointer}).add(5361, {kSum, 18, 15, 16, 17}).add(5360, {kPointer, 18, kStride, kFalse});
    const TranslatedModule translated = translateMatrices(module.words());
    ASSERT_EQ(translated.error, "");
    EXPECT_EQ(translated.words[3], 23u) << "three new ids";
    const std::vector<uint32_t> capability{17, 6022}, zero{43, kUint, 20, 0}, one{43, kUint, 21, 1},
        two{43, kUint, 22, 2};
    const std::vector<uint32_t> left{4456, kLeft, kHalf, kScope, kM, kK, 20},
        right{4456, kRight, kHalf, kScope, kK, kN, 21}, sum{4456, kSum, kFloat, kScope, kM, kN, 22};
    const std::vector<uint32_t> loadLeft{4457, kLeft, 15, kPointer, 20, kStride, 2},
        loadRight{4457, kRight, 16, kPointer, 21, kStride}, multiply{4459, kSum, 18, 15, 16, 17},
        store{4458, kPointer, 18, 20, kStride};
    EXPECT_THAT(
        instructions(translated.words),
        ElementsAre(std::vector<uint32_t>{17, 1}, capability, std::vector<uint32_t>{21, kUint, 32, 0}, zero, one, two,
                    left, right, sum, std::vector<uint32_t>{41, 0, kTrue}, std::vector<uint32_t>{42, 0, kFalse},
                    loadLeft, loadRight, std::vector<uint32_t>{61, kSum, 17, kPointer}, multiply, store));
}

TEST(KhrMatrices, RefusesWhatItCannotTell) {
    Module twoParts = declarations();
    twoParts.add(5359, {kLeft, 15, kPointer, kStride, kFalse})
        .add(61, {kSum, 17, kPointer})
        .add(5361, {kSum, 18, 15, 15, 17});
    EXPECT_THAT(translateMatrices(twoParts.words()).error, HasSubstr("two parts"));
    EXPECT_THAT(translateMatrices(declarations().words()).error, HasSubstr("no product"));
    Module layout = declarations();
    layout.add(5359, {kLeft, 15, kPointer, kStride, 19}).add(5359, {kRight, 16, kPointer, kStride, kTrue});
    layout.add(61, {kSum, 17, kPointer}).add(5361, {kSum, 18, 15, 16, 17});
    EXPECT_THAT(translateMatrices(layout.words()).error, HasSubstr("layout"));
    std::vector<uint32_t> cut = declarations().words();
    cut.pop_back();
    EXPECT_THAT(translateMatrices(cut).error, HasSubstr("not a SPIR-V module"));
    EXPECT_THAT(translateMatrices({}).error, HasSubstr("not a SPIR-V module"));
}

TEST(KhrMatrices, EveryShaderOfMatrixUnitsIsTranslated) {
    int count = 0;
    for (const ShaderCode& shader : allShaders()) {
        std::vector<uint32_t> old, fresh;
        for (const auto& one : instructions({shader.words.begin(), shader.words.end()})) {
            if (one.front() >= 5358 && one.front() <= 5362) old.push_back(one.front());
            if (one.front() >= 4456 && one.front() <= 4460) fresh.push_back(one.front());
        }
        EXPECT_THAT(old, IsEmpty()) << shader.family << ' ' << shader.option;
        EXPECT_EQ(!fresh.empty(), shader.family == "matmul_units" || shader.family == "multiply_matrices")
            << shader.family << ' ' << shader.option;
        if (!fresh.empty()) ++count;
    }
    EXPECT_GE(count, 25);
}

}  // namespace
}  // namespace halftone
