// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/session/resources.h"

#include <QCoreApplication>
#include <QFileInfo>

namespace halftone::app {

QString resourcePath(const QString& relative) {
    const QString installed = QCoreApplication::applicationDirPath() + QStringLiteral("/../share/halftone/") + relative;
    if (QFileInfo::exists(installed)) return QFileInfo(installed).canonicalFilePath();
    const QString source = QStringLiteral(HT_SOURCE_RESOURCES "/") + relative;
    return QFileInfo::exists(source) ? source : QString();
}

}  // namespace halftone::app
