// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/session/run_choice.h"

namespace halftone::app {

void RunChoice::setFormat(const RunFormat& format) {
    if (format.cache == m_format.cache && format.activations.rounding == m_format.activations.rounding) return;
    m_format = {format.cache, {format.activations.rounding, nullptr}};
    emit changed();
}

void RunChoice::setCache(const CacheFormat& cache) {
    setFormat({cache, m_format.activations});
}

CacheFormat RunChoice::storedCache() const {
    const auto stored = [](DType type) { return type == DType::kF32 ? DType::kF16 : type; };
    return {stored(m_format.cache.key), stored(m_format.cache.value)};
}

}  // namespace halftone::app
