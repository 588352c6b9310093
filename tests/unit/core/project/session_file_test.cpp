// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/project/session_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/test_paths.h"

namespace halftone::test {
namespace {

using testing::HasSubstr;

SessionFile everyField() {
    SessionFile session;
    session.checkpoint = "/models/a model";
    session.fingerprint = "0123456789abcdef";
    session.recipe = Recipe::pure(Format::parse("q4_k").value());
    session.recipe.overrides["blk.0.attn_q.weight"] = Format::parse("int4_g128_asym").value();
    session.evaluationText = "/texts/wiki.txt";
    session.calibrationText = "/texts/calibration.txt";
    session.calibration = {"/texts/another.txt", 256, 4096, false};
    session.protocol = "p512 ctx 256";
    session.lockedTensors = {"blk.0.ffn_down.weight", "output.weight"};
    session.prompts = {"Once upon a time", "line one\nline two", "诗"};
    session.target = "cpu-server";
    session.cacheFormat = "k=q8_0,v=q4_0";
    session.activationFormat = "int8";
    session.votes = {.original = 3, .recipe = 2, .ties = 7};
    RecordedRun run;
    run.recipeText = session.recipe.toText();
    run.protocol = "p512";
    run.textPath = "/texts/wiki.txt";
    run.bytes = int64_t{7} << 40;
    run.bitsPerWeight = 4.5;
    run.perplexity = 6.2332;
    run.perplexityError = 0.038;
    run.kldMean = 0.00136;
    run.kldP99 = 0.25;
    run.kldMax = 3.5;
    run.bleu = 0.625;
    run.rougeL = 0.75;
    run.tokensPerSecond = 812.5;
    run.device = "cpu";
    run.seconds = 12.5;
    run.when = "2026-01-02T03:04:05Z";
    run.weights = "00ff00ff00ff00ff";
    session.runs = {run, RecordedRun{}};
    session.uiState = "AAECAw==";
    return session;
}

void expectSameRun(const RecordedRun& a, const RecordedRun& b) {
    EXPECT_EQ(a.recipeText, b.recipeText);
    EXPECT_EQ(a.protocol, b.protocol);
    EXPECT_EQ(a.textPath, b.textPath);
    EXPECT_EQ(a.bytes, b.bytes);
    EXPECT_EQ(a.bitsPerWeight, b.bitsPerWeight);
    EXPECT_EQ(a.perplexity, b.perplexity);
    EXPECT_EQ(a.perplexityError, b.perplexityError);
    EXPECT_EQ(a.kldMean, b.kldMean);
    EXPECT_EQ(a.kldError, b.kldError);
    EXPECT_EQ(a.kldP99, b.kldP99);
    EXPECT_EQ(a.kldMax, b.kldMax);
    EXPECT_EQ(a.bleu, b.bleu);
    EXPECT_EQ(a.rougeL, b.rougeL);
    EXPECT_EQ(a.tokensPerSecond, b.tokensPerSecond);
    EXPECT_EQ(a.top1Agreement, b.top1Agreement);
    EXPECT_EQ(a.device, b.device);
    EXPECT_EQ(a.seconds, b.seconds);
    EXPECT_EQ(a.when, b.when);
    EXPECT_EQ(a.weights, b.weights);
}

TEST(SessionFile, EveryFieldSurvives) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "mine.halftone";
    const SessionFile session = everyField();
    HT_ASSERT_OK(session.save(path));
    const auto loaded = SessionFile::load(path);
    HT_ASSERT_OK(loaded);
    EXPECT_EQ(loaded->checkpoint, session.checkpoint);
    EXPECT_EQ(loaded->fingerprint, session.fingerprint);
    EXPECT_EQ(loaded->recipe, session.recipe);
    EXPECT_EQ(loaded->evaluationText, session.evaluationText);
    EXPECT_EQ(loaded->calibrationText, session.calibrationText);
    EXPECT_EQ(loaded->calibration, session.calibration);
    EXPECT_EQ(loaded->protocol, session.protocol);
    EXPECT_EQ(loaded->prompts, session.prompts);
    EXPECT_EQ(loaded->votes, session.votes);
    EXPECT_EQ(loaded->lockedTensors, session.lockedTensors);
    EXPECT_EQ(loaded->uiState, session.uiState);
    EXPECT_EQ(loaded->target, session.target);
    EXPECT_EQ(loaded->cacheFormat, session.cacheFormat);
    EXPECT_EQ(loaded->activationFormat, session.activationFormat);
    ASSERT_EQ(loaded->runs.size(), 2u);
    for (size_t i = 0; i < 2; ++i) expectSameRun(loaded->runs[i], session.runs[i]);
}

TEST(SessionFile, ACalibrationThatCannotBeMadeAgainIsNone) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "edited.halftone";
    for (const char* calibration :
         {R"({"text":"","context":512,"tokens":64})", R"({"text":"/t","context":-1,"tokens":64})",
          R"({"text":"/t","context":512})", R"("yes")"}) {
        std::ofstream(path)
            << R"({"halftone-session":2,"checkpoint":"/m","recipe":"halftone-recipe 1\n","calibration":)" << calibration
            << "}";
        const auto loaded = SessionFile::load(path);
        HT_ASSERT_OK(loaded);
        EXPECT_FALSE(loaded->calibration.has_value()) << calibration;
    }
}

