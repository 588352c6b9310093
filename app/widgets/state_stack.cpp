// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/widgets/state_stack.h"

#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

namespace halftone::app {

StateStack::StateStack(QWidget* content, QWidget* parent) : QStackedWidget(parent), m_content(content) {
    auto* page = new QWidget(this);
    auto* layout = new QVBoxLayout(page);
    layout->setContentsMargins(16, 16, 16, 16);
    m_label = mutedLabel({}, page);
    m_label->setAlignment(Qt::AlignCenter);
    m_button = new QPushButton(page);
    layout->addStretch();
    layout->addWidget(m_label);
    layout->addWidget(m_button, 0, Qt::AlignCenter);
    layout->addStretch();
    addWidget(content);
    addWidget(page);
    connect(m_button, &QPushButton::clicked, this, [this] {
        if (m_onClick) m_onClick();
    });
}

void StateStack::showContent() {
    setCurrentIndex(0);
}

void StateStack::showSentence(const QString& sentence) {
    showSentence(sentence, {}, {});
}

void StateStack::showSentence(const QString& sentence, const QString& button, std::function<void()> onClick) {
    m_label->setText(sentence);
    m_button->setText(button);
    m_button->setVisible(!button.isEmpty());
    m_onClick = std::move(onClick);
    setCurrentIndex(1);
}

QLabel* mutedLabel(const QString& text, QWidget* parent) {
    auto* label = new QLabel(text, parent);
    label->setProperty("role", "muted");
    label->setWordWrap(true);
    return label;
}

QLabel* captionLabel(QWidget* parent) {
    auto* label = new QLabel(parent);
    label->setProperty("role", "muted");
    label->setContentsMargins(8, 4, 8, 0);
    label->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    return label;
}

}  // namespace halftone::app
