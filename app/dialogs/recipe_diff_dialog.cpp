// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/dialogs/recipe_diff_dialog.h"

#include <QApplication>
#include <QClipboard>
#include <QComboBox>
#include <QFileDialog>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QSignalBlocker>
#include <QTableView>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>

#include "app/models/recipe_diff_model.h"
#include "app/session/session.h"
#include "app/widgets/number_text.h"

namespace halftone::app {

RecipeDiffDialog::RecipeDiffDialog(Session& session, QWidget* parent)
    : QDialog(parent), m_session(session), m_model(new RecipeDiffModel(this)) {
    setObjectName(QStringLiteral("recipeDiffDialog"));
    setWindowTitle(tr("Compare recipes"));
    setAttribute(Qt::WA_DeleteOnClose);
    resize(900, 520);
    createLayout();
    const auto renew = [this] {
        collectSources();
        fillChoices();
        refresh();
    };
    connect(&m_session.recipe(), &RecipeEditor::changed, this, renew);
    connect(&m_session.evaluation(), &EvaluationService::runAdded, this, renew);
    connect(&m_session.sensitivity(), &SensitivityService::tensorsChanged, this, &RecipeDiffDialog::refresh);
    connect(&m_session, &Session::checkpointChanged, this, &QDialog::close);
    renew();
    // The last other recipe that was measured, against the one in work.
    for (int i = int(m_sources.size()) - 1; i >= 0; --i) {
        const int run = m_sources[size_t(i)].run;
        if (run >= 0 && m_session.evaluation().isStale(m_session.evaluation().runs()[run])) {
            m_before->setCurrentIndex(i);
            break;
        }
    }
}

QComboBox* RecipeDiffDialog::createChoice(const QString& name, const QString& meaning) {
    auto* combo = new QComboBox(this);
    combo->setObjectName(name);
    combo->setAccessibleName(meaning);
    combo->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    combo->setMinimumContentsLength(24);
    connect(combo, &QComboBox::currentIndexChanged, this, &RecipeDiffDialog::refresh);
    return combo;
}

QLayout* RecipeDiffDialog::createTop() {
    m_before = createChoice(QStringLiteral("diffBefore"), tr("From"));
    m_after = createChoice(QStringLiteral("diffAfter"), tr("To"));
    auto* exchange = new QToolButton(this);
    exchange->setText(QStringLiteral("⇄"));
    exchange->setToolTip(tr("Exchange the two"));
    exchange->setAccessibleName(exchange->toolTip());
    connect(exchange, &QToolButton::clicked, this, &RecipeDiffDialog::swap);
    auto* file = new QPushButton(tr("File…"), this);
    file->setToolTip(tr("Compare with a recipe from a file"));
    connect(file, &QPushButton::clicked, this, &RecipeDiffDialog::openFile);
    auto* top = new QHBoxLayout;
    top->addWidget(new QLabel(tr("From"), this));
    top->addWidget(m_before, 1);
    top->addWidget(exchange);
    top->addWidget(new QLabel(tr("To"), this));
    top->addWidget(m_after, 1);
    top->addWidget(file);
    return top;
}

void RecipeDiffDialog::createTable() {
    m_table = new QTableView(this);
    m_table->setObjectName(QStringLiteral("diffTable"));
    m_table->setAccessibleName(tr("Tensors that are stored differently"));
    m_table->setModel(m_model);
    m_table->setShowGrid(false);
    m_table->setAlternatingRowColors(true);
    m_table->setWordWrap(false);
    m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_table->verticalHeader()->hide();
    m_table->verticalHeader()->setDefaultSectionSize(22);
    m_table->horizontalHeader()->setHighlightSections(false);
    m_table->horizontalHeader()->setSectionResizeMode(RecipeDiffModel::Name, QHeaderView::Stretch);
    const std::pair<int, int> widths[] = {{RecipeDiffModel::Before, 120},     {RecipeDiffModel::After, 120},
                                          {RecipeDiffModel::BytesBefore, 76}, {RecipeDiffModel::BytesAfter, 76},
                                          {RecipeDiffModel::Added, 84},       {RecipeDiffModel::KldBefore, 104},
                                          {RecipeDiffModel::KldAfter, 92}};
    for (const auto& [column, width] : widths) m_table->horizontalHeader()->resizeSection(column, width);
    connect(m_table, &QTableView::clicked, this, [this](const QModelIndex& index) { jumpTo(index.row()); });
}

void RecipeDiffDialog::createLayout() {
    m_summary = new QLabel(this);
    m_summary->setObjectName(QStringLiteral("diffSummary"));
    m_summary->setWordWrap(true);
    m_summary->setTextFormat(Qt::RichText);
    m_summary->setTextInteractionFlags(Qt::TextSelectableByMouse);
    createTable();
    auto* copy = new QPushButton(tr("Copy as CSV"), this);
    copy->setAutoDefault(false);
    connect(copy, &QPushButton::clicked, this, [this] { QApplication::clipboard()->setText(m_model->csv()); });
    auto* close = new QPushButton(tr("Close"), this);
    close->setDefault(true);
    connect(close, &QPushButton::clicked, this, &QDialog::close);
    auto* buttons = new QHBoxLayout;
    buttons->addWidget(copy);
    buttons->addStretch();
    buttons->addWidget(close);
    auto* layout = new QVBoxLayout(this);
    layout->setSpacing(8);
    layout->addLayout(createTop());
    layout->addWidget(m_summary);
    layout->addWidget(m_table, 1);
    layout->addLayout(buttons);
}

void RecipeDiffDialog::collectSources() {
    const auto& evaluation = m_session.evaluation();
    std::optional<Estimate> inWork;
    if (const auto* run = evaluation.ofRecipe(); run && !evaluation.isStale(*run) && run->result.reference)
        inWork = run->result.reference->kld;
    m_sources.clear();
    m_sources.push_back({tr("Recipe in work"), m_session.recipe().recipe(), inWork, -1, true});
    m_sources.push_back({tr("Original, as it is stored"), {}, Estimate{}, -1, false});
    for (int i = 0; i < int(evaluation.runs().size()); ++i) {
        const auto& run = evaluation.runs()[i];
        if (run.target != EvaluationTarget::Recipe) continue;
        std::optional<Estimate> kld;
        if (run.result.reference) kld = run.result.reference->kld;
        const QString name = tr("%1 · %2 · run of %3")
                                 .arg(run.name.isEmpty() ? tr("recipe") : run.name, bytesText(double(run.bytes)),
                                      run.when.toLocalTime().toString(QStringLiteral("HH:mm")));
        m_sources.push_back({name, run.recipe, kld, i, false});
    }
    m_sources.insert(m_sources.end(), m_files.begin(), m_files.end());
}

/// Keeps what was chosen: sources are only added at the end, but for files, which stand behind all runs.
void RecipeDiffDialog::fillChoices() {
    for (auto* combo : {m_before, m_after}) {
        const QSignalBlocker blocker(combo);
        const QString chosen = combo->currentText();
        combo->clear();
        for (const auto& source : m_sources) combo->addItem(source.name);
        const int fallback = combo == m_before ? 1 : 0;
        const int again = chosen.isEmpty() ? -1 : combo->findText(chosen);
        combo->setCurrentIndex(again >= 0 ? again : fallback);
    }
}

void RecipeDiffDialog::compareRun(int run) {
    const auto found =
        std::find_if(m_sources.begin(), m_sources.end(), [run](const auto& source) { return source.run == run; });
    if (found != m_sources.end()) m_before->setCurrentIndex(int(found - m_sources.begin()));
    m_after->setCurrentIndex(0);
}

void RecipeDiffDialog::openFile() {
    const QString path =
        QFileDialog::getOpenFileName(this, tr("Compare with a recipe"), {}, tr("Recipes (*.recipe);;All files (*)"));
    if (!path.isEmpty()) addFile(path);
}

void RecipeDiffDialog::addFile(const QString& path) {
    auto recipe = Recipe::load(path.toStdString());
    if (!recipe) return m_session.messages().fail([] { return tr("Recipe"); }, recipe.error());
    m_files.push_back({QFileInfo(path).fileName(), std::move(*recipe), std::nullopt, -1, false});
    collectSources();
    fillChoices();
    m_after->setCurrentIndex(int(m_sources.size()) - 1);
    refresh();
}

void RecipeDiffDialog::swap() {
    const int before = m_before->currentIndex();
    m_before->setCurrentIndex(m_after->currentIndex());
    m_after->setCurrentIndex(before);
}

QString RecipeDiffDialog::summaryOf(const Source& source, const ResolvedRecipe& resolved) const {
    QString text =
        tr("%1 bits · %2").arg(numberText(resolved.totals.bitsPerWeight()), bytesText(double(resolved.totals.bytes)));
    if (source.kld && source.kld->mean > 0)
        text += tr(" · KLD %1").arg(significantEstimateText(source.kld->mean, source.kld->standardError));
    return text;
}

void RecipeDiffDialog::refresh() {
    const auto& checkpoint = m_session.checkpoint();
    if (!checkpoint || m_before->currentIndex() < 0 || m_after->currentIndex() < 0) return;
    const auto& from = m_sources[size_t(m_before->currentIndex())];
    const auto& to = m_sources[size_t(m_after->currentIndex())];
    const auto before = resolve(from.recipe, checkpoint->tensors()), after = resolve(to.recipe, checkpoint->tensors());
    std::vector<RecipeDifference> differences;
    bool isTried = false;
    for (auto& change : diff(before, after)) {
        const auto* info = checkpoint->find(change.tensor);
        const int tensor = info ? int(info - checkpoint->tensors().data()) : -1;
        if (tensor < 0) continue;
        RecipeDifference difference;
        difference.tensor = tensor;
        difference.bytesBefore = before.tensors[size_t(tensor)].bytes;
        difference.bytesAfter = after.tensors[size_t(tensor)].bytes;
        difference.change = std::move(change);
        const auto tried = [&](const Format& format, const MethodChoice& method) {
            const auto* kld = m_session.sensitivity().of(difference.tensor, format, method);
            isTried |= kld != nullptr;
            return kld ? std::optional(*kld) : std::nullopt;
        };
        difference.kldBefore = tried(difference.change.before, difference.change.methodBefore);
        difference.kldAfter = tried(difference.change.after, difference.change.methodAfter);
        differences.push_back(std::move(difference));
    }
    const int count = int(differences.size());
    m_model->setDifferences(std::move(differences));
    for (const int column : {RecipeDiffModel::KldBefore, RecipeDiffModel::KldAfter})
        m_table->setColumnHidden(column, !isTried);
    const QString what = count == 0 ? tr("Both store every tensor alike.")
                                    : tr("%n tensors are stored differently: %1.", nullptr, count)
                                          .arg(addedBytesText(after.totals.bytes - before.totals.bytes));
    m_summary->setText(QStringLiteral("%1 → %2<br>%3").arg(summaryOf(from, before), summaryOf(to, after), what));
}

void RecipeDiffDialog::jumpTo(int row) {
    if (row < 0 || size_t(row) >= m_model->differences().size()) return;
    const int tensor = m_model->differences()[size_t(row)].tensor;
    if (tensor >= 0) m_session.selection().select({tensor});
}

}  // namespace halftone::app
