// SPDX-License-Identifier: GPL-3.0-or-later
// What goes wrong while writing: each is one sentence, and nothing that existed is lost.
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/broken_files.h"
#include "tests/support/synthetic_checkpoint.h"
#include "tests/support/test_paths.h"
#include "tests/unit/core/export/export_support.h"

namespace halftone::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class ExportFailures : public testing::Test {
  protected:
    void SetUp() override {
        SyntheticShape shape;
        shape.hidden = 256;
        shape.ffn = 512;
        shape.layers = 4;
        shape.heads = shape.kvHeads = 4;
        shape.vocab = 512;
        shape.context = 64;
        HT_ASSERT_OK(writeSyntheticCheckpoint(m_folder.path() / "model", shape));
        m_checkpoint = openCheckpoint(m_folder.path() / "model");
        fs::create_directory(m_folder.path() / "out");
    }
    [[nodiscard]] fs::path target() const { return m_folder.path() / "out" / "model.gguf"; }

    // The error's message; afterwards the target holds `before`, or nothing is there at all.
    void expectFailure(const Result<ExportReport>& result, const std::string& words, const std::string& before) const {
        ASSERT_FALSE(result.has_value());
        EXPECT_THAT(result.error().message, HasSubstr(words));
        if (before.empty()) {
            EXPECT_TRUE(fs::is_empty(m_folder.path() / "out"));
        } else {
            EXPECT_EQ(readFile(target()), before);
            EXPECT_EQ(std::distance(fs::directory_iterator(m_folder.path() / "out"), {}), 1);
        }
    }

    TemporaryFolder m_folder;
    CheckpointPtr m_checkpoint;
    Recipe m_recipe = Recipe::pure(format("q4_0"));
};

TEST_F(ExportFailures, CancelLeavesTheTargetAsItWas) {
    for (const std::string before : {"", "what was there"}) {
        if (!before.empty()) std::ofstream(target()) << before;
        // The first look at the token finds no stop, later ones do: the export is under way by then.
        std::stop_source stop;
        Progress progress;
        const JobContext context{.stop = stop.get_token(), .progress = &progress, .pool = ThreadPool(1)};
        std::jthread canceller([&](const std::stop_token& done) {
            while (progress.snapshot().done == 0 && !done.stop_requested()) std::this_thread::yield();
            stop.request_stop();
        });
        const auto result = exportTo(m_checkpoint, Recipe::pure(format("q5_k")), target(), context);
        canceller.request_stop();
        canceller.join();
        expectFailure(result, "cancelled", before);
        EXPECT_EQ(result.error().code, ErrorCode::kCancelled);
    }
}

// Limits the size of files that this process writes; a write past it fails as on a full disk does.
class FileSizeLimit {
  public:
    explicit FileSizeLimit(rlim_t bytes) {
        m_handler = std::signal(SIGXFSZ, SIG_IGN);
        ::getrlimit(RLIMIT_FSIZE, &m_before);
        rlimit limit = m_before;
        limit.rlim_cur = bytes;
        ::setrlimit(RLIMIT_FSIZE, &limit);
    }
    ~FileSizeLimit() {
        ::setrlimit(RLIMIT_FSIZE, &m_before);
        std::signal(SIGXFSZ, m_handler);
    }
    FileSizeLimit(const FileSizeLimit&) = delete;
    FileSizeLimit& operator=(const FileSizeLimit&) = delete;

  private:
    rlimit m_before{};
    void (*m_handler)(int) = nullptr;
};

TEST_F(ExportFailures, ADiskThatFillsUpLeavesTheTargetAsItWas) {
    std::ofstream(target()) << "what was there";
    const FileSizeLimit limit(200000);
    expectFailure(exportTo(m_checkpoint, m_recipe, target()), "model", "what was there");
}

