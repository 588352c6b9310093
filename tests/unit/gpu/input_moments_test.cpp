// SPDX-License-Identifier: GPL-3.0-or-later
// Sums over inputs on a Vulkan device and what calibrations make of them: little memory, cancel, and the same
// quantization as from the processor's sums.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <thread>

#include <gtest/gtest.h>

#include "core/evaluation/evaluate.h"
#include "core/pipeline/calibrate.h"
#include "core/pipeline/recipe_weights.h"
#include "gpu/engine/vulkan_executable.h"
#include "gpu/engine/vulkan_input_moments.h"
#include "tests/support/test_paths.h"
#include "tests/unit/core/inference/loaded_model.h"
#include "tests/unit/gpu/vulkan_fixture.h"

namespace halftone {
namespace {

constexpr uint64_t kMiB = uint64_t{1} << 20;

/// The largest |difference| / sqrt(H_ii H_jj).
double hessianDifference(const Hessian& a, const Hessian& b) {
    if (a.channels != b.channels || a.tokens != b.tokens) return INFINITY;
    double worst = 0;
    for (int64_t i = 0; i < a.channels; ++i) {
        for (int64_t j = 0; j < a.channels; ++j) {
            const double scale = std::sqrt(double(b.at(i, i)) * double(b.at(j, j)));
            if (scale > 0) worst = std::max(worst, std::abs(double(a.at(i, j)) - double(b.at(i, j))) / scale);
        }
    }
    return worst;
}

double importanceDifference(const InputStatistics& a, const InputStatistics& b) {
    const auto one = a.importance(), other = b.importance();
    if (one.size() != other.size()) return INFINITY;
    double worst = 0;
    for (size_t i = 0; i < one.size(); ++i) {
        if (other[i] > 0) worst = std::max(worst, std::abs(double(one[i]) / double(other[i]) - 1));
    }
    return worst;
}

class InputMomentsTest : public test::VulkanTest {
  protected:
    void SetUp() override {
        VulkanTest::SetUp();
        if (!m_context) return;
        HT_SHARED_OR_SKIP(folder, "models/stories260K");
        auto opened = test::openModel(folder);
        HT_ASSERT_OK(opened);
        m_model = std::move(*opened);
        for (int64_t i = 0; i < 90; ++i) m_tokens.push_back(TokenId((i * 37 + 5) % m_model.graph->config.vocabSize));
    }
    Result<std::unique_ptr<VulkanExecutable>> compile(const std::shared_ptr<VulkanContext>& context) {
        return VulkanExecutable::create(context, m_model.graph, m_model.weights, JobContext());
    }
    Status forward(Executable& executable, InputMoments& moments, const JobContext& job = JobContext()) {
        HT_ASSIGN_OR_RETURN(const auto sequence, executable.createSequence(std::ssize(m_tokens)));
        ForwardOptions options;
        options.moments = &moments;
        return executable.forward(*sequence, m_tokens, options, job);
    }

