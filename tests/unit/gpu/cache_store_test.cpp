// SPDX-License-Identifier: GPL-3.0-or-later
// What the device writes into its attention cache: the bytes of the processor's encoders.
#include <bit>
#include <cmath>
#include <cstring>
#include <random>

#include <gtest/gtest.h>

#include "core/quant/formats/codec.h"
#include "gpu/engine/readback_queue.h"
#include "gpu/kernels/kernels.h"
#include "tests/support/test_paths.h"
#include "tests/unit/gpu/vulkan_fixture.h"

namespace halftone {
namespace {

class CacheStoreTest : public test::VulkanTest {
  protected:
    void SetUp() override {
        VulkanTest::SetUp();
        if (!m_context) return;
        m_stream = *vk::CommandStream::create(m_context->device, *m_context->pipelines, "test");
        m_kernels = std::make_unique<kernel::Kernels>(m_context->plan(), *m_context->pipelines, *m_stream);
    }
    void TearDown() override {
        m_kernels.reset();
        m_stream.reset();
        VulkanTest::TearDown();
    }
    vk::Buffer upload(std::span<const float> values) {
        auto buffer = *m_context->allocator->createBuffer(values.size_bytes(), vk::MemoryUse::kDevice, "test data");
        EXPECT_TRUE(m_context->uploader->upload(std::as_bytes(values), buffer, JobContext()).has_value());
        return buffer;
    }
    /// The cache after `rows` have been stored from position `first` on.
    std::vector<std::byte> stored(const kernel::CacheShape& shape, std::span<const float> rows, int64_t first) {
        const int64_t width = shape.heads * shape.headDim, tokens = std::ssize(rows) / width;
        const auto input = upload(rows);
        const auto bytes = static_cast<uint64_t>((first + tokens) * shape.bytesPerToken());
        auto cache = *m_context->allocator->createBuffer(bytes, vk::MemoryUse::kDevice, "cache");
        EXPECT_TRUE(m_stream->fill(vk::BufferSlice(cache), 0).has_value());
        const kernel::Activations all{vk::BufferSlice(input), width, width};
        EXPECT_TRUE(m_kernels->storeCache(
            {.shape = shape, .input = all, .cache = vk::BufferSlice(cache), .tokens = tokens, .firstPosition = first}));
        std::vector<std::byte> result;
        ReadbackQueue queue(*m_context->allocator, *m_stream);
        const vk::BufferSlice slice(cache);
        EXPECT_TRUE(queue.enqueue({&slice, 1}, [&](std::span<const std::byte> read) {
            result.assign(read.begin(), read.begin() + static_cast<std::ptrdiff_t>(bytes));
            return Status();
        }));
        EXPECT_TRUE(queue.drain());
        return result;
    }
    void expectEncodersBytes(const kernel::CacheShape& shape, std::span<const float> rows) {
        constexpr int64_t kFirst = 3;
        const auto width = static_cast<size_t>(shape.heads * shape.headDim);
        const PackedLayout layout = PackedLayout::of(Format::of(shape.type), static_cast<int64_t>(width));
        const std::vector<std::byte> actual = stored(shape, rows, kFirst);
        std::vector<std::byte> expected(static_cast<size_t>(layout.rowBytes));
        for (size_t token = 0; token < rows.size() / width; ++token) {
            HT_ASSERT_OK(encodeRowsReference(layout, rows.subspan(token * width, width), 1, {}, expected));
            const auto at = (token + kFirst) * static_cast<size_t>(shape.bytesPerToken());
            ASSERT_EQ(std::memcmp(actual.data() + at, expected.data(), expected.size()), 0) << "token " << token;
        }
    }

    std::unique_ptr<vk::CommandStream> m_stream;
    std::unique_ptr<kernel::Kernels> m_kernels;
};

/// Blocks of all magnitudes that a scale can have, and the cases that encoders treat apart.
std::vector<float> blocksOfAllKinds(int64_t count) {
    std::mt19937_64 random(7);
    std::vector<float> values(static_cast<size_t>(count));
    for (size_t i = 0; i < values.size(); ++i) {
        const size_t block = i / 32;
        const float unit = static_cast<float>(static_cast<double>(random() >> 11) * 0x1p-52 - 1.0);
        const float scale = std::ldexp(1.0f, static_cast<int>(block % 36) - 20);
        switch (block % 9) {
            case 0:
                values[i] = (block & 1) ? 0.0f : -0.0f;
                break;
            case 1:
                values[i] = (i % 32 == 5 || i % 32 == 20) ? (i % 2 ? -scale : scale) : unit * 0.4f * scale;
                break;
            case 2:
                values[i] = std::trunc(unit * 127.0f) * 0.5f;
                break;  // many ties
            case 3:
                values[i] = i % 32 == 31 ? scale : 0.0f;
                break;
            default:
                values[i] = unit * scale;
        }
    }
    return values;
}

TEST_F(CacheStoreTest, BlocksAreThoseOfTheEncoders) {
    for (const DType type : {DType::kQ8_0, DType::kQ4_0}) {
        for (const auto& [heads, headDim] : {std::pair<int64_t, int64_t>{1, 32}, {3, 32}, {2, 64}, {1, 96}, {4, 128}}) {
            SCOPED_TRACE(testing::Message() << dtypeInfo(type).name << " " << heads << " x " << headDim);
            const kernel::CacheShape shape{.type = type, .heads = heads, .headDim = headDim};
            expectEncodersBytes(shape, blocksOfAllKinds(heads * headDim * 400));
        }
    }
}

TEST_F(CacheStoreTest, HalvesAreRoundedToNearestEven) {
    const kernel::CacheShape shape{.type = DType::kF16, .heads = 2, .headDim = 64};
    std::vector<float> rows = blocksOfAllKinds(128 * 400);
    // Between two halves, at the borders of the subnormal ones, past the largest.
    const float special[] = {1.00048828125f, 1.00146484375f, 0x1p-14f, 0x1.ffcp-15f, 0x1p-24f, 0x1p-25f,
                             0x1.8p-25f,     65504.0f,       65519.9f, 65520.0f,     -1e6f,    0x1.801p-24f};
    std::copy(std::begin(special), std::end(special), rows.begin() + 40);
    expectEncodersBytes(shape, rows);
}

TEST_F(CacheStoreTest, RowsTakeWholeWords) {
    EXPECT_EQ((kernel::CacheShape{.type = DType::kQ8_0, .heads = 3, .headDim = 32}).bytesPerToken(), 104);
    EXPECT_EQ((kernel::CacheShape{.type = DType::kQ4_0, .heads = 1, .headDim = 32}).bytesPerToken(), 20);
    EXPECT_EQ((kernel::CacheShape{.type = DType::kQ8_0, .heads = 2, .headDim = 128}).bytesPerToken(), 8 * 34);
    EXPECT_EQ((kernel::CacheShape{.type = DType::kF16, .heads = 2, .headDim = 10}).bytesPerToken(), 2 * 3 * 8);
}

}  // namespace
}  // namespace halftone
