// SPDX-License-Identifier: GPL-3.0-or-later
#include <QApplication>
#include <QDir>
#include <QFont>
#include <QSettings>
#include <QTemporaryDir>

#include <gtest/gtest.h>

#include "app/language/language.h"
#include "tests/support/test_paths.h"

int main(int argc, char** argv) {
    ::testing::InitGoogleTest(&argc, argv);
    const QTemporaryDir settings;
    QSettings::setPath(QSettings::NativeFormat, QSettings::UserScope, settings.path());
    qputenv("FONTCONFIG_FILE", (halftone::test::sourceDir() / "tests/gui/screens/fonts.conf").c_str());
    // The window tells of every device that it finds; here that is the processor alone.
    for (const char* drivers : {"VK_DRIVER_FILES", "VK_ICD_FILENAMES"})
        qputenv(drivers, QDir(settings.path()).filePath(QStringLiteral("none.json")).toUtf8());
    QApplication application(argc, argv);
    QCoreApplication::setOrganizationName(QStringLiteral("halftone-tests"));
    QCoreApplication::setApplicationName(QStringLiteral("halftone-screens"));
    QFont font(QStringLiteral("DejaVu Sans"));
    font.setPixelSize(12);
    font.setHintingPreference(QFont::PreferNoHinting);
    QApplication::setFont(font);
    QApplication::setCursorFlashTime(0);
    halftone::app::applyLanguage(application, QStringLiteral("en"));
    return RUN_ALL_TESTS();
}
