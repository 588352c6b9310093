// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/panels/channels/channel_map_panel.h"

#include <QButtonGroup>
#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>

#include "app/language/core_text.h"
#include "app/plots/channel_map.h"
#include "app/plots/color_bar.h"
#include "app/session/session.h"
#include "app/widgets/number_text.h"
#include "app/widgets/state_stack.h"

namespace halftone::app {

namespace {

const QString kTag = QStringLiteral("channelMap");
constexpr int kRefreshMs = 250;
constexpr size_t kMostNamed = 6;
/// Places that the list of layers can be narrowed to; -1: all.
constexpr int kEverywhere = -1;

std::shared_ptr<const std::vector<float>> shared(const std::shared_ptr<const TensorStats>& stats,
                                                 const std::vector<float>& maxima) {
    return {stats, &maxima};
}

}  // namespace

ChannelMapPanel::ChannelMapPanel(Session& session, QWidget* parent) : QWidget(parent), m_session(session) {
    setObjectName(QStringLiteral("channelMapPanel"));
    createLayout();
    connectSession();
    refresh();
}

QLayout* ChannelMapPanel::createBar() {
    const auto toggle = [this](const char* name, const QString& text, const QString& tip) {
        auto* button = new QToolButton(this);
        button->setObjectName(QString::fromLatin1(name));
        button->setText(text);
        button->setToolTip(tip);
        button->setCheckable(true);
        return button;
    };
    m_caption = captionLabel(this);
    m_caption->setObjectName(QStringLiteral("channelMapCaption"));
    m_caption->setContentsMargins(0, 0, 0, 0);
    m_caption->setToolTip(tr("Named is a channel whose maximum is at least %1 times that of the median channel of a "
                             "layer; in brackets the largest such ratio. Few of them carry most of the range that a "
                             "format has to cover.")
                              .arg(double(kMassiveRatio)));
    m_places = new QComboBox(this);
    m_places->setObjectName(QStringLiteral("channelMapPlaces"));
    m_places->setAccessibleName(tr("Layers that are shown"));
    m_places->setToolTip(m_places->accessibleName());
    m_places->addItem(tr("all layers"), kEverywhere);
    for (const auto place :
         {StreamPlace::AttentionIn, StreamPlace::AttentionOut, StreamPlace::FeedForwardIn, StreamPlace::FeedForwardOut})
        m_places->addItem(streamPlaceText(place), int(place));
    m_weights = toggle("channelMapWeights", tr("weights"), tr("The largest weight that each channel meets in a layer"));
    m_activations = toggle("channelMapActivations", tr("activations"),
                           tr("The largest value of each channel that enters a layer on the calibration text"));
    m_sorted = toggle("channelMapSorted", tr("sorted"), tr("The largest maximum over all layers first"));
    m_weights->setChecked(true);
    auto* group = new QButtonGroup(this);
    group->addButton(m_weights);
    group->addButton(m_activations);
    m_bar = new ColorBar(this);
    m_bar->setMaximumWidth(200);
    auto* bar = new QHBoxLayout;
    bar->setContentsMargins(8, 4, 8, 0);
    bar->setSpacing(8);
    bar->addWidget(m_places);
    bar->addWidget(m_caption, 1);
    bar->addWidget(m_bar);
    for (auto* button : {m_weights, m_activations, m_sorted}) bar->addWidget(button);
    return bar;
}

void ChannelMapPanel::createLayout() {
    auto* bar = createBar();
    m_map = new ChannelMap(m_session.selection(), this);
    m_stack = new StateStack(m_map, this);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addLayout(bar);
    layout->addWidget(m_stack, 1);
    connect(m_places, &QComboBox::currentIndexChanged, this, &ChannelMapPanel::refresh);
    connect(m_weights, &QToolButton::toggled, this, &ChannelMapPanel::refresh);
    connect(m_sorted, &QToolButton::toggled, m_map, &ChannelMap::setSorted);
    connect(m_map, &ChannelMap::probed, this, &ChannelMapPanel::probed);
    connect(m_map, &ChannelMap::picked, this, [this](int tensor) { m_session.selection().select({tensor}); });
    connect(m_map, &ChannelMap::scaleChanged, this, [this] {
        m_bar->setScale(m_map->scale(), source() == Source::Weights ? Measure::Maximum : Measure::ActivationMaximum);
    });
}

void ChannelMapPanel::connectSession() {
    m_timer.setSingleShot(true);
    m_timer.setInterval(kRefreshMs);
    connect(&m_timer, &QTimer::timeout, this, &ChannelMapPanel::refresh);
    connect(&m_session, &Session::checkpointChanged, this, &ChannelMapPanel::forget);
    connect(&m_session.statistics(), &StatisticsService::tensorReady, this, &ChannelMapPanel::refreshSoon);
    connect(&m_session.statistics(), &StatisticsService::finished, this, &ChannelMapPanel::refresh);
    connect(&m_session.calibration(), &CalibrationService::changed, this, [this] {
        m_cache[size_t(Source::Activations)] = {};
        refresh();
    });
    connect(&m_session, &Session::modelChanged, this, &ChannelMapPanel::refresh);
    connect(&m_session.selection(), &Selection::channelsChanged, this, &ChannelMapPanel::updateCaption);
}

void ChannelMapPanel::forget() {
    m_session.jobs().cancelTag(kTag);
    m_running.reset();
    m_cache = {};
    m_map->setData(nullptr);
    refresh();
}

void ChannelMapPanel::refreshSoon() {
    if (isVisible() && !m_timer.isActive()) m_timer.start();
}

void ChannelMapPanel::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    refresh();
}

