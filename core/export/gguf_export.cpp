// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/export/gguf_export.h"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cmath>

#include <fmt/format.h>

#include "core/checkpoint/gguf_writer.h"
#include "core/export/adapter_file.h"
#include "core/export/carrier.h"
#include "core/export/export_check.h"
#include "core/export/export_plan.h"
#include "core/export/export_rows.h"
#include "core/export/gguf_metadata.h"

namespace halftone {
namespace {

namespace fs = std::filesystem;

// Copied bytes go through in pieces, so that progress moves and a cancel is noticed.
constexpr size_t kCopyBytes = 4 << 20;

// "model-00001-of-00002.gguf" is what readers take for a part of a split model.
bool looksLikeSplit(const std::string& fileName) {
    constexpr std::string_view kEnd = ".gguf";
    if (!fileName.ends_with(kEnd) || fileName.size() < kEnd.size() + 15) return false;
    const std::string_view part = std::string_view(fileName).substr(fileName.size() - kEnd.size() - 15, 15);
    const auto isDigits = [](std::string_view text) {
        return std::ranges::all_of(text, [](unsigned char c) { return std::isdigit(c) != 0; });
    };
    return part[0] == '-' && isDigits(part.substr(1, 5)) && part.substr(6, 4) == "-of-" && isDigits(part.substr(10, 5));
}

Status checkTarget(const Checkpoint& checkpoint, const fs::path& target) {
    std::error_code ignored;
    const std::string shown = target.string();
    if (!target.has_filename())
        return makeError(ErrorCode::kInvalidArgument, fmt::format("{} is not a file name.", shown));
    if (fs::is_directory(target, ignored))
        return makeError(ErrorCode::kInvalidArgument, fmt::format("{} is a folder.", shown));
    if (looksLikeSplit(target.filename().string())) {
        return makeError(
            ErrorCode::kInvalidArgument,
            fmt::format("{} is named like a part of a split model; choose a name without \"-00001-of-00002\".", shown));
    }
    const fs::path folder = target.has_parent_path() ? target.parent_path() : fs::path(".");
    if (!fs::is_directory(folder, ignored)) {
        return makeError(ErrorCode::kNotFound, fmt::format("The folder {} does not exist.", folder.string()));
    }
    for (const fs::path& file : checkpoint.files()) {
        if (fs::exists(target, ignored) && fs::equivalent(file, target, ignored)) {
            return makeError(ErrorCode::kInvalidArgument,
                             fmt::format("{} is the model being read; write the export to another file.", shown));
        }
    }
    return {};
}

Status checkSpace(const fs::path& target, int64_t neededBytes) {
    std::error_code error;
    const fs::path folder = target.has_parent_path() ? target.parent_path() : fs::path(".");
    const fs::space_info space = fs::space(folder, error);
    if (error || space.available == static_cast<std::uintmax_t>(-1)) return {};  // no answer is no reason to refuse
    if (static_cast<std::uintmax_t>(neededBytes) <= space.available) return {};
    return makeError(ErrorCode::kIo,
                     fmt::format("The export takes {:.1f} MB, but the disk of {} has only {:.1f} MB free.",
                                 double(neededBytes) / 1e6, folder.string(), double(space.available) / 1e6));
}

// Writes the tensors of a plan one after another.
class TensorWriter {
  public:
    TensorWriter(std::shared_ptr<const Checkpoint> checkpoint, const ResolvedRecipe& recipe,
                 const ImportanceData& importance, GgufWriter& writer, const JobContext& context,
                 const ExportEncoding& encoding)
        : m_checkpoint(std::move(checkpoint)),
          m_recipe(recipe),
          m_importance(importance),
          m_methods(encoding.methods),
          m_device(encoding.device),
          m_writer(writer),
          m_context(context),
          m_inner(context) {
        m_inner.progress = nullptr;  // rows of one tensor are no news beside the bytes of all
    }

