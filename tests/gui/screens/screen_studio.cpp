// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/gui/screens/screen_studio.h"

#include <QApplication>
#include <QComboBox>
#include <QDockWidget>
#include <QLabel>
#include <QPainter>
#include <QRegularExpression>
#include <QSettings>
#include <QSpinBox>
#include <QTableView>
#include <QTest>
#include <QTextBrowser>
#include <QToolButton>

#include "app/language/language.h"
#include "app/models/run_table_model.h"
#include "app/panels/compare/compare_panel.h"
#include "app/panels/evaluation/evaluation_panel.h"
#include "app/panels/matrix/matrix_panel.h"
#include "app/panels/recipe/recipe_panel.h"
#include "app/panels/tradeoff/tradeoff_panel.h"
#include "app/plots/memory_bar.h"
#include "app/session/resources.h"
#include "app/widgets/path_edit.h"
#include "tests/gui/screens/screen_compare.h"
#include "tests/unit/app/wait_until.h"

namespace halftone::app {

namespace {

constexpr int kTokens = 40, kChunks = 2, kCalibrationTokens = 1024, kShownBlock = 2, kQuietRounds = 3;
constexpr int64_t kMachineBytes = 32'000'000, kBudgetBytes = 12'000'000;
constexpr qint64 kLimitMs = 300'000;

QString presetPath(const char* name) {
    return resourcePath(QStringLiteral("presets/%1.recipe").arg(QLatin1String(name)));
}

/// Names of processors, rates and paths are as long as they are: what stands beside them must not move.
void replaceWhatDiffers(QWidget& root, Session& session) {
    if (auto* device = root.findChild<QToolButton*>(QStringLiteral("deviceButton")))
        device->setText(QStringLiteral("CPU"));
    if (auto* bar = root.findChild<MemoryBar*>(); bar && session.memory().estimate())
        bar->setData(*session.memory().estimate(),
                     {{MemoryLimit::Kind::Machine, QStringLiteral("RAM"), kMachineBytes},
                      {MemoryLimit::Kind::Budget, QStringLiteral("Budget"), kBudgetBytes}});
    if (auto* machine = root.findChild<QLabel*>(QStringLiteral("memoryVerdict0")))
        machine->setText(QStringLiteral("RAM"));
    // The time of a run is part of its name.
    static const QRegularExpression kTime(QStringLiteral("[0-9]{2}:[0-9]{2}"));
    for (auto* combo : root.findChildren<QComboBox*>(QRegularExpression(QStringLiteral("^diff")))) {
        for (int i = 0; i < combo->count(); ++i)
            combo->setItemText(i, combo->itemText(i).replace(kTime, QStringLiteral("12:00")));
    }
    if (auto* device = root.findChild<QComboBox*>(QStringLiteral("preferredDevice")))
        device->setItemText(device->currentIndex(), QStringLiteral("CPU"));
    if (auto* threads = root.findChild<QSpinBox*>(QStringLiteral("threads")))
        threads->setSpecialValueText(QStringLiteral("8"));
    for (auto* card : root.findChildren<QTextBrowser*>()) {
        const QString html = card->toHtml(), path = resourcePath(QStringLiteral("sample"));
        if (html.contains(path)) card->setHtml(QString(html).replace(path, QStringLiteral("/models/sample")));
    }
}

/// Where a list stands depends on when it was filled and when it got its size.
void scrollToMarked(QWidget& root) {
    for (auto* table : root.findChildren<QTableView*>()) {
        const auto marked = table->selectionModel() ? table->selectionModel()->selectedRows() : QModelIndexList();
        if (!marked.isEmpty() && table->isVisible()) table->scrollTo(marked.first(), QTableView::PositionAtCenter);
    }
}

void cover(QImage& picture, const QWidget& root) {
    QPainter painter(&picture);
    const auto coverOne = [&](const QWidget* widget) {
        if (!widget || !widget->isVisible()) return;
        painter.fillRect(QRect(widget->mapTo(&root, QPoint()), widget->size()), Qt::gray);
    };
    for (const char* name : {"jobsStrip", "exportPath"}) coverOne(root.findChild<QWidget*>(QString::fromLatin1(name)));
    for (const auto* status : root.findChildren<QWidget*>(QStringLiteral("columnStatus"))) coverOne(status);
    for (const auto* path : root.findChildren<PathEdit*>()) coverOne(path);
}

}  // namespace

ScreenStudio::ScreenStudio() : m_session(std::make_unique<Session>()), m_empty(std::make_unique<Session>()) {
    measure();
}

ScreenStudio::~ScreenStudio() {
    m_window.reset();
}

bool ScreenStudio::await() {
    return test::waitUntil([&] { return session().jobs().isIdle(); }, kLimitMs);
}

void ScreenStudio::measure() {
    open(*m_session, {});
    session().devices().setChoice(QStringLiteral("cpu"));
    window().openSample();
    if (!test::waitUntil([&] { return session().model() != nullptr; }, kLimitMs)) {
        m_problem = QStringLiteral("the bundled sample was not opened");
        return;
    }
    await();
    session().calibration().start({resourcePath(QStringLiteral("texts/calibration.txt")), 256, kCalibrationTokens});
    await();
    window().evaluationPanel().setChunks(kChunks);
    window().findChild<TradeoffPanel*>()->startOrStopSeries();
    await();
    for (const char* preset : {"q8_0", "int3_trial", "q4_k_balanced"}) {
        window().recipePanel().loadPreset(presetPath(preset));
        window().evaluationPanel().start(EvaluationTarget::Recipe);
        await();
    }
    CompareOptions options = window().comparePanel().options();
    options.generate.maxTokens = kTokens;
    options.generate.sampling.temperature = 0;
    session().compare().start(options);
    await();
    const auto worst = session().damage().worst(1);
    if (worst.empty()) {
        m_problem = QStringLiteral("the damage of texts was not measured");
        return;
    }
    session().damage().tryLayers(worst.front());
    await();
}

void ScreenStudio::open(Session& session, const Look& look) {
    m_window.reset();
    QSettings().clear();
    QSettings().setValue(QStringLiteral("memory/budget"), qlonglong(kBudgetBytes));
    applyLanguage(*qApp, QString::fromLatin1(look.language));
    applyTheme(*qApp, look.theme);
    session.retranslate();
    m_window = std::make_unique<MainWindow>(session, MainWindow::Begin::Continuing);
    window().resize(kWindowSize);
    window().show();
    QTest::qWait(20);
    auto* runs = find<QTableView>("runTable");
    for (const int column : {RunTableModel::Speed, RunTableModel::Device, RunTableModel::Seconds, RunTableModel::When})
        runs->setColumnHidden(column, true);
}

void ScreenStudio::renewEmpty(const Look& look) {
    open(*m_empty, look);
}

void ScreenStudio::renew(const Look& look) {
    m_window.reset();
    session().messages().clear();
    session().selection().selectChannels({});
    session().selection().setHovered(-1);
    session().devices().setChoice(QStringLiteral("cpu"));
    open(session(), look);
    window().recipePanel().loadPreset(presetPath("q4_k_balanced"));
    session().selection().select({tensorOf(TensorRole::kFfnUp, kShownBlock)});
    await();
}

QWidget* ScreenStudio::raise(const char* dock) {
    auto* raised = window().docks().panelDock(QString::fromLatin1(dock));
    raised->raise();
    return raised;
}

int ScreenStudio::tensorOf(TensorRole role, int block) const {
    for (int tensor = 0; tensor < m_session->tensorCount(); ++tensor) {
        const auto& info = m_session->tensor(tensor);
        if (info.role == role && info.block == block && !info.isBias) return tensor;
    }
    return -1;
}

QImage ScreenStudio::picture(QWidget& shown) {
    QWidget& root = *shown.window();
    QImage last;
    int quiet = 0;  // plots are drawn some time after their figures have come
    for (int round = 0; round < 100; ++round) {
        QTest::qWait(30);
        if (auto* focus = QApplication::focusWidget()) focus->clearFocus();
        replaceWhatDiffers(root, session());
        scrollToMarked(root);
        QImage now = root.grab().toImage();
        quiet = now == last && session().jobs().isIdle() ? quiet + 1 : 0;
        if (quiet == kQuietRounds) break;
        last = std::move(now);
    }
    cover(last, root);
    const QImage whole = test::reduced(last);
    return whole.copy(QRect(shown.mapTo(&root, QPoint()), shown.size()));
}

}  // namespace halftone::app
