// SPDX-License-Identifier: GPL-3.0-or-later
// Key-value cache of binary32: four values are one vec4.
#define CACHE_QUAD vec4
vec4 cacheDecode(vec4 stored) { return stored; }
vec4 cacheEncode(vec4 value) { return value; }
