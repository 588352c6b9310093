// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/dialogs/allocate_dialog.h"

#include <QDialogButtonBox>
#include <QDoubleSpinBox>
#include <QFileInfo>
#include <QFormLayout>
#include <QLabel>
#include <QListWidget>
#include <QPushButton>

#include <algorithm>

#include "app/language/core_text.h"
#include "app/session/session.h"
#include "app/widgets/format_combo.h"
#include "app/widgets/number_text.h"
#include "app/widgets/state_stack.h"
#include "core/recipe/hardware_target.h"

namespace halftone::app {

namespace {
constexpr double kMostBits = 9;  ///< more is no way to save
}

AllocateDialog::AllocateDialog(Session& session, EvaluationOptions measurement, QWidget* parent)
    : QDialog(parent), m_session(session), m_measurement(std::move(measurement)) {
    setObjectName(QStringLiteral("allocateDialog"));
    setWindowTitle(tr("Allocate bits"));
    setAttribute(Qt::WA_DeleteOnClose);
    createFields();
    createLayout();
    auto& allocation = m_session.allocation();
    connect(&allocation, &AllocationService::stateChanged, this, &AllocateDialog::refresh);
    connect(&m_session.jobs(), &JobManager::jobsChanged, this, &AllocateDialog::refresh);
    connect(&m_session.recipe(), &RecipeEditor::changed, this, &AllocateDialog::onChanged);
    connect(&m_session, &Session::checkpointChanged, this, &QDialog::close);
    refresh();
}

void AllocateDialog::createFields() {
    m_bits = new QDoubleSpinBox(this);
    m_bits->setObjectName(QStringLiteral("allocateBits"));
    m_bits->setRange(1.0, 16.0);
    m_bits->setDecimals(2);
    m_bits->setSingleStep(0.05);
    m_bits->setSuffix(tr(" bits per weight"));
    const auto& totals = m_session.recipe().resolved().totals;
    const bool hasRecipe = !m_session.recipe().changesNothing() && totals.bitsPerWeight() < kMostBits;
    m_bits->setValue(hasRecipe ? totals.bitsPerWeight() : 4.5);
    m_formats = new QListWidget(this);
    m_formats->setObjectName(QStringLiteral("allocateFormats"));
    m_formats->setAccessibleName(tr("Formats to choose from"));
    const auto usual = usualAllocationFormats();
    for (const Format& format : offeredFormats()) {
        if (format == Format()) continue;
        auto* item = new QListWidgetItem(formatMenuText(format), m_formats);
        item->setData(Qt::UserRole, QString::fromStdString(format.name()));
        const QString obstacle = m_session.recipe().targetObstacleOf(format);
        const bool isUsual = std::ranges::find(usual, format) != usual.end();
        item->setCheckState(isUsual && obstacle.isEmpty() ? Qt::Checked : Qt::Unchecked);
        item->setToolTip(obstacle);
        if (!obstacle.isEmpty()) item->setFlags(item->flags() & ~Qt::ItemIsEnabled);
    }
    if (options().formats.empty()) tickLegal();
    connect(m_bits, &QDoubleSpinBox::valueChanged, this, &AllocateDialog::onChanged);
    connect(m_formats, &QListWidget::itemChanged, this, &AllocateDialog::onChanged);
}

/// Of a machine that takes none of the usual formats: all small ones that it does take.
void AllocateDialog::tickLegal() {
    for (int i = 0; i < m_formats->count(); ++i) {
        auto* item = m_formats->item(i);
        const auto format = Format::parse(item->data(Qt::UserRole).toString().toStdString());
        const bool isSmall = format && format->bitsPerWeight() < kMostBits;
        if (isSmall && item->flags().testFlag(Qt::ItemIsEnabled)) item->setCheckState(Qt::Checked);
    }
}

void AllocateDialog::onChanged() {
    m_isTaken = false;
    refresh();
}

void AllocateDialog::createLayout() {
    auto* how = mutedLabel(tr("Every tensor is tried alone on %1 to see what its bits are worth; then each gets the "
                              "format that serves the "
                              "whole best at this size.")
                               .arg(QFileInfo(m_measurement.textPath).fileName()),
                           this);
    m_outcome = new QLabel(this);
    m_outcome->setObjectName(QStringLiteral("allocateOutcome"));
    m_outcome->setWordWrap(true);
    m_outcome->setMinimumHeight(2 * fontMetrics().lineSpacing());
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close, this);
    m_action = buttons->addButton(QString(), QDialogButtonBox::ActionRole);
    m_action->setObjectName(QStringLiteral("allocateAction"));
    m_action->setDefault(true);
    connect(m_action, &QPushButton::clicked, this, &AllocateDialog::onAction);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::close);
    auto* form = new QFormLayout(this);
    form->addRow(how);
    form->addRow(tr("Size"), m_bits);
    form->addRow(tr("Choose from"), m_formats);
    if (const auto* target = m_session.recipe().target())
        form->addRow(mutedLabel(tr("Greyed formats do not suit %1.").arg(coreText(target->name)), this));
    form->addRow(m_outcome);
    form->addRow(buttons);
    resize(460, 420);
}

