// SPDX-License-Identifier: GPL-3.0-or-later
// What the kernels of second moments share. The upper triangle of sum x x^T lies in tiles of kTile x kTile, column after
// column of tiles: 0; 1 2; 3 4 5; ... Tiles on the diagonal are whole. A tile is kTile rows of sums, then as many of
// what these sums have lost to rounding: a value is the sum of both.
layout(push_constant) uniform Parameters {
    uint tokens;     ///< rows to add, a multiple of 4
    uint rowQuads;   ///< vec4s of a row, a multiple of kTileQuads
    uint firstTile;  ///< number of the binding's first tile
    uint tiles;      ///< of the binding
};

layout(set = 0, binding = 0) readonly restrict buffer Rows { vec4 x[]; };
layout(set = 0, binding = 1) restrict buffer Tiles { vec4 moments[]; };

const uint kTile = 64;
const uint kTileQuads = kTile / 4;

/// Row and column of a tile.
uvec2 placeOfTile(uint number) {
    uint column = uint((sqrt(8.0 * float(number) + 1.0) - 1.0) * 0.5);
    // The root is rounded.
    if (column * (column + 1u) / 2u > number) --column;
    if ((column + 1u) * (column + 2u) / 2u <= number) ++column;
    return uvec2(number - column * (column + 1u) / 2u, column);
}

/// Adds to four neighbours of row `row` of a tile of the binding (Knuth's two-sum).
void addQuad(uint tile, uint row, uint quad, vec4 value) {
    const uint at = (tile * 2u * kTile + row) * kTileQuads + quad;
    const vec4 before = moments[at];
    precise const vec4 total = before + value;
    precise const vec4 part = total - before;
    precise const vec4 lost = (before - (total - part)) + (value - part);
    moments[at] = total;
    moments[at + kTile * kTileQuads] += lost;
}
