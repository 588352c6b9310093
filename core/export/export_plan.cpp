// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <charconv>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "core/base/checked.h"
#include "core/export/adapter_file.h"
#include "core/export/carrier.h"
#include "core/export/export_plan.h"
#include "core/export/gguf_metadata.h"
#include "core/recipe/stock_mix.h"

namespace halftone {
namespace {

using Severity = RecipeProblem::Severity;

constexpr size_t kMaxNameBytes = 63;
constexpr size_t kMaxRank = 4;
constexpr int64_t kAlignment = 32;

class Planner {
  public:
    Planner(const Checkpoint& checkpoint, const ResolvedRecipe& recipe, bool separateHead)
        : m_checkpoint(checkpoint), m_recipe(recipe), m_separateHead(separateHead) {}

    Result<ExportDraft> run() {
        HT_TRY(checkCheckpoint());
        m_draft.plan.problems = m_recipe.problems;
        const std::span<const TensorInfo> tensors = m_checkpoint.tensors();
        for (size_t i = 0; i < tensors.size(); ++i) {
            if (!isLeftOut(tensors[i])) addTensor(tensors[i], m_recipe.tensors[i]);
        }
        if (m_draft.config) addRopeDivisors();
        if (wantsSeparateHead()) addSeparateHead();
        noteAdapter();
        std::ranges::sort(m_draft.plan.tensors, comesBefore);
        checkNames();
        HT_ASSIGN_OR_RETURN(m_draft.metadata, buildExportMetadata(m_checkpoint, m_draft.config, m_draft.plan.tensors,
                                                                  m_draft.plan.problems));
        // A file whose types are those of a known mix goes by that mix's name in runtimes.
        if (const StockMix* mix = matchingStockMix(m_recipe, tensors))
            m_draft.metadata.set("general.file_type", mix->fileType);
        m_draft.plan.totalBytes = ggufHeaderBytes(m_draft.metadata, m_draft.plan.tensors);
        for (const ExportTensorPlan& tensor : m_draft.plan.tensors)
            m_draft.plan.totalBytes += roundUp(tensor.bytes, kAlignment);
        return std::move(m_draft);
    }

  private:
    void report(Severity severity, std::string message, std::string tensor = {}) {
        m_draft.plan.problems.push_back({severity, std::move(message), std::move(tensor)});
    }

    Status checkCheckpoint() {
        if (m_checkpoint.tensors().empty()) {
            return makeError(
                ErrorCode::kInvalidArgument,
                fmt::format("{} holds no tensors: there is nothing to export.", m_checkpoint.path().string()));
        }
        if (m_recipe.tensors.size() != m_checkpoint.tensors().size()) {
            return makeError(ErrorCode::kInvalidArgument,
                             "The recipe was resolved for another checkpoint; resolve it again.");
        }
        if (m_checkpoint.kind() != CheckpointKind::kHuggingFace) return {};
        auto config = readModelConfig(m_checkpoint);
        if (!config) {
            return makeError(config.error().code,
                             fmt::format("This checkpoint cannot be written as GGUF: {}", config.error().message),
                             config.error().context);
        }
        m_draft.config = std::move(*config);
        return {};
    }

    // Tensors that GGUF has no place for, or that runtimes derive themselves.
    bool isLeftOut(const TensorInfo& tensor) {
        if (!m_draft.config) return false;
        if (tensor.role == TensorRole::kOutput && !tensor.isBias && m_draft.config->tiedEmbeddings) {
            if (!wantsSeparateHead()) {
                report(Severity::kNote, "The head is tied to the embedding and is not written a second time.",
                       tensor.canonicalName);
            }
            return true;
        }
        const bool hasName = tensor.role != TensorRole::kOther && tensor.expert < 0;
        if (!hasName) {
            report(Severity::kWarning,
                   fmt::format("{} has no name in GGUF's {} architecture and is left out.", tensor.name,
                               architectureName(m_draft.config->architecture)),
                   tensor.canonicalName);
        }
        return !hasName;
    }

    void addTensor(const TensorInfo& tensor, const ResolvedTensor& resolved) {
        ExportTensorPlan plan;
        plan.sourceName = tensor.name;
        plan.targetName = m_checkpoint.kind() == CheckpointKind::kGguf ? tensor.name : tensor.canonicalName;
        plan.format = resolved.format;
        plan.shape =
            tensor.transposed && tensor.shape.size() == 2 ? std::vector{tensor.rows(), tensor.cols()} : tensor.shape;
        if (plan.shape.empty()) plan.shape = {1};
        chooseStorage(tensor, plan);
        plan.copied = !plan.carried && plan.storage == tensor.dtype;
        choosePermutation(tensor, plan);
        if (plan.format.extras().hasCorrection()) placeCorrection(tensor, plan);
        const auto bytes = dtypeBytes(plan.storage, static_cast<uint64_t>(tensor.elementCount()));
        plan.bytes = plan.copied ? static_cast<int64_t>(tensor.sizeBytes) : static_cast<int64_t>(bytes.value_or(0));
        if (plan.shape.size() > kMaxRank) {
            report(Severity::kError,
                   fmt::format("{} has {} dimensions; GGUF allows {}.", tensor.name, plan.shape.size(), kMaxRank),
                   tensor.canonicalName);
        }
        m_draft.plan.tensors.push_back(std::move(plan));
    }

