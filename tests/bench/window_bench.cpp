// SPDX-License-Identifier: GPL-3.0-or-later
// What a person waits for in the window, in milliseconds of the GUI thread: the first picture, a frame of scrolling
// through ten thousand tensors, of the matrix of 126 blocks, and of a histogram that is dragged at 60 Hz. Drawn into
// memory (QT_QPA_PLATFORM=offscreen), so a compositor's time is not in it. A screen of 60 Hz leaves 16.7 ms for a
// frame.
#include <QApplication>
#include <QElapsedTimer>
#include <QMouseEvent>
#include <QScrollBar>
#include <QSettings>
#include <QTableView>
#include <QTemporaryDir>
#include <QThread>

#include <time.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <vector>

#include "app/language/language.h"
#include "app/main_window.h"
#include "app/plots/distribution_plot.h"
#include "app/plots/layer_matrix.h"
#include "app/session/resources.h"
#include "app/session/session.h"
#include "app/widgets/theme.h"
#include "tests/support/synthetic_checkpoint.h"

namespace halftone::app {
namespace {

constexpr QSize kWindowSize(1440, 900);
constexpr int kFrames = 120, kStarts = 7;
constexpr double kFrameMs = 1000.0 / 60;

/// How long a piece of work took, and how much of that the GUI thread computed: on a busy machine the first is longer.
struct Span {
    double wallMs = 0, ownMs = 0;
};

double ownTimeMs() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return double(now.tv_sec) * 1e3 + double(now.tv_nsec) / 1e6;
}

Span timed(const std::function<void()>& work) {
    const double own = ownTimeMs();
    QElapsedTimer clock;
    clock.start();
    work();
    return {double(clock.nsecsElapsed()) / 1e6, ownTimeMs() - own};
}

/// Median and slowest of some times, and what share of a frame the thread's own take.
void print(const char* name, const std::vector<Span>& spans) {
    const auto sorted = [&](double Span::*part) {
        std::vector<double> ms;
        for (const auto& span : spans) ms.push_back(span.*part);
        std::sort(ms.begin(), ms.end());
        return ms;
    };
    const auto wall = sorted(&Span::wallMs), own = sorted(&Span::ownMs);
    const double median = own[own.size() / 2], worst = own.back();
    std::printf("%-40s median %6.2f ms (%4.0f %% of a frame)  worst %6.2f ms (%4.0f %%)  elapsed %6.2f and %6.2f ms\n",
                name, median, 100 * median / kFrameMs, worst, 100 * worst / kFrameMs, wall[wall.size() / 2],
                wall.back());
}

void waitFor(const std::function<bool()>& done) {
    while (!done()) {
        QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents, 20);
        QThread::msleep(1);
    }
}

/// A window with a checkpoint that is read to the end: nothing else runs while frames are timed.
struct Opened {
    explicit Opened(const QString& path, bool await = true) {
        session.devices().setChoice(QStringLiteral("cpu"));
        window.resize(kWindowSize);
        window.show();
        window.openPath(path);
        waitFor([&] { return session.checkpoint() && (!await || session.jobs().isIdle()); });
        if (!await) session.jobs().cancelAll();
        waitFor([&] { return session.jobs().isIdle(); });
        for (int i = 0; i < 20; ++i) QCoreApplication::processEvents();
    }
    Session session;
    MainWindow window{session};
};

/// A llama of small matrices with this many blocks, nine tensors each.
QString checkpointOf(const QTemporaryDir& folder, int layers) {
    test::SyntheticShape shape;
    shape.hidden = 64;
    shape.ffn = 96;
    shape.heads = shape.kvHeads = 4;
    shape.vocab = 256;
    shape.layers = layers;
    shape.isTied = true;
    const QString path = folder.filePath(QStringLiteral("blocks%1").arg(layers));
    if (const auto written = test::writeSyntheticCheckpoint(path.toStdString(), shape); !written) {
        std::fprintf(stderr, "%s\n", written.error().message.c_str());
        std::exit(1);
    }
    return path;
}

