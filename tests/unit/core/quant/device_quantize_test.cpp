// SPDX-License-Identifier: GPL-3.0-or-later
// What surrounds a device that encodes: what it leaves, refuses and fails at is done by the processor, with the same
// bytes. The device is made up; tests/unit/gpu/encoder_test.cpp has real ones.
#include "core/quant/methods/device_quantize.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace halftone {
namespace {

using testing::HasSubstr;

constexpr int64_t kRows = 10, kCols = 200;

std::vector<float> someValues() {
    std::mt19937 random(3);
    std::normal_distribution<float> normal(0.0f, 0.3f);
    std::vector<float> values(kRows * kCols);
    for (float& value : values) value = normal(random);
    return values;
}

std::shared_ptr<const RowSource> matrixOf(const std::vector<float>& values) {
    PackedTensor tensor;
    tensor.layout = PackedLayout::of(Format::of(DType::kF32), kCols);
    tensor.rows = static_cast<int64_t>(values.size()) / kCols;
    auto bytes = std::make_shared<std::vector<std::byte>>(values.size() * sizeof(float));
    std::ranges::copy(std::as_bytes(std::span(values)), bytes->begin());
    tensor.bytes = *bytes;
    tensor.owner = std::move(bytes);
    return rowSourceOf(std::move(tensor));
}

class HostRows final : public DeviceRows {
  public:
    std::vector<float> values;
    [[nodiscard]] int64_t rows() const override { return static_cast<int64_t>(values.size()) / kCols; }
    [[nodiscard]] int64_t cols() const override { return kCols; }
    [[nodiscard]] int64_t sizeBytes() const override { return static_cast<int64_t>(values.size() * sizeof(float)); }
};

/// Encodes as the processor does, three rows at once, spoils what it leaves, and counts.
class FakeDevice final : public EncodeDevice {
  public:
    std::vector<int64_t> leaves;  ///< groups of every part
    bool leavesAll = false, takesLevels = false;
    int failsAtPart = -1;
    bool failsAtRange = false;
    int uploads = 0, parts = 0, returned = 0, ranges = 0;

    [[nodiscard]] std::string description() const override { return "made up"; }
    [[nodiscard]] bool takes(const EncodeTask& task) const override {
        return takesLevels || task.layout.format.isInteger();
    }
    [[nodiscard]] int64_t mostRows(int64_t) const override { return 3; }
    [[nodiscard]] std::vector<std::string> remarks() const override { return {}; }
    Result<std::shared_ptr<const DeviceRows>> upload(const RowSource& source, int64_t first, int64_t count,
                                                     const JobContext&) override {
        ++uploads;
        auto rows = std::make_shared<HostRows>();
        rows->values.resize(static_cast<size_t>(count * kCols));
        HT_TRY(source.readRows(first, count, rows->values));
        return rows;
    }
    Result<std::optional<ValueRange>> rangeOf(const DeviceRows& rows, const JobContext&) override {
        ++ranges;
        if (failsAtRange) return makeError(ErrorCode::kDeviceLost, "The device was lost.");
        const auto& values = static_cast<const HostRows&>(rows).values;
        if (!std::ranges::all_of(values, [](float value) { return std::isfinite(value); })) return std::nullopt;
        const auto [least, most] = std::ranges::minmax(values);
        return ValueRange{least, most};
    }
    Result<DeviceEncoding> encode(const EncodeTask& task, const DeviceRows& rows, std::span<std::byte> packed,
                                  const JobContext&) override {
        if (parts++ == failsAtPart) return makeError(ErrorCode::kDeviceLost, "The device was lost.");
        const auto& own = static_cast<const HostRows&>(rows);
        const auto rowBytes = static_cast<size_t>(task.layout.rowBytes);
        std::vector<std::byte> all(static_cast<size_t>(own.rows()) * rowBytes);
        EncodeOptions options;
        if (task.needsRange()) return makeError(ErrorCode::kInternal, "There is no range.");
        if (task.range) {
            options.tensorMin = task.range->minimum;
            options.tensorMax = task.range->maximum;
        }
        HT_TRY(encodeRows(task.layout, own.values, own.rows(), options, all));
        std::vector<float> decoded(own.values.size());
        HT_TRY(decodeRows(task.layout, all, own.rows(), decoded));
        DeviceEncoding encoding{.distortion = {}, .left = leaves, .leftAll = leavesAll};
        for (int64_t group = 0; group < own.rows() * task.groupsPerRow(); ++group) {
            const auto first = static_cast<size_t>(group / task.groupsPerRow() * kCols +
                                                   group % task.groupsPerRow() * task.layout.groupSize);
            const auto count =
                std::min(task.layout.groupSize, kCols - group % task.groupsPerRow() * task.layout.groupSize);
            if (std::ranges::count(leaves, group) > 0) {
                all[static_cast<size_t>(group / task.groupsPerRow()) * rowBytes] = std::byte{0xEE};
                continue;
            }
            const auto size = static_cast<size_t>(count);
            encoding.distortion.add(std::span(own.values).subspan(first, size),
                                    std::span(decoded).subspan(first, size));
        }
        returned += packed.empty() ? 0 : 1;
        std::ranges::copy(std::span(all).first(packed.size()), packed.begin());
        return encoding;
    }
};

class DeviceQuantizeTest : public testing::Test {
  protected:
    /// Bytes are the processor's, figures to six digits: parts are summed apart.
    void expectProcessorsResult(const RowSource& source) {
        const auto expected = quantizeTensor(source, m_format, {}, JobContext());
        QuantizeOptions options;
        options.device = &m_device;
        const auto result = quantizeTensor(source, m_format, options, JobContext());
        ASSERT_TRUE(expected && result) << result.error().message;
        EXPECT_TRUE(std::ranges::equal(result->packed.bytes, expected->packed.bytes));
        EXPECT_EQ(result->distortion.count, expected->distortion.count);
        EXPECT_NEAR(result->distortion.relativeMse(), expected->distortion.relativeMse(), 1e-8);
        EXPECT_EQ(result->distortion.maxAbsError, expected->distortion.maxAbsError);
    }