    Status write(const ExportTensorPlan& plan, ExportReport& report) {
        if (m_context.progress) m_context.progress->setStage("Writing " + plan.targetName);
        if (!plan.generated.empty()) return writeGenerated(plan);
        const TensorInfo* source = m_checkpoint->find(plan.sourceName);
        HT_CHECK(source != nullptr);
        HT_ASSIGN_OR_RETURN(const std::span<const float> importance, importanceOf(plan, *source));
        const int64_t rows = rowsOf(*source);
        m_written.push_back({&plan, source, importance, SampledRows(rows, rows > 0 ? plan.bytes / rows : 0)});
        m_written.back().byMethod = m_methods != nullptr;
        const bool changed = m_methods && m_methods->changes(nameOf(plan, *source));
        const bool bytewise =
            plan.copied && !changed && !source->transposed && !(plan.permuteRows && source->shape.size() == 1);
        if (bytewise) {
            HT_TRY(copyBytes(plan, *source));
        } else {
            HT_TRY(encode(plan, *source, importance, report));
        }
        m_checkpoint->dropPages(*source);
        return {};
    }

    [[nodiscard]] std::span<const WrittenTensor> written() const { return m_written; }
    [[nodiscard]] std::vector<AdapterTensor> takeAdapterTensors() { return std::move(m_adapterTensors); }

  private:
    static const std::string& nameOf(const ExportTensorPlan& plan, const TensorInfo& source) {
        return plan.separateHead ? plan.targetName : source.canonicalName;
    }
    static int64_t rowsOf(const TensorInfo& tensor) { return tensor.cols() > 0 ? tensor.rows() : 0; }

    Result<std::span<const float>> importanceOf(const ExportTensorPlan& plan, const TensorInfo& source) const {
        if (plan.copied) return std::span<const float>();
        const auto found = m_importance.byTensor.find(source.canonicalName);
        if (found == m_importance.byTensor.end() || source.shape.size() < 2) return std::span<const float>();
        if (static_cast<int64_t>(found->second.size()) != source.cols()) {
            return makeError(ErrorCode::kInvalidArgument,
                             fmt::format("The importance of {} has {} values, but the tensor has rows of {}.",
                                         source.canonicalName, found->second.size(), source.cols()));
        }
        return std::span<const float>(found->second);
    }

    Status writeGenerated(const ExportTensorPlan& plan) {
        const auto bytes = std::as_bytes(std::span(plan.generated));
        m_written.push_back({&plan, nullptr, {}, SampledRows(1, plan.bytes)});
        return put(bytes);
    }

    Status put(std::span<const std::byte> bytes) {
        m_written.back().samples.add(bytes);
        return m_writer.write(bytes);
    }

    Status copyBytes(const ExportTensorPlan& plan, const TensorInfo& source) {
        const std::span<const std::byte> bytes = m_checkpoint->bytes(source);
        const int64_t rows = rowsOf(source);
        if (rows == 0) return {};
        const size_t rowBytes = bytes.size() / static_cast<size_t>(rows);
        const auto perPiece = static_cast<int64_t>(std::max<size_t>(1, kCopyBytes / std::max<size_t>(rowBytes, 1)));
        const int64_t headRows = plan.permuteRows ? rows / plan.heads : 1;
        std::vector<std::byte> permuted;
        for (int64_t first = 0; first < rows; first += perPiece) {
            HT_TRY(m_context.checkpoint());
            const int64_t count = std::min(perPiece, rows - first);
            auto piece = bytes.subspan(static_cast<size_t>(first) * rowBytes, static_cast<size_t>(count) * rowBytes);
            if (plan.permuteRows) {
                permuted.clear();
                for (int64_t row = first; row < first + count; ++row) {
                    const auto from =
                        bytes.subspan(static_cast<size_t>(permutedSourceRow(row, headRows)) * rowBytes, rowBytes);
                    permuted.insert(permuted.end(), from.begin(), from.end());
                }
                piece = permuted;
            }
            HT_TRY(put(piece));
            m_context.advance(static_cast<int64_t>(piece.size()));
        }
        return {};
    }

