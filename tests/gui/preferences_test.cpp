// SPDX-License-Identifier: GPL-3.0-or-later
// The preferences: every choice applies at once or says when it does, and is there at the next start.
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QFile>
#include <QLabel>
#include <QSpinBox>
#include <QTemporaryDir>
#include <QThread>
#include <QToolButton>

#include "app/dialogs/preferences_dialog.h"
#include "app/panels/evaluation/evaluation_panel.h"
#include "app/session/autosave.h"
#include "tests/gui/window_fixture.h"

namespace halftone::app {
namespace {

class PreferencesTest : public WindowTest {
  protected:
    void open() {
        window.activateWindow();
        ASSERT_TRUE(test::waitUntil([&] { return !session.isOpening() && session.jobs().isIdle(); }));
        QTest::keyClick(&window, Qt::Key_Comma, Qt::ControlModifier);
        dialog = window.findChild<PreferencesDialog*>();
        ASSERT_NE(dialog, nullptr);
        EXPECT_FALSE(dialog->isModal());
    }
    template <typename T>
    T* field(const char* name) {
        auto* found = dialog->findChild<T*>(QString::fromLatin1(name));
        EXPECT_NE(found, nullptr) << name;
        return found;
    }
    static void choose(QComboBox* combo, const QVariant& data) {
        const int place = combo->findData(data);
        ASSERT_GE(place, 0);
        combo->setCurrentIndex(place);
        emit combo->activated(place);
    }
    /// The software device of the machine; empty where there is none.
    [[nodiscard]] QString vulkanDevice() {
        for (const auto& entry : session.devices().entries())
            if (entry.usable && entry.id.startsWith("vulkan")) return entry.id;
        return {};
    }