void firstPicture() {
    std::vector<Span> empty, full;
    const QString sample = resourcePath(QStringLiteral("sample"));
    for (int start = 0; start < kStarts; ++start) {
        empty.push_back(timed([] {
            Session session;
            MainWindow window(session);
            window.resize(kWindowSize);
            window.show();
            (void)window.grab();
        }));
        full.push_back(timed([&] {
            Session session;
            MainWindow window(session);
            window.resize(kWindowSize);
            window.show();
            window.openPath(sample);
            waitFor([&] { return session.checkpoint() != nullptr; });
            QCoreApplication::processEvents();
            (void)window.grab();
        }));
    }
    print("first picture, no checkpoint", empty);
    print("first picture with the sample's table", full);
}

void scrolling(const QTemporaryDir& folder) {
    Opened opened(checkpointOf(folder, 1111), false);
    auto* table = opened.window.findChild<QTableView*>(QStringLiteral("tensorTable"));
    auto* bar = table->verticalScrollBar();
    std::vector<Span> frames;
    for (int frame = 0; frame < kFrames; ++frame) {
        frames.push_back(timed([&] {
            bar->setValue(bar->maximum() * frame / kFrames);
            table->viewport()->repaint();
        }));
    }
    const auto name = QStringLiteral("a frame of scrolling, %1 tensors").arg(opened.session.tensorCount());
    print(name.toUtf8().constData(), frames);
}

void matrixOfManyBlocks(const QTemporaryDir& folder) {
    Opened opened(checkpointOf(folder, 126));
    auto* matrix = opened.window.findChild<LayerMatrix*>();
    std::vector<Span> frames, hovers;
    for (int frame = 0; frame < kFrames; ++frame) {
        frames.push_back(timed([&] { matrix->repaint(); }));
        hovers.push_back(timed([&] {
            opened.session.selection().setHovered(frame * 9 % opened.session.tensorCount());
            QCoreApplication::processEvents();
        }));
    }
    print("a frame of the matrix, 126 blocks", frames);
    print("pointing at a cell, in every view", hovers);
}

void draggedHistogram() {
    Opened opened(resourcePath(QStringLiteral("sample")));
    opened.session.recipe().setDefaultFormat(Format::of(DType::kQ4_K));
    waitFor([&] { return opened.session.jobs().isIdle(); });
    auto* plot = opened.window.findChild<DistributionPlot*>();
    const QPointF start = plot->axisRect()->rect().center();
    const auto mouse = [plot](QEvent::Type type, QPointF at) {
        QMouseEvent event(type, at, plot->mapToGlobal(at), Qt::LeftButton, Qt::LeftButton, Qt::NoModifier);
        QCoreApplication::sendEvent(plot, &event);
    };
    const double before = plot->xAxis->range().lower;
    mouse(QEvent::MouseButtonPress, start);
    std::vector<Span> frames;
    for (int frame = 1; frame <= kFrames; ++frame) {
        frames.push_back(timed([&] {
            mouse(QEvent::MouseMove, start + QPointF(frame * 2 % 90, 0));
            QCoreApplication::processEvents();
        }));
        const double rest = kFrameMs - frames.back().wallMs;
        if (rest > 0) QThread::usleep(static_cast<unsigned long>(1000 * rest));
    }
    const bool hasMoved = plot->xAxis->range().lower != before;
    mouse(QEvent::MouseButtonRelease, start);
    if (!hasMoved) std::printf("the histogram did not follow the mouse\n");
    print("a frame of a histogram dragged at 60 Hz", frames);
}

int run() {
    const QTemporaryDir folder;
    firstPicture();
    scrolling(folder);
    matrixOfManyBlocks(folder);
    draggedHistogram();
    return 0;
}

}  // namespace
}  // namespace halftone::app

int main(int argc, char** argv) {
    if (!qEnvironmentVariableIsSet("QT_QPA_PLATFORM")) qputenv("QT_QPA_PLATFORM", "offscreen");
    const QTemporaryDir settings;
    QSettings::setPath(QSettings::NativeFormat, QSettings::UserScope, settings.path());
    QApplication application(argc, argv);
    QCoreApplication::setOrganizationName(QStringLiteral("halftone-bench"));
    QCoreApplication::setApplicationName(QStringLiteral("halftone-bench"));
    halftone::app::applyLanguage(application, QStringLiteral("en"));
    halftone::app::applyTheme(application, halftone::app::ThemeChoice::Light);
    return halftone::app::run();
}
