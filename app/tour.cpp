// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/tour.h"

#include <QDockWidget>
#include <QSettings>
#include <QTimer>

#include <algorithm>

#include "app/main_window.h"
#include "app/session/session.h"
#include "app/widgets/callout.h"

namespace halftone::app {

namespace {
const QString kSeen = QStringLiteral("tour/seen");
}

Tour::Tour(Session& session, MainWindow& window) : QObject(&window), m_session(session), m_window(window) {
    addSteps();
    // What the first step asks for was done, by whatever way; docks find their places after that.
    connect(&m_session, &Session::checkpointChanged, this, [this] {
        if (m_callout && m_session.checkpoint() && m_step == 0) QTimer::singleShot(0, this, [this] { goTo(1); });
        if (m_callout && !m_session.checkpoint()) goTo(0);
    });
}

Tour::~Tour() {
    delete m_callout;
}

QWidget* Tour::panel(const char* name) const {
    auto* dock = m_window.docks().panelDock(QString::fromLatin1(name));
    m_window.docks().showPanel(dock);
    return dock->widget();
}

void Tour::addSteps() {
    m_steps.push_back({tr("Open a language model"),
                       tr("A Hugging Face folder, a GGUF or a safetensors file. A small model comes with the program: "
                          "it shows everything in seconds."),
                       [this] { return m_window.findChild<QWidget*>(QStringLiteral("openSample")); }});
    m_steps.push_back({tr("See where it is difficult"),
                       tr("Each cell is a matrix: blocks downwards, roles across, the colour a measure of your choice. "
                          "Click or drag to select; all views follow."),
                       [this] {
                           m_window.setWorkspace(Workspace::Inspect);
                           return panel("matrix");
                       }});
    m_steps.push_back({tr("Find tensors"),
                       tr("Sort by a column, or filter by a condition such as role=ffn_down && kurtosis>20. Good ones "
                          "can be kept under Saved."),
                       [this] {
                           m_window.setWorkspace(Workspace::Inspect);
                           return panel("tensors");
                       }});
    m_steps.push_back({tr("Choose formats"),
                       tr("Begin with a preset, then change what you like: the digits 2 to 8 set the bits of the "
                          "selection, every edit can be undone."),
                       [this] {
                           m_window.setWorkspace(Workspace::Tune);
                           return panel("recipe");
                       }});
    m_steps.push_back({tr("Measure what it costs"),
                       tr("F5 evaluates the recipe against the original: perplexity and divergence with their "
                          "intervals. Compare shows both as text; File exports the GGUF."),
                       [this] {
                           m_window.setWorkspace(Workspace::Tune);
                           return panel("evaluation");
                       }});
}

void Tour::startIfNew() {
    if (!QSettings().value(kSeen, false).toBool()) start();
}

void Tour::start() {
    startAt(m_session.checkpoint() ? 1 : 0);
}

void Tour::startAt(int step) {
    if (!m_callout) {
        m_callout = new Callout(&m_window);
        connect(m_callout, &Callout::nextRequested, this, &Tour::next);
        connect(m_callout, &Callout::backRequested, this, [this] { goTo(m_step - 1); });
        connect(m_callout, &Callout::dismissed, this, &Tour::end);
    }
    goTo(step);
}

void Tour::end() {
    QSettings().setValue(kSeen, true);
    if (!m_callout) return;
    m_callout->hide();
    m_callout->deleteLater();
    m_callout = nullptr;
}

void Tour::next() {
    if (m_step == 0 && !m_session.checkpoint()) return m_window.openSample();
    if (m_step + 1 >= stepCount()) return end();
    goTo(m_step + 1);
}

void Tour::goTo(int step) {
    if (!m_callout) return;
    m_step = std::clamp(step, 0, stepCount() - 1);
    const auto& shown = m_steps[size_t(m_step)];
    const bool isLast = m_step + 1 == stepCount();
    const QString button = m_step == 0 ? tr("Open the sample") : isLast ? tr("Done") : tr("Next");
    m_callout->showAt(shown.show(), {.title = shown.title,
                                     .text = shown.text,
                                     .place = tr("%1 of %2").arg(m_step + 1).arg(stepCount()),
                                     .button = button,
                                     .hasBack = m_step > 1});
}

}  // namespace halftone::app
