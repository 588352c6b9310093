// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/pipeline/group_inspection.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "core/quant/formats/codec.h"
#include "core/quant/methods/quantize.h"
#include "tests/support/test_paths.h"

namespace halftone::test {
namespace {

class GroupInspectionTest : public testing::Test {
  protected:
    void SetUp() override {
        auto opened = Checkpoint::open(sourceDir() / "resources/sample");
        HT_ASSERT_OK(opened);
        m_request.checkpoint = *opened;
        const auto tensors = m_request.checkpoint->tensors();
        for (size_t i = 0; i < tensors.size() && m_request.tensor < 0; ++i) {
            if (tensors[i].role == TensorRole::kFfnDown) m_request.tensor = int(i);
        }
        ASSERT_GE(m_request.tensor, 0);
    }

    std::shared_ptr<GroupInspection> open(std::string_view format) {
        m_request.target = ResolvedTensor{};
        m_request.target->name = m_request.checkpoint->tensors()[size_t(m_request.tensor)].canonicalName;
        m_request.target->format = Format::parse(format).value();
        auto inspection = GroupInspection::open(m_request, m_context);
        EXPECT_TRUE(inspection) << inspection.error().message;
        return inspection ? *inspection : nullptr;
    }

    /// The whole tensor encoded by the quantizer itself.
    Result<QuantizedTensor> quantized() {
        const auto& info = m_request.checkpoint->tensors()[size_t(m_request.tensor)];
        HT_ASSIGN_OR_RETURN(const auto rows, openRows(m_request.checkpoint, info));
        return quantizeTensor(*rows, m_request.target->format, {}, m_context);
    }

