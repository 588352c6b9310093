// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/panels/groups/group_panel.h"

#include <QComboBox>
#include <QElapsedTimer>
#include <QHeaderView>
#include <QLabel>
#include <QPointer>
#include <QSignalBlocker>
#include <QSpinBox>
#include <QStackedWidget>
#include <QTableView>
#include <QToolButton>

#include <algorithm>
#include <cmath>
#include <set>

#include "app/language/core_text.h"
#include "app/models/group_part_model.h"
#include "app/models/group_rank_model.h"
#include "app/models/group_value_model.h"
#include "app/models/row_group_model.h"
#include "app/plots/channel_map_data.h"
#include "app/plots/group_plot.h"
#include "app/session/session.h"
#include "app/widgets/elided_label.h"
#include "app/widgets/number_text.h"
#include "app/widgets/state_stack.h"

namespace halftone::app {

namespace {

const QString kOpenTag = QStringLiteral("groups");
const QString kRowTag = QStringLiteral("group-row");
const QString kRankTag = QStringLiteral("group-ranking");
constexpr size_t kMostListed = 500;
constexpr int kRoomForValues = 760;
constexpr int kPartialMs = 250;
/// Larger tensors are ranked when asked to.
constexpr int64_t kRankedUnasked = int64_t(1) << 24;

struct Opened {
    std::shared_ptr<GroupInspection> inspection;
    std::shared_ptr<const InspectedRow> row;
};

/// Changes whenever the plan would give the tensor other bytes: every edit of the recipe makes another plan.
uint64_t planIdentity(const GroupInspectionRequest& request) {
    return request.target && request.plan ? request.plan->identity(*request.target) : 0;
}

bool isSame(const GroupInspectionRequest& a, const GroupInspectionRequest& b) {
    if (a.checkpoint != b.checkpoint || a.tensor != b.tensor || a.target.has_value() != b.target.has_value())
        return false;
    if (!a.target) return true;
    return a.target->format == b.target->format && a.target->method == b.target->method &&
           planIdentity(a) == planIdentity(b);
}

Result<std::shared_ptr<const InspectedRow>> rowOf(GroupInspection& inspection, int64_t row, const JobContext& context) {
    HT_ASSIGN_OR_RETURN(auto read, inspection.row(std::clamp<int64_t>(row, 0, inspection.rows() - 1), context));
    return std::make_shared<const InspectedRow>(std::move(read));
}

}  // namespace

GroupPanel::GroupPanel(Session& session, QWidget* parent)
    : QWidget(parent),
      m_session(session),
      m_worst(new GroupRankModel(this)),
      m_rowGroups(new RowGroupModel(this)),
      m_parts(new GroupPartModel(this)),
      m_values(new GroupValueModel(this)) {
    setObjectName(QStringLiteral("groupPanel"));
    createLayout();
    connectWidgets();
    connect(&m_session.selection(), &Selection::changed, this, &GroupPanel::refresh);
    connect(&m_session.selection(), &Selection::channelsChanged, this, &GroupPanel::lightUp);
    connect(&m_session, &Session::checkpointChanged, this, &GroupPanel::refresh);
    connect(&m_session, &Session::tensorsChanged, this, &GroupPanel::refreshIfShown);
    connect(&m_session.jobs(), &JobManager::jobsChanged, this, &GroupPanel::updateBar);
    refresh();
}

void GroupPanel::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    refresh();
}

/// Where there is little room the plot has it: the values stand in it as well.
void GroupPanel::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    m_valueTable->setVisible(width() >= kRoomForValues);
}

void GroupPanel::refreshIfShown(const QList<int>& tensors) {
    if (tensors.isEmpty() || tensors.contains(m_session.selection().current())) refresh();
}

void GroupPanel::showNothing(const QString& sentence) {
    if (m_request.checkpoint) {
        for (const auto& tag : {kOpenTag, kRowTag, kRankTag}) m_session.jobs().cancelTag(tag);
    }
    m_request = {};
    m_inspection.reset();
    m_worst->clear();
    show(nullptr, 0);
    m_title->setFullText({});
    m_stack->showSentence(sentence);
}

/// The tensor stays as it is, in a type without groups.
void GroupPanel::offerFormat(int tensor) {
    const auto& info = m_session.tensor(tensor);
    const Format offered = Format::of(DType::kQ4_K).orFallback(info.cols());
    const QString stored = QString::fromStdString(Format::of(info.dtype).displayName());
    showNothing({});
    m_stack->showSentence(
        tr("This tensor stays %1, which stores every value by itself: there are no groups to look at.").arg(stored),
        tr("Give it %1").arg(QString::fromStdString(offered.displayName())),
        [this, tensor, offered] { m_session.recipe().setFormat({tensor}, offered); });
}

