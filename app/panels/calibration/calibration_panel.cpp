// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/panels/calibration/calibration_panel.h"

#include <QFileInfo>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QSpinBox>
#include <QTableWidget>
#include <QVBoxLayout>

#include <algorithm>

#include "app/session/resources.h"
#include "app/session/session.h"
#include "app/widgets/number_text.h"
#include "app/widgets/path_edit.h"
#include "app/widgets/state_stack.h"

namespace halftone::app {

namespace {

constexpr size_t kMostRows = 64;
constexpr size_t kChannelsPerLayer = 3;
constexpr int kUsualWindow = 512, kLongestWindow = 32768;

struct MassiveChannel {
    int tensor = 0;
    int64_t channel = 0;
    double maximum = 0, overSigma = 0;
};

std::vector<MassiveChannel> massiveChannels(Session& session) {
    std::vector<MassiveChannel> list;
    for (int tensor = 0; tensor < session.tensorCount(); ++tensor) {
        const auto layer = session.calibration().of(tensor);
        if (!layer) continue;
        const double sigma = layer->summary.standardDeviation;
        for (size_t i = 0; i < std::min(kChannelsPerLayer, layer->worstChannels.size()); ++i) {
            const auto channel = layer->worstChannels[i];
            const double maximum = double(layer->summary.colAbsMax[size_t(channel)]);
            list.push_back({tensor, channel, maximum, sigma > 0 ? maximum / sigma : 0});
        }
    }
    std::stable_sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.overSigma > b.overSigma; });
    if (list.size() > kMostRows) list.resize(kMostRows);
    return list;
}

}  // namespace

CalibrationPanel::CalibrationPanel(Session& session, QWidget* parent) : QWidget(parent), m_session(session) {
    setObjectName(QStringLiteral("calibrationPanel"));
    createControls();
    createLayout();
    m_text->setPath(resourcePath(QStringLiteral("texts/calibration.txt")));
    connect(m_run, &QPushButton::clicked, this, [this] {
        if (m_session.calibration().isRunning()) {
            m_session.calibration().cancel();
        } else {
            start();
        }
    });
    connect(&m_session.calibration(), &CalibrationService::changed, this, [this] {
        refresh();
        fillWorstChannels();
    });
    connect(&m_session.jobs(), &JobManager::jobsChanged, this, &CalibrationPanel::refresh);
    connect(&m_session, &Session::modelChanged, this, [this] {
        limitContext();
        refresh();
    });
    connect(&m_session, &Session::sessionRestored, this, [this] {
        const auto& saved = m_session.preferences().calibrationText;
        if (!saved.empty()) m_text->setPath(QString::fromStdString(saved.string()));
    });
    connect(m_text, &PathEdit::pathChanged, this,
            [this] { m_session.preferences().calibrationText = m_text->path().toStdString(); });
    connect(m_worst, &QTableWidget::cellClicked, this, &CalibrationPanel::onCellActivated);
    limitContext();
    refresh();
    fillWorstChannels();
}

void CalibrationPanel::limitContext() {
    const auto& model = m_session.model();
    if (!model) return;
    m_context->setMaximum(int(std::min<int64_t>(kLongestWindow, model->graph->config.contextLength)));
    m_context->setValue(kUsualWindow);
}

void CalibrationPanel::createControls() {
    m_text = new PathEdit(tr("Calibration text"), tr("Texts (*.txt *.raw);;All files (*)"), this);
    m_context = new QSpinBox(this);
    m_context->setRange(16, kLongestWindow);
    m_context->setValue(kUsualWindow);
    m_context->setPrefix(tr("windows of "));
    m_context->setSuffix(tr(" tokens"));
    m_context->setAccessibleName(tr("Tokens per window"));
    m_tokens = new QSpinBox(this);
    m_tokens->setRange(64, 10'000'000);
    m_tokens->setValue(8192);
    m_tokens->setSingleStep(1024);
    m_tokens->setPrefix(tr("at most "));
    m_tokens->setSuffix(tr(" tokens"));
    m_tokens->setAccessibleName(tr("Tokens at most"));
    m_run = new QPushButton(tr("Calibrate"), this);
    m_run->setObjectName(QStringLiteral("calibrate"));
    m_status = mutedLabel({}, this);
}

