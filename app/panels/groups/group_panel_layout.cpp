// SPDX-License-Identifier: GPL-3.0-or-later
#include <QButtonGroup>
#include <QComboBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QScrollBar>
#include <QShortcut>
#include <QSpinBox>
#include <QSplitter>
#include <QStackedWidget>
#include <QTableView>
#include <QToolButton>
#include <QVBoxLayout>

#include <utility>

#include "app/models/group_part_model.h"
#include "app/models/group_rank_model.h"
#include "app/models/group_value_model.h"
#include "app/models/row_group_model.h"
#include "app/panels/groups/group_panel.h"
#include "app/plots/group_plot.h"
#include "app/widgets/elided_label.h"
#include "app/widgets/state_stack.h"

namespace halftone::app {

namespace {

constexpr int kColumnWidth = 72, kPlaceWidths[] = {56, 46};

/// What is marked in a table stays in sight when the table becomes smaller or has just been shown.
void keepMarkedInSight(QTableView& table) {
    const auto scroll = [&table] {
        const auto marked = table.selectionModel()->selectedRows();
        if (!marked.isEmpty()) table.scrollTo(marked.first(), QAbstractItemView::PositionAtCenter);
    };
    QObject::connect(table.verticalScrollBar(), &QScrollBar::rangeChanged, &table, scroll, Qt::QueuedConnection);
}

}  // namespace

void GroupPanel::createBar() {
    m_title = new ElidedLabel(this);
    QFont bold = font();
    bold.setBold(true);
    m_title->setFont(bold);
    const auto button = [this](const char* name, const QString& text, const QString& tip) {
        auto* made = new QToolButton(this);
        made->setObjectName(QString::fromLatin1(name));
        made->setText(text);
        made->setToolTip(tip);
        return made;
    };
    m_showWorst = button("showWorstGroups", tr("worst"), tr("List the groups of the tensor that lose most"));
    m_showRow = button("showRowGroups", tr("row"), tr("List the groups of the row"));
    m_previous = button("previousGroup", QStringLiteral("‹"), tr("Previous worst group (P)"));
    m_next = button("nextGroup", QStringLiteral("›"), tr("Next worst group (N)"));
    m_find = button("rankGroups", {}, tr("Compares every group of the tensor with its original"));
    m_previous->setAccessibleName(m_previous->toolTip());
    m_next->setAccessibleName(m_next->toolTip());
    auto* lists = new QButtonGroup(this);
    for (auto* toggle : {m_showWorst, m_showRow}) {
        toggle->setCheckable(true);
        lists->addButton(toggle);
    }
    m_showWorst->setChecked(true);
    createChoices();
}

void GroupPanel::createChoices() {
    m_measure = new QComboBox(this);
    m_measure->setObjectName(QStringLiteral("groupMeasure"));
    m_measure->setAccessibleName(tr("What worst means"));
    m_measure->addItem(tr("squared error"), int(GroupMeasure::kSquaredError));
    m_measure->addItem(tr("relative error"), int(GroupMeasure::kRelativeError));
    m_measure->addItem(tr("largest error"), int(GroupMeasure::kLargestError));
    m_measure->setToolTip(tr("What the list of the worst groups is sorted by"));
    const auto number = [this](const char* name, const QString& prefix, const QString& tip) {
        auto* spin = new QSpinBox(this);
        spin->setObjectName(QString::fromLatin1(name));
        spin->setPrefix(prefix);
        spin->setToolTip(tip);
        spin->setAccessibleName(tip);
        spin->setKeyboardTracking(false);
        spin->setProperty("followsView", true);
        return spin;
    };
    m_row = number("groupRow", tr("row "), tr("Go to a row"));
    m_group = number("groupNumber", tr("group "), tr("Go to a group of the row"));
}

QTableView* GroupPanel::createTable(const QString& name, const QString& description, FlatTableModel* model) {
    auto* table = new QTableView(this);
    table->setObjectName(name);
    table->setAccessibleName(description);
    table->setModel(model);
    table->setShowGrid(false);
    table->setAlternatingRowColors(true);
    table->setWordWrap(false);
    table->setSelectionBehavior(QAbstractItemView::SelectRows);
    table->setSelectionMode(QAbstractItemView::SingleSelection);
    table->verticalHeader()->hide();
    table->verticalHeader()->setDefaultSectionSize(22);
    table->horizontalHeader()->setHighlightSections(false);
    table->horizontalHeader()->setDefaultSectionSize(kColumnWidth);
    table->horizontalHeader()->setStretchLastSection(true);
    return table;
}

void GroupPanel::createTables() {
    m_worstTable = createTable(QStringLiteral("worstGroups"), tr("Groups that lose most"), m_worst);
    m_rowTable = createTable(QStringLiteral("rowGroups"), tr("Groups of the row"), m_rowGroups);
    m_partTable = createTable(QStringLiteral("groupParts"), tr("Scales of the group"), m_parts);
    // Few rows, and their names are long in some formats ("stored min").
    m_partTable->horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    m_valueTable = createTable(QStringLiteral("groupValues"), tr("Values of the group"), m_values);
    for (auto* table : {m_worstTable, m_rowTable, m_valueTable}) keepMarkedInSight(*table);
    for (auto* table : {m_worstTable, m_valueTable}) {
        for (int column : {0, 1}) table->horizontalHeader()->resizeSection(column, kPlaceWidths[column]);
    }
}

QWidget* GroupPanel::createContent() {
    auto* content = new QWidget(this);
    m_lists = new QStackedWidget(content);
    m_lists->addWidget(m_worstTable);
    m_lists->addWidget(m_rowTable);
    m_plot = new GroupPlot(content);
    m_plot->setMinimumSize(180, 90);
    const auto split = [content](Qt::Orientation direction, const QList<QWidget*>& parts, const QList<int>& sizes) {
        auto* splitter = new QSplitter(direction, content);
        for (auto* part : parts) splitter->addWidget(part);
        splitter->setChildrenCollapsible(false);
        splitter->setHandleWidth(1);
        splitter->setSizes(sizes);
        return splitter;
    };
    auto* middle = split(Qt::Vertical, {m_plot, m_partTable}, {180, 90});
    auto* all = split(Qt::Horizontal, {m_lists, middle, m_valueTable}, {264, 402, 334});
    m_caption = captionLabel(content);
    m_caption->setContentsMargins(8, 2, 8, 4);
    m_caption->setWordWrap(true);
    m_caption->setTextInteractionFlags(Qt::TextSelectableByMouse);
    auto* layout = new QVBoxLayout(content);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(all, 1);
    layout->addWidget(m_caption);
    return content;
}

void GroupPanel::createLayout() {
    createBar();
    createTables();
    m_stack = new StateStack(createContent(), this);
    m_status = new ElidedLabel(this);
    m_status->setObjectName(QStringLiteral("groupStatus"));
    m_status->setProperty("role", "muted");
    auto* bar = new QHBoxLayout;
    bar->setContentsMargins(8, 4, 8, 4);
    bar->setSpacing(6);
    bar->addWidget(m_showWorst);
    bar->addWidget(m_showRow);
    bar->addWidget(m_measure);
    bar->addWidget(m_find);
    bar->addWidget(m_status, 1);
    bar->addWidget(m_title, 1);
    for (QWidget* widget : {static_cast<QWidget*>(m_previous), static_cast<QWidget*>(m_next),
                            static_cast<QWidget*>(m_row), static_cast<QWidget*>(m_group)})
        bar->addWidget(widget);
    const QList<QWidget*> inOrder{m_showWorst, m_showRow, m_measure, m_find, m_previous, m_next, m_row, m_group};
    for (qsizetype i = 1; i < inOrder.size(); ++i) setTabOrder(inOrder[i - 1], inOrder[i]);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addLayout(bar);
    layout->addWidget(m_stack, 1);
}

void GroupPanel::connectWidgets() {
    connect(m_previous, &QToolButton::clicked, this, [this] { step(-1); });
    connect(m_next, &QToolButton::clicked, this, [this] { step(1); });
    for (const auto& [key, direction] : {std::pair(Qt::Key_P, -1), std::pair(Qt::Key_N, 1)}) {
        auto* shortcut = new QShortcut(QKeySequence(key), this);
        shortcut->setContext(Qt::WindowShortcut);  // Qt leaves it out where the panel is not on top
        connect(shortcut, &QShortcut::activated, this, [this, direction = direction] { step(direction); });
    }
    connect(m_find, &QToolButton::clicked, this, &GroupPanel::startOrStopRanking);
    connect(m_showWorst, &QToolButton::toggled, this, &GroupPanel::showWorstList);
    connect(m_measure, &QComboBox::currentIndexChanged, this, [this] {
        m_worst->setMeasure(GroupMeasure(m_measure->currentData().toInt()));
        selectInLists();
    });
    connect(m_row, &QSpinBox::valueChanged, this, [this](int row) { goTo(row, m_group->value()); });
    connect(m_group, &QSpinBox::valueChanged, this, [this](int group) { goTo(m_row->value(), group); });
    connect(m_worstTable->selectionModel(), &QItemSelectionModel::currentRowChanged, this,
            [this](const QModelIndex& index) {
                if (!index.isValid()) return;
                const auto& entry = m_worst->entries()[size_t(index.row())];
                goTo(entry.row, entry.group);
            });
    connect(m_rowTable->selectionModel(), &QItemSelectionModel::currentRowChanged, this,
            [this](const QModelIndex& index) {
                if (index.isValid()) goTo(m_row->value(), index.row());
            });
    connect(m_valueTable->selectionModel(), &QItemSelectionModel::currentRowChanged, this,
            [this](const QModelIndex& index) { m_plot->mark(index.isValid() ? index.row() : -1); });
    connect(m_plot, &GroupPlot::picked, this, &GroupPanel::markValue);
    connect(m_plot, &GroupPlot::probed, this, &GroupPanel::probed);
}

}  // namespace halftone::app
