// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "core/checkpoint/checkpoint.h"
#include "core/export/gguf_export.h"

namespace halftone::test {

using CheckpointPtr = std::shared_ptr<const Checkpoint>;

/// Parses a format name; fails the test if it is none.
Format format(std::string_view name);

/// Opens a checkpoint; fails the test if it does not open.
CheckpointPtr openCheckpoint(const std::filesystem::path& path);

/// Exports with a recipe and no calibration.
Result<ExportReport> exportTo(const CheckpointPtr& checkpoint, const Recipe& recipe,
                              const std::filesystem::path& target, const JobContext& context = JobContext());

/// All values of a tensor, row by row.
std::vector<float> readAll(const CheckpointPtr& checkpoint, const TensorInfo& tensor);

}  // namespace halftone::test
