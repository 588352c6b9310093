// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/export/adapter_file.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "core/quant/corrections/low_rank.h"

namespace halftone {
namespace {

/// A matrix of F16 the other way round.
std::vector<std::byte> transposed(const PackedTensor& matrix) {
    std::vector<std::byte> out(matrix.bytes.size());
    for (int64_t row = 0; row < matrix.rows; ++row) {
        const std::byte* from = matrix.row(row).data();
        for (int64_t col = 0; col < matrix.cols(); ++col)
            std::memcpy(out.data() + 2 * (col * matrix.rows + row), from + 2 * col, 2);
    }
    return out;
}

GgufMetadata metadataOf(const AdapterFile& adapter) {
    const auto rank = [](const AdapterTensor& tensor) { return tensor.correction->rank(); };
    const int64_t first = rank(adapter.tensors.front());
    const bool same = std::ranges::all_of(adapter.tensors, [&](const auto& tensor) { return rank(tensor) == first; });
    GgufMetadata metadata;
    metadata.set("general.architecture", adapter.architecture);
    metadata.set("general.type", std::string("adapter"));
    metadata.set("general.name", fmt::format("Low-rank correction of {}", adapter.modelName));
    metadata.set("adapter.type", std::string("lora"));
    metadata.set("adapter.lora.alpha", same ? static_cast<float>(first) : 0.0f);
    return metadata;
}

std::vector<GgufTensorSpec> specsOf(const AdapterFile& adapter) {
    std::vector<GgufTensorSpec> specs;
    for (const auto& [name, correction, isTable] : adapter.tensors) {
        const int64_t rank = correction->rank(), rows = correction->left.rows, cols = correction->right.cols();
        const std::vector<int64_t> left{rows, rank};
        specs.push_back({name + ".lora_a", DType::kF16, isTable ? left : std::vector{rank, cols}});
        specs.push_back({name + ".lora_b", DType::kF16, isTable ? std::vector{cols, rank} : left});
    }
    return specs;
}

}  // namespace

std::filesystem::path adapterPathFor(const std::filesystem::path& model) {
    return model.parent_path() / fmt::format("{}-lora.gguf", model.stem().string());
}

int64_t adapterBytes(int64_t rank, int64_t rows, int64_t cols) {
    return 2 * usableRank(rank, rows, cols) * (rows + cols);
}

Result<int64_t> writeAdapter(const AdapterFile& adapter, const std::filesystem::path& target,
                             const JobContext& context) {
    HT_ASSIGN_OR_RETURN(GgufWriter writer, GgufWriter::create(target, metadataOf(adapter), specsOf(adapter)));
    for (const AdapterTensor& tensor : adapter.tensors) {
        HT_TRY(context.checkpoint());
        const Correction& correction = *tensor.correction;
        HT_TRY(writer.write(tensor.isTable ? correction.left.bytes : correction.right.bytes));
        HT_TRY(writer.write(tensor.isTable ? std::span<const std::byte>(transposed(correction.right))
                                           : correction.left.bytes));
    }
    HT_TRY(writer.finish());
    std::error_code ignored;
    return static_cast<int64_t>(std::filesystem::file_size(target, ignored));
}

}  // namespace halftone
