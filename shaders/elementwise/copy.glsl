// SPDX-License-Identifier: GPL-3.0-or-later
// Copies `width` floats a token between buffers of different strides: parts of a fused buffer, rows for the host.
layout(push_constant) uniform Parameters {
    uint tokens;
    uint width;
    uint inputOffset;
    uint inputStride;
    uint outputStride;
};

layout(set = 0, binding = 0) readonly restrict buffer Input { float x[]; };
layout(set = 0, binding = 1) writeonly restrict buffer Output { float y[]; };

void main() {
    const uint total = tokens * width;
    for (uint i = globalIndex(); i < total; i += globalCount()) {
        y[(i / width) * outputStride + i % width] = x[(i / width) * inputStride + inputOffset + i % width];
    }
}
