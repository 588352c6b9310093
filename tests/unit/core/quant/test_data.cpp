// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/core/quant/test_data.h"

#include <bit>
#include <cmath>
#include <random>

#include "core/quant/formats/codec.h"

namespace halftone::test {

std::vector<float> gaussian(size_t count, float sigma, uint32_t seed) {
    std::mt19937 engine(seed);
    std::normal_distribution<float> normal(0.0f, sigma);
    std::vector<float> values(count);
    for (float& value : values) value = normal(engine);
    return values;
}

std::vector<float> importanceWeights(size_t count, uint32_t seed) {
    std::vector<float> weights = gaussian(count, 2.0f, seed);
    for (size_t i = 0; i < count; ++i) weights[i] = i % 11 == 3 ? 0.0f : std::exp(weights[i]);
    return weights;
}

namespace {

template <typename Value>
NamedValues make(std::string name, size_t count, const Value& value) {
    NamedValues result{std::move(name), std::vector<float>(count)};
    std::mt19937 engine(static_cast<uint32_t>(std::hash<std::string>{}(result.name)));
    std::uniform_real_distribution<float> uniform(-1.0f, 1.0f);
    for (size_t i = 0; i < count; ++i) result.values[i] = value(i, uniform(engine));
    return result;
}

}  // namespace

std::vector<NamedValues> adversarialInputs(size_t count) {
    std::vector<NamedValues> inputs;
    inputs.push_back({"gaussian", gaussian(count, 0.02f, 1)});
    inputs.push_back(make("uniform", count, [](size_t, float u) { return u; }));
    inputs.push_back(make("positive", count, [](size_t, float u) { return 1.5f + u; }));
    inputs.push_back(make("negative", count, [](size_t, float u) { return u - 1.5f; }));
    inputs.push_back(make("heavy tail", count, [](size_t, float u) { return u / (0.01f + std::fabs(u * u * u)); }));
    inputs.push_back(make("quarter steps", count, [](size_t, float u) { return std::round(u * 16.0f) * 0.25f; }));
    inputs.push_back(make("equal magnitudes", count, [](size_t, float u) { return u < 0 ? -0.7f : 0.7f; }));
    inputs.push_back(make("zeros of both signs", count, [](size_t, float u) { return u < 0 ? -0.0f : 0.0f; }));
    inputs.push_back(make("zeros and positive", count, [](size_t i, float u) {
        return i % 3 == 0 ? std::fabs(u) : u < 0 ? -0.0f : 0.0f;
    }));
    inputs.push_back(make("zeros and negative", count, [](size_t i, float u) {
        return i % 3 == 0 ? -std::fabs(u) : u < 0 ? -0.0f : 0.0f;
    }));
    inputs.push_back(make("constant", count, [](size_t, float) { return -0.3f; }));
    inputs.push_back(make("one huge value", count, [](size_t i, float u) { return i % 256 == 37 ? 3e4f : u * 1e-3f; }));
    inputs.push_back(make("zero blocks", count, [](size_t i, float u) { return i / 32 % 2 ? u : 0.0f; }));
    inputs.push_back(make("tiny", count, [](size_t, float u) { return u * 1e-7f; }));
    inputs.push_back(make("below any scale", count, [](size_t, float u) { return u * 1e-20f; }));
    inputs.push_back(make("subnormal", count, [](size_t, float u) { return u * 1e-41f; }));
    inputs.push_back(
        make("subnormal beside normal", count, [](size_t i, float u) { return i / 16 % 2 ? u : u * 1e-41f; }));
    inputs.push_back(make("scales overflow", count, [](size_t, float u) { return u * 1e9f; }));
    inputs.push_back(make("squares overflow", count, [](size_t, float u) { return u * 3e38f; }));
    inputs.push_back(make("magnitudes differ by block", count,
                          [](size_t i, float u) { return std::ldexp(u, static_cast<int>(i / 16 % 24) - 16); }));
    return inputs;
}

std::vector<std::byte> randomBytes(size_t count, uint32_t seed) {
    std::mt19937 engine(seed);
    std::vector<std::byte> bytes(count);
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(engine() & 0xFF);
    return bytes;
}

namespace {

/// Float zero points in every width and granule, and all members with scales that are not F16.
void appendIntegerVariants(std::vector<Format>& formats) {
    const auto add = [&](int bits, bool symmetric, bool floatZero, int group, ScaleType scale) {
        IntegerFormat integer{static_cast<uint8_t>(bits),   symmetric, Granularity::kGroup,
                              static_cast<uint16_t>(group), scale,     floatZero};
        if (group == 0) integer.granularity = bits % 2 ? Granularity::kTensor : Granularity::kChannel;
        if (isLegal(integer)) formats.push_back(Format::of(integer));
    };
    for (int bits = 2; bits <= 8; ++bits) {
        for (const int group : {0, 16, 64, 256}) add(bits, false, true, group, ScaleType::kF16);
        for (const bool symmetric : {true, false}) add(bits, symmetric, false, 32, ScaleType::kNested);
        add(bits, false, true, 32, ScaleType::kNested);
    }
    for (const ScaleType scale : {ScaleType::kBF16, ScaleType::kF32}) {
        add(4, true, false, 32, scale);
        add(8, false, false, 0, scale);
        add(4, false, true, 32, scale);
        add(8, false, true, 0, scale);
    }
}

/// Every table with every granule in its usual scale type, and with every scale type in groups of 32.
void appendLevelFormats(std::vector<Format>& formats) {
    for (int i = 0; i < static_cast<int>(LevelTable::kCount); ++i) {
        const auto table = static_cast<LevelTable>(i);
        const auto add = [&](Granularity granularity, int groupSize, ScaleType scale) {
            const LevelFormat level{table, granularity, static_cast<uint16_t>(groupSize), scale};
            if (isLegal(level)) formats.push_back(Format::of(level));
        };
        for (const Granularity granularity : {Granularity::kTensor, Granularity::kChannel, Granularity::kBlock})
            add(granularity, 0, standardScale(table, granularity));
        for (const int group : {16, 64, 256})
            add(Granularity::kGroup, group, standardScale(table, Granularity::kGroup));
        for (const ScaleType scale :
             {ScaleType::kF16, ScaleType::kBF16, ScaleType::kF32, ScaleType::kE8M0, ScaleType::kNested})
            add(Granularity::kGroup, 32, scale);
    }
}

}  // namespace

std::vector<Format> encodableFormats() {
    std::vector<Format> formats;
    for (int type = 0; type < static_cast<int>(DType::kCount); ++type) {
        const Format format = Format::of(static_cast<DType>(type));
        if (canEncode(format)) formats.push_back(format);
    }
    for (int bits = 2; bits <= 8; ++bits) {
        for (const bool symmetric : {true, false}) {
            const auto width = static_cast<uint8_t>(bits);
            formats.push_back(Format::of(IntegerFormat{width, symmetric, Granularity::kTensor, 0}));
            formats.push_back(Format::of(IntegerFormat{width, symmetric, Granularity::kChannel, 0}));
            for (const int group : {16, 32, 64, 128, 256}) {
                formats.push_back(
                    Format::of(IntegerFormat{width, symmetric, Granularity::kGroup, static_cast<uint16_t>(group)}));
            }
        }
    }
    appendIntegerVariants(formats);
    appendLevelFormats(formats);
    for (const int bits : {2, 3, 4}) {
        for (const Granularity granularity : {Granularity::kTensor, Granularity::kChannel})
            formats.push_back(Format::of(CodebookFormat{static_cast<uint8_t>(bits), granularity}));
    }
    return formats;
}

}  // namespace halftone::test