    GroupInspectionRequest m_request;
    JobContext m_context;
};

TEST_F(GroupInspectionTest, ARowHasTheGroupsOfTheEncodedTensor) {
    for (const char* name : {"q4_k", "q5_0", "int4_g64_asym", "int4_tensor_sym", "nf4_g64", "fp8_e4m3_b128x128",
                             "kmeans3_tensor", "kmeans4_channel", "q6_k"}) {
        const auto inspection = open(name);
        ASSERT_TRUE(inspection) << name;
        const auto expected = quantized();
        HT_ASSERT_OK(expected);
        const int64_t at = inspection->rows() - 3;
        const auto row = inspection->row(at, m_context);
        HT_ASSERT_OK(row);
        ASSERT_EQ(int64_t(row->groups.size()), inspection->groupsPerRow()) << name;
        std::vector<float> decoded(size_t(inspection->layout().cols));
        HT_ASSERT_OK(decodeRows(expected->packed.layout, expected->packed.row(at), 1, decoded));
        std::vector<float> seen;
        for (const auto& group : row->groups) {
            EXPECT_EQ(group.original.size(), group.description.values.size()) << name;
            seen.insert(seen.end(), group.description.values.begin(), group.description.values.end());
        }
        EXPECT_EQ(seen, decoded) << name;
    }
}

TEST_F(GroupInspectionTest, TheRankingAddsUpToTheTensorsErrorAndIsInOrder) {
    for (const char* name : {"q4_0", "q2_k", "int3_tensor_sym"}) {
        const auto inspection = open(name);
        ASSERT_TRUE(inspection) << name;
        int64_t partials = 0, lastRows = 0;
        const auto ranking = inspection->rank(
            40,
            [&](const GroupRanking& partial) {
                ++partials;
                EXPECT_GT(partial.seenRows, lastRows);
                lastRows = partial.seenRows;
            },
            m_context);
        HT_ASSERT_OK(ranking);
        EXPECT_GT(partials, 0) << name;
        EXPECT_EQ(ranking->seenRows, inspection->rows());
        EXPECT_EQ(ranking->groups, inspection->rows() * inspection->groupsPerRow());
        const auto expected = quantized();
        HT_ASSERT_OK(expected);
        EXPECT_NEAR(ranking->squaredError / expected->distortion.sumSquaredError, 1, 1e-6) << name;
        for (const auto measure :
             {GroupMeasure::kSquaredError, GroupMeasure::kRelativeError, GroupMeasure::kLargestError}) {
            const auto& worst = ranking->by(measure);
            ASSERT_EQ(worst.size(), size_t(std::min<int64_t>(40, ranking->groups))) << name;
            EXPECT_TRUE(std::is_sorted(worst.begin(), worst.end(), [measure](const auto& a, const auto& b) {
                return a.value(measure) > b.value(measure);
            }));
        }
        EXPECT_EQ(ranking->by(GroupMeasure::kLargestError)[0].largest, expected->distortion.maxAbsError) << name;
    }
}

TEST_F(GroupInspectionTest, ErrorsAreThoseOfTheCorrectedMatrix) {
    const auto inspection = open("int3_g64_asym+out0.5+rank8");
    ASSERT_TRUE(inspection);
    const auto expected = quantized();
    HT_ASSERT_OK(expected);
    const auto ranking = inspection->rank(3, {}, m_context);
    HT_ASSERT_OK(ranking);
    EXPECT_NEAR(ranking->squaredError / expected->distortion.sumSquaredError, 1, 1e-6);
    EXPECT_EQ(ranking->by(GroupMeasure::kLargestError)[0].largest, expected->distortion.maxAbsError);
    double squaredError = 0;
    for (int64_t at = 0; at < inspection->rows(); ++at) {
        const auto row = inspection->row(at, m_context);
        HT_ASSERT_OK(row);
        for (const auto& group : row->groups) squaredError += group.error.squaredError;
    }
    EXPECT_NEAR(squaredError / ranking->squaredError, 1, 1e-9);
}

TEST_F(GroupInspectionTest, TheWorstGroupIsTheOneThatEveryRowLookedAtFinds) {
    const auto inspection = open("q4_1");
    ASSERT_TRUE(inspection);
    const auto ranking = inspection->rank(3, {}, m_context);
    HT_ASSERT_OK(ranking);
    GroupError worst;
    for (int64_t row = 0; row < inspection->rows(); ++row) {
        const auto looked = inspection->row(row, m_context);
        HT_ASSERT_OK(looked);
        for (const auto& group : looked->groups) {
            if (group.error.relative() > worst.relative()) worst = group.error;
        }
    }
    const auto& found = ranking->by(GroupMeasure::kRelativeError)[0];
    EXPECT_EQ(found.row, worst.row);
    EXPECT_EQ(found.group, worst.group);
    EXPECT_EQ(found.relative(), worst.relative());
}

TEST_F(GroupInspectionTest, TheNumberOfThreadsChangesNothing) {
    const auto inspection = open("q3_k");
    ASSERT_TRUE(inspection);
    const auto many = inspection->rank(25, {}, JobContext{{}, nullptr, ThreadPool(4)});
    const auto one = inspection->rank(25, {}, JobContext{{}, nullptr, ThreadPool(1)});
    HT_ASSERT_OK(many);
    HT_ASSERT_OK(one);
    EXPECT_EQ(many->squaredError, one->squaredError);
    const auto& a = many->by(GroupMeasure::kSquaredError);
    const auto& b = one->by(GroupMeasure::kSquaredError);
    ASSERT_EQ(a.size(), b.size());
    for (size_t i = 0; i < a.size(); ++i) {
        EXPECT_EQ(a[i].row, b[i].row);
        EXPECT_EQ(a[i].group, b[i].group);
    }
}

TEST_F(GroupInspectionTest, PlainFormatsAndRowsThatAreNotThereAreRefused) {
    m_request.target = ResolvedTensor{};
    m_request.target->format = Format::of(DType::kBF16);
    const auto plain = GroupInspection::open(m_request, m_context);
    ASSERT_FALSE(plain);
    EXPECT_EQ(plain.error().code, ErrorCode::kUnsupported);
    const auto inspection = open("q8_0");
    ASSERT_TRUE(inspection);
    EXPECT_EQ(inspection->row(inspection->rows(), m_context).error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(inspection->row(-1, m_context).error().code, ErrorCode::kInvalidArgument);
}

TEST_F(GroupInspectionTest, CancelIsNoticed) {
    const auto inspection = open("q4_k");
    ASSERT_TRUE(inspection);
    std::stop_source stop;
    stop.request_stop();
    const auto ranking = inspection->rank(10, {}, JobContext{stop.get_token(), nullptr, ThreadPool(1)});
    ASSERT_FALSE(ranking);
    EXPECT_EQ(ranking.error().code, ErrorCode::kCancelled);
}

TEST(GroupInspectionOfStoredCodes, ShowsThemWithoutAnOriginal) {
    HT_SHARED_OR_SKIP(path, "models/babyllama-105/babyllama-105-Q4_0.gguf");
    const auto opened = Checkpoint::open(path);
    HT_ASSERT_OK(opened);
    GroupInspectionRequest request;
    request.checkpoint = *opened;
    const auto* tensor = (*opened)->find("blk.0.attn_q.weight");
    ASSERT_TRUE(tensor);
    request.tensor = int(tensor - (*opened)->tensors().data());
    const JobContext context;
    const auto inspection = GroupInspection::open(request, context);
    HT_ASSERT_OK(inspection);
    EXPECT_FALSE((*inspection)->knowsOriginal());
    const auto row = (*inspection)->row(0, context);
    HT_ASSERT_OK(row);
    ASSERT_FALSE(row->groups.empty());
    EXPECT_TRUE(row->groups[0].original.empty());
    EXPECT_EQ(row->groups[0].description.codes.size(), 32u);
    EXPECT_EQ((*inspection)->rank(5, {}, context).error().code, ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace halftone::test