void CalibrationPanel::createLayout() {
    m_worst = new QTableWidget(0, 4, this);
    m_worst->setHorizontalHeaderLabels({tr("enters"), tr("channel"), tr("max"), tr("max/σ")});
    m_worst->setAccessibleName(tr("Channels with the largest activations"));
    m_worst->verticalHeader()->hide();
    m_worst->verticalHeader()->setDefaultSectionSize(22);
    m_worst->setShowGrid(false);
    m_worst->setAlternatingRowColors(true);
    m_worst->setEditTriggers(QAbstractItemView::NoEditTriggers);
    m_worst->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_worst->horizontalHeader()->setSectionResizeMode(0, QHeaderView::Stretch);
    for (int column = 1; column < 4; ++column) m_worst->horizontalHeader()->resizeSection(column, 64);
    m_worst->horizontalHeaderItem(0)->setTextAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    for (int column = 1; column < 4; ++column)
        m_worst->horizontalHeaderItem(column)->setTextAlignment(Qt::AlignRight | Qt::AlignVCenter);
    auto* controls = new QHBoxLayout;
    controls->addWidget(m_context);
    controls->addWidget(m_tokens);
    controls->addStretch();
    controls->addWidget(m_run);
    auto* form = new QVBoxLayout;
    form->setContentsMargins(8, 8, 8, 4);
    form->setSpacing(4);
    form->addWidget(m_text);
    form->addLayout(controls);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addLayout(form);
    m_status->setContentsMargins(8, 0, 8, 0);
    layout->addWidget(m_status);
    layout->addWidget(m_worst, 1);
    layout->addStretch();  // holds the controls at the top while there is no table
}

void CalibrationPanel::start() {
    m_session.calibration().start({m_text->path(), m_context->value(), m_tokens->value()});
}

void CalibrationPanel::refresh() {
    auto& calibration = m_session.calibration();
    const QString why = m_session.modelJobs().whyNot();
    const bool running = calibration.isRunning();
    m_run->setEnabled(why.isEmpty() || running);
    m_run->setText(running ? tr("Cancel") : tr("Calibrate"));
    m_worst->setVisible(calibration.hasData());
    if (!why.isEmpty()) {
        m_status->setText(why);
    } else if (running) {
        m_status->setText(tr("Running the text through the original model…"));
    } else if (!calibration.problem().isEmpty()) {
        m_status->setText(calibration.problem());
    } else if (calibration.hasData()) {
        m_status->setText(
            tr("%1 tokens of %2. The channels with the largest activations:", nullptr, int(calibration.tokens()))
                .arg(countText(calibration.tokens()), QFileInfo(calibration.textPath()).fileName()));
    } else {
        m_status->setText(
            tr("Runs the text through the original model and keeps what enters every linear layer: the activations' "
               "distribution, "
               "and the importance of each channel, which block formats use to choose their codes."));
    }
}

void CalibrationPanel::fillWorstChannels() {
    const auto list = massiveChannels(m_session);
    m_worst->setRowCount(int(list.size()));
    for (int row = 0; row < int(list.size()); ++row) {
        const auto& entry = list[size_t(row)];
        const QStringList cells{QString::fromStdString(m_session.tensor(entry.tensor).canonicalName),
                                QString::number(entry.channel), numberText(entry.maximum), numberText(entry.overSigma)};
        for (int column = 0; column < 4; ++column) {
            auto* item = new QTableWidgetItem(cells[column]);
            item->setTextAlignment((column == 0 ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
            item->setData(Qt::UserRole, entry.tensor);
            m_worst->setItem(row, column, item);
        }
    }
}

void CalibrationPanel::onCellActivated(int row) {
    if (const auto* item = m_worst->item(row, 0)) m_session.selection().select({item->data(Qt::UserRole).toInt()});
}

}  // namespace halftone::app
