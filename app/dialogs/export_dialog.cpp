// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/dialogs/export_dialog.h"

#include <QDir>
#include <QFileDialog>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QProgressBar>
#include <QPushButton>
#include <QTableView>
#include <QVBoxLayout>

#include <algorithm>

#include "app/language/core_text.h"
#include "app/models/export_plan_model.h"
#include "app/models/problem_model.h"
#include "app/session/session.h"
#include "app/widgets/jobs_strip.h"
#include "app/widgets/number_text.h"
#include "app/widgets/state_stack.h"

namespace halftone::app {

ExportDialog::ExportDialog(Session& session, QWidget* parent)
    : QDialog(parent), m_session(session), m_plan(new ExportPlanModel(this)), m_problems(new ProblemModel(this)) {
    setObjectName(QStringLiteral("exportDialog"));
    setWindowTitle(tr("Export GGUF"));
    setAttribute(Qt::WA_DeleteOnClose);
    createWidgets();
    createLayout();
    const auto& checkpoint = *m_session.checkpoint();
    const QString recipe = QString::fromStdString(m_session.recipe().recipe().name)
                               .section(',', 0, 0)
                               .simplified()
                               .replace(' ', '-')
                               .replace('/', '-');
    const QString name = QString::fromStdString(checkpoint.name()) + (recipe.isEmpty() ? QString() : '-' + recipe) +
                         QStringLiteral(".gguf");
    setTarget(QDir::home().filePath(name));
    connectExporter();
    m_session.exporter().makePlan();
    refresh();
}

void ExportDialog::connectExporter() {
    auto& exporter = m_session.exporter();
    connect(&exporter, &ExportService::planReady, this, &ExportDialog::onPlan);
    connect(&exporter, &ExportService::planFailed, this, &ExportDialog::onPlanFailed);
    connect(&exporter, &ExportService::exported, this, &ExportDialog::onExported);
    connect(&exporter, &ExportService::exportFailed, this, &ExportDialog::onExportFailed);
    connect(&m_session.recipe(), &RecipeEditor::changed, this, [this] { m_session.exporter().makePlan(); });
    connect(&m_session, &Session::checkpointChanged, this, &QDialog::close);
    connect(&m_timer, &QTimer::timeout, this, &ExportDialog::refresh);
}

void ExportDialog::createWidgets() {
    m_path = new QLineEdit(this);
    m_path->setObjectName(QStringLiteral("exportPath"));
    m_path->setAccessibleName(tr("Target file"));
    m_pathProblem = new QLabel(this);
    m_pathProblem->setProperty("role", "problem");
    m_pathProblem->setWordWrap(true);
    m_replaces = mutedLabel({}, this);
    m_replaces->setObjectName(QStringLiteral("exportReplaces"));
    m_summary = new QLabel(tr("Planning…"), this);
    m_result = new QLabel(this);
    m_result->setWordWrap(true);
    m_result->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_problemList = new QListView(this);
    m_problemList->setAccessibleName(tr("Problems of the export"));
    m_problemList->setModel(m_problems);
    m_problemList->setWordWrap(true);
    m_problemList->setMaximumHeight(110);
    m_progress = new QProgressBar(this);
    m_progress->setAccessibleName(tr("Progress of the export"));
    m_progress->setTextVisible(false);
    m_progress->setRange(0, 1000);
    m_export = new QPushButton(tr("Export"), this);
    m_export->setObjectName(QStringLiteral("exportButton"));
    m_export->setDefault(true);
    connect(m_path, &QLineEdit::textChanged, this, [this] {
        m_result->clear();
        refresh();
    });
    connect(m_export, &QPushButton::clicked, this, &ExportDialog::startOrCancel);
}

void ExportDialog::createLayout() {
    auto* browse = new QPushButton(tr("Browse…"), this);
    connect(browse, &QPushButton::clicked, this, [this] {
        const QString path = QFileDialog::getSaveFileName(this, tr("Export GGUF"), target(), tr("GGUF files (*.gguf)"));
        if (!path.isEmpty()) setTarget(path);
    });
    auto* pathRow = new QHBoxLayout;
    pathRow->addWidget(m_path, 1);
    pathRow->addWidget(browse);
    auto* table = new QTableView(this);
    table->setAccessibleName(tr("Tensors of the file"));
    table->setModel(m_plan);
    table->setShowGrid(false);
    table->setAlternatingRowColors(true);
    table->setSelectionBehavior(QAbstractItemView::SelectRows);
    table->setWordWrap(false);
    table->verticalHeader()->hide();
    table->verticalHeader()->setDefaultSectionSize(22);
    table->horizontalHeader()->setHighlightSections(false);
    table->horizontalHeader()->setStretchLastSection(true);
    const int widths[] = {300, 190, 110, 76, 76};
    for (int column = 0; column < 5; ++column) table->horizontalHeader()->resizeSection(column, widths[column]);
    auto* close = new QPushButton(tr("Close"), this);
    connect(close, &QPushButton::clicked, this, &QDialog::close);
    auto* buttons = new QHBoxLayout;
    buttons->addWidget(m_progress, 1);
    buttons->addStretch();
    buttons->addWidget(m_export);
    buttons->addWidget(close);
    auto* layout = new QVBoxLayout(this);
    layout->setSpacing(8);
    layout->addLayout(pathRow);
    layout->addWidget(m_pathProblem);
    layout->addWidget(m_replaces);
    layout->addWidget(m_summary);
    layout->addWidget(table, 1);
    layout->addWidget(m_problemList);
    layout->addWidget(m_result);
    layout->addLayout(buttons);
    resize(1000, 600);
}

void ExportDialog::setTarget(const QString& path) {
    m_path->setText(path);
}

QString ExportDialog::target() const {
    return m_path->text().trimmed();
}

QString ExportDialog::pathProblem() const {
    return m_pathProblem->text();
}

QString ExportDialog::checkTarget() const {
    const QFileInfo info(target());
    if (target().isEmpty()) return tr("Say where the file goes.");
    if (info.isDir()) return tr("%1 is a folder; give the file a name.").arg(target());
    const QFileInfo folder(info.absolutePath());
    if (!folder.isDir()) return tr("The folder %1 does not exist.").arg(folder.filePath());
    if (!folder.isWritable()) return tr("The folder %1 cannot be written.").arg(folder.filePath());
    return {};
}

/// What an export would take the place of; empty: nothing.
QString ExportDialog::replacedText(const QFileInfo& file) {
    if (!file.exists()) return {};
    return tr("This file exists (%1, %2); it is replaced once the new one is written and checked.")
        .arg(bytesText(double(file.size())), momentText(file.lastModified()));
}

void ExportDialog::onPlan(const ExportPlan& plan) {
    m_hasPlan = true;
    m_plan->setPlan(plan);
    m_problems->setProblems(plan.problems);
    m_hasError = std::any_of(plan.problems.begin(), plan.problems.end(),
                             [](const auto& problem) { return problem.severity == RecipeProblem::Severity::kError; });
    int64_t weights = 0;
    for (const auto& tensor : plan.tensors) weights += tensor.bytes;
    m_summary->setText(
        tr("%n tensors of %1, vocabulary and other metadata of %2: %3 in all", nullptr, int(plan.tensors.size()))
            .arg(bytesText(double(weights)), bytesText(double(plan.totalBytes - weights)),
                 bytesText(double(plan.totalBytes))));
    refresh();
}

void ExportDialog::onPlanFailed(const QString& message) {
    m_hasPlan = false;
    m_summary->setText(message);
    refresh();
}

void ExportDialog::startOrCancel() {
    if (m_session.exporter().isRunning()) {
        m_session.exporter().cancel();
        return;
    }
    m_result->clear();
    m_session.exporter().start(target());
    m_timer.start(100);
    refresh();
}

void ExportDialog::onExported(const ExportReport& report) {
    m_timer.stop();
    m_result->setText(
        tr("Written in %1: %2, %n tensors; %3 read back from the file and found to decode to what was meant.", nullptr,
           int(report.tensorsWritten))
            .arg(durationText(report.seconds), bytesText(double(report.fileBytes)))
            .arg(report.tensorsVerified));
    refresh();
}

void ExportDialog::onExportFailed(const QString& message) {
    m_timer.stop();
    m_result->setText(message.isEmpty() ? tr("Cancelled; nothing was written.") : message);
    refresh();
}

void ExportDialog::refresh() {
    const bool running = m_session.exporter().isRunning();
    const QString problem = checkTarget();
    m_pathProblem->setText(problem);
    m_pathProblem->setVisible(!problem.isEmpty());
    const QString replaced = problem.isEmpty() && !running ? replacedText(QFileInfo(target())) : QString();
    m_replaces->setText(replaced);
    m_replaces->setVisible(!replaced.isEmpty());
    m_path->setEnabled(!running);
    m_problemList->setVisible(m_problems->rowCount() > 0);
    m_export->setText(running ? tr("Cancel") : replaced.isEmpty() ? tr("Export") : tr("Replace"));
    m_export->setEnabled(running || (problem.isEmpty() && m_hasPlan && !m_hasError));
    m_progress->setVisible(running);
    if (const auto status = m_session.exporter().status()) {
        m_progress->setValue(int(1000 * std::min(status->progress.fraction(), 1.0)));
        m_result->setText(QStringLiteral("%1  %2").arg(coreText(status->progress.stage), jobFigures(*status)));
    }
    m_result->setVisible(!m_result->text().isEmpty());
}

}  // namespace halftone::app
