// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QApplication>

#include <vector>

namespace halftone::app {

/// The application, which on request (HT_GUI_WATCH=MS) times every event and tells at the end which of them kept the
/// window from answering for longer: the window must never be busy for more than a frame of 16 ms.
/// Beside the time on the clock stands that of the processor, which a busy machine does not lengthen.
class StudioApplication : public QApplication {
    Q_OBJECT

  public:
    StudioApplication(int& argc, char** argv);
    ~StudioApplication() override;

    bool notify(QObject* receiver, QEvent* event) override;

  private:
    struct SlowEvent {
        double milliseconds = 0, processorMs = 0;
        QByteArray receiver;
        int type = 0;
    };
    void report() const;

    double m_limitMs = 0;  ///< 0: events are not timed
    bool m_isTiming = false;
    int64_t m_eventCount = 0;
    std::vector<SlowEvent> m_slow;
};

}  // namespace halftone::app
