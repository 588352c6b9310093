// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QTimer>
#include <QWidget>

#include <array>
#include <memory>
#include <optional>
#include <utility>

#include "app/plots/channel_map_data.h"

class QComboBox;
class QLabel;
class QLayout;
class QToolButton;

namespace halftone::app {

class ChannelMap;
class ColorBar;
class Session;
class StateStack;

/// The channels of the residual stream over all layers: largest weights that they meet, or largest activations on the
/// calibration text. What is brushed here lights up in the other views.
class ChannelMapPanel : public QWidget {
    Q_OBJECT

  public:
    explicit ChannelMapPanel(Session& session, QWidget* parent = nullptr);

  signals:
    void probed(const QString& text);
    void calibrationWanted();

  protected:
    void showEvent(QShowEvent* event) override;

  private:
    enum class Source { Weights, Activations };
    [[nodiscard]] QLayout* createBar();
    void createLayout();
    void connectSession();
    void forget();
    void refresh();
    void refreshSoon();
    void compute(Source source);
    void showData(std::shared_ptr<const ChannelMapData> shown);
    void updateCaption();
    [[nodiscard]] Source source() const;
    [[nodiscard]] std::vector<StreamMaxima> sourcesOf(Source source) const;
    /// What there is to show it of, as a number that grows: what was computed earlier is computed anew.
    [[nodiscard]] int available(Source source) const;
    [[nodiscard]] bool isWanted(StreamPlace place) const;

    Session& m_session;
    ChannelMap* m_map = nullptr;
    ColorBar* m_bar = nullptr;
    StateStack* m_stack = nullptr;
    QLabel* m_caption = nullptr;
    QComboBox* m_places = nullptr;
    QToolButton *m_weights = nullptr, *m_activations = nullptr, *m_sorted = nullptr;
    QTimer m_timer;
    struct Cached {
        int available = 0;
        int places = 0;
        std::shared_ptr<const ChannelMapData> map;
    };
    std::array<Cached, 2> m_cache;  ///< by source
    std::optional<std::pair<Source, int>> m_running;
};

}  // namespace halftone::app
