// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/logit_math.h"

#include <algorithm>
#include <cstddef>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/evaluation/logit_math.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#ifndef HT_LOGIT_MATH_COMMON_
#define HT_LOGIT_MATH_COMMON_
namespace halftone {
/// Two rows of logits and what makes log-probabilities of them.
struct LogitRowPair {
    const float *reference, *own;
    size_t size;
    double referenceNormalizer, ownNormalizer;
};
}  // namespace halftone
#endif

HWY_BEFORE_NAMESPACE();
namespace halftone::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using DoubleTag = hn::CappedTag<double, 8>;
using FloatTag = hn::Rebind<float, DoubleTag>;
using DoubleVec = hn::VFromD<DoubleTag>;
using FloatVec = hn::VFromD<FloatTag>;
constexpr size_t kLanes = hn::MaxLanes(DoubleTag());
/// Stands for a value that is not there: its exponential is zero beside any real one.
constexpr float kAbsent = -1e30f;

/// e^x for x <= 700, relative error below 4e-16; 3e-308 for everything below -708.
/// x = n ln 2 + r with |r| <= ln 2 / 2; Taylor series of degree 12 in r (remainder 2e-16).
HWY_INLINE DoubleVec exponential(DoubleVec x) {
    const DoubleTag d;
    const hn::RebindToSigned<DoubleTag> di;
    x = hn::Max(x, hn::Set(d, -708.0));
    // Adding 1.5 * 2^52 leaves the rounded integer in the low bits of the sum.
    const DoubleVec magic = hn::Set(d, 6755399441055744.0);
    const DoubleVec shifted = hn::MulAdd(x, hn::Set(d, 1.4426950408889634), magic);
    const DoubleVec n = hn::Sub(shifted, magic);
    // ln 2 in two parts; the first has 21 trailing zero bits, so that n times it is exact.
    DoubleVec r = hn::NegMulAdd(n, hn::Set(d, 6.93147180369123816490e-01), x);
    r = hn::NegMulAdd(n, hn::Set(d, 1.90821492927058770002e-10), r);
    DoubleVec p = hn::Set(d, 1.0 / 479001600.0);
    p = hn::MulAdd(p, r, hn::Set(d, 1.0 / 39916800.0));
    p = hn::MulAdd(p, r, hn::Set(d, 1.0 / 3628800.0));
    p = hn::MulAdd(p, r, hn::Set(d, 1.0 / 362880.0));
    p = hn::MulAdd(p, r, hn::Set(d, 1.0 / 40320.0));
    p = hn::MulAdd(p, r, hn::Set(d, 1.0 / 5040.0));
    p = hn::MulAdd(p, r, hn::Set(d, 1.0 / 720.0));
    p = hn::MulAdd(p, r, hn::Set(d, 1.0 / 120.0));
    p = hn::MulAdd(p, r, hn::Set(d, 1.0 / 24.0));
    p = hn::MulAdd(p, r, hn::Set(d, 1.0 / 6.0));
    p = hn::MulAdd(p, r, hn::Set(d, 0.5));
    p = hn::MulAdd(p, r, hn::Set(d, 1.0));
    p = hn::MulAdd(p, r, hn::Set(d, 1.0));
    const auto exponent = hn::ShiftLeft<52>(hn::BitCast(di, shifted));
    return hn::BitCast(d, hn::Add(hn::BitCast(di, p), exponent));
}

/// Up to kLanes values, kAbsent behind them.
HWY_INLINE FloatVec loadUpTo(const float* values, size_t count) {
    const FloatTag d;
    if (count >= kLanes) return hn::LoadU(d, values);
    alignas(64) float padded[kLanes];
    std::fill_n(padded, kLanes, kAbsent);
    std::copy_n(values, count, padded);
    return hn::Load(d, padded);
}

size_t findFirst(std::span<const float> values, float wanted) {
    const FloatTag d;
    const FloatVec wantedVector = hn::Set(d, wanted);
    size_t at = 0;
    for (; at + kLanes <= values.size(); at += kLanes) {
        const auto lane = hn::FindFirstTrue(d, hn::Eq(hn::LoadU(d, values.data() + at), wantedVector));
        if (lane >= 0) return at + static_cast<size_t>(lane);
    }
    while (at < values.size() && values[at] != wanted) ++at;
    return at;
}