    PreferencesDialog* dialog = nullptr;
};

TEST_F(PreferencesTest, WhatIsChosenHoldsAtOnceAndAtTheNextStart) {
    open();
    field<QSpinBox>("threads")->setValue(1);
    field<QDoubleSpinBox>("memoryLimit")->setValue(1.5);
    field<QSpinBox>("autosaveSeconds")->setValue(7);
    EXPECT_EQ(session.jobs().pool().threadCount(), 1);
    EXPECT_EQ(session.devices().memoryLimit(), 1'500'000'000);
    EXPECT_EQ(session.modelJobs().engineRequest().memoryLimitBytes, 1'500'000'000);
    const StudioSettings expected{.memoryLimitBytes = 1'500'000'000, .threads = 1, .autosaveSeconds = 7};
    EXPECT_EQ(StudioSettings::load(), expected);
    field<QSpinBox>("threads")->setValue(0);
    EXPECT_EQ(session.jobs().pool().threadCount(), QThread::idealThreadCount());
    Session next;
    MainWindow other(next);
    EXPECT_EQ(next.settings(), StudioSettings::load());
    EXPECT_EQ(next.devices().memoryLimit(), 1'500'000'000);
}

TEST_F(PreferencesTest, ASettingsFileThatWasSpoiltCountsAsTheDefaults) {
    QSettings settings;
    settings.setValue("threads", "many");
    settings.setValue("memoryLimit", -5);
    settings.setValue("autosave/seconds", 1'000'000);
    EXPECT_EQ(StudioSettings::load(), StudioSettings());
}

TEST_F(PreferencesTest, DevicesAreOfferedWithTheReasonForTheOneThatRuns) {
    open();
    auto* devices = field<QComboBox>("preferredDevice");
    EXPECT_EQ(devices->currentData().toString(), "cpu");
    EXPECT_EQ(devices->count(), session.devices().entries().size() + 1);
    choose(devices, "auto");
    EXPECT_EQ(session.devices().choice(), "auto");
    EXPECT_TRUE(field<QLabel>("deviceNote")->text().contains(session.devices().decision().reason));
    choose(devices, "cpu-reference");
    EXPECT_EQ(session.devices().decision().id, "cpu-reference");
    session.devices().setChoice("cpu");
    EXPECT_EQ(devices->currentData().toString(), "cpu") << "the chip's menu chooses the same";
}

TEST_F(PreferencesTest, ALimitMakesWeightsStreamAndTheChipSaysSo) {
    open();
    const QString device = vulkanDevice();
    if (device.isEmpty()) GTEST_SKIP() << "no Vulkan device on this machine";
    auto* chip = find<QToolButton>("deviceButton");
    field<QDoubleSpinBox>("memoryLimit")->setValue(0.02);
    EXPECT_FALSE(chip->text().contains("20")) << "the CPU has no limit";
    EXPECT_TRUE(field<QLabel>("memoryNote")->text().contains("Holds when"));
    choose(field<QComboBox>("preferredDevice"), device);
    EXPECT_TRUE(chip->text().contains("≤ 20")) << chip->text().toStdString();
    openSample();
    window.evaluationPanel().setChunks(1);
    window.evaluationPanel().start(EvaluationTarget::Original);
    ASSERT_TRUE(awaitIdle());
    ASSERT_EQ(errorCount(), 0) << session.messages().messages().last().text.toStdString();
    EXPECT_GT(session.devices().streamedBytes(), 0);
    EXPECT_TRUE(chip->text().contains("streams"));
    EXPECT_TRUE(field<QLabel>("memoryNote")->text().contains("In the last run"));
    const auto limited = session.evaluation().runs().last().result.perplexity.mean;
    field<QDoubleSpinBox>("memoryLimit")->setValue(0);
    window.evaluationPanel().start(EvaluationTarget::Original);
    ASSERT_TRUE(awaitIdle());
    EXPECT_EQ(session.devices().streamedBytes(), 0);
    EXPECT_FALSE(chip->text().contains("streams"));
    EXPECT_EQ(session.evaluation().runs().last().result.perplexity.mean, limited) << "bit for bit";
}

TEST_F(PreferencesTest, ThemeAppliesAtOnceAndALanguageIsAskedFor) {
    open();
    choose(field<QComboBox>("preferredTheme"), int(ThemeChoice::Dark));
    EXPECT_TRUE(themeColors(qApp->palette()).isDark);
    EXPECT_EQ(QSettings().value("theme").toString(), "dark");
    QString asked;
    QObject::connect(&window, &MainWindow::languageChosen, &window, [&](const QString& name) { asked = name; });
    choose(field<QComboBox>("preferredLanguage"), "zh_CN");
    EXPECT_EQ(QSettings().value("language").toString(), "zh_CN");
    EXPECT_EQ(asked, "zh_CN") << "StudioWindow answers with a window in it";
    window.chooseTheme(ThemeChoice::Light);
    EXPECT_EQ(field<QComboBox>("preferredTheme")->currentData().toInt(), int(ThemeChoice::Light))
        << "the menu chooses the same";
}

TEST_F(PreferencesTest, NoCopyIsKeptWhereNoneIsWanted) {
    const QTemporaryDir folder;
    Autosave autosave(session, folder.path(), [] { return QString(); });
    autosave.setDelay(1);
    openSample();
    session.recipe().setFormat(tensorsOf(TensorRole::kFfnDown), Format::of(DType::kQ4_K));
    ASSERT_TRUE(test::waitUntil([&] { return QFile::exists(autosave.path()); }));
    ASSERT_TRUE(awaitIdle());
    open();
    field<QSpinBox>("autosaveSeconds")->setValue(0);
    EXPECT_FALSE(QFile::exists(autosave.path())) << "what was kept goes";
    session.recipe().undoStack().undo();
    session.recipe().undoStack().redo();
    QTest::qWait(50);
    ASSERT_TRUE(awaitIdle());
    EXPECT_FALSE(QFile::exists(autosave.path()));
}

}  // namespace
}  // namespace halftone::app
