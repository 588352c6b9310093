// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>

#include "core/base/error.h"
#include "core/inference/run_format.h"
#include "core/model/model_config.h"
#include "core/quant/formats/packed_layout.h"
#include "gpu/kernels/cache_shape.h"
#include "gpu/kernels/kernel_parameters.h"
#include "gpu/kernels/kernel_runner.h"
#include "gpu/kernels/weight_shaders.h"
#include "gpu/vk/command_stream.h"
#include "gpu/vk/pipeline_store.h"
#include "gpu/vulkan_backend.h"

namespace halftone {

namespace kernel {

/// Rows of activations on the device: `width` floats a token, `stride` floats from token to token (a multiple of 16);
/// zeros between the end of a token's values and the next token. Kernels keep them zero.
struct Activations {
    vk::BufferSlice slice;
    int64_t width = 0;
    int64_t stride = 0;
};

/// What a product is made of.
enum class InputForm {
    kFloats,  ///< binary32
    kBytes,   ///< codes of 8 bits with their scales
    kHalves,  ///< binary16, and a scale for the row
};

/// Rows of activations as bytes or halves with their scales, `stride` words from token to token.
struct QuantizedRows {
    vk::BufferSlice slice;
    int64_t stride = 0;
};
/// Words of a row of `width` activations as halves.
[[nodiscard]] constexpr int64_t halvedStride(int64_t width) {
    return ((width + 7) / 8 + 1) * 4;
}
/// Words of a row of `width` activations as bytes.
[[nodiscard]] constexpr int64_t quantizedStride(int64_t width) {
    return (width + kQuantizedBlock - 1) / kQuantizedBlock * kQuantizedBlockWords;
}

/// A range of rows of a packed matrix, in one binding.
struct PackedRows {
    vk::BufferSlice slice;
    const PackedLayout* layout = nullptr;
    int64_t firstRow = 0;  ///< in the whole matrix
    int64_t rowCount = 0;
};

struct LinearCall {
    PackedRows weights;
    vk::BufferSlice bias;  ///< of the whole matrix; no buffer: none
    Activations input;
    InputForm form = InputForm::kFloats;
    QuantizedRows quantized;  ///< what is read instead of `input` in other forms
    Activations output;
    int64_t tokens = 0;
    bool continues = false;  ///< another row range of the same matrix was computed just before
};

struct EmbedCall {
    PackedRows weights;
    vk::BufferSlice ids;  ///< one uint32 a token; unused with addPosition
    bool addPosition = false;
    Activations input;  ///< added to, with addPosition
    Activations output;
    int64_t tokens = 0;
    int64_t firstPosition = 0;
};

struct NormCall {
    bool layerNorm = false;
    Activations input;
    Activations output;
    vk::BufferSlice weight;
    vk::BufferSlice bias;
    int64_t tokens = 0;
    int64_t vectors = 1;  ///< vectors a token, normalized each by itself
    float epsilon = 0;
};

struct RopeCall {
    RopeStyle style = RopeStyle::kHalfSplit;
    Activations input;
    Activations output;
    vk::BufferSlice table;  ///< (cos, sin) pairs, rotaryDim / 2 a position
    int64_t tokens = 0;
    int64_t heads = 0;
    int64_t headDim = 0;
    int64_t rotaryDim = 0;
    int64_t firstPosition = 0;
};

struct BinaryCall {
    enum class Combine : uint32_t { kFirst, kProduct, kSum };
    const Activation* activation = nullptr;  ///< of the first input; null: none
    Combine combine = Combine::kFirst;
    Activations first;
    Activations second;
    Activations output;
    int64_t tokens = 0;
};

struct CopyCall {
    Activations input;
    int64_t inputOffset = 0;
    Activations output;  ///< its width is copied
    int64_t tokens = 0;
};

/// Adds the products of a matrix's outliers with the inputs, or to rows that were looked up the outliers of these rows.
struct OutlierCall {
    vk::BufferSlice words;  ///< of OutlierRows
    bool isWide = false;
    int64_t rows = 0;     ///< of the matrix
    vk::BufferSlice ids;  ///< of the rows that were looked up, one uint32 a token; no buffer: a product
    Activations input;    ///< of a product
    Activations output;
    int64_t tokens = 0;
};

/// Adds the product of a factor of a low-rank correction with one vector of its rank a token.
struct LowRankCall {
    vk::BufferSlice factor;     ///< F16
    bool isTransposed = false;  ///< the factor lies rank x width of the output, not the other way round
    Activations input;          ///< its width is the rank
    Activations output;
    int64_t tokens = 0;
};

/// Rows as a sequence's format leaves the inputs of linear layers.
struct RoundRowsCall {
    ActivationRounding rounding = ActivationRounding::kInt8;  ///< not kNone
    float scale = 0;                                          ///< kInt8Static
    Activations input;
    Activations output;
    int64_t tokens = 0;
};

/// Rows as bytes: kNone gives 32 values a scale, the others (but FP8, which is no integer) round as RoundRowsCall.
struct QuantizeRowsCall {
    ActivationRounding rounding = ActivationRounding::kNone;
    float scale = 0;  ///< kInt8Static
    Activations input;
    QuantizedRows output;
    int64_t tokens = 0;
};

struct HalveRowsCall {
    Activations input;
    QuantizedRows output;
    int64_t tokens = 0;
};

struct CacheStoreCall {
    CacheShape shape;
    Activations input;
    vk::BufferSlice cache;
    int64_t tokens = 0;
    int64_t firstPosition = 0;
};

struct AttentionCall {
    CacheShape keyShape, valueShape;
    Activations query;
    vk::BufferSlice keys;
    vk::BufferSlice values;
    Activations output;
    int64_t tokens = 0;
    int64_t heads = 0;
    int64_t firstPosition = 0;
    int64_t window = 0;
    float scale = 0;
};

struct RowSummaryCall {
    Activations logits;
    vk::BufferSlice targets;  ///< one uint32 a row, 0xFFFFFFFF: none
    vk::BufferSlice output;   ///< one RowSummary a row
    int64_t rows = 0;
    int64_t firstTarget = 0;
};

/// Fills in the cross term of the own summaries.
struct RowDivergenceCall {
    Activations reference;
    Activations own;
    vk::BufferSlice referenceSummaries;
    vk::BufferSlice ownSummaries;
    int64_t rows = 0;
    int64_t firstReference = 0;
    int64_t firstOwn = 0;
};

struct GatherCall {
    Activations logits;
    vk::BufferSlice ids;     ///< idsPerRow uint32 a row
    vk::BufferSlice output;  ///< as many floats
    int64_t rows = 0;
    int64_t idsPerRow = 0;
    int64_t firstItem = 0;  ///< of ids and output
};

struct StatsCall {
    Activations input;
    vk::BufferSlice output;
    int64_t tokens = 0;
};

/// A measurement: `rounds` of multiply-adds in each of `invocations`, one float of output each.
struct MultiplyAddCall {
    vk::BufferSlice output;
    uint64_t invocations = 0;
    uint32_t rounds = 0;
};

/// The kernels as functions: picks pipeline and grid from the plan, fills in push constants, records on a stream.
/// Work that exceeds one submission is cut into several. Not thread-safe.
class Kernels : private KernelRunner {
  public:
    Kernels(const vk::DevicePlan& plan, vk::PipelineStore& pipelines, vk::CommandStream& stream)
        : KernelRunner(plan, pipelines, stream) {}

