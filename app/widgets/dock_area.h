// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QHash>
#include <QMainWindow>
#include <QStringList>

class QSettings;

namespace halftone::app {

enum class Workspace { Inspect, Tune, Compare };

/// The docks and their three arrangements. Each workspace remembers how its docks were left; reset takes the
/// arrangement it came with.
class DockArea : public QMainWindow {
    Q_OBJECT

  public:
    explicit DockArea(QWidget* parent = nullptr);

    /// `name` is the object name that arrangements are saved under.
    QDockWidget* addPanel(const QString& name, const QString& title, QWidget* panel);
    void setWorkspace(Workspace workspace);
    [[nodiscard]] Workspace workspace() const { return m_workspace; }
    void resetLayout();
    /// Places and sizes of the docks of the workspace, to arrange another window of the same workspace alike.
    [[nodiscard]] QByteArray arrangement() const;
    void arrange(const QByteArray& arrangement);
    void showPanel(QDockWidget* dock);
    [[nodiscard]] QDockWidget* panelDock(const QString& name) const { return m_docks.value(name); }
    [[nodiscard]] QList<QAction*> toggleActions() const;

    void save(QSettings& settings);
    void restore(const QSettings& settings);

  protected:
    void showEvent(QShowEvent* event) override;

  private:
    void apply(Workspace workspace);
    void applyDefault(Workspace workspace);
    void hideForgottenGrips();
    void shareOut(const QList<QDockWidget*>& docks, const QList<int>& parts, Qt::Orientation direction);
    /// A tab already names its dock: the title bar above it goes.
    void updateTitleBars();
    struct Arrangement {
        QByteArray state;
        QStringList docks;  ///< those that have a place in it
    };
    void remember();
    void removeAll();
    void arrangeInspect();
    void arrangeTune();
    void arrangeCompare();

    QHash<QString, QDockWidget*> m_docks;
    QStringList m_order;
    QHash<int, Arrangement> m_arrangements;
    Workspace m_workspace = Workspace::Inspect;
    bool m_isArranged = false;
    bool m_isUnsized = false;  ///< arranged before it was shown: docks get their sizes when they are
};

[[nodiscard]] QString workspaceName(Workspace workspace);

}  // namespace halftone::app
