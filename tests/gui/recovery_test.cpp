// SPDX-License-Identifier: GPL-3.0-or-later
// What a crash leaves behind, and how it comes back.
#include "app/recovery.h"

#include <QFile>
#include <QPushButton>
#include <QTemporaryDir>

#include "tests/gui/window_fixture.h"

namespace halftone::app {
namespace {

class RecoveryTest : public WindowTest {
  protected:
    [[nodiscard]] QString folder() const { return m_folder.path(); }
    void editRecipe() { session.recipe().setFormat({tensorsOf(TensorRole::kFfnDown)}, Format::of(DType::kQ4_0)); }
    /// A file as a studio that was killed leaves it: without a lock that is held.
    QString leaveBehind() {
        openSample();
        editRecipe();
        const QString path = folder() + QStringLiteral("/lost.halftone");
        EXPECT_TRUE(session.snapshot(window.uiState()).save(path.toStdString()).has_value());
        session.close();
        EXPECT_TRUE(awaitIdle());
        return path;
    }
    void press(const char* button) { find<QPushButton>(button)->click(); }

    QTemporaryDir m_folder;
};

TEST_F(RecoveryTest, WorkIsKeptWhileItGoesOnAndForgottenAtTheEnd) {
    QString path;
    {
        Recovery recovery(session, window, folder());
        recovery.autosave().setDelay(1);
        path = recovery.autosave().path();
        openSample();
        ASSERT_TRUE(awaitIdle());
        EXPECT_FALSE(QFile::exists(path)) << "nothing was changed yet";
        editRecipe();
        ASSERT_TRUE(test::waitUntil([&] { return QFile::exists(path); }));
        ASSERT_TRUE(awaitIdle());
        const auto saved = SessionFile::load(path.toStdString());
        HT_ASSERT_OK(saved);
        EXPECT_EQ(saved->recipe, session.recipe().recipe());
        EXPECT_TRUE(Autosave::leftovers(folder()).isEmpty()) << "a studio that runs has lost nothing";
    }
    EXPECT_FALSE(QFile::exists(path));
    EXPECT_TRUE(Autosave::leftovers(folder()).isEmpty());
}

TEST_F(RecoveryTest, ClosingACheckpointForgetsIt) {
    Recovery recovery(session, window, folder());
    recovery.autosave().setDelay(1);
    openSample();
    editRecipe();
    const QString path = recovery.autosave().path();
    ASSERT_TRUE(test::waitUntil([&] { return QFile::exists(path); }));
    ASSERT_TRUE(awaitIdle());
    session.close();
    EXPECT_FALSE(QFile::exists(path));
}

TEST_F(RecoveryTest, WhatWasLostComesBack) {
    const QString path = leaveBehind();
    Recovery recovery(session, window, folder());
    press("restoreSession");
    ASSERT_TRUE(test::waitUntil([&] { return session.model() != nullptr; }));
    EXPECT_EQ(session.recipe().overrideCount(), tensorsOf(TensorRole::kFfnDown).size());
    EXPECT_FALSE(QFile::exists(path));
    EXPECT_TRUE(session.sessionPath().isEmpty()) << "saving asks for a name, and does not go to the recovery file";
    EXPECT_TRUE(test::waitUntil([&] { return QFile::exists(recovery.autosave().path()); })) << "kept again";
    EXPECT_TRUE(awaitIdle());
    const auto* bar = window.findChild<QWidget*>("recoveryBar");
    EXPECT_TRUE(!bar || bar->isHidden());
}

/// The recipe comes back before the model has been read.
TEST_F(RecoveryTest, MethodsOfWhatWasLostWaitForTheModel) {
    openSample();
    const int tensor = tensorsOf(TensorRole::kFfnDown).first();
    session.recipe().setFormat({tensor}, Format::parse("int4_g128_asym").value());
    session.recipe().setMethod({tensor}, MethodChoice::parse("hqq").value());
    const QString path = folder() + QStringLiteral("/lost.halftone");
    ASSERT_TRUE(session.snapshot(window.uiState()).save(path.toStdString()).has_value());
    session.close();
    ASSERT_TRUE(awaitIdle());
    const auto failuresBefore = session.messages().messages().size();
    session.recover(path);
    ASSERT_TRUE(test::waitUntil([&] { return session.model() != nullptr; }));
    ASSERT_TRUE(awaitIdle());
    EXPECT_EQ(session.quantization().state(tensor), FigureState::Ready);
    EXPECT_EQ(session.messages().messages().size(), failuresBefore);
}

TEST_F(RecoveryTest, DiscardingRemovesIt) {
    const QString path = leaveBehind();
    const Recovery recovery(session, window, folder());
    press("discardSession");
    EXPECT_FALSE(QFile::exists(path));
    EXPECT_EQ(session.checkpoint(), nullptr);
}

TEST_F(RecoveryTest, AFileThatCannotBeReadIsNotOffered) {
    QFile file(folder() + QStringLiteral("/half.halftone"));
    ASSERT_TRUE(file.open(QIODevice::WriteOnly));
    file.write("{\"halftone-ses");
    file.close();
    const Recovery recovery(session, window, folder());
    EXPECT_EQ(window.findChild<QWidget*>("recoveryBar"), nullptr);
    EXPECT_FALSE(file.exists());
}

TEST_F(RecoveryTest, ACheckpointThatHasMovedLosesNothing) {
    const QString path = leaveBehind();
    auto saved = SessionFile::load(path.toStdString());
    HT_ASSERT_OK(saved);
    saved->checkpoint = "/nowhere/at/all";
    ASSERT_TRUE(saved->save(path.toStdString()).has_value());
    const Recovery recovery(session, window, folder());
    press("restoreSession");
    ASSERT_TRUE(test::waitUntil([&] { return errorCount() > 0; }));
    EXPECT_TRUE(QFile::exists(path));
}

}  // namespace
}  // namespace halftone::app
