// SPDX-License-Identifier: GPL-3.0-or-later
// Some logits of every row: those of the ids that a stored reference keeps. Ids outside the row give zero.
layout(push_constant) uniform Parameters {
    uint rows;
    uint width;
    uint inputStride;
    uint idsPerRow;
    uint firstItem;  // of ids and output
};

layout(set = 0, binding = 0) readonly restrict buffer Logits { float logits[]; };
layout(set = 0, binding = 1) readonly restrict buffer Ids { uint ids[]; };
layout(set = 0, binding = 2) writeonly restrict buffer Output { float picked[]; };

void main() {
    const uint total = rows * idsPerRow;
    for (uint i = globalIndex(); i < total; i += globalCount()) {
        const uint at = firstItem + i, id = ids[at];
        picked[at] = id < width ? logits[(i / idsPerRow) * inputStride + id] : 0.0;
    }
}
