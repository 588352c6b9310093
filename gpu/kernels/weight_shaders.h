// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "core/quant/formats/format.h"
#include "gpu/vk/pipeline_store.h"

namespace halftone::kernel {

/// Name of a weight format in the shader table ("q4_k", "int").
[[nodiscard]] std::string shaderOption(const Format& format);
/// Whether the kernels read weights of this format.
[[nodiscard]] bool hasKernels(const Format& format);
/// Whether there are kernels that multiply its codes as integers. Of formats that have kernels.
[[nodiscard]] bool hasIntegerKernels(const Format& format);
/// What pipelines that read weights of this format are specialized by, beside constants of their own.
void addFormatConstants(const Format& format, vk::PipelineKey& key);

}  // namespace halftone::kernel
