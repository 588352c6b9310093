// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "gpu/vk/physical_device_snapshot.h"

namespace halftone::vk {

/// Shape of the matrix-vector kernel: invocations of a workgroup and rows that they share.
struct MatvecShape {
    uint32_t localSize = 64;
    uint32_t rows = 4;
    uint32_t mostTokens = 8;  ///< a power of two; more go through the matrix-matrix kernel
};

/// Shape of the matrix-matrix kernel. Tiled: through shared memory, a workgroup of
/// (tileRows / threadRows) * (tileTokens / threadTokens) invocations. Direct: a tile an invocation, no shared memory.
struct MatmulShape {
    bool tiled = true;
    uint32_t localSize = 128;  ///< direct kernel only; the tiled one follows from the tiles
    uint32_t tileRows = 64;
    uint32_t tileTokens = 64;
    uint32_t threadRows = 8;
    uint32_t threadTokens = 4;
    uint32_t depth = 32;
};

/// Products of weights and inputs as bytes (the 4x8 dot product), where the caller allows them. Shapes are those of
/// the other products but for the depth of tiles, whose columns take a quarter of the room.
struct IntegerShape {
    bool usable = false;  ///< the device has the instruction
    bool matvec = false;  ///< faster there: the device computes it in one step, or is the processor
    bool matmul = false;
    uint32_t depth = 64;
    /// Products of a matrix with its inputs that are worth a kernel more, which makes bytes of the inputs.
    int64_t leastProducts = 0;
};

/// Products of weights and inputs in binary16 on matrix units (cooperative matrices), where the caller allows inputs to
/// be rounded and there are many tokens. A workgroup of rowParts * tokenParts subgroups owns a tile.
struct MatrixUnitShape {
    bool usable = false;  ///< the device has them, and the size of its subgroups is known
    bool matmul = false;  ///< faster there: never where a processor plays them
    MatrixSize unit;      ///< tokens x depth times depth x rows
    uint32_t tileRows = 64;
    uint32_t tileTokens = 64;
    uint32_t rowParts = 2;
    uint32_t tokenParts = 2;
    uint32_t depth = 32;
};

struct AttentionShape {
    uint32_t localSize = 128;
    uint32_t promptQueries = 4;  ///< tokens a workgroup when there are many
};

/// Quantizing on the device. Its shaders give the processor's bytes where binary32 sums, differences and products are
/// rounded to nearest even, which a driver must promise (shaderRoundingModeRTEFloat32, independent of other widths). No
/// promise is needed about subnormal numbers, quotients and conversions: groups with the first are left to the
/// processor, the others are made of integers.
struct EncodeShape {
    bool usable = false;
    bool worthwhile = false;         ///< faster than the processor: never for a device that is the processor
    uint32_t groupLocalSize = 64;    ///< invocations that share a group
    uint32_t elementLocalSize = 64;  ///< with 32 or 64 values an invocation
    uint64_t partBytes = 0;          ///< original values (as binary32) that are worked on at once
};

/// What this program does with a device: decided once from the snapshot, a plain value, changed by nobody but tests.
struct DevicePlan {
    std::string deviceName;
    std::string driver;
    bool isSoftware = false;
    bool isIntegrated = false;

    uint32_t queueFamily = 0;
    /// The queue that brings streamed weights: one that copies beside the compute queue, or the compute queue itself.
    uint32_t transferFamily = 0;
    uint32_t transferIndex = 0;
    std::vector<std::string> extensions;  ///< device extensions to enable
    bool pushDescriptors = false;         ///< else descriptor pools
    bool requireSubgroupSize = false;     ///< pipelines ask for `subgroupSize` and full subgroups
    bool float16 = false;                 ///< the device has binary16 arithmetic (matrix units alone use it)
    bool int8 = false;                    ///< the device has 8-bit integers (reported)

    uint32_t subgroupSize = 0;
    uint32_t minSubgroupSize = 0;  ///< smallest that a pipeline may run with: arrays are cut for it
    uint32_t maxSharedMemoryBytes = 0;
    bool oneSubgroupGroups = false;  ///< a workgroup of subgroupSize invocations is exactly one subgroup
    MatvecShape matvec;
    MatmulShape matmul;
    IntegerShape integer;
    MatrixUnitShape units;
    AttentionShape attention;
    EncodeShape encode;
    uint32_t reduceLocalSize = 128;  ///< norms, log-probabilities
    uint32_t elementwiseLocalSize = 128;
    uint32_t elementwiseMaxGroups = 4096;  ///< beyond, each invocation takes several elements

    uint32_t timestampBits = 0;       ///< of the compute queue's clock; 0: it tells no times
    double timestampNanoseconds = 0;  ///< a tick
    uint64_t maxBindingBytes = 0;     ///< tensors are split into row ranges of at most this size
    uint64_t bindingAlignment = 256;
    uint64_t slabBytes = 0;  ///< size of the allocations that buffers are cut from
    uint64_t maxAllocationBytes = 0;
    uint64_t deviceHeapBytes = 0;
    uint64_t deviceBudgetBytes = 0;  ///< what this program takes of the heap at most
    uint32_t deviceMemoryType = 0;
    uint32_t uploadMemoryType = 0;    ///< host visible and coherent
    uint32_t readbackMemoryType = 0;  ///< host visible and coherent, cached where there is such a type
    bool spillsToHost = false;  ///< a full device heap goes on in host memory, which the device reads over the bus
    bool directUpload = false;  ///< the device's own memory is the host's: no staging
    std::array<uint32_t, 3> maxWorkgroupCount{};

    /// Tokens that are worth running together where weights stream: their computing hides the transfer of a block.
    int64_t streamBatchTokens = 0;

    double assumedFlops = 0;          ///< first guess, corrected by measurement
    double submissionSeconds = 0.04;  ///< work of one submission; two are in flight
    double hangSeconds = 60;          ///< a submission that takes longer has hung

    [[nodiscard]] bool canTime() const { return timestampBits > 0 && timestampNanoseconds > 0; }
    [[nodiscard]] bool hasTransferQueue() const { return transferFamily != queueFamily || transferIndex != 0; }
};

/// Decides how to use a device; pure. kUnsupported with a sentence that names what is missing and what may help.
/// `memoryLimitBytes`: what the user allows of the device's memory; 0: what there is.
Result<DevicePlan> planDevice(const PhysicalDeviceSnapshot& snapshot, uint64_t memoryLimitBytes = 0);

/// "1.2.231".
[[nodiscard]] std::string versionText(uint32_t apiVersion);

}  // namespace halftone::vk
