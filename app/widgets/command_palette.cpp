// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/widgets/command_palette.h"

#include <QKeyEvent>
#include <QLineEdit>
#include <QListWidget>
#include <QPainter>
#include <QStyledItemDelegate>
#include <QTimer>
#include <QVBoxLayout>

#include <algorithm>

#include "app/widgets/theme.h"

namespace halftone::app {

namespace {
constexpr int kMostShown = 100;
constexpr int kEntryRole = Qt::UserRole, kHintRole = Qt::UserRole + 1;
constexpr int kRowHeight = 22, kMargin = 8;

/// The text on the left, what it belongs to or its shortcut on the right.
class EntryDelegate : public QStyledItemDelegate {
  public:
    using QStyledItemDelegate::QStyledItemDelegate;

    [[nodiscard]] QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override {
        return {QStyledItemDelegate::sizeHint(option, index).width(), kRowHeight};
    }

    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override {
        QStyledItemDelegate::paint(painter, option, index);
        const bool selected = option.state & QStyle::State_Selected;
        painter->setPen(selected ? option.palette.color(QPalette::HighlightedText)
                                 : themeColors(option.palette).mutedText);
        painter->drawText(option.rect.adjusted(0, 0, -kMargin, 0), Qt::AlignRight | Qt::AlignVCenter,
                          index.data(kHintRole).toString());
    }
};
}  // namespace

int fuzzyScore(const QString& text, const QString& wanted) {
    int score = 0;
    qsizetype from = 0;
    for (const QChar character : wanted) {
        if (character.isSpace()) continue;
        const auto at = text.indexOf(character, from, Qt::CaseInsensitive);
        if (at < 0) return -1;
        score += int(at - from);
        from = at + 1;
    }
    return score;
}

CommandPalette::CommandPalette(const QString& placeholder, QList<PaletteEntry> entries, QWidget* parent)
    : QDialog(parent, Qt::Popup),
      m_entries(std::move(entries)),
      m_edit(new QLineEdit(this)),
      m_list(new QListWidget(this)) {
    setAttribute(Qt::WA_DeleteOnClose);
    m_edit->setPlaceholderText(placeholder);
    m_edit->setAccessibleName(placeholder);
    m_edit->installEventFilter(this);
    m_list->setFocusPolicy(Qt::NoFocus);
    m_list->setUniformItemSizes(true);
    m_list->setItemDelegate(new EntryDelegate(m_list));
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(8, 8, 8, 8);
    layout->addWidget(m_edit);
    layout->addWidget(m_list);
    resize(560, 380);
    move(parent->mapToGlobal(QPoint((parent->width() - width()) / 2, 60)));
    connect(m_edit, &QLineEdit::textChanged, this, &CommandPalette::filter);
    connect(m_edit, &QLineEdit::returnPressed, this, &CommandPalette::take);
    connect(m_list, &QListWidget::itemClicked, this, &CommandPalette::take);
    filter({});
    m_edit->setFocus();
}

void CommandPalette::filter(const QString& text) {
    QList<std::pair<int, int>> hits;
    for (int i = 0; i < m_entries.size(); ++i) {
        const int score = fuzzyScore(m_entries[i].text, text);
        if (score >= 0) hits.append({score, i});
    }
    std::stable_sort(hits.begin(), hits.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    m_list->clear();
    for (const auto& [score, index] : hits.mid(0, kMostShown)) {
        const auto& entry = m_entries[index];
        auto* item = new QListWidgetItem(entry.text, m_list);
        item->setData(kEntryRole, index);
        item->setData(kHintRole, entry.hint);
    }
    if (hits.isEmpty()) (new QListWidgetItem(tr("Nothing here has these letters in its name."), m_list))->setFlags({});
    m_list->setCurrentRow(hits.isEmpty() ? -1 : 0);
}

void CommandPalette::take() {
    const auto* item = m_list->currentItem();
    if (!item || !item->data(kEntryRole).isValid()) return;
    const auto run = m_entries[item->data(kEntryRole).toInt()].run;
    close();
    // After the popup is gone, so that the command finds the window in its usual state.
    QTimer::singleShot(0, parent(), run);
}

bool CommandPalette::eventFilter(QObject* watched, QEvent* event) {
    if (watched == m_edit && event->type() == QEvent::KeyPress) {
        const int key = static_cast<QKeyEvent*>(event)->key();
        const int step = key == Qt::Key_Down ? 1 : key == Qt::Key_Up ? -1 : 0;
        if (step != 0 && m_list->currentRow() >= 0) {
            m_list->setCurrentRow(std::clamp(m_list->currentRow() + step, 0, std::max(m_list->count() - 1, 0)));
            return true;
        }
    }
    return QDialog::eventFilter(watched, event);
}

}  // namespace halftone::app
