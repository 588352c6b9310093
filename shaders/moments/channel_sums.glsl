// SPDX-License-Identifier: GPL-3.0-or-later
// Adds rows to what is known of each channel, one invocation a channel: sum of squares, sum of magnitudes, largest
// magnitude. Sums keep what binary32 rounds away.
#include "include/reduce.glsl"
#include "include/compensated.glsl"

struct ChannelSums {
    float squares, squaresRest;
    float magnitudes, magnitudesRest;
    float largest;
};

layout(push_constant) uniform Parameters {
    uint tokens;
    uint width;
    uint inputStride;
};

layout(set = 0, binding = 0) readonly restrict buffer Rows { float x[]; };
layout(set = 0, binding = 1) restrict buffer Sums { ChannelSums sums[]; };

void main() {
    const uint channel = globalIndex();
    if (channel >= width) return;
    ChannelSums own = sums[channel];
    Compensated squares = Compensated(own.squares, own.squaresRest);
    Compensated magnitudes = Compensated(own.magnitudes, own.magnitudesRest);
    for (uint t = 0; t < tokens; ++t) {
        const float magnitude = abs(x[t * inputStride + channel]);
        precise const float square = magnitude * magnitude;
        squares = addExactly(squares, square);
        magnitudes = addExactly(magnitudes, magnitude);
        own.largest = max(own.largest, magnitude);
    }
    sums[channel] = ChannelSums(squares.sum, squares.rest, magnitudes.sum, magnitudes.rest, own.largest);
}
