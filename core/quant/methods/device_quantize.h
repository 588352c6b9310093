// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>

#include "core/quant/methods/encode_device.h"

namespace halftone {

/// The figures of a matrix that a device encoded.
struct DeviceOutcome {
    Distortion distortion;
    int64_t nonFiniteCount = 0;
};

/// quantizeStreaming() with `options.device`: the same bytes and errors. What the device leaves is encoded by the
/// processor, and so is everything from where the device fails on.
class DeviceQuantizer {
  public:
    /// All must outlive this.
    DeviceQuantizer(const RowSource& source, const Format& format, const QuantizeOptions& options);
    /// Whether there is a device that takes the task.
    [[nodiscard]] bool applies() const { return m_task.has_value(); }
    /// Precondition: applies(). Rows advance the progress. An empty sink: they go nowhere.
    Result<DeviceOutcome> run(const PackedSink& sink, const JobContext& context);
    /// The same into rows of a whole matrix.
    Result<DeviceOutcome> runInto(std::span<std::byte> packed, const JobContext& context);

  private:
    struct Part {
        int64_t first = 0, count = 0;
        std::shared_ptr<const DeviceRows> rows = {};  ///< null: not on the device yet
    };
    [[nodiscard]] bool isTaken() const;
    [[nodiscard]] std::vector<Part> cutIntoParts() const;
    Status findRange(std::vector<Part>& parts, const JobContext& context);
    Result<ValueRange> rangeOfPart(Part& part, const JobContext& context);
    Status bring(Part& part, const JobContext& context) const;
    [[nodiscard]] size_t packedBytes(const Part& part) const;
    Result<DeviceOutcome> encodePart(Part& part, std::span<std::byte> packed, const JobContext& context);
    Result<DeviceEncoding> encodeOnDevice(Part& part, std::span<std::byte> packed, const JobContext& context) const;
    Result<DeviceOutcome> encodeOnProcessor(const Part& part, std::span<std::byte> packed,
                                            const JobContext& context) const;
    Result<DeviceOutcome> encodeLeft(const Part& part, DeviceEncoding encoding, std::span<std::byte> packed,
                                     const JobContext& context) const;
    Status encodeLeftBand(const Part& band, std::span<const int64_t> groups, std::span<std::byte> packed,
                          DeviceOutcome& outcome, const JobContext& context) const;
    Status addLeftGroups(const Part& band, std::span<const int64_t> groups, std::span<const std::byte> packed,
                         DeviceOutcome& outcome) const;
    [[nodiscard]] QuantizeOptions processorsOptions(int64_t first) const;
    Result<QuantizedTensor> quantizeRows(int64_t first, int64_t count, const JobContext& context) const;

    const RowSource& m_source;
    const Format& m_format;
    const QuantizeOptions& m_options;
    std::optional<EncodeTask> m_task;
    bool m_deviceFailed = false;
};

}  // namespace halftone
