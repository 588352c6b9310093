// SPDX-License-Identifier: GPL-3.0-or-later
// halftone-cli report: the page of a session that the studio saved.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/checkpoint/checkpoint.h"
#include "core/project/session_file.h"
#include "tests/cli/run_cli.h"
#include "tests/support/test_paths.h"

namespace halftone::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class CliPage : public testing::Test {
  protected:
    void SetUp() override {
        session.checkpoint = sourceDir() / "resources/sample";
        const auto checkpoint = Checkpoint::open(session.checkpoint);
        HT_ASSERT_OK(checkpoint);
        session.fingerprint = (*checkpoint)->fingerprint();
        session.recipe = Recipe::parse(readFile(sourceDir() / "resources/presets/q4_k_balanced.recipe")).value();
        RecordedRun original;
        original.protocol = "p512 ctx 256";
        original.textPath = "/texts/wiki <1>.txt";
        original.perplexity = 14.5;
        RecordedRun run = original;
        run.recipeText = session.recipe.toText();
        run.bytes = 2'400'000;
        run.perplexity = 14.75;
        run.kldMean = 0.0125;
        run.kldError = 0.0004;
        run.bleu = 0.625;
        run.rougeL = 0.75;
        session.runs = {original, run};
    }
    CliRun write(const std::vector<std::string>& more = {}) {
        const auto file = folder.path() / "mine.halftone";
        EXPECT_TRUE(session.save(file).has_value());
        std::vector<std::string> arguments{"report", file.string(), "--output", page().string()};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return runCli(arguments);
    }
    [[nodiscard]] std::filesystem::path page() const { return folder.path() / "page.html"; }

    TemporaryFolder folder;
    SessionFile session;
};

TEST_F(CliPage, HoldsRecipeRunsLayersAndModel) {
    const CliRun run = write();
    ASSERT_EQ(run.status, 0) << run.err;
    const std::string html = readFile(page());
    for (const char* title : {"<h2>Recipe</h2>", "<h2>Measured</h2>", "<h2>Layers</h2>", "<h2>Model</h2>"})
        EXPECT_THAT(html, HasSubstr(title));
    EXPECT_THAT(html, HasSubstr("0.01250 ± 0.00040"));
    EXPECT_THAT(html, HasSubstr("<td class=\"n\">0.625</td><td class=\"n\">0.750</td>")) << "BLEU and ROUGE-L";
    EXPECT_THAT(html, HasSubstr("wiki &lt;1&gt;.txt"));
    EXPECT_THAT(html, HasSubstr("blk.0.ffn_down.weight"));
    EXPECT_THAT(html, HasSubstr("<svg "));
    EXPECT_THAT(html, Not(HasSubstr("rel. error"))) << "nothing was quantized for it";
    EXPECT_THAT(html, Not(HasSubstr(session.checkpoint.string()))) << "where files lie is nobody else's business";
    for (const char* forbidden : {"http:", "https:", "src=", "href=", "<script", "<link"})
        EXPECT_THAT(html, Not(HasSubstr(forbidden)));
}

TEST_F(CliPage, ErrorsAreMeasuredWhereTheyAreWanted) {
    const CliRun run = write({"--errors"});
    ASSERT_EQ(run.status, 0) << run.err;
    EXPECT_THAT(readFile(page()), HasSubstr("SQNR dB"));
}

TEST_F(CliPage, ACheckpointThatChangedIsTold) {
    session.fingerprint = "0123";
    const CliRun run = write();
    ASSERT_EQ(run.status, 0) << run.err;
    EXPECT_THAT(run.out, HasSubstr("has changed"));
    EXPECT_THAT(readFile(page()), HasSubstr("The checkpoint has changed"));
}

TEST_F(CliPage, ACheckpointThatMovedIsFoundWhereItIsSaid) {
    const auto there = session.checkpoint;
    session.checkpoint = "/nowhere";
    EXPECT_EQ(write().status, 1);
    EXPECT_FALSE(std::filesystem::exists(page()));
    const CliRun run = write({"--checkpoint", there.string(), "--json"});
    ASSERT_EQ(run.status, 0) << run.err;
    EXPECT_EQ(run.json()["runs"], 2);
    EXPECT_EQ(run.json()["checkpoint_changed"], false);
}

TEST_F(CliPage, WhatIsNoSessionIsOneSentence) {
    const CliRun run = runCli({"report", (sourceDir() / "README.md").string(), "--output", page().string()});
    EXPECT_EQ(run.status, 1);
    EXPECT_THAT(run.err, HasSubstr("is not a saved session"));
}

}  // namespace
}  // namespace halftone::test