    void chooseStorage(const TensorInfo& tensor, ExportTensorPlan& plan) {
        if (!plan.format.isStorage()) {
            const Carrier carrier = chooseCarrier(plan.format, tensor.cols());
            plan.storage = carrier.storage;
            plan.carried = true;
            plan.exact = carrier.exact;
            reportCarrier(tensor, plan);
            return;
        }
        plan.storage = plan.format.storage();
        if (dtypeInfo(plan.storage).ggmlId >= 0) return;
        const DTypeInfo& info = dtypeInfo(plan.storage);
        if (!info.decodable) {
            report(Severity::kError,
                   fmt::format("{} is stored as {}, which GGUF has no type for and this program does not decode.",
                               tensor.name, info.name),
                   tensor.canonicalName);
            return;
        }
        // Every 8-bit float is an F16 value; what else GGUF lacks (unsigned integers) needs more room.
        const bool isSmallFloat = plan.storage == DType::kF8E4M3 || plan.storage == DType::kF8E5M2;
        plan.storage = isSmallFloat ? DType::kF16 : DType::kF32;
        plan.format = Format::of(plan.storage);
        report(Severity::kNote,
               fmt::format("{} is stored as {}, which GGUF has no type for: it is written as {}.", tensor.name,
                           info.name, dtypeInfo(plan.storage).name),
               tensor.canonicalName);
    }

    // What is added to the codes when a runtime multiplies: low rank as an adapter, outliers nowhere.
    void placeCorrection(const TensorInfo& tensor, ExportTensorPlan& plan) {
        std::string why;
        if (plan.format.extras().outliersPerMille > 0) {
            why = "no runtime that reads GGUF keeps outliers beside the codes";
        } else if (plan.shape.size() != 2) {
            why = "adapters correct matrices alone, not stacks of them";
        } else if (tensor.role == TensorRole::kTokenEmbedding && headIsTied()) {
            why = "runtimes apply no adapter to an embedding that is the head as well";
        }
        if (!why.empty()) {
            report(Severity::kError,
                   fmt::format("{} cannot be written as {}: {}. Choose {} for it, or F16.", tensor.canonicalName,
                               plan.format.displayName(), why, plan.format.base().displayName()),
                   tensor.canonicalName);
            return;
        }
        plan.hasAdapter = true;
        m_draft.plan.adapterBytes += adapterBytes(plan.format.extras().rank, plan.shape[0], plan.shape[1]);
    }

    [[nodiscard]] bool headIsTied() const {
        if (m_draft.config) return m_draft.config->tiedEmbeddings;
        return std::ranges::none_of(m_checkpoint.tensors(), [](const TensorInfo& tensor) {
            return tensor.role == TensorRole::kOutput && !tensor.isBias;
        });
    }

    void noteAdapter() {
        const auto corrected = std::ranges::count_if(m_draft.plan.tensors, &ExportTensorPlan::hasAdapter);
        if (corrected == 0) return;
        report(
            Severity::kNote,
            fmt::format("The low-rank corrections of {} tensors go into an adapter beside the file; llama.cpp loads it "
                        "with --lora.",
                        corrected));
    }

    void reportCarrier(const TensorInfo& tensor, const ExportTensorPlan& plan) {
        const std::string_view carrier = dtypeInfo(plan.storage).name;
        const std::string how = plan.exact ? "value for value"
                                : plan.storage == DType::kF16
                                    ? "rounded to 16-bit floats"
                                    : "with the offset of each group rounded to a 16-bit float";
        report(Severity::kNote,
               fmt::format("{}: GGUF has no {}; its values go into {}, {}.", tensor.canonicalName,
                           plan.format.displayName(), carrier, how) +
                   adviceFor(plan),
               tensor.canonicalName);
    }

    static DType closestBlockType(const Format& format) {
        const double bits = format.bitsPerWeight();
        if (format.isLevel() && format.level().table == LevelTable::kTernary) return DType::kTQ2_0;
        if (bits < 2) return DType::kQ1_0;
        if (bits < 3) return DType::kQ2_K;
        if (bits < 4) return DType::kQ3_K;
        return bits < 5.5 ? DType::kQ4_K : DType::kQ6_K;
    }

