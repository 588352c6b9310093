// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QList>
#include <QObject>

namespace halftone::app {

/// The tensors that all views have selected, and the one under the mouse. Tensors are indices into
/// Checkpoint::tensors(). Beside them, channels of the residual stream: they mean the same in every block.
class Selection : public QObject {
    Q_OBJECT

  public:
    using QObject::QObject;

    /// Ascending, no repeats.
    [[nodiscard]] const QList<int>& tensors() const { return m_tensors; }
    [[nodiscard]] bool contains(int tensor) const;
    /// The one that detail views show; -1: none.
    [[nodiscard]] int current() const { return m_current; }
    [[nodiscard]] int hovered() const { return m_hovered; }

    /// `current` -1: the first of `tensors`. Says nothing if nothing changes.
    void select(QList<int> tensors, int current = -1);
    void setHovered(int tensor);
    void clear();

    /// Ascending, no repeats; lit in every view that shows input channels of layers that read the residual stream.
    [[nodiscard]] const QList<int>& channels() const { return m_channels; }
    void selectChannels(QList<int> channels);

  signals:
    void changed();
    void channelsChanged();
    void hoveredChanged(int tensor);

  private:
    QList<int> m_tensors, m_channels;
    int m_current = -1;
    int m_hovered = -1;
};

}  // namespace halftone::app