    Status encode(const ExportTensorPlan& plan, const TensorInfo& source, std::span<const float> importance,
                  ExportReport& report) {
        HT_ASSIGN_OR_RETURN(auto rows, openExportRows(m_checkpoint, source, plan));
        PreparedMethod method;
        const ResolvedTensor* resolved = m_methods ? m_recipe.find(source.canonicalName) : nullptr;
        if (m_methods) {
            HT_ASSIGN_OR_RETURN(rows, m_methods->rows(nameOf(plan, source), std::move(rows), m_inner));
        }
        const bool prepared = resolved && resolved->quantizable && !resolved->kept;
        if (prepared) {
            HT_ASSIGN_OR_RETURN(method, m_methods->prepare(*resolved, m_inner));
        }
        const PackedLayout layout = PackedLayout::of(plan.format, rows->cols());
        const PackedLayout stored = PackedLayout::of(Format::of(plan.storage), rows->cols());
        CarrierError carrierError;
        std::vector<std::byte> carried;
        const auto sink = [&](std::span<const std::byte> packed) -> Status {
            const int64_t count = static_cast<int64_t>(packed.size()) / layout.rowBytes;
            m_context.advance(count * static_cast<int64_t>(source.sizeBytes) / std::max<int64_t>(1, rows->rows()));
            if (!plan.carried) return put(packed);
            carried.resize(static_cast<size_t>(count * stored.rowBytes));
            HT_TRY(carryRows(layout, packed, count, plan.storage, carried));
            if (!plan.exact) HT_TRY(carrierError.add(layout, packed, stored, carried));
            return put(carried);
        };
        QuantizeOptions options = method.options(source.canonicalName);
        if (!prepared) options.importance = importance;
        options.device = m_device;
        HT_ASSIGN_OR_RETURN(const Distortion distortion, quantizeInto(sink, *rows, plan, options));
        if (source.isQuantizable()) report.distortion[source.canonicalName] = distortion;
        if (plan.carried && !plan.exact) report.carrierError[source.canonicalName] = carrierError.relative();
        return {};
    }

    using Sink = std::function<Status(std::span<const std::byte>)>;

    Result<Distortion> quantizeInto(const Sink& sink, const RowSource& rows, const ExportTensorPlan& plan,
                                    const QuantizeOptions& options) {
        if (!plan.hasAdapter) return quantizeStreaming(rows, plan.format, options, sink, m_inner);
        HT_ASSIGN_OR_RETURN(const QuantizedTensor whole, quantizeTensor(rows, plan.format, options, m_inner));
        HT_TRY(sink(whole.packed.bytes));
        const bool isTable = plan.targetName == "token_embd.weight";
        m_adapterTensors.push_back({plan.targetName, whole.packed.correction, isTable});
        return whole.distortion;
    }

    // Largest difference that a carrier makes, over the largest value it carries.
    class CarrierError {
      public:
        Status add(const PackedLayout& layout, std::span<const std::byte> packed, const PackedLayout& stored,
                   std::span<const std::byte> carried) {
            const int64_t rows = static_cast<int64_t>(packed.size()) / layout.rowBytes;
            m_meant.resize(static_cast<size_t>(rows * layout.cols));
            m_held.resize(m_meant.size());
            HT_TRY(decodeRows(layout, packed, rows, m_meant));
            HT_TRY(decodeRows(stored, carried, rows, m_held));
            for (size_t i = 0; i < m_meant.size(); ++i) {
                m_largest = std::max(m_largest, std::abs(double(m_meant[i])));
                m_difference = std::max(m_difference, std::abs(double(m_held[i]) - double(m_meant[i])));
            }
            return {};
        }
        [[nodiscard]] double relative() const { return m_largest > 0 ? m_difference / m_largest : 0.0; }

      private:
        std::vector<float> m_meant, m_held;
        double m_largest = 0, m_difference = 0;
    };