    Status linear(const LinearCall& call);
    /// Whether the plan multiplies weights of this format and so many tokens as integers.
    [[nodiscard]] bool multipliesIntegers(const Format& format, int64_t tokens) const;
    /// What the plan makes products of where inputs may be rounded.
    [[nodiscard]] InputForm roundedForm(const PackedLayout& layout, int64_t rows, int64_t tokens) const;
    Status embed(const EmbedCall& call);
    Status norm(const NormCall& call);
    Status rope(const RopeCall& call);
    Status binary(const BinaryCall& call);
    Status copy(const CopyCall& call);
    Status addOutliers(const OutlierCall& call);
    Status addLowRank(const LowRankCall& call);
    Status roundRows(const RoundRowsCall& call);
    Status quantizeRows(const QuantizeRowsCall& call);
    Status halveRows(const HalveRowsCall& call);
    Status storeCache(const CacheStoreCall& call);
    Status attention(const AttentionCall& call);
    Status summarizeRows(const RowSummaryCall& call);
    Status divergeRows(const RowDivergenceCall& call);
    Status gather(const GatherCall& call);
    Status channelStats(const StatsCall& call);
    Status histogram(const StatsCall& call);
    Status multiplyAdds(const MultiplyAddCall& call);
    /// The same on matrix units, where the device has them; `output`: matrixValues() floats a subgroup.
    Status multiplyMatrices(const MultiplyAddCall& call);
    /// Operations of one of its rounds, and floats of output, a subgroup.
    [[nodiscard]] double matrixOperations() const;
    [[nodiscard]] uint64_t matrixValues() const;

  private:
    struct LinearPlan {
        vk::PipelineKey key;
        uint32_t rowsPerGroup = 1;
        uint32_t tokensPerGroup = 1;
        bool tileAnInvocation = false;  ///< not a workgroup
    };
    Status linearPart(const LinearCall& call, int64_t firstRow, int64_t rowCount);
    [[nodiscard]] LinearPlan planLinear(const LinearCall& call) const;
    void planMatrixUnits(LinearPlan& plan) const;
};

/// Bytes to keep readable behind the last row of packed weights: decoders read whole units of 16 elements and whole
/// words.
inline constexpr uint64_t kWeightPaddingBytes = 128;
inline constexpr int64_t kLargestHeadDim = 256;

}  // namespace kernel
}  // namespace halftone
