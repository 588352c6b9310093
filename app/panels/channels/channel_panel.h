// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

#include <vector>

class QLabel;
class QToolButton;

namespace halftone::app {

class ChannelPlot;
class Session;
class StateStack;

/// Largest magnitude per channel of the selected tensor: inputs, outputs, or the activations that meet the inputs.
class ChannelPanel : public QWidget {
    Q_OBJECT

  public:
    explicit ChannelPanel(Session& session, QWidget* parent = nullptr);

  signals:
    void probed(const QString& text);

  private:
    enum class Axis { Inputs, Outputs, Activations };
    void createLayout();
    void refresh();
    void show(const std::vector<float>& maxima, const QString& axisLabel);
    [[nodiscard]] Axis axis() const;
    /// Whether the channels that are shown are those of the residual stream.
    [[nodiscard]] bool showsStream() const;
    void lightUp();
    void pick(int channel, bool adds);

    Session& m_session;
    ChannelPlot* m_plot = nullptr;
    StateStack* m_stack = nullptr;
    QLabel* m_worst = nullptr;
    QToolButton *m_inputs = nullptr, *m_outputs = nullptr, *m_activations = nullptr, *m_sorted = nullptr;
};

/// "512 (7.1), 33 (5.2)": the channels with the largest maxima.
[[nodiscard]] QString worstChannelsText(const std::vector<float>& maxima, int count);

}  // namespace halftone::app
