// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/event_watch.h"

#include <QElapsedTimer>
#include <QEvent>
#include <QMetaEnum>
#include <QTextStream>

#include <algorithm>
#include <ctime>

namespace halftone::app {

namespace {
constexpr size_t kMostReported = 20;

/// Time that this thread has had a processor.
double processorMs() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return double(now.tv_sec) * 1e3 + double(now.tv_nsec) / 1e6;
}
}  // namespace

StudioApplication::StudioApplication(int& argc, char** argv)
    : QApplication(argc, argv), m_limitMs(qEnvironmentVariable("HT_GUI_WATCH").toDouble()) {}

StudioApplication::~StudioApplication() {
    if (m_limitMs > 0) report();
}

bool StudioApplication::notify(QObject* receiver, QEvent* event) {
    // Events inside events belong to the outer one, which is what the user waits for.
    if (m_limitMs <= 0 || m_isTiming) return QApplication::notify(receiver, event);
    // The receiver may be gone afterwards.
    const QByteArray name = QByteArray(receiver->metaObject()->className()) + ' ' + receiver->objectName().toUtf8();
    const int type = int(event->type());
    m_isTiming = true;
    QElapsedTimer clock;
    clock.start();
    const double processorBefore = processorMs();
    const bool handled = QApplication::notify(receiver, event);
    const double elapsed = double(clock.nsecsElapsed()) / 1e6;
    m_isTiming = false;
    ++m_eventCount;
    if (elapsed > m_limitMs) m_slow.push_back({elapsed, processorMs() - processorBefore, name, type});
    return handled;
}

void StudioApplication::report() const {
    auto slow = m_slow;
    std::sort(slow.begin(), slow.end(), [](const auto& a, const auto& b) { return a.processorMs > b.processorMs; });
    QTextStream out(stderr);
    out << slow.size() << " of " << m_eventCount << " events took longer than " << m_limitMs << " ms\n";
    const auto types = QMetaEnum::fromType<QEvent::Type>();
    for (size_t i = 0; i < std::min(slow.size(), kMostReported); ++i) {
        const char* type = types.valueToKey(slow[i].type);
        out << QString::number(slow[i].milliseconds, 'f', 1) << " ms, processor "
            << QString::number(slow[i].processorMs, 'f', 1) << " ms  " << (type ? type : "event") << "  "
            << slow[i].receiver << '\n';
    }
}

}  // namespace halftone::app
