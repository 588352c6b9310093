// SPDX-License-Identifier: GPL-3.0-or-later
// The recipe parser: any text gives a recipe or one sentence; what was read survives being written and read again; and
// resolving it, regular expressions included, ends.
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/recipe/recipe.h"
#include "tests/fuzz/fuzz_input.h"

namespace {

std::vector<halftone::TensorInfo> someTensors() {
    std::vector<halftone::TensorInfo> tensors;
    for (int block = 0; block < 3; ++block) {
        halftone::TensorInfo tensor;
        tensor.name = tensor.canonicalName = "blk." + std::to_string(block) + ".ffn_down.weight";
        tensor.role = halftone::TensorRole::kFfnDown;
        tensor.block = block;
        tensor.shape = {64, block == 1 ? 172 : 256};
        tensor.dtype = block == 2 ? halftone::DType::kIQ2_XS : halftone::DType::kF16;
        tensors.push_back(std::move(tensor));
    }
    return tensors;
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    static const std::vector<halftone::TensorInfo> tensors = someTensors();
    const auto recipe = halftone::Recipe::parse(halftone::test::fuzzText(data, size));
    if (!recipe) {
        HT_CHECK(!recipe.error().message.empty());
        return 0;
    }
    const auto again = halftone::Recipe::parse(recipe->toText());
    HT_CHECK(again && *again == *recipe);
    if (recipe->rules.size() > 16) return 0;
    const auto resolved = halftone::resolve(*recipe, tensors);
    HT_CHECK(resolved.tensors.size() == tensors.size());
    halftone::describeChanges(halftone::diff(halftone::resolve({}, tensors), resolved), tensors);
    return 0;
}
