// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>

#include "core/base/job_context.h"
#include "core/quant/methods/calibration.h"

namespace halftone {

/// Calibrations on disk. The GGUF form is llama.cpp's importance file (general.type "imatrix", tensors NAME.in_sum2 and
/// NAME.counts) with further tensors beside it that other programs pass over: NAME.in_abs (sum of magnitudes),
/// NAME.in_max and NAME.hessian (sum of x x^T). The windows' tokens lie in the integer array
/// halftone.calibration.tokens, one window behind the other, their lengths in halftone.calibration.windows. Layers that
/// share a matrix are listed in the string arrays halftone.calibration.shared (who) and
/// halftone.calibration.shared_with (whose). The older form (.dat) holds the importance alone. Source: reference page
/// on GGUF, section 3.

/// Whether a file looks like one of the two forms: it begins as a GGUF file, or is named *.dat.
bool isCalibrationFile(const std::filesystem::path& path);

/// Opens either form, told apart by its first bytes. Matrices stay in the mapped file. kInvalidData names what is wrong
/// and where; nothing in the file is trusted.
Result<Calibration> loadCalibration(const std::filesystem::path& path);

/// Writes the GGUF form; without `withHessians` it is a plain importance file. The old file stays until the new one is
/// whole. Progress in bytes.
Status saveCalibration(const Calibration& calibration, const std::filesystem::path& path, bool withHessians,
                       const JobContext& context);

/// Writes the older form for programs that read no other.
Status saveLegacyImportance(const Calibration& calibration, const std::filesystem::path& path);

}  // namespace halftone
