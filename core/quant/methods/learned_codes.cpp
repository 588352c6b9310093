// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/methods/learned_codes.h"

#include <algorithm>
#include <cstring>
#include <unordered_map>

#include <fmt/format.h>

#include "core/base/hash.h"

namespace halftone {
namespace {

class LearnedEncoder final : public RowEncoder {
  public:
    LearnedEncoder(PackedTensor packed, std::span<const float> values) : m_packed(std::move(packed)) {
        const auto cols = static_cast<size_t>(m_packed.cols());
        for (int64_t row = 0; row < m_packed.rows; ++row) {
            m_rows.emplace(keyOf(values.subspan(static_cast<size_t>(row) * cols, cols)), row);
        }
    }

    Status encode(const PackedLayout& layout, std::span<const float> values, int64_t rows, std::span<std::byte> packed,
                  const JobContext& context) const override {
        HT_TRY(context.checkpoint());
        const auto cols = static_cast<size_t>(layout.cols), bytes = static_cast<size_t>(layout.rowBytes);
        for (size_t row = 0; row < static_cast<size_t>(rows); ++row) {
            const auto found = m_rows.find(keyOf(values.subspan(row * cols, cols)));
            if (found == m_rows.end() || layout.format != m_packed.layout.format) {
                return makeError(ErrorCode::kInvalidData,
                                 "The weights changed after their rounding was learned: calibrate again.");
            }
            std::ranges::copy(m_packed.row(found->second), packed.subspan(row * bytes, bytes).begin());
        }
        return {};
    }

  private:
    static uint64_t keyOf(std::span<const float> row) { return hashBytes(std::as_bytes(row), 0); }

    PackedTensor m_packed;
    std::unordered_map<uint64_t, int64_t> m_rows;
};

}  // namespace

std::shared_ptr<const RowEncoder> createLearnedEncoder(PackedTensor packed, std::span<const float> values) {
    HT_CHECK(std::ssize(values) == packed.rows * packed.cols());
    return std::make_shared<LearnedEncoder>(std::move(packed), values);
}

std::shared_ptr<const LearnedBlock> LearnedCodes::find(uint64_t key) {
    const std::scoped_lock lock(m_mutex);
    const auto found = std::ranges::find(m_recent, key, &Entry::first);
    if (found == m_recent.end()) return nullptr;
    m_recent.splice(m_recent.begin(), m_recent, found);
    return found->second;
}

void LearnedCodes::add(uint64_t key, std::shared_ptr<const LearnedBlock> block) {
    const std::scoped_lock lock(m_mutex);
    m_bytes += block->bytes;
    m_recent.emplace_front(key, std::move(block));
    while (m_bytes > kMostBytes && m_recent.size() > 1) {
        m_bytes -= m_recent.back().second->bytes;
        m_recent.pop_back();
    }
}

}  // namespace halftone