void GroupPanel::refresh() {
    const int tensor = m_session.selection().current();
    const auto* resolved = m_session.recipe().resolvedTensor(tensor);
    if (!resolved)
        return showNothing(
            tr("Select a weight matrix to look at its groups: scale, codes and error of each, the worst first."));
    if (!resolved->quantizable)
        return showNothing(tr("Norms and biases stay F32, which stores every value by itself: there are no groups."));
    const auto& info = m_session.tensor(tensor);
    if (resolved->kept && !dtypeInfo(info.dtype).isBlock()) return offerFormat(tensor);
    if (!resolved->kept && resolved->format.isPlain())
        return showNothing(tr("%1 stores every value by itself: there are no groups to look at.")
                               .arg(QString::fromStdString(resolved->format.displayName())));
    if (!isVisible()) return;
    GroupInspectionRequest request{m_session.checkpoint(), tensor, std::nullopt, m_session.quantization().plan()};
    if (!resolved->kept) request.target = *resolved;
    const bool needsPlan = request.target && !request.target->method.isDefault();
    if (needsPlan && !request.plan)
        return showNothing(tr("The method of this tensor is being made ready: its groups follow."));
    if (!isSame(request, m_request)) open(request);
}

void GroupPanel::open(const GroupInspectionRequest& request) {
    const bool sameTensor = request.tensor == m_request.tensor && request.checkpoint == m_request.checkpoint;
    const int64_t row = sameTensor ? m_row->value() : 0, group = sameTensor ? m_group->value() : 0;
    m_session.jobs().cancelTag(kRankTag);
    m_session.jobs().cancelTag(kRowTag);
    m_request = request;
    m_inspection.reset();
    m_followsWorst = m_followsWorst || !sameTensor;
    m_worst->clear();
    show(nullptr, 0);
    const Format format = request.target ? request.target->format : Format::of(m_session.tensor(request.tensor).dtype);
    m_title->setFullText(
        QStringLiteral("%1  %2").arg(QString::fromStdString(m_session.tensor(request.tensor).canonicalName),
                                     QString::fromStdString(format.displayName())));
    m_caption->setText(tr("Reading the tensor…"));
    m_stack->showContent();
    m_session.jobs().start<Opened>(
        {tr("Groups of the tensor"), JobLane::Files, kOpenTag, true}, this,
        [request, row](const JobControl& control) -> Result<Opened> {
            Opened opened;
            HT_ASSIGN_OR_RETURN(opened.inspection, GroupInspection::open(request, control.context()));
            HT_ASSIGN_OR_RETURN(opened.row, rowOf(*opened.inspection, row, control.context()));
            return opened;
        },
        [this, request, group](const Result<Opened>& opened) {
            // Another tensor, or none: the checkpoint may be closed by now.
            if (!isSame(request, m_request)) return;
            if (opened) {
                adopt(opened->inspection, opened->row);
                if (group > 0) show(opened->row, std::min(group, m_inspection->groupsPerRow() - 1));
            } else if (opened.error().code != ErrorCode::kCancelled) {
                m_stack->showSentence(errorText(opened.error()));
            }
        });
}

void GroupPanel::adopt(std::shared_ptr<GroupInspection> inspection, std::shared_ptr<const InspectedRow> row) {
    m_inspection = std::move(inspection);
    {
        const QSignalBlocker blockRow(m_row), blockGroup(m_group);
        m_row->setRange(0, int(m_inspection->rows() - 1));
        m_group->setRange(0, int(m_inspection->groupsPerRow() - 1));
    }
    show(std::move(row), 0);
    if (!m_inspection->knowsOriginal()) m_showRow->setChecked(true);
    const int64_t values = m_inspection->rows() * m_inspection->layout().cols;
    if (m_inspection->knowsOriginal() && values <= kRankedUnasked) rank();
    updateBar();
}

bool GroupPanel::isRanking() const {
    return m_session.jobs().hasTag(kRankTag);
}

void GroupPanel::startOrStopRanking() {
    if (isRanking()) return m_session.jobs().cancelTag(kRankTag);
    if (m_inspection && m_inspection->knowsOriginal()) rank();
}

