// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/widgets/last_folder.h"

#include <QDir>
#include <QFileInfo>
#include <QSettings>

namespace halftone::app {

namespace {
const QString kKey = QStringLiteral("lastFolder");
}

QString lastFolder() {
    const QString kept = QSettings().value(kKey).toString();
    return QFileInfo(kept).isDir() ? kept : QDir::homePath();
}

QString inLastFolder(const QString& fileName) {
    return QDir(lastFolder()).filePath(fileName);
}

void keepLastFolder(const QString& chosen) {
    if (!chosen.isEmpty()) QSettings().setValue(kKey, QFileInfo(chosen).absolutePath());
}

}  // namespace halftone::app