ChannelMapPanel::Source ChannelMapPanel::source() const {
    return m_activations->isChecked() ? Source::Activations : Source::Weights;
}

int ChannelMapPanel::available(Source source) const {
    if (source == Source::Weights) return m_session.statistics().readyCount();
    return m_session.calibration().hasData() ? 1 : 0;
}

bool ChannelMapPanel::isWanted(StreamPlace place) const {
    const int wanted = m_places->currentData().toInt();
    return wanted == kEverywhere || wanted == int(place);
}

std::vector<StreamMaxima> ChannelMapPanel::sourcesOf(Source source) const {
    std::vector<StreamMaxima> sources;
    const auto tensors = m_session.checkpoint()->tensors();
    const int64_t channels = streamWidth(tensors);
    for (int tensor = 0; tensor < int(tensors.size()); ++tensor) {
        const auto& info = tensors[size_t(tensor)];
        const auto place = streamPlaceOf(info, channels);
        if (!place || !isWanted(*place)) continue;
        StreamMaxima found{*place, info.block, tensor, nullptr};
        if (source == Source::Weights) {
            if (const auto stats = m_session.statistics().of(tensor))
                found.maxima = shared(stats, readsStream(*place) ? stats->colAbsMax : stats->rowAbsMax);
        } else if (const auto layer = m_session.calibration().of(tensor); layer && readsStream(*place)) {
            found.maxima = std::shared_ptr<const std::vector<float>>(layer, &layer->summary.colAbsMax);
            // Nothing is multiplied by an embedding but where it is the head as well.
            if (*place == StreamPlace::Embedding) found.place = StreamPlace::Head;
        }
        if (found.maxima && !found.maxima->empty() && int64_t(found.maxima->size()) % channels == 0)
            sources.push_back(std::move(found));
    }
    return sources;
}

void ChannelMapPanel::refresh() {
    m_bar->setVisible(false);
    m_caption->clear();
    if (!m_session.checkpoint())
        return m_stack->showSentence(tr("Open a checkpoint to see the channels of its residual stream."));
    if (source() == Source::Activations && !m_session.calibration().hasData()) {
        if (m_session.calibration().isRunning()) return m_stack->showSentence(tr("The calibration text is being run…"));
        const QString why = m_session.modelJobs().whyNot();
        if (!why.isEmpty()) return m_stack->showSentence(why);
        return m_stack->showSentence(tr("The activations of the channels are known after a calibration run."),
                                     tr("Calibrate"), [this] { emit calibrationWanted(); });
    }
    if (!isVisible()) return;
    const auto& cached = m_cache[size_t(source())];
    const bool isSamePlaces = cached.map && cached.places == m_places->currentData().toInt();
    if (isSamePlaces) showData(cached.map);
    if (!isSamePlaces || cached.available != available(source())) compute(source());
}

void ChannelMapPanel::compute(Source source) {
    const std::pair asked(source, m_places->currentData().toInt());
    // What comes meanwhile is waited for: a list that grows would else replace its own job for ever.
    if (m_session.jobs().hasTag(kTag) && m_running == asked) return;
    m_running = asked;
    auto sources = sourcesOf(source);
    const int64_t channels = streamWidth(m_session.checkpoint()->tensors());
    const bool isPending = source == Source::Weights && available(source) < m_session.tensorCount();
    if (sources.empty()) {
        return m_stack->showSentence(isPending ? tr("Waiting for the statistics of the weights…")
                                     : source == Source::Activations ? tr("No activations are measured at this place.")
                                                                     : tr("No tensor of this checkpoint is known to "
                                                                          "meet a residual stream."));
    }
    if (!m_cache[size_t(source)].map) m_stack->showSentence(tr("Gathering the channels…"));
    using Shared = std::shared_ptr<const ChannelMapData>;
    const Cached key{available(source), asked.second, nullptr};
    m_session.jobs().start<Shared>(
        {tr("Channels"), JobLane::Plots, kTag, true}, this,
        [sources = std::move(sources), channels](const JobControl& control) {
            return computeChannelMap(sources, channels, control.context());
        },
        [this, source, key](const Result<Shared>& gathered) {
            if (!gathered) {
                m_running.reset();
                if (gathered.error().code != ErrorCode::kCancelled) m_stack->showSentence(errorText(gathered.error()));
                return;
            }
            m_cache[size_t(source)] = {key.available, key.places, *gathered};
            m_running.reset();
            if (source == this->source()) showData(*gathered);
            if (key.available != available(source)) refreshSoon();
        });
}

void ChannelMapPanel::showData(std::shared_ptr<const ChannelMapData> shown) {
    m_stack->showContent();
    m_bar->setVisible(true);
    if (m_map->data() != shown) m_map->setData(std::move(shown));
    updateCaption();
}

void ChannelMapPanel::updateCaption() {
    const auto& shown = m_map->data();
    if (!shown || m_bar->isHidden()) return;
    QStringList names;
    for (size_t i = 0; i < std::min(kMostNamed, shown->massive.size()); ++i)
        names << QStringLiteral("%1 (%2×)")
                     .arg(shown->massive[i].channel)
                     .arg(numberText(double(shown->massive[i].ratio)));
    const int more = int(shown->massive.size()) - int(names.size());
    QString text =
        names.isEmpty() ? tr("no massive channels") : tr("massive: %1").arg(names.join(QStringLiteral(", ")));
    if (more > 0) text += QStringLiteral(" · ") + tr("%n more", nullptr, more);
    const auto selected = m_session.selection().channels().size();
    if (selected > 0) text += QStringLiteral(" · ") + tr("%n selected", nullptr, int(selected));
    m_caption->setText(text);
}

}  // namespace halftone::app
