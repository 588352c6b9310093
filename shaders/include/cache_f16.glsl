// SPDX-License-Identifier: GPL-3.0-or-later
// Key-value cache of binary16: four values are two words.
#define CACHE_QUAD uvec2
vec4 cacheDecode(uvec2 stored) { return vec4(unpackHalf2x16(stored.x), unpackHalf2x16(stored.y)); }
uvec2 cacheEncode(vec4 value) { return uvec2(packHalf2x16(value.xy), packHalf2x16(value.zw)); }