    // Where the carrier is much wider than the format, the file is not what the format promised.
    static std::string adviceFor(const ExportTensorPlan& plan) {
        const double carried = dtypeInfo(plan.storage).bitsPerElement(), meant = plan.format.bitsPerWeight();
        if (carried < 2 * meant) return {};
        const DType instead = closestBlockType(plan.format);
        return fmt::format(
            " They take {:g} bits a weight there instead of {:.3g}; for a small file choose a GGUF type "
            "such as {}.",
            carried, meant, dtypeInfo(instead).name);
    }

    void choosePermutation(const TensorInfo& tensor, ExportTensorPlan& plan) {
        if (!m_draft.config) return;
        const Architecture architecture = m_draft.config->architecture;
        if (architecture != Architecture::kLlama && architecture != Architecture::kMistral) return;
        if (tensor.role != TensorRole::kAttnQ && tensor.role != TensorRole::kAttnK) return;
        plan.permuteRows = true;
        plan.heads = tensor.role == TensorRole::kAttnQ ? m_draft.config->headCount : m_draft.config->kvHeadCount;
    }

    void addRopeDivisors() {
        ExportTensorPlan plan;
        plan.generated = ropeDivisors(m_checkpoint, *m_draft.config);
        if (plan.generated.empty()) return;
        plan.targetName = "rope_freqs.weight";
        plan.shape = {static_cast<int64_t>(plan.generated.size())};
        plan.bytes = plan.shape[0] * 4;
        m_draft.plan.tensors.push_back(std::move(plan));
    }

    // llama.cpp took a gpt2 file without a head of its own for damaged until the spring of 2025.
    [[nodiscard]] bool wantsSeparateHead() const {
        if (!m_draft.config) return m_separateHead && m_checkpoint.find("output.weight") == nullptr;
        return m_draft.config->tiedEmbeddings &&
               (m_separateHead || m_draft.config->architecture == Architecture::kGpt2);
    }

    void addSeparateHead() {
        const auto embedding =
            std::ranges::find(m_draft.plan.tensors, "token_embd.weight", &ExportTensorPlan::targetName);
        if (embedding == m_draft.plan.tensors.end()) return;
        ExportTensorPlan head = *embedding;
        head.targetName = "output.weight";
        head.separateHead = true;
        report(Severity::kNote,
               m_separateHead ? "The head is tied to the embedding, but comes to differ from it: it is written apart, "
                                "as output.weight."
                              : "The head is tied to the embedding; GGUF's gpt2 keeps it apart, so the embedding is "
                                "written a second time as output.weight.",
               head.targetName);
        m_draft.plan.tensors.push_back(std::move(head));
    }

    // As the reference quantizer sorts: by block, tensors outside blocks first, then by name.
    static bool comesBefore(const ExportTensorPlan& a, const ExportTensorPlan& b) {
        return std::tuple(blockOf(a.targetName), std::string_view(a.targetName)) <
               std::tuple(blockOf(b.targetName), std::string_view(b.targetName));
    }

    static int blockOf(std::string_view name) {
        constexpr std::string_view kPrefix = "blk.";
        int block = -1;
        if (name.starts_with(kPrefix)) std::from_chars(name.data() + kPrefix.size(), name.data() + name.size(), block);
        return block;
    }

    void checkNames() {
        std::set<std::string_view> seen;
        for (const ExportTensorPlan& tensor : m_draft.plan.tensors) {
            if (tensor.targetName.size() > kMaxNameBytes) {
                report(Severity::kError, fmt::format("The name {} has {} bytes; GGUF allows {}.", tensor.targetName,
                                                     tensor.targetName.size(), kMaxNameBytes));
            }
            if (!seen.insert(tensor.targetName).second) {
                report(Severity::kError, fmt::format("Two tensors would be called {}.", tensor.targetName));
            }
        }
    }

    const Checkpoint& m_checkpoint;
    const ResolvedRecipe& m_recipe;
    bool m_separateHead;
    ExportDraft m_draft;
};

}  // namespace

Result<ExportDraft> draftGgufExport(const Checkpoint& checkpoint, const ResolvedRecipe& recipe, bool separateHead) {
    return Planner(checkpoint, recipe, separateHead).run();
}

Result<ExportPlan> planGgufExport(const Checkpoint& checkpoint, const ResolvedRecipe& recipe) {
    HT_ASSIGN_OR_RETURN(ExportDraft draft, draftGgufExport(checkpoint, recipe));
    return std::move(draft.plan);
}

}  // namespace halftone
