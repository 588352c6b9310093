// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/panels/tensors/tensor_panel.h"

#include <QApplication>
#include <QClipboard>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QInputDialog>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QStyle>
#include <QTableView>
#include <QTimer>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>
#include <vector>

#include "app/dialogs/method_dialog.h"
#include "app/dialogs/selection_menu.h"
#include "app/models/saved_filters.h"
#include "app/models/tensor_delegate.h"
#include "app/models/tensor_filter_model.h"
#include "app/models/tensor_table_model.h"
#include "app/session/session.h"
#include "app/widgets/format_combo.h"
#include "app/widgets/menu_button.h"
#include "app/widgets/state_stack.h"

namespace halftone::app {

namespace {
constexpr int kRowHeight = 22;
const QList<std::pair<int, int>> kColumnWidths{
    {TensorTableModel::Name, 220},         {TensorTableModel::Role, 112},
    {TensorTableModel::Block, 44},         {TensorTableModel::Shape, 110},
    {TensorTableModel::Stored, 56},        {TensorTableModel::FormatColumn, 130},
    {TensorTableModel::MethodColumn, 120}, {TensorTableModel::Bits, 52},
    {TensorTableModel::Size, 76},          {TensorTableModel::RelativeError, 88},
    {TensorTableModel::Sqnr, 70},          {TensorTableModel::KldAlone, 82},
    {TensorTableModel::Kurtosis, 70},      {TensorTableModel::MaxSigma, 62},
    {TensorTableModel::Minimum, 82},       {TensorTableModel::Maximum, 82},
    {TensorTableModel::Outliers, 66},      {TensorTableModel::Zeros, 66},
    {TensorTableModel::ActivationMax, 72}, {TensorTableModel::ActivationKurtosis, 72},
};
/// Quoted where a comma or a quotation mark would be taken for CSV's own.
QString csvField(QString text) {
    if (!text.contains(',') && !text.contains('"')) return text;
    return '"' + text.replace('"', QStringLiteral("\"\"")) + '"';
}
}  // namespace

TensorPanel::TensorPanel(Session& session, QWidget* parent)
    : QWidget(parent),
      m_session(session),
      m_model(new TensorTableModel(session, this)),
      m_filter(new TensorFilterModel(session, this)),
      m_saved(new SavedFilters(this)) {
    setObjectName(QStringLiteral("tensorPanel"));
    m_filter->setSourceModel(m_model);
    createLayout();
    setUpTable();
    connectSession();
    showSessionSelection();
}

void TensorPanel::createFilter() {
    m_filterEdit = new QLineEdit(this);
    m_filterEdit->setObjectName(QStringLiteral("tensorFilter"));
    m_filterEdit->setPlaceholderText(tr("Filter: ffn_down, role=attn_q && kurtosis>20"));
    m_filterEdit->setClearButtonEnabled(true);
    m_filterEdit->setMaximumWidth(420);
    m_filterEdit->setAccessibleName(tr("Filter of the tensor table"));
    m_filterEdit->setToolTip(
        tr("A part of the name, or comparisons: role, block, format, method, stored, kurtosis, maxsigma, error, sqnr, "
           "bits, size, "
           "outliers, zeros with = != < <= > >= ~ joined by && and ||. kld>=#10 holds for the ten largest."));
    m_savedButton = new QToolButton(this);
    m_savedButton->setObjectName(QStringLiteral("savedFilters"));
    m_savedButton->setText(tr("Saved"));
    m_savedButton->setToolTip(tr("Choose, keep or delete a filter"));
    auto* menu = new QMenu(m_savedButton);
    connect(menu, &QMenu::aboutToShow, this, [this, menu] { fillFilterMenu(*menu); });
    openMenuWith(*m_savedButton, menu);
}

void TensorPanel::createLayout() {
    createFilter();
    m_problem = new QLabel(this);
    m_problem->setProperty("role", "problem");
    m_count = new QLabel(this);
    m_count->setProperty("role", "muted");
    m_table = new QTableView(this);
    auto* bar = new QHBoxLayout;
    bar->setContentsMargins(8, 4, 8, 4);
    bar->setSpacing(8);
    bar->addWidget(m_filterEdit, 3);
    bar->addWidget(m_savedButton);
    bar->addWidget(m_problem, 2);
    bar->addStretch(1);
    bar->addWidget(m_count);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addLayout(bar);
    layout->addWidget(m_table);
}

void TensorPanel::fillFilterMenu(QMenu& menu) {
    menu.clear();
    qDeleteAll(menu.findChildren<QMenu*>(QString(), Qt::FindDirectChildrenOnly));
    bool wasBuiltIn = true;
    for (const auto& filter : m_saved->filters()) {
        if (wasBuiltIn && !filter.isBuiltIn) menu.addSeparator();
        wasBuiltIn = filter.isBuiltIn;
        QString shown = filter.name + '\t' + filter.expression;
        auto* action = menu.addAction(shown.replace('&', QStringLiteral("&&")), this,
                                      [this, text = filter.expression] { m_filterEdit->setText(text); });
        action->setCheckable(true);
        action->setChecked(filter.expression == m_filterEdit->text().trimmed());
    }
    menu.addSeparator();
    auto* keep = menu.addAction(tr("Keep this filter…"), this, &TensorPanel::askForFilterName);
    keep->setObjectName(QStringLiteral("keepFilter"));
    keep->setEnabled(canKeepFilter());
    auto* remove = menu.addMenu(tr("Delete"));
    remove->setObjectName(QStringLiteral("deleteFilter"));
    for (int row = 0; row < m_saved->rowCount(); ++row) {
        if (m_saved->filters()[row].isBuiltIn) continue;
        remove->addAction(QString(m_saved->filters()[row].name).replace('&', QStringLiteral("&&")), this,
                          [this, row] { m_saved->remove(row); });
    }
    remove->setEnabled(!remove->isEmpty());
}

/// One that is right, and not kept yet.
bool TensorPanel::canKeepFilter() const {
    const QString text = m_filterEdit->text().trimmed();
    return !text.isEmpty() && m_problem->text().isEmpty() &&
           std::ranges::find(m_saved->filters(), text, &SavedFilter::expression) == m_saved->filters().end();
}

void TensorPanel::askForFilterName() {
    auto* dialog = new QInputDialog(this);
    dialog->setObjectName(QStringLiteral("filterName"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setModal(false);
    dialog->setWindowTitle(tr("Keep the filter"));
    dialog->setLabelText(tr("Name of the filter %1").arg(m_filterEdit->text().trimmed()));
    connect(dialog, &QInputDialog::textValueSelected, this, [this, text = m_filterEdit->text()](const QString& name) {
        if (!m_saved->add(name, text))
            m_session.messages().warn(
                [name] { return tr("A filter cannot be kept under the name “%1”: take another.").arg(name); });
    });
    dialog->show();
}

void TensorPanel::setUpTable() {
    m_table->setObjectName(QStringLiteral("tensorTable"));
    m_table->setAccessibleName(tr("Tensors"));
    m_table->setModel(m_filter);
    auto* delegate = new TensorDelegate(m_session, m_table);
    m_table->setItemDelegate(delegate);
    connect(delegate, &TensorDelegate::parametersWanted, this, &TensorPanel::askForParametersOf);
    m_table->setSortingEnabled(true);
    m_table->sortByColumn(-1, Qt::AscendingOrder);
    m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_table->setSelectionMode(QAbstractItemView::ExtendedSelection);
    m_table->setShowGrid(false);
    m_table->setAlternatingRowColors(true);
    m_table->setWordWrap(false);
    m_table->setTabKeyNavigation(false);
    m_table->setEditTriggers(QAbstractItemView::DoubleClicked | QAbstractItemView::EditKeyPressed);
    m_table->setContextMenuPolicy(Qt::CustomContextMenu);
    m_table->setMouseTracking(true);
    m_table->viewport()->installEventFilter(this);
    m_table->verticalHeader()->hide();
    m_table->verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    m_table->verticalHeader()->setDefaultSectionSize(kRowHeight);
    auto* header = m_table->horizontalHeader();
    header->setHighlightSections(false);
    header->setSectionsMovable(true);
    header->setSortIndicatorClearable(true);
    header->setContextMenuPolicy(Qt::CustomContextMenu);
    header->setMinimumSectionSize(36);
    for (const auto& [column, width] : kColumnWidths) header->resizeSection(column, width);
    header->hideSection(TensorTableModel::KldAlone);
    header->hideSection(TensorTableModel::ActivationMax);
    header->hideSection(TensorTableModel::ActivationKurtosis);
    connect(header, &QWidget::customContextMenuRequested, this, &TensorPanel::showHeaderMenu);
    connect(m_table, &QWidget::customContextMenuRequested, this, &TensorPanel::showContextMenu);
    connect(m_table, &QTableView::entered, this, [this](const QModelIndex& index) {
        m_session.selection().setHovered(index.data(TensorTableModel::TensorIndexRole).toInt());
    });
    connect(m_table->selectionModel(), &QItemSelectionModel::selectionChanged, this,
            &TensorPanel::onViewSelectionChanged);
    connect(m_table->selectionModel(), &QItemSelectionModel::currentChanged, this,
            &TensorPanel::onViewSelectionChanged);
}

void TensorPanel::connectSession() {
    connect(m_filterEdit, &QLineEdit::textChanged, this, &TensorPanel::applyFilter);
    connect(&m_session.selection(), &Selection::changed, this, &TensorPanel::showSessionSelection);
    connect(&m_session.selection(), &Selection::hoveredChanged, m_table->viewport(), qOverload<>(&QWidget::update));
    connect(&m_session, &Session::checkpointChanged, this, &TensorPanel::updateCount);
    connect(m_filter, &QAbstractItemModel::rowsInserted, this, &TensorPanel::updateCount);
    connect(m_filter, &QAbstractItemModel::rowsRemoved, this, &TensorPanel::updateCount);
    connect(&m_session.sensitivity(), &SensitivityService::stateChanged, this,
            [this] { m_table->setColumnHidden(TensorTableModel::KldAlone, !m_session.sensitivity().hasFigures()); });
    connect(&m_session.calibration(), &CalibrationService::changed, this, [this] {
        const bool show = m_session.calibration().hasData();
        m_table->setColumnHidden(TensorTableModel::ActivationMax, !show);
        m_table->setColumnHidden(TensorTableModel::ActivationKurtosis, !show);
    });
}

void TensorPanel::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    // What was selected in another workspace is in view.
    QTimer::singleShot(0, this, [this] { m_table->scrollTo(m_table->currentIndex()); });
}

void TensorPanel::focusFilter() {
    m_filterEdit->setFocus(Qt::ShortcutFocusReason);
    m_filterEdit->selectAll();
}

QPoint TensorPanel::cornerOfCurrent() const {
    const auto index = m_table->currentIndex();
    const QRect shown = m_table->viewport()->rect();
    const QRect cell = m_table->visualRect(index.siblingAtColumn(TensorTableModel::MethodColumn));
    const QPoint corner = shown.intersects(cell) ? cell.bottomLeft() : m_table->visualRect(index).bottomLeft();
    return m_table->viewport()->mapToGlobal(shown.contains(corner) ? corner : shown.center());
}

QByteArray TensorPanel::headerState() const {
    return m_table->horizontalHeader()->saveState();
}

void TensorPanel::restoreHeaderState(const QByteArray& state) {
    if (!state.isEmpty()) m_table->horizontalHeader()->restoreState(state);
}

bool TensorPanel::eventFilter(QObject* watched, QEvent* event) {
    if (event->type() == QEvent::Leave) m_session.selection().setHovered(-1);
    return QWidget::eventFilter(watched, event);
}

void TensorPanel::applyFilter(const QString& text) {
    // Rows that go take their selection along; the session's stays, as all other views show it.
    m_isSyncing = true;
    const auto problem = m_filter->setExpression(text);
    m_isSyncing = false;
    m_problem->setText(problem ? problem->message : QString());
    m_filterEdit->setProperty("problem", problem.has_value());
    m_filterEdit->style()->unpolish(m_filterEdit);
    m_filterEdit->style()->polish(m_filterEdit);
    showSessionSelection();
    updateCount();
}

void TensorPanel::onViewSelectionChanged() {
    if (m_isSyncing) return;
    QList<int> tensors;
    for (const auto& index : m_table->selectionModel()->selectedRows())
        tensors.append(index.data(TensorTableModel::TensorIndexRole).toInt());
    const auto current = m_table->selectionModel()->currentIndex();
    m_isSyncing = true;
    m_session.selection().select(tensors,
                                 current.isValid() ? current.data(TensorTableModel::TensorIndexRole).toInt() : -1);
    m_isSyncing = false;
    updateCount();
}

/// The session's selection in rows of the view, as few ranges as there are.
QItemSelection TensorPanel::viewSelection() const {
    std::vector<int> rows;
    for (const int tensor : m_session.selection().tensors()) {
        const auto index = m_filter->mapFromSource(m_model->index(tensor, 0));
        if (index.isValid()) rows.push_back(index.row());
    }
    std::sort(rows.begin(), rows.end());
    QItemSelection selection;
    for (size_t begin = 0; begin < rows.size();) {
        size_t end = begin + 1;
        while (end < rows.size() && rows[end] == rows[end - 1] + 1) ++end;
        selection.append(QItemSelectionRange(m_filter->index(rows[begin], 0),
                                             m_filter->index(rows[end - 1], m_filter->columnCount() - 1)));
        begin = end;
    }
    return selection;
}

void TensorPanel::showSessionSelection() {
    updateCount();
    if (m_isSyncing) return;
    m_isSyncing = true;
    const QItemSelection selection = viewSelection();
    auto* selectionModel = m_table->selectionModel();
    selectionModel->select(selection, QItemSelectionModel::ClearAndSelect | QItemSelectionModel::Rows);
    const auto current = m_filter->mapFromSource(m_model->index(m_session.selection().current(), 0));
    if (current.isValid()) {
        selectionModel->setCurrentIndex(current, QItemSelectionModel::NoUpdate);
        m_table->scrollTo(current);
    }
    m_isSyncing = false;
}

/// For the whole selection if the tensor belongs to it.
void TensorPanel::askForParametersOf(int tensor) {
    const auto* resolved = m_session.recipe().resolvedTensor(tensor);
    if (!resolved) return;
    const auto& selection = m_session.selection();
    const QList<int> tensors = selection.contains(tensor) ? selection.tensors() : QList<int>{tensor};
    askForParameters(resolved->method, this,
                     [this, tensors](const MethodChoice& method) { m_session.recipe().setMethod(tensors, method); });
}

void TensorPanel::showContextMenu(const QPoint& position) {
    QMenu menu(this);
    const auto& tensors = m_session.selection().tensors();
    auto* formats = menu.addMenu(tr("Format"));
    fillWithFormats(*formats);
    markFormats(*formats, m_session.recipe().target());
    formats->setEnabled(!tensors.isEmpty());
    connect(formats, &QMenu::triggered, this, [this](const QAction* action) {
        if (const auto format = Format::parse(action->data().toString().toStdString())) {
            m_session.recipe().setFormat(m_session.selection().tensors(), *format);
        }
    });
    auto* methods = menu.addMenu(tr("Method"));
    fillWithMethodsOfSelection(*methods, m_session);
    methods->setEnabled(!tensors.isEmpty());
    auto* groups = menu.addMenu(tr("Group size"));
    fillWithGroupSizesOfSelection(*groups, m_session);
    groups->setEnabled(!tensors.isEmpty());
    menu.addAction(tr("Zeros and corrections…"), this, [this] { askForExtrasOfSelection(m_session, this); })
        ->setEnabled(!tensors.isEmpty());
    menu.addAction(tr("Lock or unlock"), this, [this] { toggleLocksOfSelection(m_session); })
        ->setEnabled(!tensors.isEmpty());
    menu.addAction(tr("Clear what was set by hand"), this,
                   [this] { m_session.recipe().clearOverrides(m_session.selection().tensors()); })
        ->setEnabled(!tensors.isEmpty());
    menu.addSeparator();
    menu.addAction(tr("Copy as CSV"), this, &TensorPanel::copyAsCsv);
    menu.exec(m_table->viewport()->mapToGlobal(position));
}

void TensorPanel::showHeaderMenu(const QPoint& position) {
    QMenu menu(this);
    for (int column = 1; column < TensorTableModel::ColumnCount; ++column) {
        auto* action = menu.addAction(m_model->headerData(column, Qt::Horizontal, Qt::DisplayRole).toString());
        action->setCheckable(true);
        action->setChecked(!m_table->isColumnHidden(column));
        connect(action, &QAction::toggled, m_table,
                [this, column](bool shown) { m_table->setColumnHidden(column, !shown); });
    }
    menu.exec(m_table->horizontalHeader()->mapToGlobal(position));
}

/// The shown rows and columns; numbers in full precision.
void TensorPanel::copyAsCsv() const {
    QStringList lines{QString()};
    QStringList header;
    for (int column = 0; column < TensorTableModel::ColumnCount; ++column) {
        if (!m_table->isColumnHidden(column))
            header.append(m_model->headerData(column, Qt::Horizontal, Qt::DisplayRole).toString());
    }
    lines[0] = header.join(',');
    for (int row = 0; row < m_filter->rowCount(); ++row) {
        QStringList cells;
        for (int column = 0; column < TensorTableModel::ColumnCount; ++column) {
            if (m_table->isColumnHidden(column)) continue;
            const auto index = m_filter->index(row, column);
            cells.append(TensorTableModel::measureOf(column) ? index.data(TensorTableModel::SortRole).toString()
                                                             : csvField(index.data().toString()));
        }
        lines.append(cells.join(','));
    }
    QApplication::clipboard()->setText(lines.join('\n') + '\n');
}

void TensorPanel::updateCount() {
    const int shown = m_filter->rowCount();
    const int total = m_model->rowCount();
    const auto selected = m_session.selection().tensors().size();
    QStringList parts{shown == total ? tr("%n tensors", nullptr, total) : tr("%1 of %2 shown").arg(shown).arg(total)};
    if (selected > 1) parts << tr("%n selected", nullptr, int(selected));
    const auto hidden = std::ranges::count_if(m_session.selection().tensors(), [this](int tensor) {
        return !m_filter->mapFromSource(m_model->index(tensor, 0)).isValid();
    });
    if (hidden > 0) parts << tr("%n of the selected not shown", nullptr, int(hidden));
    m_count->setText(parts.join(QStringLiteral(" · ")));
}

}  // namespace halftone::app
