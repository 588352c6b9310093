// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/core/recipe/recipe_test_support.h"

#include <gtest/gtest.h>

namespace halftone::test {

TensorInfo makeTensor(std::string name, TensorRole role, std::vector<int64_t> shape, DType dtype) {
    TensorInfo tensor;
    tensor.name = tensor.canonicalName = std::move(name);
    tensor.role = role;
    tensor.shape = std::move(shape);
    tensor.dtype = dtype;
    if (tensor.name.starts_with("blk.")) tensor.block = std::stoi(tensor.name.substr(4));
    tensor.isBias = tensor.name.ends_with(".bias");
    tensor.sizeBytes = dtypeBytes(dtype, static_cast<uint64_t>(tensor.elementCount())).value_or(0);
    return tensor;
}

std::vector<TensorInfo> llamaTensors(int blocks) {
    std::vector<TensorInfo> out{makeTensor("token_embd.weight", TensorRole::kTokenEmbedding, {512, 256})};
    for (int block = 0; block < blocks; ++block) {
        const auto add = [&](std::string_view part, TensorRole role, std::vector<int64_t> shape) {
            out.push_back(makeTensor("blk." + std::to_string(block) + "." + std::string(part) + ".weight", role,
                                     std::move(shape)));
        };
        add("attn_norm", TensorRole::kAttnNorm, {256});
        add("attn_q", TensorRole::kAttnQ, {256, 256});
        add("attn_v", TensorRole::kAttnV, {128, 256});
        add("ffn_up", TensorRole::kFfnUp, {172, 256});
        add("ffn_down", TensorRole::kFfnDown, {256, 172});
    }
    out.push_back(makeTensor("output_norm.weight", TensorRole::kOutputNorm, {256}));
    return out;
}

Format format(std::string_view name) {
    const auto parsed = Format::parse(name);
    if (!parsed) ADD_FAILURE() << parsed.error().message;
    return parsed.value_or(Format());
}

}  // namespace halftone::test
