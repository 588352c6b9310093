// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/job_context.h"
#include "core/quant/methods/quantize.h"
#include "core/tensor/row_source.h"

namespace halftone {

/// What a device is asked to make of rows: codes of a layout, of the range that a group has or, with `search`, of the
/// shrunk range of least squared error (MseSettings).
struct EncodeTask {
    PackedLayout layout;
    std::optional<MseSettings> search;
    /// One weight a column for searches and for block types whose encoder weighs; empty: without. Borrowed.
    std::span<const float> importance;
    /// Of the whole tensor, where it has one scale: found over all rows before the first of them is encoded.
    std::optional<ValueRange> range;

    /// Groups of a row that are encoded each by itself, and how many columns they have (the last one may have fewer):
    /// blocks, groups that share a scale, or, where scales are stored in two levels, the whole row.
    [[nodiscard]] int64_t groupsPerRow() const;
    [[nodiscard]] int64_t groupColumns() const;
    /// Rows that share their scales: kBlockSide or 1. Bands are counted from the first row of a part.
    [[nodiscard]] int64_t bandRows() const;
    /// Groups of `rows` rows: groupsPerRow() a band.
    [[nodiscard]] int64_t groupCount(int64_t rows) const;
    /// Values of a group: columns times the rows of its band.
    [[nodiscard]] int64_t groupValues(int64_t group, int64_t rows) const;
    /// Whether `range` must be found first.
    [[nodiscard]] bool needsRange() const { return layout.format.granularity() == Granularity::kTensor && !range; }
};

/// The task that a call of quantizeTensor() amounts to, without the range of the tensor; nothing where it is more than
/// a device may be asked for: corrections, patterns of zeros, codebooks, other methods.
[[nodiscard]] std::optional<EncodeTask> encodeTaskOf(const Format& format, int64_t cols,
                                                     const QuantizeOptions& options);

/// Rows of original values in a device's memory. Immutable.
class DeviceRows {
  public:
    virtual ~DeviceRows() = default;
    [[nodiscard]] virtual int64_t rows() const = 0;
    [[nodiscard]] virtual int64_t cols() const = 0;
    [[nodiscard]] virtual int64_t sizeBytes() const = 0;
};

/// What became of rows on a device.
struct DeviceEncoding {
    Distortion distortion;  ///< of the groups that it encoded, sums in binary32: six digits
    /// Groups (band of rows * groupsPerRow + group) that it left to the processor, because a number in them is not
    /// finite, is subnormal or could become so. Their bytes are undefined. In any order.
    std::vector<int64_t> left;
    bool leftAll = false;  ///< there were too many to list
};

/// A device that encodes. It gives the bytes of the processor's encoders or leaves a group to them; whoever calls
/// encodes what was left (quantizeTensor() does). Any thread, one call at a time inside.
class EncodeDevice {
  public:
    virtual ~EncodeDevice() = default;
    [[nodiscard]] virtual std::string description() const = 0;
    /// Whether it has a way to do this. False for everything once the device is lost.
    [[nodiscard]] virtual bool takes(const EncodeTask& task) const = 0;
    /// Rows of `cols` values that it can work on at once in every task, at least 1; 0: rows are too long.
    [[nodiscard]] virtual int64_t mostRows(int64_t cols) const = 0;
    /// Brings rows [first, first + count) to the device, stored values as they are stored.
    virtual Result<std::shared_ptr<const DeviceRows>> upload(const RowSource& source, int64_t first, int64_t count,
                                                             const JobContext& context) = 0;
    /// Smallest and largest value of rows that upload() of this device made; nothing where one is not finite.
    virtual Result<std::optional<ValueRange>> rangeOf(const DeviceRows& rows, const JobContext& context) = 0;
    /// Encodes rows that upload() of this device made. `packed`: rows * layout.rowBytes bytes, or empty: figures alone
    /// are wanted, and the bytes never leave the device. Preconditions: takes(task), task.layout.cols == rows.cols(),
    /// !task.needsRange().
    virtual Result<DeviceEncoding> encode(const EncodeTask& task, const DeviceRows& rows, std::span<std::byte> packed,
                                          const JobContext& context) = 0;
    /// Why it does less than it could (a task that it got wrong, a failure): sentences, for a log.
    [[nodiscard]] virtual std::vector<std::string> remarks() const = 0;
};

/// Rows of the parts that a matrix is brought to a device in: at most mostRows(), whole bands where they hold one; 0:
/// none.
[[nodiscard]] int64_t partRows(const EncodeDevice& device, int64_t cols);

/// A whole matrix in a device's memory, in parts of partRows(): for trying one format after another.
class DeviceMatrix {
  public:
    /// The device must outlive the matrix. kOutOfMemory where it has no room.
    static Result<DeviceMatrix> upload(EncodeDevice& device, const RowSource& source, const JobContext& context);
    [[nodiscard]] std::span<const std::shared_ptr<const DeviceRows>> parts() const { return m_parts; }
    [[nodiscard]] int64_t sizeBytes() const;

  private:
    std::vector<std::shared_ptr<const DeviceRows>> m_parts;
};

}  // namespace halftone
