// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>

#include "core/checkpoint/checkpoint.h"
#include "core/export/gguf_export.h"
#include "core/model/model_config.h"

namespace halftone {

/// A plan with what the writer needs beside it.
struct ExportDraft {
    ExportPlan plan;
    GgufMetadata metadata;              ///< without provenance
    std::optional<ModelConfig> config;  ///< Hugging Face sources only
};

/// `separateHead`: a head that is tied to the embedding is written apart, whatever the architecture.
Result<ExportDraft> draftGgufExport(const Checkpoint& checkpoint, const ResolvedRecipe& recipe,
                                    bool separateHead = false);

}  // namespace halftone
