// SPDX-License-Identifier: GPL-3.0-or-later
// Sums that keep what binary32 rounds away (Knuth's two-sum), over a loop and over a workgroup, and an exponential that
// is good to about one unit in the last place: the device's own may be off by dozens. After reduce.glsl.

struct Compensated {
    float sum;
    float rest;  ///< what the sum lost; the value is sum + rest
};

Compensated addExactly(Compensated a, float value) {
    precise const float total = a.sum + value;
    precise const float part = total - a.sum;
    precise const float lost = (a.sum - (total - part)) + (value - part);
    return Compensated(total, a.rest + lost);
}

Compensated addExactly(Compensated a, Compensated b) {
    Compensated total = addExactly(a, b.sum);
    total.rest += b.rest;
    return total;
}

shared Compensated sharedCompensated[gl_WorkGroupSize.x / 4 + 1];

/// All invocations of the workgroup must call; whole subgroups only.
Compensated workgroupSum(Compensated value) {
    for (uint distance = 1; distance < gl_SubgroupSize; distance <<= 1) {
        const uint other = gl_SubgroupInvocationID ^ distance;
        value = addExactly(value,
                           Compensated(subgroupShuffle(value.sum, other), subgroupShuffle(value.rest, other)));
    }
    if (!kSeveralSubgroups) return value;
    if (subgroupElect()) sharedCompensated[gl_SubgroupID] = value;
    barrier();
    Compensated total = Compensated(0.0, 0.0);
    for (uint i = 0; i < gl_NumSubgroups; ++i) total = addExactly(total, sharedCompensated[i]);
    barrier();  // the next reduction writes the same places
    return total;
}

/// e^x for x <= 0; zero below -87. x = n ln 2 + r, Taylor series of degree 7 in r (remainder below 6e-9 of the value).
float exponential(float x) {
    if (x < -87.0) return 0.0;
    const float n = round(x * 1.44269504);
    // ln 2 in two parts; the first has 11 trailing zero bits, so that n times it is exact.
    precise float r = x - n * 0.693145752;
    r = r - n * 1.42860677e-6;
    float p = 1.0 / 5040.0;
    p = p * r + 1.0 / 720.0;
    p = p * r + 1.0 / 120.0;
    p = p * r + 1.0 / 24.0;
    p = p * r + 1.0 / 6.0;
    p = p * r + 0.5;
    p = p * r + 1.0;
    p = p * r + 1.0;
    return p * uintBitsToFloat(uint(int(n) + 127) << 23);
}