    FakeDevice m_device;
    Format m_format = Format::parse("int4_g64_asym").value();
};

TEST_F(DeviceQuantizeTest, TakesTheDevicesRows) {
    expectProcessorsResult(*matrixOf(someValues()));
    EXPECT_EQ(m_device.parts, 4);
    EXPECT_EQ(m_device.returned, 4);
}

TEST_F(DeviceQuantizeTest, EncodesWhatTheDeviceLeaves) {
    m_device.leaves = {3};  // the last, shorter group of the first row
    expectProcessorsResult(*matrixOf(someValues()));
}

TEST_F(DeviceQuantizeTest, EncodesWholePartsOfWhichMuchIsLeft) {
    m_device.leaves = {1, 2, 0};
    expectProcessorsResult(*matrixOf(someValues()));
    m_device.leaves.clear();
    m_device.leavesAll = true;
    expectProcessorsResult(*matrixOf(someValues()));
}

TEST_F(DeviceQuantizeTest, GoesOnWhereTheDeviceFails) {
    m_device.failsAtPart = 1;
    expectProcessorsResult(*matrixOf(someValues()));
    EXPECT_EQ(m_device.parts, 2) << "a device that failed is not asked again";
}

TEST_F(DeviceQuantizeTest, FindsTheRangeOfTheTensorFirst) {
    m_format = Format::parse("int8_tensor_asym").value();
    auto values = someValues();
    values[3 * kCols + 9] = 4.0f;
    values[9 * kCols + 1] = -7.0f;
    m_device.leaves = {1};
    expectProcessorsResult(*matrixOf(values));
    EXPECT_EQ(m_device.ranges, 4);
    EXPECT_EQ(m_device.uploads, 8) << "a matrix of several parts comes twice";
    m_device.failsAtRange = true;
    expectProcessorsResult(*matrixOf(values));
    EXPECT_EQ(m_device.ranges, 5) << "a device that failed is not asked again";
    EXPECT_EQ(m_device.parts, 4);
}

TEST_F(DeviceQuantizeTest, NamesWhatIsNotFiniteBeforeItEncodes) {
    m_format = Format::parse("int8_tensor_sym").value();
    auto values = someValues();
    values[8 * kCols + 70] = std::numeric_limits<float>::quiet_NaN();
    values[9 * kCols] = 50.0f;
    const auto source = matrixOf(values);
    QuantizeOptions options;
    options.device = &m_device;
    const auto result = quantizeTensor(*source, m_format, options, JobContext());
    ASSERT_FALSE(result.has_value());
    EXPECT_THAT(result.error().message, HasSubstr("row 8, column 70"));
    EXPECT_EQ(m_device.parts, 0);
}

TEST_F(DeviceQuantizeTest, TakesWholeBandsOfRowsThatShareScales) {
    // Three rows at once are no band, unless they are all there is.
    const Format format = Format::parse("fp8_e4m3_b128x128").value();
    const auto task = encodeTaskOf(format, kCols, {});
    ASSERT_TRUE(task);
    EXPECT_EQ(task->bandRows(), 128);
    EXPECT_EQ(task->groupCount(300), 6);
    EXPECT_EQ(task->groupValues(0, 300), 128 * 128);
    EXPECT_EQ(task->groupValues(5, 300), 44 * 72);
    m_device.takesLevels = true;
    QuantizeOptions options;
    options.device = &m_device;
    EXPECT_FALSE(DeviceQuantizer(*matrixOf(someValues()), format, options).applies());
    EXPECT_TRUE(DeviceQuantizer(*matrixOf({}), format, options).applies());
}

TEST_F(DeviceQuantizeTest, LeavesOtherTasksToTheProcessor) {
    m_format = Format::parse("nf4_g64").value();
    expectProcessorsResult(*matrixOf(someValues()));
    EXPECT_EQ(m_device.uploads, 0);
}

TEST_F(DeviceQuantizeTest, NamesTheRowOfTheMatrix) {
    auto values = someValues();
    values[8 * kCols + 70] = std::numeric_limits<float>::infinity();
    const auto source = matrixOf(values);
    m_device.leavesAll = true;
    QuantizeOptions options;
    options.device = &m_device;
    const auto result = quantizeTensor(*source, m_format, options, JobContext());
    ASSERT_FALSE(result.has_value());
    EXPECT_THAT(result.error().message, HasSubstr("row 8, column 70"));
    options.nonFinite = NonFinitePolicy::kMapToZero;
    const auto mapped = quantizeTensor(*source, m_format, options, JobContext());
    ASSERT_TRUE(mapped.has_value()) << mapped.error().message;
    EXPECT_EQ(mapped->nonFiniteCount, 1);
}

TEST_F(DeviceQuantizeTest, HandsRowsOnInOrderAndCountsThem) {
    const auto source = matrixOf(someValues());
    const auto expected = quantizeTensor(*source, m_format, {}, JobContext());
    Progress progress;
    const JobContext context{{}, &progress, ThreadPool(2)};
    progress.start("test", kRows);
    QuantizeOptions options;
    options.device = &m_device;
    std::vector<std::byte> all;
    const auto sink = [&](std::span<const std::byte> packed) -> Status {
        all.insert(all.end(), packed.begin(), packed.end());
        return {};
    };
    ASSERT_TRUE(quantizeStreaming(*source, m_format, options, sink, context).has_value());
    EXPECT_TRUE(std::ranges::equal(all, expected->packed.bytes));
    EXPECT_EQ(progress.snapshot().done, kRows);
    const auto full = [](std::span<const std::byte>) { return Status(makeError(ErrorCode::kIo, "The disk is full.")); };
    EXPECT_EQ(quantizeStreaming(*source, m_format, options, full, context).error().message, "The disk is full.");
}

TEST_F(DeviceQuantizeTest, MeasuresAMatrixThatStaysWithoutItsBytes) {
    const auto source = matrixOf(someValues());
    const auto matrix = DeviceMatrix::upload(m_device, *source, JobContext());
    ASSERT_TRUE(matrix.has_value());
    EXPECT_EQ(matrix->sizeBytes(), kRows * kCols * 4);
    m_device.uploads = 0;
    QuantizeOptions options;
    options.device = &m_device;
    options.deviceMatrix = &*matrix;
    m_device.leaves = {2};
    const auto measured = measureQuantized(*source, m_format, options, JobContext());
    const auto expected = measureQuantized(*source, m_format, {}, JobContext());
    ASSERT_TRUE(measured && expected);
    EXPECT_NEAR(measured->relativeMse(), expected->relativeMse(), 1e-8);
    EXPECT_EQ(m_device.uploads, 0);
    EXPECT_EQ(m_device.returned, 0);
}

TEST(EncodeTask, IsWhatADeviceMayDo) {
    EXPECT_EQ(encodeTaskOf(Format::of(DType::kQ8_0), 96, {})->groupsPerRow(), 3);
    EXPECT_EQ(encodeTaskOf(Format::parse("int4_g64_sym").value(), 200, {})->groupsPerRow(), 4);
    EXPECT_EQ(encodeTaskOf(Format::parse("int8_channel_sym").value(), 200, {})->groupsPerRow(), 1);
    EXPECT_FALSE(encodeTaskOf(Format::of(DType::kQ8_0), 100, {})) << "does not fit";
    EXPECT_FALSE(encodeTaskOf(Format::of(DType::kBF16), 96, {})) << "nothing to choose";
    EXPECT_TRUE(encodeTaskOf(Format::parse("int8_tensor_sym").value(), 96, {})->needsRange());
    EXPECT_FALSE(encodeTaskOf(Format::parse("kmeans4_tensor").value(), 96, {})) << "learned levels";
}

}  // namespace
}  // namespace halftone