AllocationOptions AllocateDialog::options() const {
    AllocationOptions options;
    options.measurement = m_measurement;
    for (int i = 0; i < m_formats->count(); ++i) {
        const auto* item = m_formats->item(i);
        const auto format = Format::parse(item->data(Qt::UserRole).toString().toStdString());
        if (format && item->checkState() == Qt::Checked) options.formats.push_back(*format);
    }
    return options;
}

int64_t AllocateDialog::budgetBytes() const {
    const auto& checkpoint = m_session.checkpoint();
    return checkpoint ? int64_t(m_bits->value() * double(checkpoint->parameterCount()) / 8.0) : 0;
}

void AllocateDialog::refresh() {
    auto& allocation = m_session.allocation();
    const auto chosen = options();
    const QString why = m_session.modelJobs().whyNot();
    const bool isRunning = allocation.isRunning();
    const bool isReady = !isRunning && allocation.isReady(chosen);
    m_action->setText(isRunning ? tr("Stop") : isReady ? tr("Take this recipe") : tr("Measure"));
    m_action->setEnabled(isRunning || (why.isEmpty() && !chosen.formats.empty()));
    if (!why.isEmpty() || chosen.formats.empty() || isRunning || !isReady) {
        m_outcome->setText(!why.isEmpty()           ? why
                           : chosen.formats.empty() ? tr("Choose a format.")
                           : isRunning              ? tr("Measuring: the strip below the window shows how far it is.")
                                                    : tr("%1 in all.").arg(bytesText(double(budgetBytes()))));
        return;
    }
    if (m_isTaken) {
        m_action->setEnabled(false);
        return m_outcome->setText(tr("Taken: this is the recipe in work now. Another size can be tried."));
    }
    const auto allocated = allocation.allocate(budgetBytes());
    m_action->setEnabled(allocated.has_value());
    m_outcome->setText(allocated ? tr("%1, %2 bits per weight; KL divergence about %3 if the harms of tensors add up.")
                                       .arg(bytesText(double(allocated->totals.bytes)))
                                       .arg(allocated->totals.bitsPerWeight(), 0, 'f', 3)
                                       .arg(numberText(allocated->predictedKld))
                                 : errorText(allocated.error()));
}

void AllocateDialog::onAction() {
    auto& allocation = m_session.allocation();
    if (allocation.isRunning()) return allocation.cancel();
    if (!allocation.isReady(options())) return allocation.measure(options());
    const auto allocated = allocation.allocate(budgetBytes());
    if (!allocated) return;
    allocation.take(*allocated);
    m_isTaken = true;
    refresh();
    emit taken();
}

}  // namespace halftone::app
