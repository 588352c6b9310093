// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/dialogs/extras_dialog.h"

#include <QCheckBox>
#include <QComboBox>
#include <QDialogButtonBox>
#include <QDoubleSpinBox>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QSpinBox>
#include <QVBoxLayout>

#include "app/language/core_text.h"
#include "app/widgets/number_text.h"
#include "app/widgets/state_stack.h"

namespace halftone::app {

namespace {

constexpr int kSentenceWidth = 460;
constexpr int kFieldWidth = 64;
enum Pattern { kNone, kNeighbours, kShare };

}  // namespace

ExtrasDialog::ExtrasDialog(const Format& format, int64_t rows, int64_t cols, QWidget* parent)
    : QDialog(parent),
      m_format(format.base()),
      m_rows(rows),
      m_cols(cols),
      m_pattern(new QComboBox(this)),
      m_of(new QComboBox(this)),
      m_keep(new QSpinBox(this)),
      m_percent(new QSpinBox(this)),
      m_rank(new QSpinBox(this)),
      m_hasOutliers(new QCheckBox(tr("Outliers kept as F16"), this)),
      m_hasRank(new QCheckBox(tr("Low-rank correction"), this)),
      m_outliers(new QDoubleSpinBox(this)),
      m_ofLabel(new QLabel(tr("of"), this)),
      m_problem(new QLabel(this)),
      m_size(new QLabel(this)) {
    setObjectName(QStringLiteral("extrasDialog"));
    setWindowTitle(tr("Zeros and corrections of %1").arg(QString::fromStdString(m_format.displayName())));
    createPattern(format.extras().sparsity);
    createCorrections(format.extras());
    createLayout();
    refresh();
}

void ExtrasDialog::createPattern(const Sparsity& sparsity) {
    m_pattern->setObjectName(QStringLiteral("pattern"));
    m_pattern->setAccessibleName(tr("Pattern of zeros"));
    m_pattern->addItems({tr("none"), tr("of neighbours some stay"), tr("a share of every row")});
    m_pattern->setCurrentIndex(sparsity.of != 0 ? kNeighbours : sparsity.percent != 0 ? kShare : kNone);
    m_of->setObjectName(QStringLiteral("patternOf"));
    m_of->setAccessibleName(tr("Neighbours that are compared"));
    for (const int of : {4, 8, 16}) m_of->addItem(QString::number(of), of);
    m_of->setCurrentIndex(std::max(0, m_of->findData(int(sparsity.of))));
    m_keep->setObjectName(QStringLiteral("patternKeep"));
    m_keep->setAccessibleName(tr("Neighbours that stay"));
    m_keep->setRange(1, m_of->currentData().toInt() - 1);
    m_keep->setMinimumWidth(kFieldWidth);
    m_of->setMinimumWidth(kFieldWidth);
    m_percent->setMinimumWidth(kFieldWidth);
    m_keep->setValue(sparsity.of != 0 ? sparsity.keep : 2);
    m_percent->setObjectName(QStringLiteral("patternPercent"));
    m_percent->setAccessibleName(tr("Share of zeros"));
    m_percent->setRange(5, 95);
    m_percent->setSingleStep(5);
    m_percent->setSuffix(QStringLiteral(" %"));
    m_percent->setValue(sparsity.percent != 0 ? sparsity.percent : 50);
    connect(m_pattern, &QComboBox::currentIndexChanged, this, &ExtrasDialog::refresh);
    connect(m_of, &QComboBox::currentIndexChanged, this, [this] {
        m_keep->setMaximum(m_of->currentData().toInt() - 1);
        refresh();
    });
    for (auto* box : {m_keep, m_percent}) connect(box, &QSpinBox::valueChanged, this, &ExtrasDialog::refresh);
}

void ExtrasDialog::createCorrections(const FormatExtras& extras) {
    m_hasOutliers->setObjectName(QStringLiteral("hasOutliers"));
    m_hasOutliers->setChecked(extras.outliersPerMille != 0);
    m_hasOutliers->setToolTip(tr("The largest elements of the matrix are kept beside the codes, with their columns"));
    m_outliers->setObjectName(QStringLiteral("outliers"));
    m_outliers->setAccessibleName(tr("Share of the outliers"));
    m_outliers->setDecimals(1);
    m_outliers->setRange(0.1, 10);
    m_outliers->setSingleStep(0.1);
    m_outliers->setSuffix(QStringLiteral(" %"));
    m_outliers->setValue(extras.outliersPerMille != 0 ? extras.outliersPerMille / 10.0 : 0.5);
    m_hasRank->setObjectName(QStringLiteral("hasRank"));
    m_hasRank->setChecked(extras.rank != 0);
    m_hasRank->setToolTip(tr("The product of two thin F16 matrices makes up for what rounding lost"));
    m_rank->setObjectName(QStringLiteral("rank"));
    m_rank->setAccessibleName(tr("Rank of the correction"));
    m_rank->setRange(1, 1024);
    m_rank->setValue(extras.rank != 0 ? extras.rank : 32);
    for (auto* box : {m_hasOutliers, m_hasRank}) connect(box, &QCheckBox::toggled, this, &ExtrasDialog::refresh);
    connect(m_outliers, &QDoubleSpinBox::valueChanged, this, &ExtrasDialog::refresh);
    connect(m_rank, &QSpinBox::valueChanged, this, &ExtrasDialog::refresh);
}

void ExtrasDialog::createLayout() {
    auto* sentence =
        mutedLabel(tr("Zeros cost a place in a mask instead of a code; which elements go is the method's choice "
                      "(Wanda and SparseGPT know the inputs). Corrections are added to what the codes say."),
                   this);
    sentence->setMinimumWidth(kSentenceWidth);
    auto* neighbours = new QHBoxLayout;
    neighbours->addWidget(m_keep);
    neighbours->addWidget(m_ofLabel);
    neighbours->addWidget(m_of);
    neighbours->addWidget(m_percent);
    neighbours->addStretch();
    auto* patternLabel = new QLabel(tr("Pattern of zeros"), this);
    patternLabel->setBuddy(m_pattern);
    auto* grid = new QGridLayout;
    grid->setHorizontalSpacing(12);
    grid->setColumnStretch(2, 1);
    grid->addWidget(patternLabel, 0, 0);
    grid->addWidget(m_pattern, 0, 1);
    grid->addLayout(neighbours, 0, 2);
    grid->addWidget(m_hasOutliers, 1, 0);
    grid->addWidget(m_outliers, 1, 1);
    grid->addWidget(m_hasRank, 2, 0);
    grid->addWidget(m_rank, 2, 1);
    m_problem->setProperty("role", "problem");
    m_problem->setWordWrap(true);
    m_size->setObjectName(QStringLiteral("extrasSize"));
    m_buttons = new QDialogButtonBox(QDialogButtonBox::Ok | QDialogButtonBox::Cancel, this);
    connect(m_buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
    connect(m_buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    auto* layout = new QVBoxLayout(this);
    layout->addWidget(sentence);
    layout->addSpacing(8);
    layout->addLayout(grid);
    layout->addSpacing(8);
    layout->addWidget(m_size);
    layout->addWidget(m_problem);
    layout->addWidget(m_buttons);
}

Sparsity ExtrasDialog::sparsity() const {
    if (m_pattern->currentIndex() == kNeighbours)
        return {.keep = uint8_t(m_keep->value()), .of = uint8_t(m_of->currentData().toInt())};
    if (m_pattern->currentIndex() == kShare) return {.percent = uint8_t(m_percent->value())};
    return {};
}

FormatExtras ExtrasDialog::extras() const {
    return {.sparsity = sparsity(),
            .outliersPerMille = uint16_t(m_hasOutliers->isChecked() ? qRound(m_outliers->value() * 10) : 0),
            .rank = uint16_t(m_hasRank->isChecked() ? m_rank->value() : 0)};
}

QString ExtrasDialog::problem() const {
    return m_problem->text();
}

void ExtrasDialog::refresh() {
    const bool hasNeighbours = m_pattern->currentIndex() == kNeighbours;
    for (QWidget* field : std::initializer_list<QWidget*>{m_keep, m_ofLabel, m_of}) field->setVisible(hasNeighbours);
    m_percent->setVisible(m_pattern->currentIndex() == kShare);
    m_outliers->setEnabled(m_hasOutliers->isChecked());
    m_rank->setEnabled(m_hasRank->isChecked());
    const std::string obstacle = extrasObstacle(m_format, extras());
    m_problem->setText(coreText(obstacle));
    m_problem->setVisible(!obstacle.empty());
    m_buttons->button(QDialogButtonBox::Ok)->setEnabled(obstacle.empty());
    if (obstacle.empty()) {
        const Format chosen = m_format.with(extras());
        const int64_t bytes = chosen.storageBytes(m_rows, m_cols);
        m_size->setText(tr("%1: %2 bits per weight, %3 for %4 × %5")
                            .arg(QString::fromStdString(chosen.displayName()),
                                 numberText(8.0 * double(bytes) / double(m_rows * m_cols)), bytesText(double(bytes)))
                            .arg(m_rows)
                            .arg(m_cols));
    }
    m_size->setVisible(obstacle.empty());
}

void askForExtras(const Format& format, int64_t rows, int64_t cols, QWidget* parent,
                  const std::function<void(const FormatExtras&)>& onAccepted) {
    auto* dialog = new ExtrasDialog(format, rows, cols, parent);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    QObject::connect(dialog, &QDialog::accepted, parent, [dialog, onAccepted] { onAccepted(dialog->extras()); });
    dialog->open();
}

}  // namespace halftone::app
