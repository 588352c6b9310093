// SPDX-License-Identifier: GPL-3.0-or-later
// Statistics of each channel over the tokens of a buffer, one invocation a channel. Central moments are taken around
// the channel's own mean in a second pass and merged on the host in binary64. Non-finite values are counted and left
// out.
struct ChannelPartial {
    float sumSquares;
    float absMax;
    float minimum;
    float maximum;
    float mean;
    float moment2;
    float moment3;
    float moment4;
    uint finiteCount;
    uint nonFiniteCount;
    uint zeroCount;
    uint unused;
};

layout(push_constant) uniform Parameters {
    uint tokens;
    uint width;
    uint inputStride;
};

layout(set = 0, binding = 0) readonly restrict buffer Input { float x[]; };
layout(set = 0, binding = 1) writeonly restrict buffer Output { ChannelPartial partials[]; };

const float kLargest = 3.4028234663852886e38;

bool isFinite(float value) { return (floatBitsToUint(value) & 0x7F800000u) != 0x7F800000u; }

void main() {
    const uint channel = globalIndex();
    if (channel >= width) return;
    ChannelPartial partial = ChannelPartial(0.0, 0.0, kLargest, -kLargest, 0.0, 0.0, 0.0, 0.0, 0u, 0u, 0u, 0u);
    float total = 0.0;
    for (uint t = 0; t < tokens; ++t) {
        const float value = x[t * inputStride + channel];
        if (!isFinite(value)) {
            ++partial.nonFiniteCount;
            continue;
        }
        ++partial.finiteCount;
        if (value == 0.0) ++partial.zeroCount;
        total += value;
        partial.sumSquares += value * value;
        partial.absMax = max(partial.absMax, abs(value));
        partial.minimum = min(partial.minimum, value);
        partial.maximum = max(partial.maximum, value);
    }
    if (partial.finiteCount > 0u) partial.mean = total / float(partial.finiteCount);
    for (uint t = 0; t < tokens; ++t) {
        const float value = x[t * inputStride + channel];
        if (!isFinite(value)) continue;
        const float deviation = value - partial.mean, square = deviation * deviation;
        partial.moment2 += square;
        partial.moment3 += square * deviation;
        partial.moment4 += square * square;
    }
    partials[channel] = partial;
}
