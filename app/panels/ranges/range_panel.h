// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

#include <memory>
#include <optional>
#include <vector>

#include "app/plots/range_plot.h"
#include "core/tensor/tensor_info.h"

class QComboBox;
class QLabel;
class QLayout;
class QToolButton;

namespace halftone {
class MethodPlan;
}

namespace halftone::app {

class Session;
class StateStack;

/// What enters the layers on the calibration text, block by block: how the values are spread, or the largest values of
/// the channels, those also after the recipe's smoothing.
class RangePanel : public QWidget {
    Q_OBJECT

  public:
    explicit RangePanel(Session& session, QWidget* parent = nullptr);

  protected:
    void showEvent(QShowEvent* event) override;

  signals:
    void probed(const QString& text);
    void calibrationWanted();

  private:
    QLayout* createBar(QWidget* content);
    void createLayout();
    void refresh();
    void refreshRoles();
    void follow();
    [[nodiscard]] QList<RangeColumn> columnsOf(TensorRole role, bool byChannel) const;
    [[nodiscard]] std::optional<ValueBands> smoothedBands(int tensor, const std::vector<float>& maxima) const;
    [[nodiscard]] TensorRole mostStriking(const QList<TensorRole>& roles) const;
    [[nodiscard]] QList<std::pair<int, double>> litOf(const TensorInfo& info, const std::vector<float>& maxima) const;
    void updateCaption(bool byChannel, bool isSmoothed);

    Session& m_session;
    std::shared_ptr<const MethodPlan> m_plan;  ///< whose factors are shown
    StateStack* m_stack = nullptr;
    QComboBox* m_roles = nullptr;
    QToolButton *m_values = nullptr, *m_channels = nullptr;
    QLabel* m_caption = nullptr;
    RangePlot* m_plot = nullptr;
};

}  // namespace halftone::app