void GroupPanel::rank() {
    const QString name = QString::fromStdString(m_session.tensor(m_request.tensor).canonicalName);
    m_session.jobs().start<GroupRanking>(
        {tr("Worst groups of %1").arg(name), JobLane::Plots, kRankTag}, this,
        [this, inspection = m_inspection, guard = QPointer(this)](const JobControl& control) {
            QElapsedTimer clock;
            clock.start();
            const auto partial = [&](const GroupRanking& ranking) {
                if (clock.elapsed() < kPartialMs) return;
                clock.restart();
                control.post([this, guard, inspection, ranking] {
                    if (guard && inspection == m_inspection) showRanking(ranking);
                });
            };
            return inspection->rank(kMostListed, partial, control.context());
        },
        [this, inspection = m_inspection](const Result<GroupRanking>& ranking) {
            if (inspection == m_inspection) onRankingEnded(ranking);
        });
}

void GroupPanel::showRanking(GroupRanking ranking) {
    m_worst->setRanking(std::move(ranking));
    selectInLists();
    updateBar();
}

/// What a stopped comparison has found stays, and says how far it came.
void GroupPanel::onRankingEnded(const Result<GroupRanking>& ranking) {
    if (!ranking) {
        if (ranking.error().code != ErrorCode::kCancelled)
            m_session.messages().fail([] { return tr("Groups of the tensor"); }, ranking.error());
        return updateBar();
    }
    showRanking(*ranking);
    if (!m_followsWorst || m_worst->entries().empty()) return;
    const auto& worst = m_worst->entries().front();
    goTo(worst.row, worst.group);
}

void GroupPanel::step(int direction) {
    if (!m_shown) return;
    const auto& entries = m_worst->entries();
    if (entries.empty()) {
        const int64_t group = std::clamp<int64_t>(m_shownGroup + direction, 0, int64_t(m_shown->groups.size()) - 1);
        return goTo(m_shown->row, group);
    }
    const int at = m_worst->find(m_shown->row, m_shownGroup);
    const auto next = size_t(std::clamp(at < 0 ? 0 : at + direction, 0, int(entries.size()) - 1));
    goTo(entries[next].row, entries[next].group);
}

void GroupPanel::goTo(int64_t row, int64_t group) {
    m_followsWorst = false;
    if (!m_inspection) return;
    row = std::clamp<int64_t>(row, 0, m_inspection->rows() - 1);
    group = std::clamp<int64_t>(group, 0, m_inspection->groupsPerRow() - 1);
    if (m_shown && m_shown->row == row) return show(m_shown, group);
    loadRow(row, group);
}

void GroupPanel::loadRow(int64_t row, int64_t group) {
    using Shared = std::shared_ptr<const InspectedRow>;
    m_session.jobs().start<Shared>(
        {tr("A row of the tensor"), JobLane::Files, kRowTag, true}, this,
        [inspection = m_inspection, row](const JobControl& control) {
            return rowOf(*inspection, row, control.context());
        },
        [this, inspection = m_inspection, group](const Result<Shared>& read) {
            if (inspection != m_inspection) return;
            if (read) {
                show(*read, group);
            } else if (read.error().code != ErrorCode::kCancelled) {
                m_caption->setText(errorText(read.error()));
            }
        });
}

void GroupPanel::show(std::shared_ptr<const InspectedRow> row, int64_t group) {
    if (row != m_shown) m_rowGroups->setRow(row);
    m_shown = std::move(row);
    m_shownGroup = group;
    m_parts->setGroup(m_shown, group);
    m_values->setGroup(m_shown, group);
    m_plot->setGroup(m_shown, group);
    for (int column = 0; column < GroupPartModel::ColumnCount; ++column)
        m_partTable->setColumnHidden(column, m_shown && !m_parts->isUsed(column));
    if (m_shown) {
        const QSignalBlocker blockRow(m_row), blockGroup(m_group);
        m_row->setValue(int(m_shown->row));
        m_group->setValue(int(group));
    }
    lightUp();
    markValue(m_values->worst());
    selectInLists();
    updateBar();
}

bool GroupPanel::isRowLit() const {
    if (!m_shown || !m_request.checkpoint) return false;
    const int64_t width = streamWidth(m_request.checkpoint->tensors());
    const auto place = streamPlaceOf(m_request.checkpoint->tensors()[size_t(m_request.tensor)], width);
    const auto& channels = m_session.selection().channels();
    return place && !readsStream(*place) && channels.contains(int(m_shown->row % width));
}

