// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/transforms/rotation.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <optional>

#include <fmt/format.h>

namespace halftone {
namespace {

constexpr int64_t kLargestCore = 4096;  ///< beyond it a dense factor would take too long to apply

bool isPrime(int64_t number) {
    if (number < 2) return false;
    for (int64_t divisor = 2; divisor * divisor <= number; ++divisor) {
        if (number % divisor == 0) return false;
    }
    return true;
}

/// Whether the elements modulo the prime are squares: 1, not: -1, or zero: 0.
std::vector<int8_t> quadraticCharacter(int64_t prime) {
    std::vector<int8_t> character(static_cast<size_t>(prime), int8_t{-1});
    character[0] = 0;
    for (int64_t i = 1; i < prime; ++i) character[static_cast<size_t>(i * i % prime)] = 1;
    return character;
}

/// Paley's conference matrix of order prime + 1, bordered: symmetric for primes of 1 modulo 4, else skew.
std::vector<int8_t> conferenceMatrix(int64_t prime) {
    const std::vector<int8_t> character = quadraticCharacter(prime);
    const int64_t order = prime + 1;
    std::vector<int8_t> matrix(static_cast<size_t>(order * order));
    const auto at = [&](int64_t row, int64_t col) -> int8_t& { return matrix[static_cast<size_t>(row * order + col)]; };
    for (int64_t i = 1; i < order; ++i) {
        at(0, i) = 1;
        at(i, 0) = prime % 4 == 1 ? int8_t{1} : int8_t{-1};
        for (int64_t j = 1; j < order; ++j) at(i, j) = character[static_cast<size_t>((i - j + prime) % prime)];
    }
    return matrix;
}

/// Order q + 1 for primes q of 3 modulo 4: the skew matrix plus the identity.
std::vector<int8_t> firstPaley(int64_t order) {
    std::vector<int8_t> matrix = conferenceMatrix(order - 1);
    for (int64_t i = 0; i < order; ++i) matrix[static_cast<size_t>(i * order + i)] = 1;
    return matrix;
}

/// Order 2 (q + 1) for primes q of 1 modulo 4: the symmetric matrix times [1 1; 1 -1], plus [1 -1; -1 -1] on the
/// diagonal.
std::vector<int8_t> secondPaley(int64_t order) {
    const int64_t half = order / 2;
    const std::vector<int8_t> conference = conferenceMatrix(half - 1);
    std::vector<int8_t> matrix(static_cast<size_t>(order * order));
    for (int64_t i = 0; i < order; ++i) {
        for (int64_t j = 0; j < order; ++j) {
            const int8_t inner = conference[static_cast<size_t>(i / 2 * half + j / 2)];
            const bool lowerRight = i % 2 == 1 && j % 2 == 1;
            int entry = lowerRight ? -inner : inner;
            if (i / 2 == j / 2) entry = i % 2 == 0 && j % 2 == 0 ? 1 : -1;
            matrix[static_cast<size_t>(i * order + j)] = static_cast<int8_t>(entry);
        }
    }
    return matrix;
}

std::optional<std::vector<int8_t>> paleyMatrix(int64_t order) {
    if (order % 4 != 0) return std::nullopt;
    if (isPrime(order - 1)) return firstPaley(order);  // order - 1 is 3 modulo 4
    const int64_t prime = order / 2 - 1;
    if (prime % 4 == 1 && isPrime(prime)) return secondPaley(order);
    return std::nullopt;
}

/// splitmix64: the same signs on every machine.
uint64_t nextRandom(uint64_t& state) {
    uint64_t value = state += 0x9E3779B97F4A7C15u;
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9u;
    value = (value ^ (value >> 27)) * 0x94D049BB133111EBu;
    return value ^ (value >> 31);
}

}  // namespace

Result<Rotation> Rotation::create(int64_t size, uint64_t seed) {
    Rotation rotation;
    rotation.m_size = size;
    if (size <= 0) return makeError(ErrorCode::kInvalidArgument, "A rotation needs at least one dimension.");
    const auto odd = size >> std::countr_zero(static_cast<uint64_t>(size));
    if (odd > 1) {
        for (int64_t order = odd; order <= std::min(size, kLargestCore); order *= 2) {
            auto core = paleyMatrix(order);
            if (!core) continue;
            rotation.m_coreSize = order;
            rotation.m_core = std::move(*core);
            break;
        }
        if (rotation.m_core.empty()) {
            return makeError(ErrorCode::kUnsupported,
                             fmt::format("No Hadamard matrix of order {} is known here, so that vectors of that length "
                                         "cannot be rotated.",
                                         size));
        }
    }
    const double scale = 1.0 / std::sqrt(double(size));
    uint64_t state = seed ^ (static_cast<uint64_t>(size) << 32);
    for (int64_t i = 0; i < size; ++i) rotation.m_signs.push_back(nextRandom(state) >> 63 ? scale : -scale);
    return rotation;
}

void Rotation::apply(std::span<double> values, int64_t width) const {
    for (int64_t i = 0; i < m_size; ++i) {
        double* row = values.data() + i * width;
        for (int64_t j = 0; j < width; ++j) row[j] *= m_signs[static_cast<size_t>(i)];
    }
    const int64_t inner = m_size / m_coreSize;
    for (int64_t step = 1; step < inner; step *= 2) {
        // Runs of `step` vectors' elements, two at a time; the outer factor only makes more runs.
        for (int64_t first = 0; first < m_size; first += 2 * step) {
            double* upper = values.data() + first * width;
            double* lower = upper + step * width;
            for (int64_t k = 0; k < step * width; ++k) {
                const double sum = upper[k] + lower[k];
                lower[k] = upper[k] - lower[k];
                upper[k] = sum;
            }
        }
    }
    if (m_coreSize > 1) applyCore(values, width);
}

/// y[b, :] = sum over a of x[a, :] * core[a, b], for the outer index.
void Rotation::applyCore(std::span<double> values, int64_t width) const {
    const int64_t run = m_size / m_coreSize * width;
    std::vector<double> before(values.begin(), values.end());
    std::ranges::fill(values, 0.0);
    for (int64_t a = 0; a < m_coreSize; ++a) {
        const double* from = before.data() + a * run;
        for (int64_t b = 0; b < m_coreSize; ++b) {
            double* to = values.data() + b * run;
            const double sign = m_core[static_cast<size_t>(a * m_coreSize + b)];
            for (int64_t k = 0; k < run; ++k) to[k] += sign * from[k];
        }
    }
}

}  // namespace halftone
