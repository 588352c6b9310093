// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/widgets/dock_area.h"

#include <QAction>
#include <QDockWidget>
#include <QSettings>
#include <QTimer>

#include <algorithm>
#include <numeric>

namespace halftone::app {

namespace {

/// Increase when docks are added or renamed: arrangements of older versions are then dropped.
constexpr int kLayoutVersion = 4;

QString settingsKey(int workspace) {
    return QStringLiteral("layout/workspace%1").arg(workspace);
}

}  // namespace

QString workspaceName(Workspace workspace) {
    switch (workspace) {
        case Workspace::Inspect:
            return DockArea::tr("Inspect");
        case Workspace::Tune:
            return DockArea::tr("Tune");
        case Workspace::Compare:
            return DockArea::tr("Compare");
    }
    return {};
}

DockArea::DockArea(QWidget* parent) : QMainWindow(parent, Qt::Widget) {
    setDockNestingEnabled(true);
    setDockOptions(dockOptions() | QMainWindow::AllowTabbedDocks | QMainWindow::GroupedDragging);
    setTabPosition(Qt::AllDockWidgetAreas, QTabWidget::North);
    setContextMenuPolicy(Qt::NoContextMenu);
}

QDockWidget* DockArea::addPanel(const QString& name, const QString& title, QWidget* panel) {
    auto* dock = new QDockWidget(title, this);
    dock->setObjectName(name);
    dock->setWidget(panel);
    dock->setFeatures(QDockWidget::DockWidgetMovable | QDockWidget::DockWidgetFloatable |
                      QDockWidget::DockWidgetClosable);
    for (const auto signal : {&QDockWidget::visibilityChanged, &QDockWidget::topLevelChanged}) {
        connect(dock, signal, this, &DockArea::updateTitleBars, Qt::QueuedConnection);
    }
    connect(dock, &QDockWidget::dockLocationChanged, this, &DockArea::updateTitleBars, Qt::QueuedConnection);
    connect(dock->toggleViewAction(), &QAction::triggered, this, [this, dock](bool shown) {
        if (shown) showPanel(dock);
    });
    m_docks.insert(name, dock);
    m_order.append(name);
    addDockWidget(Qt::LeftDockWidgetArea, dock);
    return dock;
}

QList<QAction*> DockArea::toggleActions() const {
    QList<QAction*> actions;
    for (const auto& name : m_order) actions.append(m_docks[name]->toggleViewAction());
    return actions;
}

void DockArea::setWorkspace(Workspace workspace) {
    if (m_isArranged && workspace == m_workspace) return;
    remember();
    m_workspace = workspace;
    m_isArranged = true;
    apply(workspace);
    // Tab bars that move leave pieces of separators behind them.
    QTimer::singleShot(0, this, [this] {
        hideForgottenGrips();
        update();
    });
}

/// Qt widens thin separators by invisible grips. It forgets those of areas that a new arrangement no longer has, and
/// they would go on taking clicks meant for the docks below them.
void DockArea::hideForgottenGrips() {
    for (auto* grip : findChildren<QWidget*>(QStringLiteral("qt_qmainwindow_extended_splitter"))) {
        const QRect separator = grip->geometry().adjusted(2, 2, -2, -2);
        const auto liesOver = [&](const QDockWidget* dock) {
            return dock->isVisible() && !dock->isFloating() && dock->geometry().intersects(separator);
        };
        if (std::any_of(m_docks.cbegin(), m_docks.cend(), liesOver)) grip->hide();
    }
}

/// The arrangement that the workspace had, or else the usual one.
void DockArea::apply(Workspace workspace) {
    const auto saved = m_arrangements.value(int(workspace));
    // restoreState() also places docks that the state does not name: shown, they would want room beside all others, and
    // the window would grow for it.
    for (const auto& name : m_order) {
        if (!saved.docks.contains(name)) m_docks[name]->hide();
    }
    if (saved.state.isEmpty() || !restoreState(saved.state, kLayoutVersion)) return applyDefault(workspace);
    m_isUnsized = !isVisible();
    for (const auto& name : m_order) {
        if (!saved.docks.contains(name)) removeDockWidget(m_docks[name]);
    }
}

void DockArea::remember() {
    if (!m_isArranged || m_isUnsized) return;  // one that never had its sizes is not worth keeping
    Arrangement arrangement{saveState(kLayoutVersion), {}};
    for (const auto& name : m_order) {
        if (dockWidgetArea(m_docks[name]) != Qt::NoDockWidgetArea) arrangement.docks.append(name);
    }
    m_arrangements[int(m_workspace)] = arrangement;
}

void DockArea::removeAll() {
    for (auto* dock : m_docks) {
        dock->setFloating(false);
        removeDockWidget(dock);
    }
}

/// Docks that the arrangement leaves out stand nowhere until they are asked for.
void DockArea::showPanel(QDockWidget* dock) {
    if (dockWidgetArea(dock) == Qt::NoDockWidgetArea) addDockWidget(Qt::BottomDockWidgetArea, dock);
    dock->show();
    dock->raise();
}

QByteArray DockArea::arrangement() const {
    return saveState(kLayoutVersion);
}

void DockArea::arrange(const QByteArray& arrangement) {
    restoreState(arrangement, kLayoutVersion);
}

void DockArea::resetLayout() {
    applyDefault(m_workspace);
}

void DockArea::showEvent(QShowEvent* event) {
    QMainWindow::showEvent(event);
    if (!m_isUnsized) return;
    QTimer::singleShot(0, this, [this] {
        if (m_isUnsized) apply(m_workspace);
    });
}

void DockArea::updateTitleBars() {
    for (auto* dock : m_docks) {
        const bool tabbed = !dock->isFloating() && !tabifiedDockWidgets(dock).isEmpty();
        const bool hidden = dock->titleBarWidget() != nullptr;
        if (tabbed == hidden) continue;
        auto* previous = dock->titleBarWidget();
        dock->setTitleBarWidget(tabbed ? new QWidget(dock) : nullptr);
        delete previous;
    }
}

/// Gives docks that stand in line their parts of the room that there is: sizes in pixels would push a small window
/// apart.
void DockArea::shareOut(const QList<QDockWidget*>& docks, const QList<int>& parts, Qt::Orientation direction) {
    const int room = (direction == Qt::Horizontal ? width() : height()) - int(docks.size());
    const int whole = std::accumulate(parts.begin(), parts.end(), 0);
    QList<int> sizes;
    for (const int part : parts) sizes.append(room * part / whole);
    resizeDocks(docks, sizes, direction);
}

void DockArea::applyDefault(Workspace workspace) {
    m_isUnsized = !isVisible();
    removeAll();
    switch (workspace) {
        case Workspace::Inspect:
            return arrangeInspect();
        case Workspace::Tune:
            return arrangeTune();
        case Workspace::Compare:
            return arrangeCompare();
    }
}

void DockArea::arrangeInspect() {
    auto* matrix = m_docks["matrix"];
    auto* distribution = m_docks["distribution"];
    auto* channels = m_docks["channels"];
    auto* channelMap = m_docks["channelMap"];
    auto* tensors = m_docks["tensors"];
    auto* calibration = m_docks["calibration"];
    auto* model = m_docks["model"];
    auto* groups = m_docks["groups"];
    auto* ranges = m_docks["ranges"];
    addDockWidget(Qt::LeftDockWidgetArea, matrix);
    splitDockWidget(matrix, tensors, Qt::Vertical);
    splitDockWidget(matrix, distribution, Qt::Horizontal);
    splitDockWidget(distribution, channels, Qt::Vertical);
    tabifyDockWidget(channels, channelMap);
    tabifyDockWidget(channelMap, ranges);
    tabifyDockWidget(ranges, calibration);
    tabifyDockWidget(matrix, model);
    tabifyDockWidget(distribution, groups);
    for (auto* dock : {matrix, distribution, channels, channelMap, tensors, calibration, model, groups, ranges})
        dock->show();
    matrix->raise();
    distribution->raise();
    channels->raise();
    shareOut({matrix, distribution}, {440, 1000}, Qt::Horizontal);
    shareOut({matrix, tensors}, {520, 330}, Qt::Vertical);
    // The upper part alone is shared here, and tells so by what lies below.
    shareOut({distribution, channels, tensors}, {310, 210, 330}, Qt::Vertical);
}

void DockArea::arrangeTune() {
    auto* matrix = m_docks["matrix"];
    auto* recipe = m_docks["recipe"];
    auto* distribution = m_docks["distribution"];
    auto* tensors = m_docks["tensors"];
    auto* evaluation = m_docks["evaluation"];
    auto* calibration = m_docks["calibration"];
    auto* tradeoff = m_docks["tradeoff"];
    auto* candidates = m_docks["candidates"];
    auto* memory = m_docks["memory"];
    auto* groups = m_docks["groups"];
    addDockWidget(Qt::LeftDockWidgetArea, matrix);
    splitDockWidget(matrix, tensors, Qt::Vertical);
    splitDockWidget(tensors, evaluation, Qt::Vertical);
    splitDockWidget(evaluation, tradeoff, Qt::Horizontal);
    splitDockWidget(matrix, distribution, Qt::Horizontal);
    splitDockWidget(distribution, recipe, Qt::Horizontal);
    tabifyDockWidget(recipe, calibration);
    tabifyDockWidget(calibration, memory);
    tabifyDockWidget(distribution, candidates);
    tabifyDockWidget(candidates, groups);
    for (auto* dock :
         {matrix, recipe, distribution, tensors, evaluation, calibration, tradeoff, candidates, groups, memory})
        dock->show();
    distribution->raise();
    recipe->raise();
    shareOut({matrix, distribution, recipe}, {340, 650, 390}, Qt::Horizontal);
    shareOut({matrix, tensors, evaluation}, {370, 220, 240}, Qt::Vertical);
    shareOut({evaluation, tradeoff}, {980, 460}, Qt::Horizontal);
}

void DockArea::arrangeCompare() {
    auto* compare = m_docks["compare"];
    auto* evaluation = m_docks["evaluation"];
    auto* damage = m_docks["damage"];
    auto* recipe = m_docks["recipe"];
    addDockWidget(Qt::LeftDockWidgetArea, compare);
    splitDockWidget(compare, evaluation, Qt::Vertical);
    tabifyDockWidget(evaluation, damage);
    splitDockWidget(compare, recipe, Qt::Horizontal);
    for (auto* dock : {compare, evaluation, damage, recipe}) dock->show();
    evaluation->raise();
    shareOut({compare, recipe}, {1080, 350}, Qt::Horizontal);
    shareOut({compare, evaluation}, {505, 315}, Qt::Vertical);
}

void DockArea::save(QSettings& settings) {
    remember();
    for (auto it = m_arrangements.cbegin(); it != m_arrangements.cend(); ++it) {
        settings.setValue(settingsKey(it.key()), it->state);
        settings.setValue(settingsKey(it.key()) + QStringLiteral("Docks"), it->docks);
    }
    settings.setValue(QStringLiteral("layout/current"), int(m_workspace));
}

void DockArea::restore(const QSettings& settings) {
    for (int workspace = 0; workspace <= int(Workspace::Compare); ++workspace) {
        const auto state = settings.value(settingsKey(workspace)).toByteArray();
        if (!state.isEmpty())
            m_arrangements[workspace] = {
                state, settings.value(settingsKey(workspace) + QStringLiteral("Docks")).toStringList()};
    }
    setWorkspace(
        Workspace(std::clamp(settings.value(QStringLiteral("layout/current"), 0).toInt(), 0, int(Workspace::Compare))));
}

}  // namespace halftone::app
