// SPDX-License-Identifier: GPL-3.0-or-later
// The store of a reference: what it keeps is exact, what it estimates is without bias and bounded, and its file is read
// back as it was or refused.
#include "core/evaluation/reference_rows.h"

#include <cmath>
#include <cstring>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/hash.h"
#include "core/evaluation/reference_builder.h"
#include "tests/support/test_paths.h"

namespace halftone::test {
namespace {

using testing::HasSubstr;

/// A row as a language model makes it: a few likely tokens, a long tail.
std::vector<float> modelRow(int64_t vocabSize, uint64_t seed) {
    std::mt19937_64 random(seed);
    std::normal_distribution<float> normal(0.0f, 2.5f);
    std::vector<float> logits(static_cast<size_t>(vocabSize));
    for (float& logit : logits) logit = normal(random);
    return logits;
}

std::vector<float> withNoise(std::vector<float> logits, float spread, uint64_t seed) {
    std::mt19937_64 random(seed);
    std::normal_distribution<float> normal(0.0f, spread);
    for (float& logit : logits) logit += normal(random);
    return logits;
}

struct Comparisons {
    double exact = 0, stored = 0, largestError = 0, variance = 0;
};

/// Means over `rows` rows whose logits get noise.
Comparisons compareRows(const ReferenceStoreOptions& options, int64_t vocabSize, int64_t rows, float noise) {
    ReferenceRows store(vocabSize, options);
    EXPECT_TRUE(store.resize(rows).has_value());
    Comparisons means;
    for (int64_t row = 0; row < rows; ++row) {
        const auto seed = static_cast<uint64_t>(row);
        const std::vector<float> logits = modelRow(vocabSize, seed), own = withNoise(logits, noise, seed + 100000);
        const RowSummary summary = summarizeRow(logits), ownSummary = summarizeRow(own);
        store.store(row, logits, summary);
        const double exact = rowDivergence(logits, summary, own, ownSummary);
        const RowComparison comparison = store.compare(row, own, ownSummary);
        means.exact += exact / double(rows);
        means.stored += comparison.divergence / double(rows);
        means.largestError = std::max(means.largestError, std::abs(comparison.divergence - exact));
        means.variance += comparison.variance;
    }
    return means;
}

TEST(ReferenceRows, ARowDivergesFromItselfByExactlyNothing) {
    for (const int64_t vocabSize : {7, 512, 769, 5000, 40000}) {
        ReferenceRows store(vocabSize, {});
        HT_ASSERT_OK(store.resize(3));
        for (int64_t row = 0; row < 3; ++row) {
            const std::vector<float> logits = modelRow(vocabSize, static_cast<uint64_t>(row));
            const RowSummary summary = summarizeRow(logits);
            store.store(row, logits, summary);
            const RowComparison comparison = store.compare(row, logits, summary);
            EXPECT_EQ(comparison.divergence, 0.0) << vocabSize;
            EXPECT_EQ(comparison.variance, 0.0);
            EXPECT_TRUE(comparison.topAgrees);
            EXPECT_EQ(store.topToken(row), summary.top);
        }
    }
}

TEST(ReferenceRows, SmallVocabulariesAreKeptWhole) {
    EXPECT_TRUE(ReferenceRows(768, {}).isWhole());
    EXPECT_FALSE(ReferenceRows(769, {}).isWhole());
    EXPECT_EQ(ReferenceRows(512, {}).bytesPerRow(), 8 + 512 * 4);
    EXPECT_EQ(ReferenceRows(128256, {}).bytesPerRow(), 8 + 192 * 8);
    const Comparisons whole = compareRows({}, 512, 50, 0.3f);
    EXPECT_NEAR(whole.stored, whole.exact, 1e-15);
    EXPECT_EQ(whole.variance, 0.0);
}

TEST(ReferenceRows, TheEstimateIsWithoutBiasAndItsErrorIsKnown) {
    constexpr int64_t kRows = 600;
    for (const float noise : {0.02f, 0.1f, 0.4f, 1.0f}) {
        const Comparisons means = compareRows({}, 8000, kRows, noise);
        const double predicted = std::sqrt(means.variance) / double(kRows);
        EXPECT_LT(std::abs(means.stored - means.exact), 4 * predicted) << noise;
        EXPECT_LT(std::abs(means.stored - means.exact), 0.01 * means.exact) << noise;
        EXPECT_LT(means.largestError, 1.0 * means.exact) << noise;
        // The sample says how uncertain it is: not by far too little, not by far too much.
        EXPECT_LT(predicted, 0.01 * means.exact) << noise;
        EXPECT_GT(predicted, 0) << noise;
    }
}

TEST(ReferenceRows, WithoutASampleTheDivergenceIsABoundFromBelow) {
    const Comparisons means = compareRows({.exactTokens = 128, .sampledTokens = 0}, 8000, 100, 0.4f);
    EXPECT_LT(means.stored, 0.9 * means.exact);
    EXPECT_GT(means.stored, 0);
}

TEST(ReferenceRows, DistributionsFarApartStayFinite) {
    ReferenceRows store(5000, {});
    HT_ASSERT_OK(store.resize(1));
    std::vector<float> logits(5000, -20.0f), own(5000, -20.0f);
    logits[3] = 30.0f;  // all of the mass: nothing is left to sample
    own[4] = 30.0f;
    store.store(0, logits, summarizeRow(logits));
    const RowComparison comparison = store.compare(0, own, summarizeRow(own));
    EXPECT_NEAR(comparison.divergence, 50.0, 1e-6);
    EXPECT_FALSE(comparison.topAgrees);
    EXPECT_EQ(store.compare(0, logits, summarizeRow(logits)).divergence, 0.0);
}

TEST(ReferenceRows, LogProbabilitiesSumToOneAndAreExactWhereLikely) {
    const std::vector<float> logits = modelRow(5000, 5);
    const RowSummary summary = summarizeRow(logits);
    ReferenceRows store(5000, {});
    HT_ASSERT_OK(store.resize(1));
    store.store(0, logits, summary);
    std::vector<double> logProbs(5000);
    store.logProbs(0, logProbs);
    double sum = 0;
    for (const double logProb : logProbs) sum += std::exp(logProb);
    EXPECT_NEAR(sum, 1.0, 1e-12);
    const auto top = static_cast<size_t>(summary.top);
    EXPECT_EQ(logProbs[top], double(logits[top]) - summary.logNormalizer);
}

/// A run of made-up rows.
std::shared_ptr<const ReferenceRun> makeRun(int64_t vocabSize, int64_t rows) {
    std::vector<EvaluationWindow> windows{{std::vector<TokenId>(static_cast<size_t>(rows + 1), 2), 0, rows}};
    ReferenceRunBuilder builder(vocabSize, windows, Protocol{}, {});
    EXPECT_TRUE(builder.reserve(int64_t{1} << 30).has_value());
    for (int64_t row = 0; row < rows; ++row) {
        const TokenId target = 2;
        EXPECT_TRUE(builder.addRows(modelRow(vocabSize, static_cast<uint64_t>(row)), row, &target, JobContext()));
    }
    builder.finishWindow(windows[0], 1.25);
    return builder.finish("A note.");
}

TEST(ReferenceRun, MeasuresItsOwnErrorWhileItIsFilled) {
    const auto run = makeRun(5000, 256);
    EXPECT_EQ(run->storeError(), 0.0);
    const StoreCheck& check = run->storeCheck();
    EXPECT_EQ(check.rows, 256);
    // Uniform noise of half width a has the variance a^2 / 3; a divergence is about half of it.
    EXPECT_NEAR(check.exactDivergence, 0.25 * 0.25 / 6, 0.002);
    EXPECT_LT(std::abs(check.storedDivergence - check.exactDivergence), 4 * check.standardError + 1e-12);
    EXPECT_LT(check.standardError, 0.01 * check.exactDivergence);
}

TEST(ReferenceFile, WhatIsSavedComesBack) {
    const TemporaryFolder folder;
    for (const int64_t vocabSize : {300, 5000}) {
        const auto run = makeRun(vocabSize, 40);
        const auto path = folder.path() / "reference.htref";
        HT_ASSERT_OK(run->save(path, "fingerprint of the checkpoint"));
        const auto loaded = ReferenceRun::load(path);
        HT_ASSERT_OK(loaded);
        EXPECT_EQ(loaded->origin, "fingerprint of the checkpoint");
        EXPECT_EQ(loaded->run->windowsHash(), run->windowsHash());
        EXPECT_EQ(loaded->run->scored(), 40);
        EXPECT_EQ(loaded->run->vocabSize(), vocabSize);
        EXPECT_EQ(loaded->run->result().protocol, run->result().protocol);
        EXPECT_EQ(loaded->run->result().nll.mean, run->result().nll.mean);
        EXPECT_EQ(loaded->run->result().perplexity.standardError, run->result().perplexity.standardError);
        EXPECT_EQ(loaded->run->result().tokenNll, run->result().tokenNll);
        EXPECT_EQ(loaded->run->result().notes, run->result().notes);
        EXPECT_EQ(loaded->run->result().seconds, 1.25);
        EXPECT_EQ(loaded->run->storeCheck().storedDivergence, run->storeCheck().storedDivergence);
        const std::vector<float> own = withNoise(modelRow(vocabSize, 7), 0.3f, 1);
        EXPECT_EQ(loaded->run->compare(7, own, summarizeRow(own)).divergence,
                  run->compare(7, own, summarizeRow(own)).divergence);
        // Smaller than what it stands for, and no larger than it says.
        EXPECT_LT(std::filesystem::file_size(path), static_cast<uintmax_t>(run->sizeBytes()) + 400);
    }
}

TEST(ReferenceFile, DamageIsToldNotBelieved) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "reference.htref";
    HT_ASSERT_OK(makeRun(5000, 3)->save(path, "x"));
    const std::string good = readFile(path);
    const auto errorOf = [&](const std::string& bytes) {
        const auto loaded = ReferenceRun::parse(std::as_bytes(std::span(bytes)));
        return loaded ? std::string() : loaded.error().message;
    };
    EXPECT_EQ(errorOf(good), "");
    EXPECT_THAT(errorOf(""), HasSubstr("not a stored reference"));
    EXPECT_THAT(errorOf(good.substr(0, good.size() - 1)), HasSubstr("cut off"));
    std::string flipped = good;
    flipped[good.size() / 2] = static_cast<char>(flipped[good.size() / 2] ^ 4);
    EXPECT_THAT(errorOf(flipped), HasSubstr("checksum"));
    std::string newer = good;
    newer[8] = 2;
    EXPECT_THAT(errorOf(newer), HasSubstr("newer program"));
    // Numbers that make no sense under a checksum that fits.
    const auto resealed = [&](size_t offset, uint64_t value) {
        std::string bytes = good;
        std::memcpy(bytes.data() + offset, &value, sizeof(value));
        const uint64_t checksum = hashBytes(std::as_bytes(std::span(bytes).first(bytes.size() - 8)));
        std::memcpy(bytes.data() + bytes.size() - 8, &checksum, sizeof(checksum));
        return bytes;
    };
    const size_t sizes = 24 + (4 + 1) + (4 + Protocol{}.name().size()) + 4 + 4 + (4 + 7);
    EXPECT_EQ(errorOf(resealed(sizes, 5000)), "");
    for (size_t field = 0; field < 4; ++field) {
        for (const uint64_t value : {uint64_t{0}, uint64_t{1} << 40, ~uint64_t{0}, uint64_t{1} << 63})
            EXPECT_THAT(errorOf(resealed(sizes + 8 * field, value)), HasSubstr("sizes do not fit")) << field;
    }
    const size_t firstNumber = good.size() - 8 - 3 * (8 + 8 + 192 * 8);
    EXPECT_THAT(errorOf(resealed(firstNumber, 0x7FF0000000000000u)), HasSubstr("not a number"));
    EXPECT_THAT(errorOf(resealed(firstNumber + 3 * 16, 0x00001387FFFFFFFFu)), HasSubstr("damaged"));
    EXPECT_FALSE(ReferenceRun::load(folder.path() / "absent").has_value());
}

}  // namespace
}  // namespace halftone::test
