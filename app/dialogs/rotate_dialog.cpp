// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/dialogs/rotate_dialog.h"

#include <QCheckBox>
#include <QComboBox>
#include <QDir>
#include <QFileInfo>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QProgressBar>
#include <QPushButton>
#include <QSpinBox>
#include <QVBoxLayout>

#include <algorithm>
#include <limits>

#include "app/language/core_text.h"
#include "app/session/session.h"
#include "app/widgets/jobs_strip.h"
#include "app/widgets/number_text.h"
#include "app/widgets/path_edit.h"
#include "app/widgets/state_stack.h"
#include "core/pipeline/rotate_model.h"

namespace halftone::app {

namespace {

const QString kTag = QStringLiteral("rotate");
constexpr int kSentenceWidth = 480;

}  // namespace

RotateDialog::RotateDialog(Session& session, QWidget* parent)
    : QDialog(parent),
      m_session(session),
      m_path(new PathEdit(tr("Rotated model"), tr("GGUF files (*.gguf)"), this, PathEdit::Purpose::Save)),
      m_storage(new QComboBox(this)),
      m_seed(new QSpinBox(this)),
      m_headValues(new QCheckBox(tr("Values of the attention heads too"), this)),
      m_progress(new QProgressBar(this)),
      m_result(new QLabel(this)),
      m_start(new QPushButton(tr("Rotate"), this)),
      m_open(new QPushButton(tr("Open the result"), this)) {
    setObjectName(QStringLiteral("rotateDialog"));
    setWindowTitle(tr("Rotate the model"));
    setAttribute(Qt::WA_DeleteOnClose);
    createWidgets();
    createLayout();
    const QString name = QString::fromStdString(m_session.checkpoint()->name());
    setTarget(QDir::home().filePath(name + QStringLiteral("-rotated.gguf")));
    connect(&m_session, &Session::checkpointChanged, this, &QDialog::close);
    connect(&m_timer, &QTimer::timeout, this, &RotateDialog::refresh);
    refresh();
}

void RotateDialog::createWidgets() {
    m_path->setAccessibleName(tr("Target file"));
    m_storage->setObjectName(QStringLiteral("rotateStorage"));
    m_storage->setAccessibleName(tr("Type of the matrices"));
    for (const DType type : {DType::kF16, DType::kBF16, DType::kF32})
        m_storage->addItem(QString::fromStdString(Format::of(type).displayName()), int(type));
    m_seed->setAccessibleName(tr("Seed"));
    m_seed->setRange(0, std::numeric_limits<int>::max());
    m_seed->setValue(1);
    m_seed->setToolTip(tr("Another seed gives another rotation"));
    m_headValues->setChecked(true);
    m_progress->setAccessibleName(tr("Progress of the rotation"));
    m_progress->setTextVisible(false);
    m_progress->setRange(0, 1000);
    m_result->setWordWrap(true);
    m_result->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_start->setObjectName(QStringLiteral("rotateButton"));
    m_start->setDefault(true);
    m_open->setObjectName(QStringLiteral("openRotated"));
    connect(m_path, &PathEdit::pathChanged, this, &RotateDialog::refresh);
    connect(m_start, &QPushButton::clicked, this, &RotateDialog::startOrCancel);
    connect(m_open, &QPushButton::clicked, this, [this] {
        const QString path = m_written;
        emit openWanted(path);
    });
}

void RotateDialog::createLayout() {
    auto* sentence = mutedLabel(
        tr("Writes the same model with its residual stream turned by a Hadamard matrix: outputs stay, outliers are "
           "spread over all channels. Models with outliers quantize better so; others may do worse. The "
           "result is an ordinary checkpoint to compare with this one."),
        this);
    sentence->setMinimumWidth(kSentenceWidth);
    auto* form = new QFormLayout;
    form->addRow(tr("Write to"), m_path);
    form->addRow(tr("Matrices as"), m_storage);
    form->addRow(tr("Seed"), m_seed);
    form->addRow(QString(), m_headValues);
    auto* close = new QPushButton(tr("Close"), this);
    connect(close, &QPushButton::clicked, this, &QDialog::close);
    auto* buttons = new QHBoxLayout;
    buttons->addWidget(m_progress, 1);
    buttons->addStretch();
    buttons->addWidget(m_open);
    buttons->addWidget(m_start);
    buttons->addWidget(close);
    auto* layout = new QVBoxLayout(this);
    layout->addWidget(sentence);
    layout->addSpacing(8);
    layout->addLayout(form);
    layout->addWidget(m_result);
    layout->addStretch();
    layout->addLayout(buttons);
}

void RotateDialog::setTarget(const QString& path) {
    m_path->setPath(path);
}

QString RotateDialog::message() const {
    return m_result->text();
}

void RotateDialog::startOrCancel() {
    if (m_job != 0) return m_session.jobs().cancel(m_job);
    const auto model = m_session.model();
    if (!model) return;
    m_written.clear();
    m_result->clear();
    const RotationSettings settings{.seed = uint64_t(m_seed->value()), .headValues = m_headValues->isChecked()};
    m_job = m_session.jobs().start<ExportReport>(
        {tr("Rotating the model"), JobLane::Files, kTag}, this,
        [model, settings, storage = DType(m_storage->currentData().toInt()),
         path = std::filesystem::path(m_path->path().toStdString())](const JobControl& control) {
            return exportRotated(model->checkpoint, *model->graph, settings, storage, path, control.context());
        },
        [this](const Result<ExportReport>& report) { onDone(report); });
    m_timer.start(100);
    refresh();
}

void RotateDialog::onDone(const Result<ExportReport>& report) {
    m_job = 0;
    m_timer.stop();
    if (report) {
        m_written = QString::fromStdString(report->path.string());
        m_result->setText(
            tr("Written in %1: %2, %n tensors, read back and checked.", nullptr, int(report->tensorsWritten))
                .arg(durationText(report->seconds), bytesText(double(report->fileBytes))));
    } else if (report.error().code == ErrorCode::kCancelled) {
        m_result->setText(tr("Cancelled; nothing was written."));
    } else {
        m_result->setText(errorText(report.error()));
    }
    refresh();
}

void RotateDialog::refresh() {
    const bool running = m_job != 0;
    const bool canRun = m_session.model() != nullptr;
    if (!canRun)
        m_result->setText(
            tr("This checkpoint cannot be run here, so it is not known how its tensors belong together."));
    for (QWidget* field : std::initializer_list<QWidget*>{m_path, m_storage, m_seed, m_headValues})
        field->setEnabled(!running);
    const bool replaces = !m_path->path().isEmpty() && QFileInfo::exists(m_path->path());
    m_start->setText(running ? tr("Cancel") : replaces ? tr("Replace") : tr("Rotate"));
    m_start->setToolTip(replaces && !running ? tr("The file exists and is replaced") : QString());
    m_start->setEnabled(running || (canRun && !m_path->path().isEmpty()));
    m_open->setVisible(!m_written.isEmpty());
    m_progress->setVisible(running);
    for (const auto& status : m_session.jobs().status()) {
        if (status.id != m_job) continue;
        m_progress->setValue(int(1000 * std::min(status.progress.fraction(), 1.0)));
        m_result->setText(QStringLiteral("%1  %2").arg(coreText(status.progress.stage), jobFigures(status)));
    }
}

void RotateDialog::done(int result) {
    m_session.jobs().cancelTag(kTag);
    QDialog::done(result);
}

}  // namespace halftone::app