    std::shared_ptr<const Checkpoint> m_checkpoint;
    const ResolvedRecipe& m_recipe;
    const ImportanceData& m_importance;
    ExportMethods* m_methods;
    EncodeDevice* m_device;
    GgufWriter& m_writer;
    const JobContext& m_context;
    JobContext m_inner;
    std::vector<WrittenTensor> m_written;
    std::vector<AdapterTensor> m_adapterTensors;
};

// Before the model is put in place: a model without its adapter is another one.
Status writeAdapterBeside(TensorWriter& tensors, const GgufMetadata& metadata, ExportReport& report,
                          const JobContext& context) {
    AdapterFile adapter;
    adapter.tensors = tensors.takeAdapterTensors();
    if (adapter.tensors.empty()) return {};
    if (const std::string* architecture = metadata.string("general.architecture")) adapter.architecture = *architecture;
    adapter.modelName = report.path.filename().string();
    report.adapter = adapterPathFor(report.path);
    HT_ASSIGN_OR_RETURN(report.adapterBytes, writeAdapter(adapter, report.adapter, context));
    report.problems.push_back({RecipeProblem::Severity::kNote,
                               fmt::format("Load the model together with its corrections: llama-cli -m {} --lora {}.",
                                           report.path.string(), report.adapter.string()),
                               {}});
    return {};
}

Status stopOnErrors(const ExportPlan& plan) {
    const auto error = std::ranges::find(plan.problems, RecipeProblem::Severity::kError, &RecipeProblem::severity);
    if (error == plan.problems.end()) return {};
    return makeError(ErrorCode::kInvalidArgument, error->message);
}

// Bytes that will be read: a tensor that is written twice counts twice.
int64_t sourceBytesOf(const ExportPlan& plan, const Checkpoint& checkpoint) {
    int64_t bytes = 0;
    for (const ExportTensorPlan& tensor : plan.tensors) {
        const TensorInfo* source = tensor.generated.empty() ? checkpoint.find(tensor.sourceName) : nullptr;
        if (source != nullptr) bytes += static_cast<int64_t>(source->sizeBytes);
    }
    return bytes;
}

std::vector<GgufTensorSpec> specsOf(const ExportPlan& plan) {
    std::vector<GgufTensorSpec> specs;
    specs.reserve(plan.tensors.size());
    for (const ExportTensorPlan& tensor : plan.tensors)
        specs.push_back({tensor.targetName, tensor.storage, tensor.shape});
    return specs;
}

}  // namespace

Result<ExportReport> exportGguf(std::shared_ptr<const Checkpoint> checkpoint, const ResolvedRecipe& recipe,
                                const std::string& recipeText, const ImportanceData& importance, const fs::path& target,
                                const JobContext& context, const ExportEncoding& encoding) {
    const auto start = std::chrono::steady_clock::now();
    HT_ASSIGN_OR_RETURN(ExportDraft draft,
                        draftGgufExport(*checkpoint, recipe, encoding.methods && encoding.methods->separatesHead()));
    HT_TRY(stopOnErrors(draft.plan));
    HT_TRY(checkTarget(*checkpoint, target));
    if (draft.plan.adapterBytes > 0) HT_TRY(checkTarget(*checkpoint, adapterPathFor(target)));
    HT_TRY(checkSpace(target, draft.plan.totalBytes + draft.plan.adapterBytes));
    addProvenance(draft.metadata, *checkpoint, recipeText, importance);

    ExportReport report;
    report.path = target;
    report.problems = draft.plan.problems;
    context.start("Writing", sourceBytesOf(draft.plan, *checkpoint), "bytes");
    HT_ASSIGN_OR_RETURN(GgufWriter writer, GgufWriter::create(target, draft.metadata, specsOf(draft.plan)));
    TensorWriter tensors(checkpoint, recipe, importance, writer, context, encoding);
    for (const ExportTensorPlan& plan : draft.plan.tensors) {
        HT_TRY(context.checkpoint());
        HT_TRY(tensors.write(plan, report));
        ++report.tensorsWritten;
    }
    HT_TRY(context.checkpoint());
    HT_TRY(writer.seal());
    if (context.progress) context.progress->setStage("Checking the file");
    HT_ASSIGN_OR_RETURN(report.tensorsVerified,
                        checkWrittenFile(writer.sealedPath(), checkpoint, tensors.written(), context));
    std::error_code ignored;
    report.fileBytes = static_cast<int64_t>(fs::file_size(writer.sealedPath(), ignored));
    HT_TRY(writeAdapterBeside(tensors, draft.metadata, report, context));
    HT_TRY(writer.publish());
    report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return report;
}

}  // namespace halftone
