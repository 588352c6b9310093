// SPDX-License-Identifier: GPL-3.0-or-later
#include <QApplication>
#include <QSettings>
#include <QTemporaryDir>

#include <gtest/gtest.h>

#include "app/language/language.h"

int main(int argc, char** argv) {
    ::testing::InitGoogleTest(&argc, argv);
    // Tests neither see nor change the user's settings.
    const QTemporaryDir settings;
    QSettings::setPath(QSettings::NativeFormat, QSettings::UserScope, settings.path());
    QApplication application(argc, argv);
    QCoreApplication::setOrganizationName(QStringLiteral("halftone-tests"));
    QCoreApplication::setApplicationName(QStringLiteral("halftone-tests"));
    halftone::app::applyLanguage(application, QStringLiteral("en"));
    return RUN_ALL_TESTS();
}
