// SPDX-License-Identifier: GPL-3.0-or-later
// Products of packed matrices with activations, and the forms that activations take for them.
#include <algorithm>
#include <bit>

#include "gpu/kernels/packed_call.h"

namespace halftone::kernel {
namespace {

using vk::Access;
using vk::PipelineKey;

/// Constant 2 of shaders/include/row_step.glsl.
uint32_t roundingKind(ActivationRounding rounding) {
    switch (rounding) {
        case ActivationRounding::kNone:
            return 0;
        case ActivationRounding::kInt8:
            return 1;
        case ActivationRounding::kInt8Static:
            return 2;
        case ActivationRounding::kFp8:
            return 3;
    }
    return 0;
}

RoundRowsParameters rowParameters(const Activations& input, int64_t tokens, int64_t outputStride, float scale) {
    return {.tokens = u32(tokens),
            .width = u32(input.width),
            .inputStride = u32(input.stride),
            .outputStride = u32(outputStride),
            .scale = scale,
            .inverseScale = scale > 0 ? 1.0f / scale : 0.0f};
}

}  // namespace

bool Kernels::multipliesIntegers(const Format& format, int64_t tokens) const {
    const bool wanted = tokens <= m_plan->matvec.mostTokens ? m_plan->integer.matvec : m_plan->integer.matmul;
    return wanted && hasIntegerKernels(format);
}

InputForm Kernels::roundedForm(const PackedLayout& layout, int64_t rows, int64_t tokens) const {
    if (m_plan->units.matmul && tokens > m_plan->matvec.mostTokens) return InputForm::kHalves;
    const bool isWorthIt = rows * layout.cols * tokens >= m_plan->integer.leastProducts;
    return isWorthIt && multipliesIntegers(layout.format, tokens) ? InputForm::kBytes : InputForm::kFloats;
}

void Kernels::planMatrixUnits(LinearPlan& plan) const {
    const vk::MatrixUnitShape& units = m_plan->units;
    plan.rowsPerGroup = units.tileRows;
    plan.tokensPerGroup = units.tileTokens;
    plan.key.family = "matmul_units";
    plan.key.localSize = units.rowParts * units.tokenParts * m_plan->subgroupSize;
    plan.key.constants = {{2, units.tileRows}, {3, units.tileTokens}, {4, units.rowParts},      {5, units.tokenParts},
                          {6, units.depth},    {40, units.unit.rows}, {41, units.unit.columns}, {42, units.unit.depth}};
}

Kernels::LinearPlan Kernels::planLinear(const LinearCall& call) const {
    const Format& format = call.weights.layout->format;
    const vk::MatmulShape& shape = m_plan->matmul;
    const bool isInteger = call.form == InputForm::kBytes;
    LinearPlan plan;
    plan.key.option = shaderOption(format);
    if (call.form == InputForm::kHalves) {
        planMatrixUnits(plan);
    } else if (call.tokens <= m_plan->matvec.mostTokens) {
        plan.rowsPerGroup = m_plan->matvec.rows;
        plan.tokensPerGroup = std::bit_ceil(u32(call.tokens));  // few pipelines: 1, 2, 4, 8 columns
        plan.key.family = isInteger ? "matvec_integer" : "matvec";
        plan.key.localSize = m_plan->matvec.localSize;
        plan.key.constants = {
            {1, severalSubgroups(plan.key.localSize)}, {2, plan.rowsPerGroup}, {3, plan.tokensPerGroup}};
    } else if (shape.tiled) {
        // Narrow tiles for few tokens; the same number of invocations for all.
        const uint32_t columns = shape.tileTokens / shape.threadTokens;
        uint32_t threadTokens = shape.threadTokens;
        while (threadTokens > 1 && int64_t{columns} * threadTokens / 2 >= call.tokens) threadTokens /= 2;
        plan.rowsPerGroup = shape.tileRows;
        plan.tokensPerGroup = columns * threadTokens;
        plan.key.family = isInteger ? "matmul_integer_tiled" : "matmul_tiled";
        plan.key.localSize = shape.tileRows / shape.threadRows * columns;
        plan.key.constants = {{2, plan.rowsPerGroup},
                              {3, plan.tokensPerGroup},
                              {4, shape.threadRows},
                              {5, threadTokens},
                              {6, isInteger ? m_plan->integer.depth : shape.depth}};
    } else {
        plan.rowsPerGroup = shape.tileRows;
        plan.tokensPerGroup = shape.tileTokens;
        plan.key.family = isInteger ? "matmul_integer_direct" : "matmul_direct";
        plan.tileAnInvocation = true;
        plan.key.localSize = shape.localSize;
        plan.key.constants = {{2, plan.rowsPerGroup}, {3, plan.tokensPerGroup}};
    }
    addFormatConstants(format, plan.key);
    return plan;
}

Status Kernels::linearPart(const LinearCall& call, int64_t firstRow, int64_t rowCount) {
    const LinearPlan plan = planLinear(call);
    PackedParameters parameters = packedParameters(call.weights);
    parameters.rowBegin = u32(firstRow);
    parameters.rowEnd = u32(firstRow + rowCount);
    parameters.tokens = u32(call.tokens);
    const bool isFloat = call.form == InputForm::kFloats;
    parameters.inputStride = u32(isFloat ? call.input.stride : call.quantized.stride);
    parameters.outputStride = u32(call.output.stride);
    parameters.hasBias = call.bias.buffer != VK_NULL_HANDLE ? 1 : 0;
    auto groups =
        static_cast<uint64_t>(ceilDiv(rowCount, plan.rowsPerGroup) * ceilDiv(call.tokens, plan.tokensPerGroup));
    // Without tiles in shared memory every invocation has a tile of its own.
    if (plan.tileAnInvocation) groups = (groups + plan.key.localSize - 1) / plan.key.localSize;
    const double flops = 2.0 * static_cast<double>(rowCount) * static_cast<double>(call.weights.layout->cols) *
                         static_cast<double>(call.tokens);
    const bool continues = call.continues || firstRow > 0;
    return run(plan.key,
               {{call.weights.slice, Access::kConstant},
                {isFloat ? call.input.slice : call.quantized.slice, Access::kRead},
                {orElse(call.bias, call.weights.slice), Access::kConstant},
                {call.output.slice, continues ? Access::kContinueWrite : Access::kWrite}},
               parameters, groups, flops);
}

Status Kernels::linear(const LinearCall& call) {
    const double flopsPerRow = 2.0 * static_cast<double>(call.weights.layout->cols) * static_cast<double>(call.tokens);
    const auto fitting = static_cast<int64_t>(m_stream->flopsPerSubmission() / flopsPerRow);
    const int64_t rowsAtOnce = std::max<int64_t>(roundUp(fitting, 64), 64);
    for (int64_t row = 0; row < call.weights.rowCount; row += rowsAtOnce) {
        HT_TRY(linearPart(call, row, std::min(rowsAtOnce, call.weights.rowCount - row)));
    }
    return {};
}

Status Kernels::roundRows(const RoundRowsCall& call) {
    const uint32_t local = m_plan->reduceLocalSize;
    const PipelineKey key{.family = "round_rows",
                          .option = {},
                          .localSize = local,
                          .constants = {{1, severalSubgroups(local)}, {2, roundingKind(call.rounding)}}};
    const RoundRowsParameters parameters = rowParameters(call.input, call.tokens, call.output.stride, call.scale);
    return run(key, {{call.input.slice, Access::kRead}, {call.output.slice, Access::kWrite}}, parameters,
               static_cast<uint64_t>(call.tokens), static_cast<double>(call.tokens * call.input.width) * 16);
}

Status Kernels::quantizeRows(const QuantizeRowsCall& call) {
    const bool isRowWise = call.rounding != ActivationRounding::kNone;
    const uint32_t local = isRowWise ? m_plan->reduceLocalSize : m_plan->elementwiseLocalSize;
    const PipelineKey key{.family = "quantize_rows",
                          .option = {},
                          .localSize = local,
                          .constants = {{1, severalSubgroups(local)}, {2, roundingKind(call.rounding)}}};
    const RoundRowsParameters parameters = rowParameters(call.input, call.tokens, call.output.stride, call.scale);
    const auto blocks = static_cast<uint64_t>(call.tokens * ceilDiv(call.input.width, kQuantizedBlock));
    return run(key, {{call.input.slice, Access::kRead}, {call.output.slice, Access::kWrite}}, parameters,
               isRowWise ? static_cast<uint64_t>(call.tokens) : elementwiseGroups(blocks),
               static_cast<double>(call.tokens * call.input.width) * 24);
}

Status Kernels::halveRows(const HalveRowsCall& call) {
    const uint32_t local = m_plan->reduceLocalSize;
    const PipelineKey key{
        .family = "halve_rows", .option = {}, .localSize = local, .constants = {{1, severalSubgroups(local)}}};
    const HalveRowsParameters parameters{.tokens = u32(call.tokens),
                                         .width = u32(call.input.width),
                                         .inputStride = u32(call.input.stride),
                                         .outputStride = u32(call.output.stride)};
    return run(key, {{call.input.slice, Access::kRead}, {call.output.slice, Access::kWrite}}, parameters,
               static_cast<uint64_t>(call.tokens), static_cast<double>(call.tokens * call.input.width) * 8);
}

}  // namespace halftone::kernel
