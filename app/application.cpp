// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/application.h"

#include <QCommandLineParser>
#include <QIcon>
#include <QSettings>
#include <QTimer>

#include "app/event_watch.h"
#include "app/language/language.h"
#include "app/main_window.h"
#include "app/recovery.h"
#include "app/screenshots.h"
#include "app/session/session.h"
#include "app/studio_window.h"
#include "app/tour.h"
#include "app/widgets/theme.h"

namespace halftone::app {

namespace {

struct Options {
    QCommandLineOption device{
        QStringLiteral("device"),
        QCoreApplication::translate("main", "Run models on ID: auto, cpu, cpu-reference or vulkan:N."),
        QStringLiteral("ID")};
    QCommandLineOption theme{QStringLiteral("theme"),
                             QCoreApplication::translate("main", "Colours: system, light or dark."),
                             QStringLiteral("NAME")};
    QCommandLineOption language{QStringLiteral("language"),
                                QCoreApplication::translate("main", "Language: system, en or zh_CN."),
                                QStringLiteral("NAME")};
    QCommandLineOption screenshot{
        QStringLiteral("screenshot"),
        QCoreApplication::translate("main",
                                    "Open PATH (or the bundled sample), drive every workspace through its job, save a "
                                    "picture of each step as PNG in DIR, and quit."),
        QStringLiteral("DIR")};
};

void parse(QCommandLineParser& parser, const Options& options, const QApplication& application) {
    parser.setApplicationDescription(QCoreApplication::translate("main", "A studio for quantizing language models."));
    parser.addHelpOption();
    parser.addVersionOption();
    parser.addOptions({options.device, options.theme, options.language, options.screenshot});
    parser.addPositionalArgument(
        QStringLiteral("PATH"),
        QCoreApplication::translate("main", "Folder, .gguf, .safetensors or .halftone file to open."),
        QStringLiteral("[PATH]"));
    parser.process(application);
}

}  // namespace

int runStudio(int argc, char** argv) {
    StudioApplication application(argc, argv);
    QCoreApplication::setApplicationName(QStringLiteral("halftone"));
    QCoreApplication::setOrganizationName(QStringLiteral("halftone"));
    QCoreApplication::setApplicationVersion(QStringLiteral(HT_VERSION));
    QGuiApplication::setApplicationDisplayName(QStringLiteral("Halftone"));
    QGuiApplication::setDesktopFileName(QStringLiteral("halftone"));
    // Before the options: they have texts too.
    applyLanguage(application, QSettings().value(QStringLiteral("language")).toString());
    const Options options;
    QCommandLineParser parser;
    parse(parser, options, application);

    const bool takesPictures = parser.isSet(options.screenshot);
    // Pictures must not depend on how the window was left, nor change that.
    if (takesPictures) QCoreApplication::setApplicationName(QStringLiteral("halftone-screenshot"));
    if (takesPictures) QSettings().clear();
    const QString theme = parser.isSet(options.theme) ? parser.value(options.theme)
                                                      : QSettings().value(QStringLiteral("theme")).toString();
    applyTheme(application, themeFromName(theme));
    if (takesPictures || parser.isSet(options.language)) applyLanguage(application, parser.value(options.language));
    QApplication::setWindowIcon(QIcon(QStringLiteral(":/icons/halftone.svg")));

    Session session;
    StudioWindow studio(session);
    if (parser.isSet(options.device)) session.devices().setChoice(parser.value(options.device));
    studio.window().show();
    const QString path = parser.positionalArguments().value(0);
    if (takesPictures) {
        ScreenshotTour tour(session, studio.window(), parser.value(options.screenshot));
        QTimer::singleShot(0, &tour, [&] { tour.start(path); });
        return QApplication::exec();
    }
    Recovery recovery(session, studio.window(), Autosave::usualFolder());
    QObject::connect(&studio, &StudioWindow::replaced, &recovery, &Recovery::setWindow);
    if (!path.isEmpty()) QTimer::singleShot(0, &studio, [&] { studio.window().openPath(path); });
    QTimer::singleShot(0, &studio, [&] { studio.window().tour().startIfNew(); });
    return QApplication::exec();
}

}  // namespace halftone::app
