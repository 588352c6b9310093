// SPDX-License-Identifier: GPL-3.0-or-later
#include "gpu/engine/matrix_trial.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "core/tensor/float16.h"
#include "gpu/engine/readback_queue.h"
#include "gpu/kernels/kernels.h"

namespace halftone {
namespace {

// More than a tile and no multiple of one, in every direction.
constexpr int64_t kRows = 150, kCols = 80, kTokens = 70;

float weightAt(int64_t row, int64_t col) {
    return static_cast<float>((row * 7 + col * 5) % 17 - 8);
}
float inputAt(int64_t token, int64_t col) {
    return static_cast<float>((token * 3 + col * 11) % 13 - 6);
}

std::vector<float> expectedProduct() {
    std::vector<float> product;
    for (int64_t token = 0; token < kTokens; ++token) {
        for (int64_t row = 0; row < kRows; ++row) {
            float sum = 0;
            for (int64_t col = 0; col < kCols; ++col) sum += weightAt(row, col) * inputAt(token, col);
            product.push_back(sum);
        }
    }
    return product;
}

template <typename Value>
Result<vk::Buffer> uploaded(VulkanContext& context, const std::vector<Value>& values, uint64_t padding = 0) {
    const auto bytes = std::as_bytes(std::span(values));
    HT_ASSIGN_OR_RETURN(auto buffer, context.allocator->createBuffer(bytes.size() + padding, vk::MemoryUse::kDevice,
                                                                     "trial of the matrix units"));
    HT_TRY(context.uploader->upload(bytes, buffer, JobContext()));
    return buffer;
}

Result<vk::Buffer> uploadedWeights(VulkanContext& context) {
    std::vector<uint16_t> weights;
    for (int64_t i = 0; i < kRows * kCols; ++i) weights.push_back(floatToHalf(weightAt(i / kCols, i % kCols)));
    return uploaded(context, weights, kernel::kWeightPaddingBytes);
}

Result<vk::Buffer> uploadedInput(VulkanContext& context) {
    std::vector<float> input;
    for (int64_t i = 0; i < kTokens * kCols; ++i) input.push_back(inputAt(i / kCols, i % kCols));
    return uploaded(context, input);
}

}  // namespace

Result<bool> matrixUnitsAreRight(VulkanContext& context) {
    HT_ASSIGN_OR_RETURN(const auto stream, vk::CommandStream::create(context.device, *context.pipelines, "trial"));
    kernel::Kernels kernels(context.plan(), *context.pipelines, *stream);
    const PackedLayout layout = PackedLayout::of(Format::of(DType::kF16), kCols);
    HT_ASSIGN_OR_RETURN(const vk::Buffer weights, uploadedWeights(context));
    HT_ASSIGN_OR_RETURN(const vk::Buffer input, uploadedInput(context));
    constexpr int64_t kStride = kernel::halvedStride(kCols);
    const auto create = [&](int64_t words) {
        return context.allocator->createBuffer(static_cast<uint64_t>(words) * 4, vk::MemoryUse::kDevice,
                                               "trial of the matrix units");
    };
    HT_ASSIGN_OR_RETURN(const vk::Buffer halves, create(kTokens * kStride));
    HT_ASSIGN_OR_RETURN(const vk::Buffer output, create(kTokens * kRows));
    const kernel::LinearCall call{.weights = {vk::BufferSlice(weights), &layout, 0, kRows},
                                  .input = {vk::BufferSlice(input), kCols, kCols},
                                  .form = kernel::InputForm::kHalves,
                                  .quantized = {vk::BufferSlice(halves), kStride},
                                  .output = {vk::BufferSlice(output), kRows, kRows},
                                  .tokens = kTokens};
    HT_TRY(kernels.halveRows({.input = call.input, .output = call.quantized, .tokens = kTokens}));
    HT_TRY(kernels.linear(call));
    bool isRight = false;
    ReadbackQueue queue(*context.allocator, *stream);
    const vk::BufferSlice result(output);
    HT_TRY(queue.enqueue({&result, 1}, [&](std::span<const std::byte> bytes) -> Status {
        const std::vector<float> expected = expectedProduct();
        isRight = std::ranges::equal(bytes, std::as_bytes(std::span(expected)));
        return {};
    }));
    HT_TRY(queue.drain());
    return isRight;
}

}  // namespace halftone
