// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/screenshots.h"

#include <QCoreApplication>
#include <QDir>
#include <QDockWidget>
#include <QTextStream>

#include <algorithm>

#include "app/dialogs/export_dialog.h"
#include "app/main_window.h"
#include "app/panels/compare/compare_panel.h"
#include "app/panels/damage/damage_panel.h"
#include "app/panels/evaluation/evaluation_panel.h"
#include "app/panels/matrix/matrix_panel.h"
#include "app/panels/recipe/recipe_panel.h"
#include "app/panels/tradeoff/tradeoff_panel.h"
#include "app/plots/channel_map.h"
#include "app/session/resources.h"
#include "app/session/session.h"

namespace halftone::app {

namespace {
constexpr int kPollMs = 100;
constexpr int kQuietPolls = 4;  // so that delivered results are painted
constexpr qint64 kStepLimitMs = 300'000;
constexpr int kChunks = 8;
constexpr int kCalibrationTokens = 2048;
constexpr int64_t kBrushed = 6;
constexpr double kAllocatedBits[] = {3.4, 4.0, 4.8};
}  // namespace

ScreenshotTour::ScreenshotTour(Session& session, MainWindow& window, const QString& folder, QObject* parent)
    : QObject(parent), m_session(session), m_window(window), m_folder(folder) {
    QDir().mkpath(m_folder);
    m_timer.setObjectName(QStringLiteral("screenshotTour"));
    m_timer.setInterval(kPollMs);
    connect(&m_timer, &QTimer::timeout, this, &ScreenshotTour::poll);
}

void ScreenshotTour::start(const QString& path) {
    addSteps(path.isEmpty() ? resourcePath(QStringLiteral("sample")) : path);
    next();
}

void ScreenshotTour::addSteps(const QString& path) {
    m_steps.push_back({QStringLiteral("empty"), [] {}, [] { return true; }});
    m_steps.push_back(
        {{}, [this, path] { m_window.openPath(path); }, [this] { return m_session.checkpoint() != nullptr; }});
    addInspectSteps();
    addTuneSteps();
    addCompareSteps();
}

void ScreenshotTour::addInspectSteps() {
    const auto quiet = [this] { return isQuiet(); };
    m_steps.push_back(
        {QStringLiteral("opened"), [this] { m_window.setWorkspace(Workspace::Inspect); }, [] { return true; }});
    m_steps.push_back({QStringLiteral("inspect"), [this] { selectNamed(QStringLiteral("ffn_down")); }, quiet});
    addChannelSteps();
    m_steps.push_back({{},
                       [this] {
                           m_session.calibration().start(
                               {resourcePath(QStringLiteral("texts/calibration.txt")), 256, kCalibrationTokens});
                       },
                       quiet});
    m_steps.push_back({QStringLiteral("calibrated"),
                       [this] {
                           m_window.matrixPanel().setMeasure(Measure::ActivationMaxOverSigma);
                           m_window.docks().panelDock(QStringLiteral("calibration"))->raise();
                       },
                       quiet});
    m_steps.push_back({QStringLiteral("ranges"),
                       [this] {
                           m_window.docks().panelDock(QStringLiteral("ranges"))->raise();
                           selectNamed(QStringLiteral("ffn_down"));
                       },
                       quiet});
    m_steps.push_back(
        {QStringLiteral("model"), [this] { m_window.docks().panelDock(QStringLiteral("model"))->raise(); }, quiet});
}

/// The channels with the largest weights are brushed, and light up in the histogram of a layer that reads them.
void ScreenshotTour::addChannelSteps() {
    const auto quiet = [this] { return isQuiet(); };
    m_steps.push_back({{}, [this] { m_window.docks().panelDock(QStringLiteral("channelMap"))->raise(); }, quiet});
    m_steps.push_back(
        {QStringLiteral("channels"),
         [this] {
             const auto& data = m_window.findChild<ChannelMap*>()->data();
             if (data)
                 m_session.selection().selectChannels(
                     QList<int>(data->byMaximum.begin(), data->byMaximum.begin() + std::min(kBrushed, data->channels)));
             selectNamed(QStringLiteral("ffn_up"));
         },
         quiet});
    m_steps.push_back({{}, [this] { m_session.selection().selectChannels({}); }, quiet});
}

void ScreenshotTour::addTuneSteps() {
    const auto quiet = [this] { return isQuiet(); };
    m_steps.push_back({{},
                       [this] {
                           m_window.setWorkspace(Workspace::Tune);
                           m_window.matrixPanel().setMeasure(Measure::RelativeError);
                           m_window.recipePanel().loadPreset(
                               resourcePath(QStringLiteral("presets/q4_k_balanced.recipe")));
                       },
                       quiet});
    m_steps.push_back({QStringLiteral("tune"), [this] { selectNamed(QStringLiteral("ffn_down")); }, quiet});
    m_steps.push_back({QStringLiteral("groups"),
                       [this] {
                           m_window.docks().panelDock(QStringLiteral("groups"))->raise();
                           m_window.docks().panelDock(QStringLiteral("memory"))->raise();
                       },
                       quiet});
    m_steps.push_back({{},
                       [this] {
                           m_window.docks().panelDock(QStringLiteral("distribution"))->raise();
                           m_window.docks().panelDock(QStringLiteral("recipe"))->raise();
                       },
                       quiet});
    m_steps.push_back(
        {QStringLiteral("evaluating"),
         [this] {
             m_window.evaluationPanel().setChunks(kChunks);
             m_window.evaluationPanel().start(EvaluationTarget::Recipe);
         },
         [this] { return m_session.evaluation().running().has_value() || !m_session.evaluation().isRunning(); }});
    m_steps.push_back({QStringLiteral("evaluated"), [] {}, quiet});
    addAllocationSteps();
    m_steps.push_back(
        {QStringLiteral("edited"),
         [this] { m_session.recipe().setFormat(m_session.selection().tensors(), Format::of(DType::kQ8_0)); }, quiet});
    m_steps.push_back({QStringLiteral("methods"), [this] { chooseMethods(); }, quiet});
}

/// The line of the known mixtures, what each tensor is worth, and recipes of our own below that line.
void ScreenshotTour::addAllocationSteps() {
    const auto quiet = [this] { return isQuiet(); };
    m_steps.push_back(
        {QStringLiteral("mixtures"), [this] { m_window.findChild<TradeoffPanel*>()->startOrStopSeries(); }, quiet});
    m_steps.push_back({QStringLiteral("sensitivity"),
                       [this] {
                           m_window.matrixPanel().setMeasure(Measure::Sensitivity);
                           m_window.evaluationPanel().startSensitivity();
                       },
                       quiet});
    const auto allocation = [this] {
        return AllocationOptions{usualAllocationFormats(), m_window.evaluationPanel().options()};
    };
    m_steps.push_back({{}, [this, allocation] { m_session.allocation().measure(allocation()); }, quiet});
    for (const double bits : kAllocatedBits) {
        m_steps.push_back({{},
                           [this, bits] {
                               const auto bytes = int64_t(bits * double(m_session.checkpoint()->parameterCount()) / 8);
                               const auto allocated = m_session.allocation().allocate(bytes);
                               if (allocated) m_session.allocation().take(*allocated);
                               m_window.evaluationPanel().start(EvaluationTarget::Recipe);
                           },
                           quiet});
    }
    m_steps.push_back({QStringLiteral("tradeoff"), [this] { m_window.evaluationPanel().startSensitivity(); }, quiet});
}

void ScreenshotTour::addCompareSteps() {
    const auto quiet = [this] { return isQuiet(); };
    m_steps.push_back({QStringLiteral("compare"),
                       [this] {
                           m_window.setWorkspace(Workspace::Compare);
                           m_window.docks().panelDock(QStringLiteral("damage"))->raise();
                           m_window.recipePanel().loadPreset(resourcePath(QStringLiteral("presets/int3_trial.recipe")));
                           m_window.comparePanel().start();
                       },
                       quiet});
    m_steps.push_back({QStringLiteral("compare_word"),
                       [this] {
                           m_window.comparePanel().goToDivergence(1);
                           m_window.comparePanel().goToDivergence(1);
                       },
                       quiet});
    m_steps.push_back({QStringLiteral("compare_blind"),
                       [this] {
                           m_window.comparePanel().setBlind(true);
                           m_window.comparePanel().start();
                       },
                       quiet});
    m_steps.push_back({QStringLiteral("compare_forced"),
                       [this] {
                           m_window.comparePanel().setBlind(false);
                           m_window.comparePanel().setMode(CompareMode::ForcedText);
                           m_window.comparePanel().setPrompt(tr("In the beginning"));
                           m_window.comparePanel().setGivenText(QStringLiteral(
                               " God created the heaven and the earth. And the earth was without form, and void; and "
                               "darkness was upon the face of the deep."));
                           m_window.comparePanel().start();
                       },
                       quiet});
    m_steps.push_back({{},
                       [this] {
                           const auto worst = m_session.damage().worst(3);
                           if (!worst.empty()) m_window.damagePanel().goTo(worst.back());
                       },
                       quiet});
    m_steps.push_back(
        {QStringLiteral("damage"), [this] { m_session.damage().tryLayers(m_window.damagePanel().current()); }, quiet});
    m_steps.push_back({QStringLiteral("export"), [this] { m_window.showExport(); }, quiet});
}

void ScreenshotTour::chooseMethods() {
    auto& recipe = m_session.recipe();
    recipe.apply(Recipe::pure(Format::of(IntegerFormat{4, false, Granularity::kGroup, 64})));
    QList<int> downs;
    for (int tensor = 0; tensor < m_session.tensorCount(); ++tensor) {
        if (m_session.tensor(tensor).role == TensorRole::kFfnDown) downs.append(tensor);
    }
    RecipeRule values;
    values.match.roles = {TensorRole::kAttnV};
    values.format = Format::of(DType::kQ6_K);
    values.method = MethodChoice{MethodId::kGptq, {}};
    recipe.addRule(values);
    recipe.setMethod(downs, MethodChoice{MethodId::kHqq, {}});
    recipe.setLocked(downs.mid(0, 1), true);
    m_session.selection().select(downs.mid(0, 2));
}

void ScreenshotTour::selectNamed(const QString& part) {
    for (int tensor = 0; tensor < m_session.tensorCount(); ++tensor) {
        if (QString::fromStdString(m_session.tensor(tensor).canonicalName).contains(part))
            return m_session.selection().select({tensor});
    }
}

bool ScreenshotTour::isQuiet() const {
    return m_session.jobs().isIdle();
}

void ScreenshotTour::next() {
    if (m_at == m_steps.size()) {
        QCoreApplication::exit(0);
        return;
    }
    m_quietPolls = 0;
    m_clock.start();
    m_steps[m_at].act();
    m_timer.start();
}

void ScreenshotTour::poll() {
    const auto& step = m_steps[m_at];
    m_quietPolls = step.isDone() ? m_quietPolls + 1 : 0;
    if (m_quietPolls < kQuietPolls) {
        if (m_clock.elapsed() < kStepLimitMs) return;
        QTextStream(stderr) << tr("The step for picture “%1” did not end.").arg(step.picture) << '\n';
        QCoreApplication::exit(1);
        return;
    }
    m_timer.stop();
    if (!step.picture.isEmpty()) {
        auto* dialog = m_window.findChild<ExportDialog*>();
        const QPixmap picture = dialog ? dialog->grab() : m_window.grab();
        if (!picture.save(QDir(m_folder).filePath(step.picture + QStringLiteral(".png")))) {
            QTextStream(stderr) << tr("%1 cannot be written.").arg(m_folder) << '\n';
            QCoreApplication::exit(1);
            return;
        }
    }
    ++m_at;
    next();
}

}  // namespace halftone::app