void sumRow(std::span<const float> logits, LogitSum& out) {
    const FloatTag df;
    const DoubleTag d;
    FloatVec largest = hn::Set(df, kAbsent), residue = hn::Zero(df);
    for (size_t at = 0; at < logits.size(); at += kLanes) {
        const FloatVec v = loadUpTo(logits.data() + at, logits.size() - at);
        largest = hn::Max(largest, v);
        // Zero for finite values, NaN for all others.
        residue = hn::Add(residue, hn::Sub(v, v));
    }
    out.isFinite = hn::GetLane(hn::SumOfLanes(df, residue)) == 0.0f;
    if (!out.isFinite) return;
    out.largest = hn::GetLane(hn::MaxOfLanes(df, largest));
    out.top = static_cast<int64_t>(findFirst(logits, out.largest));
    const DoubleVec shift = hn::Set(d, double(out.largest));
    DoubleVec sum = hn::Zero(d);
    for (size_t at = 0; at < logits.size(); at += kLanes) {
        const FloatVec v = loadUpTo(logits.data() + at, logits.size() - at);
        sum = hn::Add(sum, exponential(hn::Sub(hn::PromoteTo(d, v), shift)));
    }
    out.sum = hn::GetLane(hn::SumOfLanes(d, sum));
}

void divergeRows(const LogitRowPair& rows, DivergenceSum& out) {
    const DoubleTag d;
    const DoubleVec referenceShift = hn::Set(d, rows.referenceNormalizer), ownShift = hn::Set(d, rows.ownNormalizer);
    DoubleVec divergence = hn::Zero(d), referenceMass = hn::Zero(d), ownMass = hn::Zero(d);
    for (size_t at = 0; at < rows.size; at += kLanes) {
        const FloatVec reference = loadUpTo(rows.reference + at, rows.size - at);
        const FloatVec own = loadUpTo(rows.own + at, rows.size - at);
        const DoubleVec logP = hn::Sub(hn::PromoteTo(d, reference), referenceShift);
        const DoubleVec logQ = hn::Sub(hn::PromoteTo(d, own), ownShift);
        const DoubleVec p = exponential(logP);
        divergence = hn::MulAdd(p, hn::Sub(logP, logQ), divergence);
        referenceMass = hn::Add(referenceMass, p);
        ownMass = hn::Add(ownMass, exponential(logQ));
    }
    out.divergence = hn::GetLane(hn::SumOfLanes(d, divergence));
    out.referenceMass = hn::GetLane(hn::SumOfLanes(d, referenceMass));
    out.ownMass = hn::GetLane(hn::SumOfLanes(d, ownMass));
}

void ratioTerms(const LogitRowPair& rows, double shift, double* out) {
    const DoubleTag d;
    for (size_t at = 0; at < rows.size; at += kLanes) {
        const FloatVec stored = loadUpTo(rows.reference + at, rows.size - at);
        const FloatVec own = loadUpTo(rows.own + at, rows.size - at);
        const DoubleVec x = hn::Add(hn::Sub(hn::PromoteTo(d, own), hn::PromoteTo(d, stored)), hn::Set(d, shift));
        // Beyond 700 the exponential has no value; such a row is far apart whatever it says.
        const DoubleVec limited = hn::Min(x, hn::Set(d, 700.0));
        const DoubleVec term = hn::Sub(hn::Sub(exponential(limited), hn::Set(d, 1.0)), limited);
        alignas(64) double lanes[kLanes];
        hn::Store(hn::Max(term, hn::Zero(d)), d, lanes);
        std::copy_n(lanes, std::min(kLanes, rows.size - at), out + at);
    }
}

}  // namespace
}  // namespace halftone::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halftone {

HWY_EXPORT(sumRow);
HWY_EXPORT(divergeRows);
HWY_EXPORT(ratioTerms);

LogitSum sumExponentials(std::span<const float> logits) {
    LogitSum out;
    HWY_DYNAMIC_DISPATCH(sumRow)(logits, out);
    return out;
}

DivergenceSum sumDivergence(std::span<const float> reference, double referenceNormalizer, std::span<const float> own,
                            double ownNormalizer) {
    DivergenceSum out;
    HWY_DYNAMIC_DISPATCH(divergeRows)
    ({reference.data(), own.data(), reference.size(), referenceNormalizer, ownNormalizer}, out);
    return out;
}

void computeRatioTerms(std::span<const float> own, std::span<const float> stored, double shift, std::span<double> out) {
    HWY_DYNAMIC_DISPATCH(ratioTerms)({stored.data(), own.data(), own.size(), 0, 0}, shift, out.data());
}

}  // namespace halftone
#endif
