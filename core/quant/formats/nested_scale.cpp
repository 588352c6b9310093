// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/formats/nested_scale.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace halftone {
namespace {

constexpr int kZeroCode = 127;
constexpr int kExponents = 7;

std::array<float, 256> makeMap() {
    std::array<float, 256> map{};
    int code = kZeroCode + 1;
    for (int exponent = 0; exponent < kExponents; ++exponent) {
        const int parts = 1 << exponent;
        const double factor = std::pow(10.0, exponent - (kExponents - 1));
        for (int part = 0; part < parts; ++part, ++code) {
            const double middle = 0.1 + 0.9 * (part + 0.5) / parts;
            map[static_cast<size_t>(code)] = static_cast<float>(middle * factor);
            map[static_cast<size_t>(2 * kZeroCode - code)] = -map[static_cast<size_t>(code)];
        }
    }
    map.back() = 1.0f;
    return map;
}

std::array<float, 255> makeThresholds() {
    const std::array<float, 256>& map = dynamicMap();
    std::array<float, 255> thresholds{};
    for (size_t i = 0; i < thresholds.size(); ++i)
        thresholds[i] = std::nextafter(0.5f * (map[i] + map[i + 1]), INFINITY);
    return thresholds;
}

float valueOf(uint32_t code, float largest, float offset) {
    return dynamicMap()[code] * largest + offset;
}

const uint8_t* secondLevelAt(const uint8_t* section, int64_t count) {
    return section + roundUp(count, 4);
}

float loadFloat(const uint8_t* at) {
    float value;
    std::memcpy(&value, at, sizeof value);
    return value;
}

}  // namespace

const std::array<float, 256>& dynamicMap() {
    static const std::array<float, 256> map = makeMap();
    return map;
}

const std::array<float, 255>& dynamicThresholds() {
    static const std::array<float, 255> thresholds = makeThresholds();
    return thresholds;
}

SecondLevel secondLevelOf(std::span<const float> scales) {
    SecondLevel level;
    double sum = 0;
    for (const float scale : scales) sum += double(scale);
    level.offset = static_cast<float>(sum / static_cast<double>(scales.size()));
    level.largest.assign(static_cast<size_t>(ceilDiv(static_cast<int64_t>(scales.size()), kNestedGroups)), 0.0f);
    for (size_t i = 0; i < scales.size(); ++i) {
        float& largest = level.largest[i / size_t{kNestedGroups}];
        largest = std::max(largest, std::fabs(scales[i] - level.offset));
    }
    return level;
}

GroupScale nestedScale(const SecondLevel& level, int64_t group, float scale) {
    const std::array<float, 255>& thresholds = dynamicThresholds();
    const float largest = level.largest[static_cast<size_t>(group / kNestedGroups)];
    uint32_t code = kZeroCode;
    if (largest > 0) {
        const float value = (scale - level.offset) / largest;
        code = static_cast<uint32_t>(std::ranges::upper_bound(thresholds, value) - thresholds.begin());
    }
    return {code, valueOf(code, largest, level.offset)};
}

GroupScale loadNestedScale(const uint8_t* section, int64_t count, int64_t group) {
    const uint8_t* second = secondLevelAt(section, count);
    const float largest = loadFloat(second + 4 + 4 * (group / kNestedGroups));
    return {section[group], valueOf(section[group], largest, loadFloat(second))};
}

void storeSecondLevel(const SecondLevel& level, int64_t count, uint8_t* section) {
    uint8_t* second = section + roundUp(count, 4);
    std::memcpy(second, &level.offset, sizeof level.offset);
    std::memcpy(second + 4, level.largest.data(), 4 * level.largest.size());
}

}  // namespace halftone
