// SPDX-License-Identifier: GPL-3.0-or-later
// Cells of the key-value cache (gpu/kernels/cache_shape.h). A position takes one row: F32 and F16 in quads, a head's last
// quad padded with zeros; Q8_0 and Q4_0 as GGUF's blocks of 32 back to back over all heads, padded to a whole word.
const uint kCellsF32 = 0, kCellsF16 = 1, kCellsQ8_0 = 2, kCellsQ4_0 = 3;

/// Words of codes of a block.
uint codeWords(uint cells) { return cells == kCellsQ8_0 ? 8u : 4u; }
/// Words of a row of `blocks` blocks; a block is its codes and the two bytes of its scale.
uint packedRowWords(uint cells, uint blocks) { return (blocks * (4u * codeWords(cells) + 2u) + 3u) / 4u; }

// Defines vec4 name(position, head, quad), which reads a quad of a head from one of three views of a binding; `cells` is a
// constant, so that only one of them is left. cacheHeads and kHeadQuads are the including shader's.
#define CACHE_READER(name, cells, quads, halves, words)                                                     \
    vec4 name(uint position, uint head, uint quad) {                                                        \
        const uint cell = (position * cacheHeads + head) * kHeadQuads + quad;                               \
        if (cells == kCellsF32) return quads[cell];                                                         \
        if (cells == kCellsF16) return vec4(unpackHalf2x16(halves[cell].x), unpackHalf2x16(halves[cell].y)); \
        const uint perHead = kHeadQuads / 8u, part = quad % 8u;                                             \
        const uint row = position * packedRowWords(cells, cacheHeads * perHead) * 4u;                       \
        const uint block = row + (head * perHead + quad / 8u) * (4u * codeWords(cells) + 2u);               \
        const float scale = unpackHalf2x16(words[block >> 2] >> ((block & 2u) << 3)).x;                     \
        const uint codes = block + 2u + 4u * (cells == kCellsQ8_0 ? part : part % 4u), index = codes >> 2;  \
        uint word = words[index];                                                                           \
        if ((codes & 2u) != 0u) word = (word >> 16) | (words[index + 1u] << 16);                            \
        if (cells == kCellsQ8_0) {                                                                          \
            const int bits = int(word);                                                                     \
            return vec4(bitfieldExtract(bits, 0, 8), bitfieldExtract(bits, 8, 8),                           \
                        bitfieldExtract(bits, 16, 8), bits >> 24) * scale;                                  \
        }                                                                                                   \
        word = (word >> (4u * (part / 4u))) & 0x0F0F0F0Fu;                                                  \
        return (vec4(word & 0xFFu, (word >> 8) & 0xFFu, (word >> 16) & 0xFFu, word >> 24) - 8.0) * scale;   \
    }
