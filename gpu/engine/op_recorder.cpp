// SPDX-License-Identifier: GPL-3.0-or-later
#include "gpu/engine/op_recorder.h"

#include <algorithm>

namespace halftone {

Status OpRecorder::record(const ForwardRun& run, const TokenChunk& chunk, int32_t begin, int32_t end) {
    for (int32_t index = begin; index < end; ++index) {
        HT_TRY(run.context.checkpoint());
        const Op& op = m_graph->ops[static_cast<size_t>(index)];
        const bool sameInput = index > begin && m_graph->ops[static_cast<size_t>(index - 1)].kind == OpKind::kLinear &&
                               m_graph->ops[static_cast<size_t>(index - 1)].in == op.in;
        const bool isNewInput = op.kind == OpKind::kLinear && !sameInput;
        if (isNewInput && run.options.capture) HT_TRY(captureInput(run, chunk, opsThatShareInput(index, end)));
        if (isNewInput && run.moments && isSummedUp(*m_graph, op)) {
            HT_TRY(run.moments->record(opsThatShareInput(index, end), m_buffers->value(op.in, chunk), chunk.count,
                                       run.context));
        }
        HT_TRY(m_timer->begin(op, chunk.count, run.sequence.position() + chunk.begin, run.sequence.format().cache));
        if (isNewInput) HT_TRY(prepareInput(run, chunk, opsThatShareInput(index, end)));
        HT_TRY(recordOp(run, chunk, op));
        m_timer->end();
    }
    return {};
}

std::span<const Op> OpRecorder::opsThatShareInput(int32_t index, int32_t end) const {
    const auto ops = std::span(m_graph->ops).subspan(static_cast<size_t>(index), static_cast<size_t>(end - index));
    const auto other =
        std::ranges::find_if(ops, [&](const Op& op) { return op.kind != OpKind::kLinear || op.in != ops.front().in; });
    return ops.first(static_cast<size_t>(other - ops.begin()));
}

/// One reduction for the linear operations in a row that read the same buffer (q, k, v; gate, up).
Status OpRecorder::captureInput(const ForwardRun& run, const TokenChunk& chunk, std::span<const Op> ops) {
    std::vector<std::string> names;
    for (const Op& op : ops) names.push_back(m_graph->weights[static_cast<size_t>(op.weight)].name);
    return m_capture->record(m_buffers->value(ops.front().in, chunk), chunk.count, std::move(names),
                             *run.options.capture);
}

vk::BufferSlice OpRecorder::vector(WeightId id) const {
    return id < 0 ? vk::BufferSlice() : (*m_weights)[static_cast<size_t>(id)]->vector();
}

Status OpRecorder::recordOp(const ForwardRun& run, const TokenChunk& chunk, const Op& op) {
    switch (op.kind) {
        case OpKind::kEmbed:
        case OpKind::kAddPosition:
            return recordTable(run, chunk, op);
        case OpKind::kRmsNorm:
        case OpKind::kLayerNorm:
        case OpKind::kHeadRmsNorm:
            return recordNorm(chunk, op);
        case OpKind::kLinear:
            return recordLinear(run, chunk, op);
        case OpKind::kRope:
            return recordRope(run, chunk, op);
        case OpKind::kAttention:
            return recordAttention(run, chunk, op);
        case OpKind::kGatedActivation:
        case OpKind::kActivation:
        case OpKind::kAdd:
            return recordElementwise(chunk, op);
        case OpKind::kSplit3:
            return recordSplit(chunk, op);
    }
    return makeError(ErrorCode::kInternal, "The model's graph holds an operation that the GPU engine does not know.");
}

Status OpRecorder::recordTable(const ForwardRun& run, const TokenChunk& chunk, const Op& op) {
    const DeviceWeight& weight = *(*m_weights)[static_cast<size_t>(op.weight)];
    kernel::EmbedCall call;
    call.addPosition = op.kind == OpKind::kAddPosition;
    if (call.addPosition) {
        call.input = m_buffers->value(op.in, chunk);
    } else {
        call.ids = run.ids.part(static_cast<uint64_t>(chunk.begin) * 4, static_cast<uint64_t>(chunk.count) * 4);
    }
    call.output = m_buffers->value(op.out, chunk);
    call.tokens = chunk.count;
    call.firstPosition = run.sequence.position() + chunk.begin;
    for (const auto& rows : weight.chunks) {
        call.weights = weight.chunkRows(rows);
        HT_TRY(m_kernels->embed(call));
    }
    return correctTable(weight, call);
}

/// Adds the outliers of the rows that were looked up, and B^T a for their rows a of A, which are looked up first.
Status OpRecorder::correctTable(const DeviceWeight& weight, const kernel::EmbedCall& lookup) {
    if (weight.outliers.rowCount == 0 && weight.rank() == 0) return {};
    if (lookup.addPosition) {
        return makeError(ErrorCode::kUnsupported,
                         "The GPU engine reads no table of positions with outliers or a low-rank correction; choose a "
                         "format without them, or run on the processor.");
    }
    if (weight.outliers.rowCount > 0) {
        HT_TRY(m_kernels->addOutliers({.words = weight.outliers.slice,
                                       .isWide = weight.outliersAreWide,
                                       .rows = weight.rows,
                                       .ids = lookup.ids,
                                       .output = lookup.output,
                                       .tokens = lookup.tokens}));
    }
    if (weight.rank() == 0) return {};
    const kernel::Activations inner = m_buffers->inner(weight.rank(), lookup.tokens);
    HT_TRY(m_kernels->embed({.weights = {weight.left.slice, &weight.leftLayout, 0, weight.rows},
                             .ids = lookup.ids,
                             .output = inner,
                             .tokens = lookup.tokens}));
    return m_kernels->addLowRank({.factor = weight.right.slice,
                                  .isTransposed = true,
                                  .input = inner,
                                  .output = lookup.output,
                                  .tokens = lookup.tokens});
}

Status OpRecorder::recordNorm(const TokenChunk& chunk, const Op& op) {
    return m_kernels->norm({.layerNorm = op.kind == OpKind::kLayerNorm,
                            .input = m_buffers->value(op.in, chunk),
                            .output = m_buffers->value(op.out, chunk),
                            .weight = vector(op.weight),
                            .bias = vector(op.bias),
                            .tokens = chunk.count,
                            .vectors = op.kind == OpKind::kHeadRmsNorm ? op.heads : 1,
                            .epsilon = m_graph->config.normEpsilon});
}

/// What an operation's product is made of: the caller allows rounding and it is worth it, or the sequence's format has
/// made integers of the inputs already.
kernel::InputForm OpRecorder::inputForm(const ForwardRun& run, const TokenChunk& chunk, const Op& op) const {
    const DeviceWeight& weight = *(*m_weights)[static_cast<size_t>(op.weight)];
    const RunFormat& format = run.sequence.format();
    if (roundsInput(*m_graph, op, format)) {
        const bool isInteger = format.activations.rounding != ActivationRounding::kFp8 &&
                               m_kernels->multipliesIntegers(weight.layout.format, chunk.count);
        return isInteger ? kernel::InputForm::kBytes : kernel::InputForm::kFloats;
    }
    return run.options.arithmetic == Arithmetic::kInteger
               ? m_kernels->roundedForm(weight.layout, weight.rows, chunk.count)
               : kernel::InputForm::kFloats;
}

/// The input as the operations that share it want it: rounded, as bytes, as halves. What is added to a matrix meets
/// binary32 values.
Status OpRecorder::prepareInput(const ForwardRun& run, const TokenChunk& chunk, std::span<const Op> ops) {
    using kernel::InputForm;
    const Op& first = ops.front();
    const bool isRounded = roundsInput(*m_graph, first, run.sequence.format());
    bool wantsBytes = false, wantsHalves = false, wantsFloats = false;
    for (const Op& op : ops) {
        const DeviceWeight& weight = *(*m_weights)[static_cast<size_t>(op.weight)];
        const InputForm form = inputForm(run, chunk, op);
        wantsBytes = wantsBytes || form == InputForm::kBytes;
        wantsHalves = wantsHalves || form == InputForm::kHalves;
        wantsFloats = wantsFloats || form == InputForm::kFloats || weight.outliers.rowCount > 0 || weight.rank() > 0;
    }
    const ActivationFormat& format = run.sequence.format().activations;
    const auto rounding = isRounded ? format.rounding : ActivationRounding::kNone;
    const float scale = format.scales ? (*format.scales)[static_cast<size_t>(first.weight)] : 0.0f;
    const kernel::Activations input = m_buffers->value(first.in, chunk);
    if (isRounded && wantsFloats) {
        HT_TRY(m_kernels->roundRows({.rounding = rounding,
                                     .scale = scale,
                                     .input = input,
                                     .output = m_buffers->rounded(first.in, chunk),
                                     .tokens = chunk.count}));
    }
    if (wantsHalves) {
        HT_TRY(m_kernels->halveRows(
            {.input = input, .output = m_buffers->halved(input.width, chunk.count), .tokens = chunk.count}));
    }
    if (!wantsBytes) return {};
    return m_kernels->quantizeRows({.rounding = rounding,
                                    .scale = scale,
                                    .input = input,
                                    .output = m_buffers->quantized(input.width, chunk.count),
                                    .tokens = chunk.count});
}

Status OpRecorder::recordLinear(const ForwardRun& run, const TokenChunk& chunk, const Op& op) {
    const DeviceWeight& weight = *(*m_weights)[static_cast<size_t>(op.weight)];
    kernel::LinearCall call;
    call.bias = vector(op.bias);
    const bool isRounded = roundsInput(*m_graph, op, run.sequence.format());
    call.input = isRounded ? m_buffers->rounded(op.in, chunk) : m_buffers->value(op.in, chunk);
    call.form = inputForm(run, chunk, op);
    if (call.form == kernel::InputForm::kBytes) call.quantized = m_buffers->quantized(call.input.width, chunk.count);
    if (call.form == kernel::InputForm::kHalves) call.quantized = m_buffers->halved(call.input.width, chunk.count);
    call.output = m_buffers->value(op.out, chunk);
    call.tokens = chunk.count;
    for (const auto& rows : weight.chunks) {
        call.weights = weight.chunkRows(rows);
        HT_TRY(m_kernels->linear(call));
        call.continues = true;
    }
    return correctProduct(weight, call);
}

/// Adds S x and A (B x).
Status OpRecorder::correctProduct(const DeviceWeight& weight, const kernel::LinearCall& product) {
    if (weight.outliers.rowCount > 0) {
        HT_TRY(m_kernels->addOutliers({.words = weight.outliers.slice,
                                       .isWide = weight.outliersAreWide,
                                       .rows = weight.rows,
                                       .input = product.input,
                                       .output = product.output,
                                       .tokens = product.tokens}));
    }
    if (weight.rank() == 0) return {};
    const kernel::Activations inner = m_buffers->inner(weight.rank(), product.tokens);
    HT_TRY(m_kernels->linear({.weights = {weight.right.slice, &weight.rightLayout, 0, weight.rank()},
                              .input = product.input,
                              .output = inner,
                              .tokens = product.tokens}));
    return m_kernels->addLowRank(
        {.factor = weight.left.slice, .input = inner, .output = product.output, .tokens = product.tokens});
}

Status OpRecorder::recordRope(const ForwardRun& run, const TokenChunk& chunk, const Op& op) {
    const ModelConfig& config = m_graph->config;
    return m_kernels->rope({.style = config.ropeStyle,
                            .input = m_buffers->value(op.in, chunk),
                            .output = m_buffers->value(op.out, chunk),
                            .table = run.ropeTable,
                            .tokens = chunk.count,
                            .heads = op.heads,
                            .headDim = config.headDim,
                            .rotaryDim = config.rotaryDim,
                            .firstPosition = run.sequence.position() + chunk.begin});
}

Status OpRecorder::recordAttention(const ForwardRun& run, const TokenChunk& chunk, const Op& op) {
    const ModelConfig& config = m_graph->config;
    const auto& cache = run.sequence.block(op.block);
    const int64_t position = run.sequence.position() + chunk.begin;
    kernel::CacheStoreCall store;
    store.shape = run.sequence.keyShape();
    store.tokens = chunk.count;
    store.firstPosition = position;
    store.input = m_buffers->value(op.in2, chunk);
    store.cache = vk::BufferSlice(cache.keys);
    HT_TRY(m_kernels->storeCache(store));
    store.shape = run.sequence.valueShape();
    store.input = m_buffers->value(op.in3, chunk);
    store.cache = vk::BufferSlice(cache.values);
    HT_TRY(m_kernels->storeCache(store));
    return m_kernels->attention({.keyShape = run.sequence.keyShape(),
                                 .valueShape = run.sequence.valueShape(),
                                 .query = m_buffers->value(op.in, chunk),
                                 .keys = vk::BufferSlice(cache.keys),
                                 .values = vk::BufferSlice(cache.values),
                                 .output = m_buffers->value(op.out, chunk),
                                 .tokens = chunk.count,
                                 .heads = config.headCount,
                                 .firstPosition = position,
                                 .window = config.windowOf(op.block),
                                 .scale = config.attentionScale});
}

Status OpRecorder::recordElementwise(const TokenChunk& chunk, const Op& op) {
    using Combine = kernel::BinaryCall::Combine;
    kernel::BinaryCall call;
    call.first = m_buffers->value(op.in, chunk);
    call.output = m_buffers->value(op.out, chunk);
    call.tokens = chunk.count;
    if (op.kind != OpKind::kAdd) call.activation = &m_graph->config.activation;
    if (op.kind != OpKind::kActivation) {
        call.second = m_buffers->value(op.in2, chunk);
        call.combine = op.kind == OpKind::kAdd ? Combine::kSum : Combine::kProduct;
    }
    return m_kernels->binary(call);
}

Status OpRecorder::recordSplit(const TokenChunk& chunk, const Op& op) {
    kernel::CopyCall call;
    call.input = m_buffers->value(op.in, chunk);
    call.tokens = chunk.count;
    for (const ValueId part : {op.out, op.out2, op.out3}) {
        call.output = m_buffers->value(part, chunk);
        HT_TRY(m_kernels->copy(call));
        call.inputOffset += call.output.width;
    }
    return {};
}

}  // namespace halftone
