// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "core/quant/formats/packed_tensor.h"
#include "core/quant/methods/row_encoder.h"

namespace halftone {

/// Matrices whose codes were learned together, by canonical name: an encoder for each.
struct LearnedBlock {
    std::map<std::string, std::shared_ptr<const RowEncoder>, std::less<>> encoders;
    double errorBefore = 0;  ///< of the block's output, squared, relative: rounded to nearest
    double errorAfter = 0;
    int64_t bytes = 0;
};

/// An encoder for codes that were chosen beforehand: each row is looked up by its values, so that rows may come in any
/// order, and gets the bytes of the row of `packed` that was learned for the same values (the first of several).
/// `values`: rows * cols, as they will come. kInvalidData for a row that is not among them.
std::shared_ptr<const RowEncoder> createLearnedEncoder(PackedTensor packed, std::span<const float> values);

/// What was learned, by a key that tells all it depends on. The blocks last used stay. Any thread; whoever learns holds
/// the lock of learning, so that two who want the same block do not both work for it.
class LearnedCodes {
  public:
    static constexpr int64_t kMostBytes = int64_t{4} << 30;

    /// Null where nothing is kept under that key.
    [[nodiscard]] std::shared_ptr<const LearnedBlock> find(uint64_t key);
    void add(uint64_t key, std::shared_ptr<const LearnedBlock> block);
    /// To be held from before find() to after add().
    [[nodiscard]] std::timed_mutex& learning() { return m_learning; }

  private:
    using Entry = std::pair<uint64_t, std::shared_ptr<const LearnedBlock>>;
    std::mutex m_mutex;
    std::timed_mutex m_learning;
    std::list<Entry> m_recent;  // last used first
    int64_t m_bytes = 0;
};

}  // namespace halftone