TEST(SessionFile, AFileOfVersion1LoadsAndSaysNothingOfMachines) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "old.halftone";
    std::ofstream(path) << R"({"halftone-session":1,"checkpoint":"/m","recipe":"halftone-recipe 1\n"})";
    const auto loaded = SessionFile::load(path);
    HT_ASSERT_OK(loaded);
    EXPECT_EQ(loaded->checkpoint, "/m");
    EXPECT_FALSE(loaded->target.has_value());
    EXPECT_TRUE(loaded->cacheFormat.empty());
    SessionFile none = *loaded;
    none.target = "";
    HT_ASSERT_OK(none.save(path));
    EXPECT_EQ(SessionFile::load(path)->target, "") << "no machine is a choice as well";
}

TEST(SessionFile, AFailedSaveLeavesTheOldFile) {
    const TemporaryFolder folder;
    EXPECT_FALSE(everyField().save(folder.path() / "absent" / "x.halftone").has_value());
    EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

struct BadSession {
    const char* content;
    const char* expected;
};

class SessionErrors : public testing::TestWithParam<BadSession> {};

TEST_P(SessionErrors, AreOneSentence) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "x.halftone";
    std::ofstream(path) << GetParam().content;
    const auto loaded = SessionFile::load(path);
    ASSERT_FALSE(loaded.has_value());
    EXPECT_THAT(loaded.error().message, HasSubstr(GetParam().expected));
    EXPECT_THAT(loaded.error().message, HasSubstr("x.halftone"));
}

INSTANTIATE_TEST_SUITE_P(
    All, SessionErrors,
    testing::Values(BadSession{"", "is not a saved session"}, BadSession{"{", "is not a saved session"},
                    BadSession{"[1]", "is not a saved session"}, BadSession{"{\"a\":1}", "is not a saved session"},
                    BadSession{"{\"halftone-session\":\"1\"}", "is not a saved session"},
                    BadSession{"{\"halftone-session\":3}", "newer version of this program (session version 3"},
                    BadSession{"{\"halftone-session\":1}", "The recipe in"},
                    BadSession{"{\"halftone-session\":1,\"recipe\":\"halftone-recipe 1\\nx\"}", "line 2"}));

TEST(SessionFile, FieldsOfAnotherTypeCountAsMissing) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "x.halftone";
    std::ofstream(path)
        << R"({"halftone-session":1,"recipe":"halftone-recipe 1\n","prompts":[1,"a",null],"runs":[3,{"bytes":"x"}],"protocol":5,"votes":{"original":-4,"recipe":"many","ties":2}})";
    const auto loaded = SessionFile::load(path);
    HT_ASSERT_OK(loaded);
    EXPECT_EQ(loaded->prompts, std::vector<std::string>{"a"});
    ASSERT_EQ(loaded->runs.size(), 1u);
    EXPECT_EQ(loaded->runs[0].bytes, 0);
    EXPECT_EQ(loaded->protocol, "");
    EXPECT_EQ(loaded->votes, (VoteTally{.original = 0, .recipe = 0, .ties = 2}));
}

TEST(SessionFile, AMissingFileIsNotFound) {
    EXPECT_EQ(SessionFile::load("/nonexistent/x.halftone").error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace halftone::test
