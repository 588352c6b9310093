// SPDX-License-Identifier: GPL-3.0-or-later
#include <QDir>
#include <QDropEvent>
#include <QFile>
#include <QMimeData>
#include <QUrl>

#include <fstream>

#include "app/panels/evaluation/evaluation_panel.h"
#include "tests/gui/window_fixture.h"

namespace halftone::app {
namespace {

using test::waitUntil;

class FaultsTest : public WindowTest {
  protected:
    QString write(const std::string& name, const std::string& bytes) {
        const auto path = folder.path() / name;
        std::ofstream(path, std::ios::binary) << bytes;
        return QString::fromStdString(path.string());
    }
    void drop(const QString& path) {
        QMimeData data;
        data.setUrls({QUrl::fromLocalFile(path)});
        QDragEnterEvent enter(QPoint(10, 10), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
        QCoreApplication::sendEvent(&window, &enter);
        EXPECT_TRUE(enter.isAccepted());
        QDropEvent event(QPointF(10, 10), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
        QCoreApplication::sendEvent(&window, &event);
    }
    test::TemporaryFolder folder;
};

TEST_F(FaultsTest, EachBadFileGivesOneMessageAndWhatIsOpenStays) {
    openSample();
    ASSERT_TRUE(awaitIdle());
    const auto before = session.checkpoint();
    const QStringList bad{
        write("empty.gguf", ""),
        write("magic.gguf", "FUGG0123456789"),
        write("truncated.gguf", std::string("GGUF\x03\0\0\0\xff\xff\xff\xff\xff\xff\xff\x7f", 16)),
        write("short.safetensors", "abc"),
        write("count.safetensors", std::string("\xff\xff\xff\xff\xff\xff\xff\x7f{}", 10)),
        write("json.safetensors", std::string("\x05\0\0\0\0\0\0\0{{{{{", 13)),
        write("old.halftone", "not json"),
        write("notes.txt", "no checkpoint at all"),
        QString::fromStdString((folder.path() / "missing").string()),
    };
    for (const auto& path : bad) {
        const int errors = errorCount();
        drop(path);
        ASSERT_TRUE(awaitIdle()) << path.toStdString();
        EXPECT_EQ(errorCount(), errors + 1) << path.toStdString();
        EXPECT_EQ(session.checkpoint(), before) << path.toStdString();
    }
    EXPECT_EQ(session.statistics().readyCount(), session.tensorCount());
}

TEST_F(FaultsTest, AGoodFileAfterABadOneOpens) {
    drop(write("empty.gguf", ""));
    ASSERT_TRUE(awaitIdle());
    EXPECT_EQ(errorCount(), 1);
    drop(samplePath());
    EXPECT_TRUE(waitUntil([&] { return session.checkpoint() != nullptr; }));
}

TEST_F(FaultsTest, AnEmptyOrMissingTextIsSaidInTheEvaluation) {
    openSample();
    ASSERT_TRUE(awaitIdle());
    for (const auto& path : {write("empty.txt", ""), QString("/nowhere/text.txt"), QString()}) {
        auto options = window.evaluationPanel().options();
        options.textPath = path;
        const int errors = errorCount();
        session.evaluation().start(EvaluationTarget::Original, options);
        ASSERT_TRUE(awaitIdle());
        EXPECT_EQ(errorCount(), errors + 1);
        EXPECT_FALSE(session.evaluation().problem().isEmpty());
        EXPECT_TRUE(session.evaluation().runs().isEmpty());
    }
}

TEST_F(FaultsTest, ATextShorterThanAWindowSaysSo) {
    openSample();
    auto options = window.evaluationPanel().options();
    options.textPath = write("short.txt", "Few words.");
    session.evaluation().start(EvaluationTarget::Original, options);
    ASSERT_TRUE(awaitIdle());
    EXPECT_FALSE(session.evaluation().problem().isEmpty());
}

TEST_F(FaultsTest, ATensorFileIsInspectedButNotRun) {
    HT_SHARED_OR_SKIP(model, "models/stories260K/model.safetensors");
    const auto copy = folder.path() / "bare.safetensors";
    std::filesystem::copy_file(model, copy);
    window.openPath(QString::fromStdString(copy.string()));
    ASSERT_TRUE(waitUntil([&] { return session.tensorCount() > 0; }));
    ASSERT_TRUE(awaitIdle());
    EXPECT_EQ(session.statistics().readyCount(), session.tensorCount());
    EXPECT_EQ(session.model(), nullptr);
    EXPECT_FALSE(session.modelJobs().whyNot().isEmpty());
    session.evaluation().start(EvaluationTarget::Original, window.evaluationPanel().options());
    EXPECT_FALSE(session.evaluation().isRunning());
    EXPECT_EQ(errorCount(), 0);
}

TEST_F(FaultsTest, ClosingWhileEverythingRunsIsSafe) {
    openSample();
    session.recipe().setDefaultFormat(Format::of(DType::kQ4_K));
    session.evaluation().start(EvaluationTarget::Recipe, window.evaluationPanel().options());
    session.close();
    EXPECT_EQ(session.tensorCount(), 0);
    ASSERT_TRUE(awaitIdle(10'000));
    EXPECT_TRUE(session.evaluation().runs().isEmpty());
}

TEST_F(FaultsTest, OpeningAnotherCheckpointWhileTheFirstIsBusyIsSafe) {
    openSample();
    session.recipe().setDefaultFormat(Format::of(DType::kQ4_K));
    session.calibration().start(
        {QString::fromStdString((test::sourceDir() / "resources/texts/calibration.txt").string()), 128, 4096});
    session.open(samplePath());  // as after the window's question
    ASSERT_TRUE(awaitIdle());
    EXPECT_TRUE(session.recipe().changesNothing());
    EXPECT_FALSE(session.calibration().hasData());
}

}  // namespace
}  // namespace halftone::app
