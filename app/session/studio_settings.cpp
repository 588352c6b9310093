// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/session/studio_settings.h"

#include <QSettings>

namespace halftone::app {

namespace {

const QString kMemoryLimit = QStringLiteral("memoryLimit");
const QString kThreads = QStringLiteral("threads");
const QString kAutosave = QStringLiteral("autosave/seconds");
constexpr int kMostThreads = 4096;

/// A number of the settings file, which people can edit.
int64_t numberFrom(const QSettings& settings, const QString& key, int64_t most, int64_t usual) {
    bool isNumber = false;
    const qlonglong value = settings.value(key).toLongLong(&isNumber);
    return isNumber && value >= 0 && value <= most ? int64_t(value) : usual;
}

}  // namespace

StudioSettings StudioSettings::load() {
    const QSettings settings;
    const StudioSettings usual;
    return {.memoryLimitBytes = numberFrom(settings, kMemoryLimit, kMostMemoryLimitBytes, usual.memoryLimitBytes),
            .threads = int(numberFrom(settings, kThreads, kMostThreads, usual.threads)),
            .autosaveSeconds = int(numberFrom(settings, kAutosave, kLongestAutosaveSeconds, usual.autosaveSeconds))};
}

void StudioSettings::save() const {
    QSettings settings;
    settings.setValue(kMemoryLimit, qlonglong(memoryLimitBytes));
    settings.setValue(kThreads, threads);
    settings.setValue(kAutosave, autosaveSeconds);
}

}  // namespace halftone::app
