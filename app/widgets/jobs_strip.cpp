// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/widgets/jobs_strip.h"

#include <QCoreApplication>
#include <QHBoxLayout>
#include <QLabel>
#include <QProgressBar>
#include <QSet>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>

#include "app/jobs/job_manager.h"
#include "app/language/core_text.h"
#include "app/widgets/number_text.h"

namespace halftone::app {

namespace {

constexpr int kRefreshMs = 150;
constexpr int kLineHeight = 24;
/// Jobs that end sooner never show: a strip that flickers is worse than none.
constexpr double kShowAfterSeconds = 0.25;

struct Texts {
    Q_DECLARE_TR_FUNCTIONS(JobsStrip)
};

/// core counts bytes by either name.
bool isBytes(const std::string& unit) {
    return unit == "B" || unit == "bytes";
}

QString rateText(double rate, const std::string& unit) {
    if (isBytes(unit)) return Texts::tr("%1/s", "a rate: bytes with their unit").arg(bytesText(rate));
    return Texts::tr("%1 %2/s", "a rate: number and unit").arg(numberText(rate), coreText(unit));
}

}  // namespace

QString jobFigures(const JobStatus& status) {
    if (status.cancelRequested) return Texts::tr("stopping…");
    if (status.state == JobState::Queued) return Texts::tr("waiting");
    QStringList parts;
    const std::string& unit = status.progress.unit;
    if (!isBytes(unit) && status.progress.total > 0)
        parts << QStringLiteral("%1/%2 %3")
                     .arg(status.progress.done)
                     .arg(status.progress.total)
                     .arg(coreText(unit))
                     .trimmed();
    if (status.unitsPerSecond > 0) parts << rateText(status.unitsPerSecond, unit);
    if (status.secondsLeft >= 0.5) parts << Texts::tr("%1 left").arg(durationText(status.secondsLeft));
    return parts.join(QStringLiteral(" · "));
}

JobsStrip::JobsStrip(JobManager& jobs, QWidget* parent)
    : QWidget(parent),
      m_jobs(jobs),
      m_layout(new QVBoxLayout(this)),
      m_idle(new QLabel(tr("No work in progress"), this)) {
    setObjectName(QStringLiteral("jobsStrip"));
    m_layout->setContentsMargins(8, 0, 8, 0);
    m_layout->setSpacing(0);
    // The line stays when there is nothing to do: a window whose parts jump with every job is hard to read.
    m_idle->setProperty("role", "muted");
    m_idle->setFixedHeight(kLineHeight);
    m_layout->addWidget(m_idle);
    m_timer.setInterval(kRefreshMs);
    connect(&m_timer, &QTimer::timeout, this, &JobsStrip::refresh);
    connect(&m_jobs, &JobManager::jobsChanged, this, [this] {
        if (!m_timer.isActive()) m_timer.start();
    });
    connect(&m_jobs, &JobManager::jobFinished, this, [this](JobId id, JobState state) {
        if (m_lines.contains(id)) m_ended[id] = state;
    });
    if (!m_jobs.isIdle()) m_timer.start();
}

/// With the job and its time to be filled in.
QString JobsStrip::endText(JobState state) {
    if (state == JobState::Cancelled) return tr("%1: cancelled after %2");
    return state == JobState::Failed ? tr("%1: failed after %2") : tr("%1: done in %2");
}

JobsStrip::Line JobsStrip::createLine(JobId id) {
    Line line;
    line.widget = new QWidget(this);
    line.widget->setFixedHeight(kLineHeight);
    line.title = new QLabel(line.widget);
    line.title->setMinimumWidth(260);
    line.bar = new QProgressBar(line.widget);
    line.bar->setRange(0, 1000);
    line.bar->setTextVisible(false);
    line.bar->setAccessibleName(tr("Progress"));
    line.bar->setFixedWidth(200);
    line.figures = new QLabel(line.widget);
    line.figures->setProperty("role", "muted");
    auto* cancel = new QToolButton(line.widget);
    cancel->setText(tr("Cancel"));
    connect(cancel, &QToolButton::clicked, this, [this, id] { m_jobs.cancel(id); });
    auto* layout = new QHBoxLayout(line.widget);
    layout->setContentsMargins(0, 1, 0, 1);
    layout->addWidget(line.title);
    layout->addWidget(line.bar);
    layout->addWidget(line.figures, 1);
    layout->addWidget(cancel);
    m_layout->addWidget(line.widget);
    return line;
}

void JobsStrip::refresh() {
    QSet<JobId> alive;
    for (const auto& status : m_jobs.status()) {
        const bool known = m_lines.contains(status.id);
        if (status.quiet || (!known && status.elapsedSeconds < kShowAfterSeconds)) continue;
        alive.insert(status.id);
        if (!known) m_lines.insert(status.id, createLine(status.id));
        Line& line = m_lines[status.id];
        line.name = status.title;
        line.seconds = status.elapsedSeconds;
        fill(line, status);
    }
    for (auto it = m_lines.begin(); it != m_lines.end();) {
        if (alive.contains(it.key())) {
            ++it;
            continue;
        }
        m_idle->setText(endText(m_ended.take(it.key())).arg(it->name, durationText(it->seconds)));
        it->widget->deleteLater();
        m_layout->removeWidget(it->widget);
        it = m_lines.erase(it);
    }
    m_idle->setVisible(m_lines.isEmpty());
    if (m_jobs.isIdle()) m_timer.stop();
}

void JobsStrip::fill(const Line& line, const JobStatus& status) const {
    const QString stage = coreText(status.progress.stage);
    // "Evaluating Q4_K: Evaluating" says nothing twice.
    const bool said = stage.isEmpty() || status.title.startsWith(stage, Qt::CaseInsensitive);
    line.bar->setAccessibleDescription(status.title);
    line.title->setText(said ? status.title : tr("%1: %2").arg(status.title, stage));
    line.bar->setRange(0, status.progress.total > 0 ? 1000 : 0);
    line.bar->setValue(int(1000 * std::min(status.progress.fraction(), 1.0)));
    line.figures->setText(jobFigures(status));
}

}  // namespace halftone::app
