// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inference/cpu/corrections.h"

#include <algorithm>
#include <vector>

#include "core/base/checked.h"
#include "core/inference/cpu/linear.h"
#include "core/inference/cpu/parallel.h"
#include "core/inference/cpu/simd_kernels.h"
#include "core/quant/corrections/correction.h"
#include "core/quant/formats/codec.h"

namespace halftone::cpu {
namespace {

/// Rows of one task: their outliers and their part of A stay in the first-level cache.
constexpr int64_t kTaskRows = 64;

/// S x: tokens in the outer loop, so that their input stays in the cache.
void addOutlierProducts(const LinearCall& call, const OutlierRows& outliers, int64_t begin, int64_t end) {
    const int64_t first = outliers.begin(begin), rows = call.weight->rows, cols = call.weight->cols();
    std::vector<int64_t> columns;
    std::vector<float> values;
    for (int64_t entry = first; entry < outliers.end(end - 1); ++entry) {
        columns.push_back(outliers.column(entry));
        values.push_back(outliers.value(entry));
    }
    for (int64_t token = 0; token < call.tokens; ++token) {
        const float* x = call.in + token * cols;
        for (int64_t row = begin; row < end; ++row) {
            float sum = 0;
            for (int64_t entry = outliers.begin(row); entry < outliers.end(row); ++entry) {
                const auto at = static_cast<size_t>(entry - first);
                sum += values[at] * x[columns[at]];
            }
            call.out[token * rows + row] += sum;
        }
    }
}

/// A t, with t = B x of every token.
Status addLeftProducts(const LinearCall& call, const PackedTensor& left, const float* inner, ScratchPool& scratch,
                       int64_t begin, int64_t end) {
    const int64_t rank = left.cols(), count = end - begin;
    auto panel = scratch.borrow(count * rank);
    const PackedTensor part = rowsOf(left, begin, count);
    HT_TRY(decodeRows(part.layout, part.bytes, count, {panel.floats(), static_cast<size_t>(count * rank)}));
    matmulPanel({.panel = panel.floats(),
                 .panelStride = rank,
                 .rows = count,
                 .x = inner,
                 .xStride = rank,
                 .tokens = call.tokens,
                 .depth = rank,
                 .out = call.out + begin,
                 .outStride = call.weight->rows,
                 .bias = nullptr,
                 .accumulate = true});
    return {};
}

Status correct(const LinearCall& call, const float* inner, ScratchPool& scratch, const JobContext& context) {
    const Correction& correction = *call.weight->correction;
    const int64_t rows = call.weight->rows, tasks = ceilDiv(rows, kTaskRows), rank = correction.rank();
    std::vector<Status> statuses(static_cast<size_t>(tasks));
    const int64_t outliers = correction.outliers.empty() ? 0 : correction.outliers.count();
    runTasks(context, tasks, (rows * rank + outliers) * call.tokens, [&](int64_t task) {
        if (context.cancelled()) return;
        const int64_t begin = task * kTaskRows, end = std::min(begin + kTaskRows, rows);
        if (outliers > 0) addOutlierProducts(call, correction.outliers, begin, end);
        if (rank > 0)
            statuses[static_cast<size_t>(task)] = addLeftProducts(call, correction.left, inner, scratch, begin, end);
    });
    for (const Status& status : statuses) HT_TRY(status);
    return {};
}

}  // namespace

Status runCorrections(std::span<const LinearCall> calls, ScratchPool& scratch, const JobContext& context) {
    std::vector<int64_t> offsets;  // of t = B x, by call
    int64_t floats = 0;
    bool any = false;
    for (const LinearCall& call : calls) {
        const Correction* correction = call.weight->correction.get();
        any = any || correction;
        offsets.push_back(floats);
        floats += correction ? call.tokens * correction->rank() : 0;
    }
    if (!any) return {};
    auto inner = scratch.borrow(floats);
    std::vector<LinearCall> products;
    for (size_t i = 0; i < calls.size(); ++i) {
        const Correction* correction = calls[i].weight->correction.get();
        if (!correction || correction->rank() == 0) continue;
        products.push_back({&correction->right, nullptr, calls[i].in, inner.floats() + offsets[i], calls[i].tokens,
                            Arithmetic::kFloat});
    }
    if (!products.empty()) HT_TRY(runLinear(products, scratch, context));
    for (size_t i = 0; i < calls.size(); ++i) {
        HT_TRY(context.checkpoint());
        if (calls[i].weight->correction) HT_TRY(correct(calls[i], inner.floats() + offsets[i], scratch, context));
    }
    return {};
}

}  // namespace halftone::cpu
