// SPDX-License-Identifier: GPL-3.0-or-later
// Products of packed weights with inputs in bytes: held against the same sums in binary64 for the kernels' own error,
// and against F32 for what the rounding of inputs costs.
#include "core/inference/cpu/integer_product.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include <hwy/targets.h>

#include "core/inference/cpu/linear.h"
#include "core/inference/cpu/simd_kernels.h"
#include "core/inference/run_format.h"
#include "tests/support/test_paths.h"
#include "tests/unit/core/inference/loaded_model.h"

namespace halftone::test {
namespace {

std::vector<float> normals(int64_t count, float spread, uint64_t seed) {
    std::mt19937_64 random(seed);
    std::normal_distribution<float> normal(0.0f, spread);
    std::vector<float> values(static_cast<size_t>(count));
    for (float& value : values) value = normal(random);
    return values;
}

PackedTensor packedOf(const Format& format, int64_t rows, int64_t cols, std::span<const float> values) {
    PackedTensor tensor;
    tensor.layout = PackedLayout::of(format, cols);
    tensor.rows = rows;
    auto bytes = std::make_shared<std::vector<std::byte>>(static_cast<size_t>(rows * tensor.layout.rowBytes));
    EncodeOptions options;
    options.tensorMin = -1;
    options.tensorMax = 1;
    EXPECT_TRUE(encodeRows(tensor.layout, values, rows, options, *bytes).has_value());
    tensor.bytes = *bytes;
    tensor.owner = bytes;
    return tensor;
}

/// What an input becomes: codes of the largest of 32 over 127, each to the nearest.
std::vector<float> roundedInput(std::span<const float> x) {
    std::vector<float> rounded(x.size());
    for (size_t begin = 0; begin < x.size(); begin += 32) {
        float largest = 0;
        for (size_t i = begin; i < begin + 32; ++i) largest = std::max(largest, std::abs(x[i]));
        const float scale = largest / 127.0f, inverse = scale > 0 ? 1.0f / scale : 0.0f;
        for (size_t i = begin; i < begin + 32; ++i) rounded[i] = scale * std::nearbyint(x[i] * inverse);
    }
    return rounded;
}

struct Product {
    Format format;
    int64_t rows, cols, tokens;
    PackedTensor weight;
    std::vector<float> input, bias, steps{};

    Product(const std::string& name, int64_t rowCount, int64_t colCount, int64_t tokenCount)
        : format(Format::parse(name).value()),
          rows(rowCount),
          cols(colCount),
          tokens(tokenCount),
          weight(packedOf(format, rowCount, colCount, normals(rowCount * colCount, 0.05f, 1))),
          input(normals(tokenCount * colCount, 1.0f, 2)),
          bias(normals(rowCount, 0.1f, 3)) {}

