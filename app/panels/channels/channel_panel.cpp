// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/panels/channels/channel_panel.h"

#include <QButtonGroup>
#include <QHBoxLayout>
#include <QLabel>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>
#include <numeric>

#include "app/plots/channel_map_data.h"
#include "app/plots/channel_plot.h"
#include "app/session/session.h"
#include "app/widgets/number_text.h"
#include "app/widgets/state_stack.h"

namespace halftone::app {

namespace {
constexpr int kNamed = 6;
}

QString worstChannelsText(const std::vector<float>& maxima, int count) {
    std::vector<size_t> order(maxima.size());
    std::iota(order.begin(), order.end(), size_t(0));
    const auto shown = std::min(size_t(count), order.size());
    std::partial_sort(order.begin(), order.begin() + std::ptrdiff_t(shown), order.end(),
                      [&](size_t a, size_t b) { return maxima[a] != maxima[b] ? maxima[a] > maxima[b] : a < b; });
    QStringList parts;
    for (size_t i = 0; i < shown; ++i)
        parts.append(QStringLiteral("%1 (%2)").arg(order[i]).arg(numberText(double(maxima[order[i]]))));
    return parts.join(QStringLiteral(", "));
}

ChannelPanel::ChannelPanel(Session& session, QWidget* parent) : QWidget(parent), m_session(session) {
    setObjectName(QStringLiteral("channelPanel"));
    createLayout();
    connect(&m_session.selection(), &Selection::changed, this, &ChannelPanel::refresh);
    connect(&m_session, &Session::tensorsChanged, this, [this](const QList<int>& tensors) {
        if (tensors.isEmpty() || tensors.contains(m_session.selection().current())) refresh();
    });
    connect(m_plot, &ChannelPlot::probed, this, &ChannelPanel::probed);
    connect(m_plot, &ChannelPlot::picked, this, &ChannelPanel::pick);
    connect(&m_session.selection(), &Selection::channelsChanged, this, &ChannelPanel::lightUp);
    refresh();
}

void ChannelPanel::createLayout() {
    auto* content = new QWidget(this);
    m_plot = new ChannelPlot(content);
    auto* contentLayout = new QVBoxLayout(content);
    contentLayout->setContentsMargins(0, 0, 0, 0);
    contentLayout->addWidget(m_plot);
    m_stack = new StateStack(content, this);
    auto* group = new QButtonGroup(this);
    auto* bar = new QHBoxLayout;
    bar->setContentsMargins(8, 4, 8, 0);
    m_worst = new QLabel(this);
    m_worst->setProperty("role", "muted");
    m_worst->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_worst->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    bar->addWidget(m_worst, 1);
    const auto toggle = [&](const QString& text, const QString& tip) {
        auto* button = new QToolButton(this);
        button->setText(text);
        button->setToolTip(tip);
        button->setCheckable(true);
        bar->addWidget(button);
        connect(button, &QToolButton::toggled, this, &ChannelPanel::refresh);
        return button;
    };
    m_inputs = toggle(tr("inputs"), tr("One input channel is one column of the matrix"));
    m_outputs = toggle(tr("outputs"), tr("One output channel is one row of the matrix"));
    m_activations = toggle(tr("activations"), tr("What enters each input channel on the calibration text"));
    for (auto* button : {m_inputs, m_outputs, m_activations}) group->addButton(button);
    m_inputs->setChecked(true);
    m_sorted = toggle(tr("sorted"), tr("Largest first instead of by index"));
    connect(m_sorted, &QToolButton::toggled, m_plot, &ChannelPlot::setSorted);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addLayout(bar);
    layout->addWidget(m_stack, 1);
}

ChannelPanel::Axis ChannelPanel::axis() const {
    if (m_activations->isChecked()) return Axis::Activations;
    return m_outputs->isChecked() ? Axis::Outputs : Axis::Inputs;
}

bool ChannelPanel::showsStream() const {
    const int tensor = m_session.selection().current();
    if (tensor < 0 || tensor >= m_session.tensorCount()) return false;
    const auto place = streamPlaceOf(m_session.tensor(tensor), streamWidth(m_session.checkpoint()->tensors()));
    return place && readsStream(*place) == (axis() != Axis::Outputs);
}

void ChannelPanel::lightUp() {
    m_plot->setLit(showsStream() ? m_session.selection().channels() : QList<int>());
}

void ChannelPanel::pick(int channel, bool adds) {
    if (!showsStream()) return;
    QList<int> channels = adds ? m_session.selection().channels() : QList<int>();
    m_session.selection().selectChannels(channels << channel);
}

void ChannelPanel::show(const std::vector<float>& maxima, const QString& axisLabel) {
    if (maxima.empty()) {
        m_worst->clear();
        m_stack->showSentence(tr("This tensor has no channels of this kind."));
        return;
    }
    m_worst->setText(tr("worst: %1").arg(worstChannelsText(maxima, kNamed)));
    m_plot->setData(maxima, axisLabel);
    lightUp();
    m_stack->showContent();
}

void ChannelPanel::refresh() {
    if (!m_stack || !m_sorted) return;  // still being built
    const int tensor = m_session.selection().current();
    if (tensor < 0 || tensor >= m_session.tensorCount()) {
        m_worst->clear();
        m_stack->showSentence(tr("Select a tensor to see the largest magnitude of each of its channels."));
        return;
    }
    if (axis() == Axis::Activations) {
        const auto layer = m_session.calibration().of(tensor);
        if (layer) return show(layer->summary.colAbsMax, tr("input channel"));
        m_worst->clear();
        m_stack->showSentence(m_session.calibration().hasData()
                                  ? tr("No linear layer multiplies by this tensor, so it has no activations.")
                                  : tr("Activations are known after a calibration run: see the Calibration panel."));
        return;
    }
    const auto stats = m_session.statistics().of(tensor);
    if (!stats) {
        m_worst->clear();
        const QString problem = m_session.statistics().problem(tensor);
        m_stack->showSentence(problem.isEmpty() ? tr("Waiting for the statistics of this tensor…") : problem);
        return;
    }
    if (axis() == Axis::Inputs) return show(stats->colAbsMax, tr("input channel"));
    show(stats->rowAbsMax, tr("output channel"));
}

}  // namespace halftone::app
