// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/core/export/export_support.h"

#include <gtest/gtest.h>

namespace halftone::test {

Format format(std::string_view name) {
    const auto parsed = Format::parse(name);
    if (!parsed) ADD_FAILURE() << parsed.error().message;
    return parsed.value_or(Format());
}

CheckpointPtr openCheckpoint(const std::filesystem::path& path) {
    auto checkpoint = Checkpoint::open(path);
    if (!checkpoint) ADD_FAILURE() << checkpoint.error().message;
    return checkpoint ? *checkpoint : nullptr;
}

Result<ExportReport> exportTo(const CheckpointPtr& checkpoint, const Recipe& recipe,
                              const std::filesystem::path& target, const JobContext& context) {
    return exportGguf(checkpoint, resolve(recipe, checkpoint->tensors()), recipe.toText(), {}, target, context);
}

std::vector<float> readAll(const CheckpointPtr& checkpoint, const TensorInfo& tensor) {
    const auto rows = openRows(checkpoint, tensor);
    if (!rows) {
        ADD_FAILURE() << rows.error().message;
        return {};
    }
    std::vector<float> values(static_cast<size_t>(tensor.elementCount()));
    const auto status = (*rows)->readRows(0, tensor.rows(), values);
    if (!status) ADD_FAILURE() << status.error().message;
    return values;
}

}  // namespace halftone::test