    /// Rounds the input as a runtime with 8-bit activations does: one step for each token.
    void roundInput() {
        steps.resize(static_cast<size_t>(tokens));
        for (int64_t t = 0; t < tokens; ++t) {
            float* row = input.data() + t * cols;
            const std::vector<float> before(row, row + cols);
            steps[static_cast<size_t>(t)] = roundActivations(ActivationRounding::kInt8, 0.0f, before.data(), row, cols);
        }
    }
    [[nodiscard]] std::vector<float> run(Arithmetic arithmetic, const JobContext& context = JobContext()) const {
        std::vector<float> out(static_cast<size_t>(tokens * rows), -7.0f);
        cpu::ScratchPool scratch;
        const LinearCall call{
            &weight, bias.data(), input.data(), out.data(), tokens, arithmetic, steps.empty() ? nullptr : steps.data()};
        EXPECT_TRUE(cpu::runLinear({&call, 1}, scratch, context).has_value());
        return out;
    }
    /// Largest |difference| / (|weight row| |input|) of `actual` from decoded weights times `x` in binary64.
    [[nodiscard]] double worstError(std::span<const float> actual, std::span<const float> x) const {
        std::vector<float> decoded(static_cast<size_t>(rows * cols));
        EXPECT_TRUE(decodeRowsReference(weight.layout, weight.bytes, rows, decoded).has_value());
        double worst = 0;
        for (int64_t t = 0; t < tokens; ++t) {
            for (int64_t r = 0; r < rows; ++r) {
                double sum = double(bias[static_cast<size_t>(r)]), w2 = 0, x2 = 0;
                for (int64_t c = 0; c < cols; ++c) {
                    const double w = decoded[static_cast<size_t>(r * cols + c)],
                                 v = x[static_cast<size_t>(t * cols + c)];
                    sum += w * v;
                    w2 += w * w;
                    x2 += v * v;
                }
                const double error = std::abs(double(actual[static_cast<size_t>(t * rows + r)]) - sum);
                worst = std::max(worst, error / std::sqrt(w2 * x2));
            }
        }
        return worst;
    }
};

class IntegerProduct : public testing::TestWithParam<const char*> {};

/// As a processor would that has nothing better than AVX2.
class LesserProcessor {
  public:
    LesserProcessor() { hwy::DisableTargets(HWY_AVX2 - 1); }
    ~LesserProcessor() { hwy::DisableTargets(0); }
};

/// Every shape against binary64, with inputs as the kernels round them and as they are.
void expectProducts(const char* format) {
    for (const auto& [rows, cols] :
         {std::pair<int64_t, int64_t>{37, 256}, {5, 512}, {64, 1024}, {90, 2304}, {19, 352}}) {
        if (!Format::parse(format).value().fitsRow(cols)) continue;
        for (const int64_t tokens : {1, 2, 3, 4, 5, 8, 13, 33}) {
            const Product product(format, rows, cols, tokens);
            const std::vector<float> actual = product.run(Arithmetic::kInteger);
            const bool isInteger = tokens <= cpu::kMatvecTokens || cpu::hasIntegerMatmul();
            const std::vector<float> x = isInteger ? roundedInput(product.input) : product.input;
            EXPECT_LT(product.worstError(actual, x), 2e-6) << rows << " x " << cols << ", " << tokens << " tokens";
            // What users see: the distance from the product with inputs as they are.
            EXPECT_LT(product.worstError(actual, product.input), 2e-3) << rows << " x " << cols;
        }
    }
}

TEST_P(IntegerProduct, IsExactButForTheRoundingOfInputs) {
    const PackedLayout layout = PackedLayout::of(Format::parse(GetParam()).value(), 512);
    if (!cpu::hasIntegerMatvec(layout)) GTEST_SKIP() << "no byte products on this processor";
    expectProducts(GetParam());
    const LesserProcessor lesser;
    if (cpu::hasIntegerMatvec(layout)) expectProducts(GetParam());
}

/// Inputs that are whole multiples of a step lose nothing, and figures may be made of such products.
TEST_P(IntegerProduct, KeepsInputsThatAreRoundedAlready) {
    for (const int64_t tokens : {1, 4, 21}) {
        Product product(GetParam(), 37, 1024, tokens);
        product.roundInput();
        const std::vector<float> actual = product.run(Arithmetic::kFloat);
        EXPECT_LT(product.worstError(actual, product.input), 1e-6) << tokens;
        product.steps.clear();
        EXPECT_LT(product.worstError(product.run(Arithmetic::kFloat), product.input), 1e-6) << tokens;
    }
}

TEST(IntegerProducts, CodesOfRoundedRowsAreExact) {
    Product product("q8_0", 4, 512, 3);
    product.roundInput();
    std::vector<float> memory(static_cast<size_t>(cpu::integerInputFloats(3, 512)));
    const cpu::IntegerInput input = cpu::placeIntegerInput(memory.data(), 3, 512);
    cpu::quantizeInput(input, {product.input.data(), product.steps.data()}, 0, 3);
    for (size_t i = 0; i < product.input.size(); ++i) {
        const float step = product.steps[i / 512];
        EXPECT_EQ(static_cast<float>(input.codes[i]) * step, product.input[i]);
        EXPECT_EQ(input.scales[i / 32], step);
    }
}

TEST_P(IntegerProduct, IsTheSameOnAnyNumberOfThreads) {
    JobContext one;
    one.pool = ThreadPool(1);
    for (const int64_t tokens : {1, 20}) {
        const Product product(GetParam(), 530, 512, tokens);
        EXPECT_EQ(product.run(Arithmetic::kInteger, one), product.run(Arithmetic::kInteger));
    }
}

INSTANTIATE_TEST_SUITE_P(Formats, IntegerProduct,
                         testing::Values("q4_0", "q8_0", "q4_k", "q5_k", "q6_k", "int4_g128_asym", "int4_g32_sym",
                                         "int4_channel_sym", "int8_g64_asym", "int8_channel_sym", "int4_g64_fzero",
                                         "int8_g32_fzero"),
                         [](const auto& param) { return std::string(param.param); });

TEST(IntegerProducts, FormatsWithoutThemMultiplyInFloat) {
    for (const char* name : {"f16", "q5_0", "q4_1", "int3_g32_asym", "int4_g16_sym", "int4_g64_fzero_dq"}) {
        for (const int64_t tokens : {1, 9}) {
            const Product product(name, 40, 512, tokens);
            EXPECT_EQ(product.run(Arithmetic::kInteger), product.run(Arithmetic::kFloat)) << name;
        }
    }
    const Product narrow("int4_channel_sym", 40, 172, 1);
    EXPECT_EQ(narrow.run(Arithmetic::kInteger), narrow.run(Arithmetic::kFloat));
}

TEST(IntegerProducts, InputsThatAreZeroOrNoNumberDoNoHarm) {
    for (const int64_t tokens : {1, 9}) {
        Product product("q4_0", 40, 512, tokens);
        std::fill(product.input.begin(), product.input.end(), 0.0f);
        const std::vector<float> zeros = product.run(Arithmetic::kInteger);
        for (size_t i = 0; i < zeros.size(); ++i) EXPECT_EQ(zeros[i], product.bias[i % 40]);
        product.input[3] = NAN;
        product.input[40] = INFINITY;
        EXPECT_EQ(product.run(Arithmetic::kInteger).size(), static_cast<size_t>(40 * tokens));
    }
}

/// The whole model: what the rounding of inputs does to distributions, beside what the weights' rounding does.
TEST(IntegerProducts, AModelsDistributionsHardlyMove) {
    const auto backend = createCpuBackend();
    auto model = loadModel(sourceDir() / "resources/sample", *backend);
    HT_ASSERT_OK(model);
    ModelWeights weights = ModelWeights::fromCheckpoint(model->executable->graph(), model->checkpoint).value();
    const ModelGraph& graph = model->executable->graph();
    for (const WeightSlot& slot : graph.weights) {
        if (slot.isVector) continue;
        const PackedTensor& original = weights.at(graph.findWeight(slot.name));
        std::vector<float> values(static_cast<size_t>(slot.rows * slot.cols));
        HT_ASSERT_OK(decodeRows(original.layout, original.bytes, slot.rows, values));
        weights = weights.with(graph, slot.name, packedOf(Format::parse("q8_0").value(), slot.rows, slot.cols, values));
    }
    HT_ASSERT_OK(model->executable->updateWeights(weights, JobContext()));
    std::vector<TokenId> tokens;
    for (int i = 0; i < 96; ++i) tokens.push_back((i * 53 + 7) % 2000);
    const auto logitsOf = [&](Arithmetic arithmetic, size_t step) {
        auto sequence = model->executable->createSequence(96).value();
        std::vector<float> all;
        for (size_t begin = 0; begin < tokens.size(); begin += step) {
            ForwardOptions options;
            options.arithmetic = arithmetic;
            options.logitsEnd = static_cast<int64_t>(step);
            options.logitsSink = [&](int64_t, int64_t, std::span<const float> rows) -> Status {
                all.insert(all.end(), rows.begin(), rows.end());
                return {};
            };
            EXPECT_TRUE(
                model->executable->forward(*sequence, std::span(tokens).subspan(begin, step), options, JobContext()));
        }
        return all;
    };
    const std::vector<float> exact = logitsOf(Arithmetic::kFloat, 96);
    for (const size_t step : {size_t{96}, size_t{1}}) {
        const std::vector<float> rounded = logitsOf(Arithmetic::kInteger, step);
        double divergence = 0;
        for (size_t row = 0; row < 96; ++row) {
            const float *p = exact.data() + row * 2048, *q = rounded.data() + row * 2048;
            double sumP = 0, sumQ = 0, sum = 0;
            for (int i = 0; i < 2048; ++i) {
                sumP += std::exp(double(p[i]));
                sumQ += std::exp(double(q[i]));
            }
            for (int i = 0; i < 2048; ++i)
                sum += std::exp(double(p[i])) / sumP * (double(p[i]) - double(q[i]) - std::log(sumP / sumQ));
            divergence += sum / 96;
        }
        RecordProperty("divergence", std::to_string(divergence));
        std::printf("mean divergence of integer from float products, %zu tokens at once: %.2e nats\n", step,
                    divergence);
        EXPECT_LT(divergence, 1e-3);
        if (cpu::hasIntegerMatvec(PackedLayout::of(Format::parse("q8_0").value(), 256)) && step == 1) {
            EXPECT_GT(divergence, 0) << "the integer path did not run";
        }
    }
}

}  // namespace
}  // namespace halftone::test
