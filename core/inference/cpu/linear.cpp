// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inference/cpu/linear.h"

#include <algorithm>
#include <mutex>
#include <optional>

#include "core/base/checked.h"
#include "core/inference/cpu/integer_product.h"
#include "core/inference/cpu/parallel.h"
#include "core/inference/cpu/simd_kernels.h"
#include "core/quant/formats/codec.h"

namespace halftone::cpu {
namespace {

/// Columns of a panel that are multiplied before the next ones: inputs of a few tokens and four rows stay in the
/// first-level cache.
constexpr int64_t kDepth = 1024;
/// Most rows of a panel: with kDepth columns a quarter of a megabyte, which stays in the second-level cache.
constexpr int64_t kPanelRows = 64;
/// Weights that one task of a matrix-vector product goes through.
constexpr int64_t kMatvecWeights = 1 << 17;

const uint8_t* bytesOf(const PackedTensor& tensor) {
    return reinterpret_cast<const uint8_t*>(tensor.bytes.data());
}

/// The first error of tasks that run at once.
class FirstError {
  public:
    void keep(Status status) {
        if (status) return;
        const std::lock_guard lock(m_mutex);
        if (!m_error) m_error = std::move(status.error());
    }
    [[nodiscard]] Status take() {
        if (m_error) return tl::unexpected(std::move(*m_error));
        return {};
    }

  private:
    std::mutex m_mutex;
    std::optional<Error> m_error;
};

bool isIntegerCall(const LinearCall& call);

/// Rows of one task, from the shape alone.
int64_t tileRows(const LinearCall& call) {
    const int64_t rows = call.weight->rows, cols = call.weight->cols();
    if (call.tokens <= kMatvecTokens)
        return std::clamp<int64_t>(kMatvecWeights / cols, 4, std::max<int64_t>(4, roundUp(ceilDiv(rows, 8), 4)));
    if (isIntegerCall(call))
        return std::clamp<int64_t>(roundUp(ceilDiv(rows, 16), kPanelLanes), kPanelLanes, kPanelRows);
    return std::clamp<int64_t>(roundUp(ceilDiv(rows, 16), 4), 4, kPanelRows);
}

/// A few tokens: straight from the blocks, or, where there is no such kernel, from one decoded row at a time.
Status multiplyFewTokens(const LinearCall& call, int64_t begin, int64_t end, ScratchPool& scratch) {
    const PackedTensor& weight = *call.weight;
    const int64_t cols = weight.cols();
    const Format& format = weight.layout.format;
    MatvecJob job;
    job.cols = cols;
    job.x = call.in;
    job.xStride = cols;
    job.tokens = call.tokens;
    job.outStride = weight.rows;
    if (hasMatvec(format)) {
        job.layout = &weight.layout;
        job.weights = bytesOf(weight);
        job.rowBytes = weight.layout.rowBytes;
        job.rowBegin = begin;
        job.rowEnd = end;
        job.bias = call.bias;
        job.out = call.out;
        matvecRows(job);
        return {};
    }
    auto buffer = scratch.borrow(cols);
    const PackedLayout decoded = PackedLayout::of(Format::of(DType::kF32), cols);
    job.layout = &decoded;
    job.weights = reinterpret_cast<const uint8_t*>(buffer.floats());
    job.rowEnd = 1;
    for (int64_t r = begin; r < end; ++r) {
        HT_TRY(decodeRows(weight.layout, weight.row(r), 1, {buffer.floats(), static_cast<size_t>(cols)}));
        job.bias = call.bias ? call.bias + r : nullptr;
        job.out = call.out + r;
        matvecRows(job);
    }
    return {};
}

/// Columns that can be decoded apart from the rest of their row: whole blocks, but whole rows for the parametric
/// families, whose scales lie behind the codes.
int64_t panelDepth(const PackedTensor& weight) {
    return weight.layout.format.isStorage() ? std::min(kDepth, weight.cols()) : weight.cols();
}

/// Columns [col, col + depth) of rows [begin, end), one after the other.
Status decodePanel(const PackedTensor& weight, int64_t begin, int64_t end, int64_t col, int64_t depth, float* panel) {
    if (depth == weight.cols()) {
        const auto offset = static_cast<size_t>(begin * weight.layout.rowBytes);
        const auto size = static_cast<size_t>((end - begin) * weight.layout.rowBytes);
        return decodeRows(weight.layout, weight.bytes.subspan(offset, size), end - begin,
                          {panel, static_cast<size_t>((end - begin) * depth)});
    }
    const DTypeInfo& info = dtypeInfo(weight.layout.format.storage());
    const PackedLayout part = PackedLayout::of(weight.layout.format, depth);
    const auto offset = static_cast<size_t>(col / info.blockElements * info.blockBytes());
    for (int64_t r = begin; r < end; ++r) {
        const auto bytes = weight.row(r).subspan(offset, static_cast<size_t>(part.rowBytes));
        HT_TRY(decodeRows(part, bytes, 1, {panel + (r - begin) * depth, static_cast<size_t>(depth)}));
    }
    return {};
}

/// Many tokens: a panel of rows is decoded once and multiplied with all of them.
Status multiplyManyTokens(const LinearCall& call, int64_t begin, int64_t end, ScratchPool& scratch,
                          const JobContext& context) {
    const PackedTensor& weight = *call.weight;
    const int64_t cols = weight.cols(), depth = panelDepth(weight);
    // A long row of a parametric family fills the cache with fewer rows.
    const int64_t rowsAtOnce = std::clamp<int64_t>(kPanelRows * kDepth / depth, 8, kPanelRows);
    auto buffer = scratch.borrow(std::min(end - begin, rowsAtOnce) * depth);
    for (int64_t row = begin; row < end; row += rowsAtOnce) {
        const int64_t rowEnd = std::min(row + rowsAtOnce, end);
        for (int64_t col = 0; col < cols; col += depth) {
            if (context.cancelled()) return {};
            const int64_t panelCols = std::min(depth, cols - col);
            HT_TRY(decodePanel(weight, row, rowEnd, col, panelCols, buffer.floats()));
            MatmulJob job{
                buffer.floats(), panelCols, rowEnd - row,   call.in + col, cols,
                call.tokens,     0,         call.out + row, weight.rows,   call.bias ? call.bias + row : nullptr,
                col > 0};
            for (int64_t inner = 0; inner < panelCols; inner += kDepth) {
                job.panel = buffer.floats() + inner;
                job.x = call.in + col + inner;
                job.depth = std::min(kDepth, panelCols - inner);
                job.accumulate = col + inner > 0;
                matmulPanel(job);
            }
        }
    }
    return {};
}

/// Whether a call asks for integer products and this machine has them for its weights and number of tokens.
bool isIntegerCall(const LinearCall& call) {
    if (call.arithmetic != Arithmetic::kInteger && !call.inputSteps) return false;
    const PackedLayout& layout = call.weight->layout;
    return call.tokens <= kMatvecTokens ? hasIntegerMatvec(layout) : integerGroup(layout) > 0 && hasIntegerMatmul();
}

void multiplyFewIntegers(const LinearCall& call, const IntegerInput& input, int64_t begin, int64_t end) {
    integerMatvecRows({.layout = &call.weight->layout,
                       .weights = bytesOf(*call.weight),
                       .rowBegin = begin,
                       .rowEnd = end,
                       .input = input,
                       .tokens = call.tokens,
                       .bias = call.bias,
                       .out = call.out,
                       .outStride = call.weight->rows});
}

void multiplyManyIntegers(const LinearCall& call, const IntegerInput& input, int64_t begin, int64_t end,
                          ScratchPool& scratch, const JobContext& context) {
    const PackedTensor& weight = *call.weight;
    const int64_t cols = weight.cols(), depth = std::min(kDepth, cols), group = integerGroup(weight.layout);
    auto buffer = scratch.borrow(integerPanelFloats(depth));
    IntegerMatmulJob job;
    job.input = input;
    job.tokens = call.tokens;
    job.outStride = weight.rows;
    for (int64_t row = begin; row < end; row += kPanelLanes) {
        job.rows = std::min(kPanelLanes, end - row);
        job.out = call.out + row;
        job.bias = call.bias ? call.bias + row : nullptr;
        for (job.col = 0; job.col < cols; job.col += depth) {
            if (context.cancelled()) return;
            job.cols = std::min(depth, cols - job.col);
            job.panel = placeIntegerPanel(buffer.floats(), job.cols, group);
            job.accumulate = job.col > 0;
            fillIntegerPanel(weight.layout, bytesOf(weight) + row * weight.layout.rowBytes, job.rows, job.col, job.cols,
                             job.panel);
            integerMatmulPanel(job);
        }
    }
}

/// The input of calls that share it, rounded to bytes if any of them multiplies so. Holds its memory.
class SharedIntegerInput {
  public:
    SharedIntegerInput(std::span<const LinearCall> calls, ScratchPool& scratch, const JobContext& context)
        : m_isNeeded(std::ranges::any_of(calls, isIntegerCall)),
          m_memory(scratch.borrow(m_isNeeded ? integerInputFloats(calls[0].tokens, calls[0].weight->cols()) : 0)) {
        if (!m_isNeeded) return;
        const LinearCall& call = calls.front();
        m_input = placeIntegerInput(m_memory.floats(), call.tokens, call.weight->cols());
        runTasks(context, ceilDiv(call.tokens, kTokensPerTask), call.tokens * m_input.cols * 4, [&](int64_t task) {
            quantizeInput(m_input, {call.in, call.inputSteps}, task * kTokensPerTask,
                          std::min((task + 1) * kTokensPerTask, call.tokens));
        });
    }
    [[nodiscard]] const IntegerInput& input() const { return m_input; }