TEST_F(ExportFailures, ADiskWithoutRoomIsToldBeforehand) {
    // A checkpoint of holes, larger as F32 than what is free: 17 GB a block.
    SyntheticShape shape;
    shape.hidden = 16384;
    shape.ffn = 65536;
    shape.heads = shape.kvHeads = 128;
    shape.layers = static_cast<int64_t>(fs::space(m_folder.path()).available / 17'000'000'000) + 1;
    shape.isSparse = true;
    if (!writeSyntheticCheckpoint(m_folder.path() / "large", shape))
        GTEST_SKIP() << "this disk takes no file that large";
    const auto result = exportTo(openCheckpoint(m_folder.path() / "large"), Recipe::pure(format("f32")), target());
    expectFailure(result, "has only", "");
}

TEST_F(ExportFailures, TargetsThatCannotBe) {
    const auto fails = [&](const fs::path& path, const std::string& words) {
        expectFailure(exportTo(m_checkpoint, m_recipe, path), words, "");
    };
    fails(m_folder.path() / "out", "is a folder");
    fails(m_folder.path() / "absent" / "x.gguf", "does not exist");
    fails(m_folder.path() / "out" / "x-00001-of-00002.gguf", "part of a split model");
    fails(m_folder.path() / "out" / "", "is not a file name");
    fails("/proc/x.gguf", "/proc");
}

TEST_F(ExportFailures, AFolderThatMayNotBeWritten) {
    if (::geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
    fs::permissions(m_folder.path() / "out", fs::perms::owner_read | fs::perms::owner_exec);
    expectFailure(exportTo(m_checkpoint, m_recipe, target()), "out", "");
    fs::permissions(m_folder.path() / "out", fs::perms::owner_all);
}

TEST_F(ExportFailures, TheSourceIsNeverOverwritten) {
    HT_ASSERT_OK(exportTo(m_checkpoint, m_recipe, target()));
    const std::string before = readFile(target());
    expectFailure(exportTo(openCheckpoint(target()), Recipe::pure(format("q8_0")), target()), "is the model being read",
                  before);
    fs::create_symlink(target(), m_folder.path() / "link.gguf");
    expectFailure(exportTo(openCheckpoint(target()), Recipe::pure(format("q8_0")), m_folder.path() / "link.gguf"),
                  "is the model being read", before);
}

TEST_F(ExportFailures, NanInTheWeightsIsNamed) {
    const auto path = m_folder.path() / "model" / "model.safetensors";
    const TensorInfo& tensor = *m_checkpoint->find("blk.2.ffn_up.weight");
    const auto offset = static_cast<std::streamoff>(tensor.offset + 2 * 1000);
    m_checkpoint = nullptr;
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(offset).write("\x00\x7E", 2);  // an F16 NaN
    file.close();
    m_checkpoint = openCheckpoint(m_folder.path() / "model");
    expectFailure(exportTo(m_checkpoint, m_recipe, target()), "blk.2.ffn_up.weight", "");
}

TEST_F(ExportFailures, ErrorsOfThePlanStopItBeforeAByteIsWritten) {
    Recipe recipe = m_recipe;
    recipe.rules.push_back({{{}, std::nullopt, std::nullopt, "("}, format("q8_0")});
    expectFailure(exportTo(m_checkpoint, recipe, target()), "regular expression", "");
    const auto other = resolve(m_recipe, m_checkpoint->tensors().subspan(1));
    expectFailure(exportGguf(m_checkpoint, other, "", {}, target(), JobContext()), "resolved for another checkpoint",
                  "");
}

TEST_F(ExportFailures, NamesAndRanksThatGgufForbids) {
    const std::string name(64, 'n');
    const std::string header = "{\"" + name + R"(":{"dtype":"F32","shape":[1,1,1,1,2],"data_offsets":[0,8]}})";
    const auto path = m_folder.path() / "odd.safetensors";
    std::ofstream(path, std::ios::binary) << safetensorsFile(header, std::string(8, '\0'));
    const CheckpointPtr checkpoint = openCheckpoint(path);
    const auto plan = planGgufExport(*checkpoint, resolve(m_recipe, checkpoint->tensors()));
    HT_ASSERT_OK(plan);
    std::string messages;
    for (const RecipeProblem& problem : plan->problems) {
        if (problem.severity == RecipeProblem::Severity::kError) messages += problem.message;
    }
    EXPECT_THAT(messages, HasSubstr("has 64 bytes; GGUF allows 63"));
    EXPECT_THAT(messages, HasSubstr("has 5 dimensions; GGUF allows 4"));
    expectFailure(exportTo(checkpoint, m_recipe, target()), "GGUF allows", "");
}

TEST_F(ExportFailures, AnArchitectureWithoutAConverterIsRefused) {
    const auto config = m_folder.path() / "model" / "config.json";
    std::string text = readFile(config);
    const size_t at = text.find("\"llama\"");
    ASSERT_NE(at, std::string::npos) << text;
    std::ofstream(config) << text.replace(at, 7, "\"mixtral\"");
    expectFailure(exportTo(openCheckpoint(m_folder.path() / "model"), m_recipe, target()), "cannot be written as GGUF",
                  "");
}

TEST_F(ExportFailures, ATokenizerAloneIsNothingToExport) {
    HT_SHARED_OR_SKIP(path, "tokenizers/gpt2");
    expectFailure(exportTo(openCheckpoint(path), m_recipe, target()), "holds no tensors", "");
}

}  // namespace
}  // namespace halftone::test
