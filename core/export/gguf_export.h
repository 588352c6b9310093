// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/base/job_context.h"
#include "core/checkpoint/checkpoint.h"
#include "core/quant/methods/prepare_method.h"
#include "core/quant/methods/quantize.h"
#include "core/recipe/recipe.h"

namespace halftone {

/// Importance vectors by canonical tensor name, with where they came from (provenance keys).
struct ImportanceData {
    std::map<std::string, std::vector<float>> byTensor;
    std::string dataset;  ///< file name of the calibration text
    int64_t chunkCount = 0;
};

/// How one tensor will be stored in the GGUF file. The parametric families have no GGUF types of their own: they are
/// carried by a block type that holds the same values (int4 g128 sym -> Q4_0 with repeated scales), else by F16 of the
/// dequantized values.
struct ExportTensorPlan {
    std::string sourceName, targetName;
    Format format;  ///< quantization applied
    DType storage = DType::kF32;
    bool carried = false;          ///< storage is a carrier of another format
    bool exact = true;             ///< the carrier holds the dequantized values bit for bit
    bool copied = false;           ///< bytes go over unchanged
    bool separateHead = false;     ///< the embedding, written a second time as the head
    bool permuteRows = false;      ///< Hugging Face -> GGUF llama q/k order
    int64_t heads = 0;             ///< of the permutation
    std::vector<int64_t> shape;    ///< as written, outermost first
    std::vector<float> generated;  ///< values of a tensor that the source does not have (rope_freqs); else empty
    bool hasAdapter = false;       ///< the format's low-rank correction goes into the adapter file
    int64_t bytes = 0;
};

struct ExportPlan {
    std::vector<ExportTensorPlan> tensors;
    int64_t totalBytes = 0;               ///< of the file, provenance keys (some hundred bytes) not counted
    int64_t adapterBytes = 0;             ///< of the adapter file beside it, headers not counted; 0: there is none
    std::vector<RecipeProblem> problems;  ///< errors here stop the export before a byte is written
};

struct ExportReport {
    std::filesystem::path path;
    int64_t fileBytes = 0;
    std::filesystem::path adapter;  ///< the LoRA adapter with the low-rank corrections; empty: there is none
    int64_t adapterBytes = 0;
    int64_t tensorsWritten = 0;
    int64_t tensorsVerified = 0;                   ///< spot-decoded after re-opening
    std::map<std::string, Distortion> distortion;  ///< by canonical name, quantized tensors only
    /// Largest difference between what a carrier holds and the quantized values, relative to the tensor's largest
    /// quantized magnitude; only tensors whose carrier is not exact.
    std::map<std::string, double> carrierError;
    std::vector<RecipeProblem> problems;  ///< of the plan: what is worth telling after a success too
    double seconds = 0;
};

/// How the methods of a recipe change what is written; core/pipeline makes one. One thread at a time.
class ExportMethods {
  public:
    virtual ~ExportMethods() = default;
    /// The tensor's method made ready.
    virtual Result<PreparedMethod> prepare(const ResolvedTensor& tensor, const JobContext& context) = 0;
    /// Whether the tensor's values are not the checkpoint's (factors folded in). A head that is written apart from the
    /// embedding it is tied to has the name "output.weight", here and below.
    [[nodiscard]] virtual bool changes(const std::string& canonicalName) const = 0;
    /// The values to write in place of `rows`.
    virtual Result<std::shared_ptr<const RowSource>> rows(const std::string& canonicalName,
                                                          std::shared_ptr<const RowSource> rows,
                                                          const JobContext& context) const = 0;
    /// Whether head and embedding, tied in the checkpoint, come to differ.
    [[nodiscard]] virtual bool separatesHead() const { return false; }
};

/// Who makes the bytes of an export. Borrows.
struct ExportEncoding {
    ExportMethods* methods = nullptr;  ///< null: every tensor by the default method
    EncodeDevice* device = nullptr;    ///< encodes in place of the processor what it can; null: nothing
};

/// Pure: reads headers and the tokenizer, no weights. What would be written. Errors for what cannot be (no tokenizer
/// for a model that runs is a warning).
Result<ExportPlan> planGgufExport(const Checkpoint& checkpoint, const ResolvedRecipe& recipe);

/// Writes the plan: metadata, tokenizer, tensors, provenance keys (halftone.recipe, halftone.source.fingerprint,
/// halftone.version, quantize.imatrix.*), by temporary file, fsync and rename; then re-opens the file and decodes
/// a sample of every tensor against what was meant. Memory: a few tiles; of a tensor with a low-rank correction its
/// codes, and the corrections. Cancel leaves the target as it was.
/// Low-rank corrections go into a LoRA adapter beside the file (adapter_file.h), named in the report.
Result<ExportReport> exportGguf(std::shared_ptr<const Checkpoint> checkpoint, const ResolvedRecipe& recipe,
                                const std::string& recipeText, const ImportanceData& importance,
                                const std::filesystem::path& target, const JobContext& context,
                                const ExportEncoding& encoding = {});

}  // namespace halftone
