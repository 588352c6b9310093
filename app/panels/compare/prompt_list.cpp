// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/panels/compare/prompt_list.h"

#include <QHBoxLayout>
#include <QListWidget>
#include <QPlainTextEdit>
#include <QSignalBlocker>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>

namespace halftone::app {

namespace {
constexpr int kListWidth = 220, kShownRows = 3, kRowHeight = 22, kMostTitleCharacters = 80;
constexpr int kPromptRole = Qt::UserRole;
}  // namespace

PromptList::PromptList(QWidget* parent) : QWidget(parent) {
    setObjectName(QStringLiteral("promptList"));
    createList();
    m_editor = new QPlainTextEdit(this);
    m_editor->setObjectName(QStringLiteral("comparePrompt"));
    m_editor->setAccessibleName(tr("Prompt"));
    m_editor->setPlaceholderText(tr("Prompt that both models continue"));
    m_editor->setTabChangesFocus(true);
    auto* buttons = new QVBoxLayout;
    buttons->setSpacing(0);
    buttons->addWidget(m_add);
    buttons->addWidget(m_remove);
    buttons->addStretch();
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(4);
    layout->addWidget(m_list);
    layout->addLayout(buttons);
    layout->addWidget(m_editor, 1);
    const int row = std::max(kRowHeight, m_editor->fontMetrics().lineSpacing());
    setFixedHeight(row * kShownRows + 2 * m_list->frameWidth());
    setPrompts({});
    connect(m_list, &QListWidget::currentRowChanged, this, &PromptList::showCurrent);
    connect(m_editor, &QPlainTextEdit::textChanged, this, &PromptList::takeEdit);
}

void PromptList::createList() {
    m_list = new QListWidget(this);
    m_list->setObjectName(QStringLiteral("prompts"));
    m_list->setAccessibleName(tr("Prompts"));
    m_list->setFixedWidth(kListWidth);
    m_list->setUniformItemSizes(true);
    m_list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_list->setTextElideMode(Qt::ElideRight);
    const auto button = [this](const QString& text, const QString& name, const QString& tip) {
        auto* tool = new QToolButton(this);
        tool->setText(text);
        tool->setObjectName(name);
        tool->setToolTip(tip);
        tool->setAccessibleName(tip);
        return tool;
    };
    m_add = button(QStringLiteral("+"), QStringLiteral("addPrompt"), tr("Add a prompt"));
    m_remove = button(QStringLiteral("−"), QStringLiteral("removePrompt"), tr("Remove the prompt in work"));
    connect(m_add, &QToolButton::clicked, this, [this] {
        add({});
        m_editor->setFocus();
    });
    connect(m_remove, &QToolButton::clicked, this, &PromptList::removeCurrent);
}

QStringList PromptList::prompts() const {
    QStringList prompts;
    for (int row = 0; row < m_list->count(); ++row) prompts.append(m_list->item(row)->data(kPromptRole).toString());
    return prompts;
}

/// A list shows the beginning of a prompt in one line.
void PromptList::setItem(int row, const QString& prompt) {
    auto* item = m_list->item(row);
    const QString title = prompt.left(kMostTitleCharacters).simplified();
    item->setData(kPromptRole, prompt);
    item->setText(title.isEmpty() ? tr("(empty)") : title);
    item->setToolTip(prompt);
}

void PromptList::setPrompts(const QStringList& prompts) {
    {
        const QSignalBlocker blocker(m_list);
        m_list->clear();
        for (const auto& prompt : prompts.isEmpty() ? QStringList{QString()} : prompts) {
            m_list->addItem(QString());
            setItem(m_list->count() - 1, prompt);
        }
        m_list->setCurrentRow(0);
    }
    showCurrent();
    emit promptsChanged();
}

QString PromptList::current() const {
    return m_editor->toPlainText();
}

void PromptList::setCurrent(const QString& prompt) {
    m_editor->setPlainText(prompt);
}

void PromptList::add(const QString& prompt) {
    m_list->addItem(QString());
    setItem(m_list->count() - 1, prompt);
    m_list->setCurrentRow(m_list->count() - 1);
    m_remove->setEnabled(true);
    emit promptsChanged();
}

void PromptList::removeCurrent() {
    if (m_list->count() < 2) return;
    delete m_list->takeItem(std::max(0, m_list->currentRow()));
    showCurrent();
    emit promptsChanged();
}

void PromptList::showCurrent() {
    m_remove->setEnabled(m_list->count() > 1);
    const auto* item = m_list->currentItem();
    if (!item || !m_editor) return;
    const QSignalBlocker blocker(m_editor);
    m_editor->setPlainText(item->data(kPromptRole).toString());
}

void PromptList::takeEdit() {
    if (m_list->currentRow() < 0) return;
    setItem(m_list->currentRow(), m_editor->toPlainText());
    emit promptsChanged();
}

}  // namespace halftone::app
