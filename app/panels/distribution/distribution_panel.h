// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

#include <optional>

#include "app/plots/channels_of_range.h"
#include "app/plots/distribution_data.h"

class QLabel;
class QToolButton;

namespace halftone::app {

class DistributionPlot;
class Session;
class StateStack;

/// Histogram of the selected tensor: its weights before and after quantization, or the activations that enter it.
class DistributionPanel : public QWidget {
    Q_OBJECT

  public:
    explicit DistributionPanel(Session& session, QWidget* parent = nullptr);

  signals:
    void probed(const QString& text);

  private:
    void createLayout();
    void createToggles();
    void refresh();
    void refreshIfShown(const QList<int>& tensors);
    void showWeights(int tensor);
    void showActivations(int tensor);
    void showData(std::shared_ptr<const DistributionData> distribution);
    void updateCaption();
    void lightUp();
    void traceRange(std::optional<DraggedRange> range);
    void showChannels(const ChannelsOfRange& found);
    void forgetRange();
    [[nodiscard]] QString rangeText() const;
    [[nodiscard]] QString clippingText() const;
    [[nodiscard]] QString titleOf(int tensor) const;

    Session& m_session;
    QLabel *m_title = nullptr, *m_caption = nullptr;
    QToolButton *m_weights = nullptr, *m_activations = nullptr, *m_logCounts = nullptr, *m_logValues = nullptr,
                *m_fullRange = nullptr;
    DistributionPlot* m_plot = nullptr;
    StateStack* m_stack = nullptr;
    int m_shownTensor = -1;
    std::weak_ptr<const Checkpoint> m_shownCheckpoint;
    bool m_hadTarget = false;  ///< what follows was asked for
    std::pair<Format, MethodChoice> m_roundedBy;
    std::shared_ptr<const MethodPlan> m_plan;
    bool m_hadStatistics = false;
    std::shared_ptr<const DistributionData> m_data;
    std::optional<DraggedRange> m_range;  ///< that was dragged over
    std::optional<ChannelsOfRange> m_rangeChannels;
    std::pair<int, QList<int>> m_lit{-1, {}};  ///< tensor and channels that are lit, or being gathered
};

}  // namespace halftone::app
