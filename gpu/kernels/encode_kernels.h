// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "core/base/job_context.h"
#include "core/quant/methods/encode_device.h"
#include "gpu/vk/command_stream.h"
#include "gpu/vk/pipeline_store.h"

namespace halftone::kernel {

/// What the encoders read and write (shaders/include/encode.glsl), one binding each.
struct EncodeBuffers {
    vk::BufferSlice source;  ///< original values, row after row without gaps
    DType sourceType = DType::kF32;
    vk::BufferSlice packed;
    vk::BufferSlice notes;    ///< noteBytes(); its first word is zero
    vk::BufferSlice scratch;  ///< scratchBytes(); begins with tables(), ends with the importance of columns
};

/// The words of the notes: how many groups were left, which, and figures of each workgroup.
inline constexpr uint64_t kMostLeftGroups = 4092, kFirstLeftGroup = 4, kFiguresBegin = 4096, kFigureWords = 8;
/// Values that a workgroup looks at for their range; the figures of a workgroup begin with it (rangeOf()).
inline constexpr int64_t kRangeValues = 16384;
/// Ranges that a search may try.
inline constexpr int kMostRanges = 1024;

/// Encodes rows in place of the processor: the functions of one task. Not thread-safe.
class EncodeKernels {
  public:
    EncodeKernels(const vk::DevicePlan& plan, vk::PipelineStore& pipelines, vk::CommandStream& stream)
        : m_plan(&plan), m_pipelines(&pipelines), m_stream(&stream) {}

    /// Whether there are kernels for it.
    [[nodiscard]] static bool has(const EncodeTask& task);
    [[nodiscard]] uint64_t noteBytes(const EncodeTask& task, int64_t rows) const;
    [[nodiscard]] static uint64_t scratchBytes(const EncodeTask& task, int64_t rows);
    /// Of whole words: some blocks at a time are written.
    [[nodiscard]] static uint64_t packedBytes(const EncodeTask& task, int64_t rows);
    /// What the kernels look up: thresholds and levels of a table, of scales of scales, ranges to search.
    [[nodiscard]] static std::vector<uint32_t> tables(const EncodeTask& task);
    /// Where in the scratch memory the importance of the columns lies, in bytes.
    [[nodiscard]] static uint64_t importancePlace(const EncodeTask& task, int64_t rows);

    [[nodiscard]] static uint64_t rangeNoteBytes(int64_t values);
    /// Records the search for the range of `values` values; only the source and the notes are used.
    Status range(int64_t values, const EncodeBuffers& buffers, const JobContext& context);
    /// The range that the notes tell; nothing where a value is not finite.
    [[nodiscard]] static std::optional<ValueRange> rangeOf(std::span<const std::byte> notes);

    /// Records the whole task; long ones in many dispatches. kCancelled between them.
    Status encode(const EncodeTask& task, int64_t rows, const EncodeBuffers& buffers, const JobContext& context);

  private:
    struct Work {
        vk::PipelineKey key;
        uint64_t workgroups = 0;
        double flops = 0;  ///< of a workgroup
    };
    template <typename Parameters>
    Status run(const Work& work, const EncodeBuffers& buffers, Parameters parameters, const JobContext& context);
    [[nodiscard]] vk::PipelineKey key(std::string_view family, uint32_t localSize, const EncodeBuffers& buffers) const;
    [[nodiscard]] uint32_t blockLocalSize(const EncodeTask& task) const;
    [[nodiscard]] uint64_t figureWorkgroups(const EncodeTask& task, int64_t rows) const;
    Status blocks(const EncodeTask& task, int64_t rows, const EncodeBuffers& buffers, const JobContext& context);
    Status grids(const EncodeTask& task, int64_t rows, const EncodeBuffers& buffers, const JobContext& context);
    Status settle(const EncodeTask& task, int64_t rows, const EncodeBuffers& buffers, const JobContext& context);
    Status codes(const EncodeTask& task, int64_t rows, const EncodeBuffers& buffers, const JobContext& context);
    Status scales(const EncodeTask& task, int64_t rows, const EncodeBuffers& buffers, const JobContext& context);

    const vk::DevicePlan* m_plan;
    vk::PipelineStore* m_pipelines;
    vk::CommandStream* m_stream;
};

}  // namespace halftone::kernel