  private:
    static constexpr int64_t kTokensPerTask = 8;
    bool m_isNeeded;
    ScratchPool::Loan m_memory;
    IntegerInput m_input;
};

}  // namespace

Status runLinear(std::span<const LinearCall> calls, ScratchPool& scratch, const JobContext& context) {
    struct Part {
        int64_t firstTask, tileRows;
    };
    std::vector<Part> parts;
    int64_t tasks = 0, work = 0;
    for (const LinearCall& call : calls) {
        parts.push_back({tasks, tileRows(call)});
        tasks += ceilDiv(call.weight->rows, parts.back().tileRows);
        work += call.weight->rows * call.weight->cols() * call.tokens;
    }
    const SharedIntegerInput integers(calls, scratch, context);
    FirstError error;
    runTasks(context, tasks, work, [&](int64_t task) {
        if (context.cancelled()) return;
        size_t index = parts.size() - 1;
        while (parts[index].firstTask > task) --index;
        const LinearCall& call = calls[index];
        const int64_t begin = (task - parts[index].firstTask) * parts[index].tileRows;
        const int64_t end = std::min(begin + parts[index].tileRows, call.weight->rows);
        const bool isFew = call.tokens <= kMatvecTokens;
        if (isIntegerCall(call)) {
            if (isFew) return multiplyFewIntegers(call, integers.input(), begin, end);
            return multiplyManyIntegers(call, integers.input(), begin, end, scratch, context);
        }
        error.keep(isFew ? multiplyFewTokens(call, begin, end, scratch)
                         : multiplyManyTokens(call, begin, end, scratch, context));
    });
    return error.take();
}

}  // namespace halftone::cpu