    test::LoadedModel m_model;
    std::vector<TokenId> m_tokens;
};

TEST_F(InputMomentsTest, WhatDoesNotFitTheDeviceIsSummedUpByTheProcessor) {
    auto whole = compile(m_context);
    HT_ASSERT_OK(whole);
    const auto wholeMoments = (*whole)->createInputMoments(true);
    HT_ASSERT_OK(wholeMoments);
    EXPECT_EQ((*wholeMoments)->inputsLeftToProcessor(), 0);
    HT_ASSERT_OK(forward(**whole, **wholeMoments));
    const auto expected = (*wholeMoments)->take(JobContext());
    HT_ASSERT_OK(expected);
    const auto inputs = m_model.graph->config.blockCount * 4;

    std::vector<int64_t> left;
    for (const uint64_t budget : {3 * kMiB, 4 * kMiB, 16 * kMiB}) {
        const auto context = open([&](vk::DevicePlan& plan) {
            plan.deviceBudgetBytes = budget;
            plan.slabBytes = 64 * 1024;
            plan.spillsToHost = false;
        });
        const auto executable = compile(context);
        HT_ASSERT_OK(executable);
        const auto moments = (*executable)->createInputMoments(true);
        HT_ASSERT_OK(moments);
        left.push_back((*moments)->inputsLeftToProcessor());
        EXPECT_LE(context->allocator->deviceBytesReserved(), budget);
        HT_ASSERT_OK(forward(**executable, **moments)) << "what is taken for sums must not be missing elsewhere";
        const auto sums = (*moments)->take(JobContext());
        HT_ASSERT_OK(sums);
        ASSERT_EQ(sums->size(), expected->size());
        for (const auto& [name, statistics] : *expected) {
            EXPECT_LT(importanceDifference(sums->at(name), statistics), 1e-5) << name;
            EXPECT_LT(hessianDifference(*sums->at(name).hessian, *statistics.hessian), 1e-5) << name;
        }
        EXPECT_EQ(sums->at("blk.0.attn_q.weight").hessian, sums->at("blk.0.attn_v.weight").hessian);
    }
    EXPECT_GT(left.front(), left[1]);
    EXPECT_LT(left.front(), inputs);
    EXPECT_GT(left[1], 0) << "some of both kinds";
    EXPECT_EQ(left.back(), 0);
}

TEST_F(InputMomentsTest, CancelEndsSoonAndNewSumsAreRight) {
    const auto executable = compile(m_context);
    HT_ASSERT_OK(executable);
    auto moments = (*executable)->createInputMoments(true);
    HT_ASSERT_OK(moments);
    HT_ASSERT_OK(forward(**executable, **moments));
    const auto expected = (*moments)->take(JobContext());
    std::stop_source stop;
    JobContext job;
    job.stop = stop.get_token();
    HT_ASSERT_OK(forward(**executable, **moments));
    stop.request_stop();
    const auto asked = std::chrono::steady_clock::now();
    const auto cancelled = (*moments)->take(job);
    EXPECT_LT(std::chrono::steady_clock::now() - asked, std::chrono::milliseconds(200));
    ASSERT_FALSE(cancelled.has_value());
    EXPECT_EQ(cancelled.error().code, ErrorCode::kCancelled);
    moments = (*executable)->createInputMoments(true);
    HT_ASSERT_OK(forward(**executable, **moments));
    const auto again = (*moments)->take(JobContext());
    HT_ASSERT_OK(again);
    for (const auto& [name, statistics] : *expected) {
        EXPECT_EQ(again->at(name).sumSquares, statistics.sumSquares) << name;
        EXPECT_TRUE(std::ranges::equal(again->at(name).hessian->sums, statistics.hessian->sums)) << name;
    }
}

TEST_F(InputMomentsTest, ALostDeviceIsReported) {
    const auto context = open([](vk::DevicePlan&) {});
    const auto executable = compile(context);
    HT_ASSERT_OK(executable);
    const auto moments = (*executable)->createInputMoments(true);
    HT_ASSERT_OK(moments);
    HT_ASSERT_OK(forward(**executable, **moments));
    context->device->simulateLossAfter(1);
    const auto lost = (*moments)->take(JobContext());
    ASSERT_FALSE(lost.has_value());
    EXPECT_EQ(lost.error().code, ErrorCode::kDeviceLost);
}

TEST_F(InputMomentsTest, OfAnotherExecutableAreRefused) {
    const auto one = compile(m_context);
    auto graph = std::make_shared<const ModelGraph>(*m_model.graph);
    const auto other = VulkanExecutable::create(m_context, graph, m_model.weights, JobContext());
    HT_ASSERT_OK(one);
    HT_ASSERT_OK(other);
    const auto moments = (*other)->createInputMoments(false);
    HT_ASSERT_OK(moments);
    const auto refused = forward(**one, **moments);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
}

/// The bundled sample, calibrated on the processor and on the device.
class DeviceCalibrationTest : public test::VulkanTest {
  protected:
    void SetUp() override {
        VulkanTest::SetUp();
        if (!m_context) return;
        auto model = halftone::LoadedModel::open(test::sourceDir() / "resources/sample");
        HT_ASSERT_OK(model);
        m_model = std::make_unique<halftone::LoadedModel>(*model);
        m_backend = makeVulkanBackend(m_context);
    }
    std::vector<TokenId> tokensOf(const std::string& file, size_t most) {
        auto tokens = m_model->tokenize(test::readFile(test::sourceDir() / "resources" / "texts" / file)).value();
        tokens.resize(std::min(most, tokens.size()));
        return tokens;
    }
    Result<Calibration> calibrate(size_t tokens, Backend* backend, ActivationCapture* capture = nullptr) {
        return collectCalibration(*m_model, tokensOf("calibration.txt", tokens),
                                  {.contextLength = 256, .capture = capture, .backend = backend}, JobContext());
    }

