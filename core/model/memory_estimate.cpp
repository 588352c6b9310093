// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/memory_estimate.h"

#include <algorithm>
#include <array>
#include <limits>

#include <fmt/format.h>

#include "core/base/checked.h"
#include "core/model/cache_format.h"

namespace halftone {
namespace {

constexpr std::array kCacheTypes{DType::kF16, DType::kQ8_0, DType::kQ4_0};

/// A product that remembers whether it left 64 bits.
class Product {
  public:
    explicit Product(int64_t value) : m_value(static_cast<uint64_t>(value)) {}
    Product& times(int64_t factor) {
        const auto product = checkedMul(m_value, static_cast<uint64_t>(factor));
        m_isValid = m_isValid && product && *product <= uint64_t(std::numeric_limits<int64_t>::max()) / 8;
        m_value = product.value_or(0);
        return *this;
    }
    [[nodiscard]] bool isValid() const { return m_isValid; }
    [[nodiscard]] int64_t value() const { return static_cast<int64_t>(m_value); }

  private:
    uint64_t m_value;
    bool m_isValid = true;
};

tl::unexpected<Error> tooLarge() {
    return makeError(ErrorCode::kInvalidArgument, "A context of this length would take more memory than there can be.");
}

Result<int64_t> cacheBytes(const ModelConfig& config, DType type, int64_t cells) {
    HT_TRY(checkCacheType(config, type));
    const DTypeInfo& info = dtypeInfo(type);
    Product bytes(config.kvSize() / info.blockElements);
    bytes.times(info.blockBytes()).times(cells).times(config.blockCount);
    if (!bytes.isValid()) return tooLarge();
    return bytes.value();
}

Result<int64_t> scratchBytes(const ModelConfig& config, int64_t cells, int64_t batch) {
    const int64_t head = config.vocabSize + config.hiddenSize;
    const int64_t feedForward = 2 * config.ffnSize + 2 * config.hiddenSize;
    const int64_t attention = 2 * config.qSize() + 2 * config.kvSize() + config.hiddenSize;
    Product step(std::max({head, feedForward, attention}));
    step.times(batch).times(int64_t(sizeof(float)));
    Product mask(cells);
    mask.times(batch).times(int64_t(sizeof(float) + sizeof(uint16_t)));  // given in F32, read in F16
    if (!step.isValid() || !mask.isValid()) return tooLarge();
    return step.value() + mask.value();
}

}  // namespace

std::span<const DType> cacheTypes() {
    return kCacheTypes;
}

Result<MemoryEstimate> estimateMemory(const ModelConfig& config, const MemoryRequest& request) {
    constexpr int64_t kMostTokens = int64_t(1) << 40;
    if (request.contextLength < 1 || request.batchTokens < 1 || request.contextLength > kMostTokens ||
        request.batchTokens > kMostTokens) {
        return makeError(ErrorCode::kInvalidArgument,
                         fmt::format("Context and batch must be 1 to {} tokens.", kMostTokens));
    }
    MemoryEstimate estimate;
    estimate.cells = roundUp(request.contextLength, kCacheStep);
    estimate.weights = request.weightBytes;
    HT_ASSIGN_OR_RETURN(estimate.keys, cacheBytes(config, request.keyType, estimate.cells));
    HT_ASSIGN_OR_RETURN(estimate.values, cacheBytes(config, request.valueType, estimate.cells));
    const int64_t batch = std::min(request.batchTokens, estimate.cells);
    HT_ASSIGN_OR_RETURN(estimate.scratch, scratchBytes(config, estimate.cells, batch));
    return estimate;
}

Result<std::optional<int64_t>> longestContext(const ModelConfig& config, MemoryRequest request, int64_t budgetBytes) {
    const int64_t most = std::max<int64_t>(config.contextLength, 1);
    // Memory grows with every step, so the last step that fits is found by halving.
    int64_t fitting = 0, tooLong = (most + kCacheStep - 1) / kCacheStep + 1;
    while (tooLong - fitting > 1) {
        const int64_t middle = fitting + (tooLong - fitting) / 2;
        request.contextLength = std::min(middle * kCacheStep, most);
        HT_ASSIGN_OR_RETURN(const auto estimate, estimateMemory(config, request));
        (estimate.total() <= budgetBytes ? fitting : tooLong) = middle;
    }
    if (fitting == 0) return std::optional<int64_t>();
    return std::optional(std::min(fitting * kCacheStep, most));
}

int64_t roomForWeights(const MemoryEstimate& estimate, int64_t budgetBytes) {
    return budgetBytes - estimate.cache() - estimate.scratch;
}

}  // namespace halftone