/// Columns of a layer that reads the residual stream are its channels; of one that adds to it, the rows are.
void GroupPanel::lightUp() {
    QList<int> columns;
    if (m_shown && m_request.checkpoint) {
        const auto tensors = m_request.checkpoint->tensors();
        const auto place = streamPlaceOf(tensors[size_t(m_request.tensor)], streamWidth(tensors));
        if (place && readsStream(*place)) columns = m_session.selection().channels();
    }
    m_plot->setLit(columns);
    m_values->setLit(m_plot->litPlaces());
    updateCaption();
}

void GroupPanel::markValue(int value) {
    if (value < 0) return m_plot->mark(-1);
    m_valueTable->selectRow(value);
    m_valueTable->scrollTo(m_values->index(value, 0), QAbstractItemView::PositionAtCenter);
}

void GroupPanel::showWorstList(bool worst) {
    m_lists->setCurrentWidget(worst ? m_worstTable : m_rowTable);
    updateBar();
}

/// The shown group is marked in both lists.
void GroupPanel::selectInLists() {
    const auto mark = [](QTableView* table, int row) {
        // Only what the user selects is a wish to go there.
        const QSignalBlocker blocker(table->selectionModel());
        table->selectionModel()->clear();
        if (row >= 0) table->selectRow(row);
        if (row >= 0) table->scrollTo(table->model()->index(row, 0));
        table->viewport()->update();
    };
    mark(m_worstTable, m_shown ? m_worst->find(m_shown->row, m_shownGroup) : -1);
    mark(m_rowTable, m_shown ? int(m_shownGroup) : -1);
}

void GroupPanel::updateBar() {
    const bool canRank = m_inspection && m_inspection->knowsOriginal();
    const bool ranking = isRanking();
    const auto& found = m_worst->ranking();
    const bool complete = found.rows > 0 && found.seenRows == found.rows;
    m_find->setText(ranking ? tr("Stop") : tr("Find the worst"));
    m_find->setVisible(canRank && (ranking || !complete));
    m_measure->setVisible(m_showWorst->isChecked());
    for (QWidget* widget :
         {static_cast<QWidget*>(m_row), static_cast<QWidget*>(m_group), static_cast<QWidget*>(m_previous),
          static_cast<QWidget*>(m_next), static_cast<QWidget*>(m_measure), static_cast<QWidget*>(m_showRow)})
        widget->setEnabled(m_shown != nullptr);
    m_showWorst->setEnabled(canRank);
    if (m_inspection && !canRank) {
        m_status->setFullText(tr("as stored: the original is not known"));
    } else if (found.rows == 0) {
        m_status->setFullText(ranking ? tr("comparing…") : QString());
    } else if (complete) {
        m_status->setFullText(tr("worst %1 of %2 groups").arg(m_worst->entries().size()).arg(countText(found.groups)));
    } else {
        m_status->setFullText(tr("%1 of %2 rows compared").arg(countText(found.seenRows), countText(found.rows)));
    }
}

void GroupPanel::updateCaption() {
    if (!m_shown || size_t(m_shownGroup) >= m_shown->groups.size()) return m_caption->clear();
    const auto& group = m_shown->groups[size_t(m_shownGroup)];
    const auto& what = group.description;
    QStringList parts{
        tr("row %1, columns %2–%3").arg(m_shown->row).arg(what.firstColumn).arg(what.firstColumn + what.columns - 1)};
    if (what.blockScale) parts << tr("unit of scales %1").arg(numberText(double(*what.blockScale)));
    if (what.blockMinimum) parts << tr("unit of minimums %1").arg(numberText(double(*what.blockMinimum)));
    if (!what.codes.empty()) {
        const std::set<int> used(what.codes.begin(), what.codes.end());
        parts << tr("%1 of %2 codes used").arg(used.size()).arg(what.lastCode - what.firstCode + 1);
    }
    if (!group.original.empty()) {
        const double relative = group.error.relative();
        parts << tr("rel. error %1").arg(numberText(relative));
        if (relative > 0) parts << tr("SQNR %1 dB").arg(fixedText(-10 * std::log10(relative), 1));
        parts << tr("largest error %1").arg(numberText(group.error.largest));
    }
    if (isRowLit()) parts << tr("the row is a selected channel");
    if (const int lit = int(m_plot->litPlaces().size()); lit > 0)
        parts << tr("%n columns are selected channels", nullptr, lit);
    m_caption->setText(parts.join(QStringLiteral(" · ")));
}

}  // namespace halftone::app
