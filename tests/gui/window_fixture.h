// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <gtest/gtest.h>

#include <QApplication>
#include <QSettings>
#include <QTest>

#include <utility>

#include "app/main_window.h"
#include "app/panels/matrix/matrix_panel.h"
#include "app/session/session.h"
#include "app/widgets/theme.h"
#include "tests/support/test_paths.h"
#include "tests/unit/app/wait_until.h"

namespace halftone::app {

/// The real window over a real session, without a screen.
class WindowTest : public ::testing::Test {
  protected:
    void SetUp() override {
        QSettings().clear();
        applyTheme(*qApp, ThemeChoice::Light);
        session.devices().setChoice(QStringLiteral("cpu"));
        window.resize(1440, 900);
        window.show();
    }
    static QString samplePath() { return QString::fromStdString((test::sourceDir() / "resources/sample").string()); }

    void openSample() {
        window.openSample();
        ASSERT_TRUE(test::waitUntil([&] { return session.model() != nullptr; }));
        settle();
    }
    /// Docks get their sizes after they are shown: until then a click would meet another cell than the one meant.
    void settle() {
        QSize last;
        ASSERT_TRUE(test::waitUntil([&] {
            QTest::qWait(30);
            const QSize now = window.matrixPanel().size();
            return now == std::exchange(last, now);
        }));
    }
    bool awaitIdle(qint64 limitMs = 120'000) {
        return test::waitUntil([&] { return session.jobs().isIdle(); }, limitMs);
    }
    [[nodiscard]] QList<int> tensorsOf(TensorRole role) const {
        QList<int> found;
        for (int i = 0; i < session.tensorCount(); ++i) {
            if (session.tensor(i).role == role && !session.tensor(i).isBias) found.append(i);
        }
        return found;
    }
    [[nodiscard]] int errorCount() {
        int count = 0;
        for (const auto& message : session.messages().messages()) count += message.severity == MessageSeverity::Error;
        return count;
    }
    template <typename T>
    T* find(const char* name) {
        auto* found = window.findChild<T*>(QString::fromLatin1(name));
        EXPECT_NE(found, nullptr) << name;
        return found;
    }

    Session session;
    MainWindow window{session};
};

}  // namespace halftone::app
