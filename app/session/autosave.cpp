// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/session/autosave.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QStandardPaths>
#include <QUuid>

#include <algorithm>

#include "app/session/session.h"

namespace halftone::app {

namespace {

const QString kTag = QStringLiteral("autosave");

QString lockPathOf(const QString& path) {
    return path + QStringLiteral(".lock");
}

}  // namespace

Autosave::Autosave(Session& session, QString folder, std::function<QString()> uiState, QObject* parent)
    : QObject(parent), m_session(session), m_folder(std::move(folder)), m_uiState(std::move(uiState)) {
    const QString name = QUuid::createUuid().toString(QUuid::WithoutBraces) + QStringLiteral(".halftone");
    m_path = QDir(m_folder).filePath(name);
    m_timer.setSingleShot(true);
    connect(&m_timer, &QTimer::timeout, this, &Autosave::write);
    takeSettings();
    connect(&m_session, &Session::settingsChanged, this, &Autosave::takeSettings);
    connect(&m_session.recipe(), &RecipeEditor::changed, this, &Autosave::schedule);
    connect(&m_session.evaluation(), &EvaluationService::runAdded, this, &Autosave::schedule);
    // What was restored is not on disk any more once its file is discarded.
    connect(&m_session, &Session::sessionRestored, this, &Autosave::schedule);
    connect(&m_session, &Session::checkpointChanged, this, &Autosave::forget);
}

Autosave::~Autosave() {
    m_session.jobs().cancelTag(kTag);
    forget();
}

void Autosave::takeSettings() {
    const int seconds = m_session.settings().autosaveSeconds;
    m_timer.setInterval(seconds * 1000);
    if (seconds == 0) forget();
}

void Autosave::schedule() {
    if (m_session.settings().autosaveSeconds > 0) m_timer.start();
}

/// Another checkpoint: what was kept of the last one has been left on purpose.
void Autosave::forget() {
    m_timer.stop();
    m_session.jobs().cancelTag(kTag);
    QFile::remove(m_path);
    m_lock.reset();
}

void Autosave::write() {
    if (!m_session.checkpoint()) return;
    if (m_session.recipe().changesNothing() && m_session.evaluation().runs().isEmpty()) return;
    if (!QDir().mkpath(m_folder)) return;
    if (!m_lock) {
        m_lock = std::make_unique<QLockFile>(lockPathOf(m_path));
        m_lock->setStaleLockTime(0);
        if (!m_lock->tryLock(0)) return m_lock.reset();
    }
    auto file = std::make_shared<const SessionFile>(m_session.snapshot(m_uiState()));
    m_session.jobs().start<bool>(
        {tr("Keeping the session"), JobLane::Files, kTag, true}, this,
        [file, path = m_path.toStdString()](const JobControl&) -> Result<bool> {
            HT_TRY(file->save(path));
            return true;
        },
        // A full disk is said where the user saves; a copy in case of a crash is not worth a message each minute.
        [](const Result<bool>&) {});
}

QList<Autosave::Leftover> Autosave::leftovers(const QString& folder) {
    QList<Leftover> found;
    const auto entries =
        QDir(folder).entryInfoList({QStringLiteral("*.halftone")}, QDir::Files, QDir::Time);  // newest first
    for (const auto& entry : entries) {
        QLockFile lock(lockPathOf(entry.filePath()));
        lock.setStaleLockTime(0);  // only the end of its process frees a lock
        if (!lock.tryLock(0)) continue;
        const auto saved = SessionFile::load(entry.filePath().toStdString());
        if (!saved) {
            QFile::remove(entry.filePath());  // half a file is of no use to anybody
            continue;
        }
        found.append({entry.filePath(), QString::fromStdString(saved->checkpoint.string()), entry.lastModified()});
    }
    return found;
}

void Autosave::discard(const Leftover& leftover) {
    QFile::remove(leftover.path);
}

QString Autosave::usualFolder() {
    return QDir(QStandardPaths::writableLocation(QStandardPaths::AppLocalDataLocation))
        .filePath(QStringLiteral("recovery"));
}

}  // namespace halftone::app
