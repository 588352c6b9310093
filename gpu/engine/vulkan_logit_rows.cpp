// SPDX-License-Identifier: GPL-3.0-or-later
#include "gpu/engine/vulkan_logit_rows.h"

#include <algorithm>
#include <cmath>

#include "core/base/checked.h"

namespace halftone {
namespace {

double valueOf(float sum, float rest) {
    return double(sum) + double(rest);
}

}  // namespace

Result<std::unique_ptr<VulkanLogitRows>> VulkanLogitRows::create(std::shared_ptr<VulkanContext> context, int64_t rows,
                                                                 int64_t width) {
    auto kept = std::unique_ptr<VulkanLogitRows>(new VulkanLogitRows);
    kept->m_capacity = rows;
    kept->m_width = width;
    // Every row may begin a binding.
    const auto alignment = static_cast<int64_t>(context->plan().bindingAlignment / sizeof(float));
    kept->m_stride = roundUp(width, alignment);
    const auto bytes = static_cast<uint64_t>(rows * kept->m_stride) * sizeof(float);
    HT_ASSIGN_OR_RETURN(kept->m_rows,
                        context->allocator->createBuffer(bytes, vk::MemoryUse::kDevice, "logits to compare with"));
    HT_ASSIGN_OR_RETURN(kept->m_summaries,
                        context->allocator->createBuffer(static_cast<uint64_t>(rows) * sizeof(kernel::RowSummary),
                                                         vk::MemoryUse::kDevice, "summaries of kept logits"));
    kept->m_context = std::move(context);
    return kept;
}

kernel::Activations VulkanLogitRows::rows(int64_t first, int64_t count) const {
    const auto rowBytes = static_cast<uint64_t>(m_stride) * sizeof(float);
    return {
        vk::BufferSlice(m_rows).part(static_cast<uint64_t>(first) * rowBytes, static_cast<uint64_t>(count) * rowBytes),
        m_width, m_stride};
}

RowFigures figuresFrom(const kernel::RowSummary& summary) {
    const double mass = valueOf(summary.mass, summary.massRest);
    const double logMass = std::log(mass);
    RowFigures figures{.logNormalizer = double(summary.largest) + logMass,
                       .targetLogit = summary.targetLogit,
                       .rank = int64_t{summary.before} + 1,
                       .top = static_cast<TokenId>(summary.top),
                       .entropy = std::max(0.0, logMass - valueOf(summary.weighted, summary.weightedRest) / mass),
                       .isFinite = summary.nonFinite == 0};
    const double otherMass = valueOf(summary.otherMass, summary.otherMassRest);
    if (otherMass > 0)
        figures.divergence = valueOf(summary.cross, summary.crossRest) / otherMass - std::log(otherMass) + logMass;
    return figures;
}

}  // namespace halftone