    std::unique_ptr<halftone::LoadedModel> m_model;
    std::shared_ptr<Backend> m_backend;
};

TEST_F(DeviceCalibrationTest, IsThatOfTheProcessor) {
    ActivationCapture onProcessor, onDevice;
    const auto expected = calibrate(700, nullptr, &onProcessor);
    const auto actual = calibrate(700, m_backend.get(), &onDevice);
    HT_ASSERT_OK(expected);
    HT_ASSERT_OK(actual);
    ASSERT_EQ(actual->byTensor.size(), expected->byTensor.size());
    EXPECT_EQ(actual->windows, expected->windows);
    EXPECT_EQ(onDevice.byWeight.size(), onProcessor.byWeight.size()) << "distributions come from the same pass";
    bool isSame = true;
    for (const auto& [name, statistics] : expected->byTensor) {
        SCOPED_TRACE(name);
        const InputStatistics* own = actual->find(name);
        ASSERT_TRUE(own);
        EXPECT_EQ(own->tokens, statistics.tokens);
        EXPECT_LT(importanceDifference(*own, statistics), 1e-4);
        ASSERT_TRUE(own->hessian);
        EXPECT_LT(hessianDifference(*own->hessian, *statistics.hessian), 2e-5);
        isSame = isSame && own->sumSquares == statistics.sumSquares;
        EXPECT_EQ(onDevice.byWeight.at(name).tokenCount, onProcessor.byWeight.at(name).tokenCount);
    }
    EXPECT_FALSE(isSame) << "the device did not compute";
    EXPECT_EQ(actual->find("blk.0.attn_q.weight")->hessian, actual->find("blk.0.attn_v.weight")->hessian);
}

TEST_F(DeviceCalibrationTest, SaysWhatTheDeviceHadNoRoomFor) {
    std::vector<std::string> remarks;
    const auto calibrateWithin = [&](uint64_t budget) {
        const auto context = open([&](vk::DevicePlan& plan) {
            plan.deviceBudgetBytes = budget;
            plan.slabBytes = 64 * 1024;
            plan.spillsToHost = false;
        });
        const auto backend = makeVulkanBackend(context);
        return collectCalibration(*m_model, tokensOf("calibration.txt", 70),
                                  {.backend = backend.get(), .remarks = &remarks}, JobContext());
    };
    // The smallest budget that runs the first block leaves none for all of its sums.
    uint64_t budget = 3 * kMiB;
    auto calibration = calibrateWithin(budget);
    while (!calibration && budget < 64 * kMiB) calibration = calibrateWithin(budget += kMiB / 4);
    HT_ASSERT_OK(calibration);
    ASSERT_EQ(remarks.size(), 1u);
    EXPECT_EQ(remarks.front().find("The processor summed up "), 0u);
    EXPECT_TRUE(calibration->hasHessians());
    remarks.clear();
    HT_ASSERT_OK(calibrateWithin(64 * kMiB));
    EXPECT_TRUE(remarks.empty());
}

TEST_F(DeviceCalibrationTest, GptqLosesAsMuchFromEither) {
    const JobContext context;
    const auto weights = RecipeWeights::create(m_model->checkpoint, m_model->graph).value();
    const Protocol protocol{ProtocolKind::kBosWindow, 256};
    const auto windows =
        makeWindows(tokensOf("evaluation.txt", 800), protocol, evaluationBos(protocol, *m_model->tokenizer)).value();
    const auto cpu = createCpuBackend();
    const auto original = cpu->compile(m_model->graph, weights->original(), context).value();
    const auto divergenceOf = [&](const std::string& method, const std::shared_ptr<const Calibration>& calibration) {
        const Recipe recipe = Recipe::pure(Format::parse("int3_g64_asym").value(), MethodChoice::parse(method).value());
        const auto applied =
            weights->applyMethods(resolve(recipe, m_model->checkpoint->tensors()), calibration, context).value();
        const auto quantized = cpu->compile(m_model->graph, applied.weights, context).value();
        return evaluateSideBySide(*original, *quantized, windows, protocol, {}, context)->reference->kld.mean;
    };
    const auto calibrateOn = [&](Backend* backend) {
        return std::make_shared<const Calibration>(calibrate(1500, backend).value());
    };
    const auto ofProcessor = calibrateOn(nullptr);
    const double nearest = divergenceOf("nearest", ofProcessor), processor = divergenceOf("gptq", ofProcessor);
    const double device = divergenceOf("gptq", calibrateOn(m_backend.get()));
    RecordProperty("nearest", std::to_string(nearest));
    RecordProperty("processor", std::to_string(processor));
    RecordProperty("device", std::to_string(device));
    EXPECT_NEAR(device, processor, 0.02 * processor);
    EXPECT_LT(device, 0.9 * nearest) << "the second moments were of use";
}

TEST_F(DeviceCalibrationTest, CancelEndsSoon) {
    HT_ASSERT_OK(calibrate(300, m_backend.get())) << "the driver has compiled its pipelines";
    std::stop_source stop;
    JobContext job;
    job.stop = stop.get_token();
    std::chrono::steady_clock::time_point asked;
    const auto tokens = tokensOf("calibration.txt", 4000);
    std::jthread canceller([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(300));
        asked = std::chrono::steady_clock::now();
        stop.request_stop();
    });
    const auto cancelled = collectCalibration(*m_model, tokens, {.backend = m_backend.get()}, job);
    const auto ended = std::chrono::steady_clock::now();
    canceller.join();
    ASSERT_FALSE(cancelled.has_value());
    EXPECT_EQ(cancelled.error().code, ErrorCode::kCancelled);
    EXPECT_LT(ended - asked, std::chrono::milliseconds(200));
}

}  // namespace
}  // namespace halftone
