// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/widgets/empty_page.h"

#include <QDir>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QIcon>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

#include "app/widgets/state_stack.h"

namespace halftone::app {

namespace {
constexpr int kShownRecent = 6;
}

EmptyPage::EmptyPage(QWidget* parent)
    : QWidget(parent),
      m_sentence(new QLabel(this)),
      m_problem(new QLabel(this)),
      m_recentTitle(mutedLabel(tr("Recent"), this)),
      m_recent(new QVBoxLayout) {
    auto* icon = new QLabel(this);
    icon->setPixmap(QIcon(QStringLiteral(":/icons/halftone.svg")).pixmap(64, 64));
    m_problem->setProperty("role", "problem");
    m_problem->setWordWrap(true);
    m_problem->setAlignment(Qt::AlignCenter);
    m_problem->hide();
    auto* sample = new QPushButton(tr("Open the bundled sample"), this);
    sample->setObjectName(QStringLiteral("openSample"));
    auto* file = new QPushButton(tr("Open a file…"), this);
    auto* folder = new QPushButton(tr("Open a folder…"), this);
    connect(sample, &QPushButton::clicked, this, &EmptyPage::openSampleRequested);
    connect(file, &QPushButton::clicked, this, &EmptyPage::openFileRequested);
    connect(folder, &QPushButton::clicked, this, &EmptyPage::openFolderRequested);
    auto* buttons = new QHBoxLayout;
    buttons->setSpacing(8);
    buttons->addStretch();
    for (auto* button : {sample, file, folder}) buttons->addWidget(button);
    buttons->addStretch();
    m_recent->setSpacing(0);
    m_recentTitle->hide();
    auto* layout = new QVBoxLayout(this);
    layout->setSpacing(16);
    layout->addStretch(2);
    layout->addWidget(icon, 0, Qt::AlignCenter);
    layout->addWidget(m_sentence, 0, Qt::AlignCenter);
    layout->addLayout(buttons);
    layout->addWidget(m_problem);
    layout->addWidget(m_recentTitle, 0, Qt::AlignCenter);
    layout->addLayout(m_recent);
    layout->addStretch(3);
    setOpening(false);
}

void EmptyPage::setOpening(bool opening) {
    m_sentence->setText(
        opening
            ? tr("Opening…")
            : tr("Open a language model to see its weights, or drop a folder, a .gguf or a .safetensors file here."));
    if (opening) m_problem->hide();
}

void EmptyPage::setProblem(const QString& message) {
    m_problem->setText(message);
    m_problem->setVisible(!message.isEmpty());
}

void EmptyPage::setRecentFiles(const QStringList& paths) {
    while (auto* item = m_recent->takeAt(0)) {
        delete item->widget();
        delete item;
    }
    m_recentTitle->setVisible(!paths.isEmpty());
    for (const auto& path : paths.mid(0, kShownRecent)) {
        auto* button = new QPushButton(QDir::toNativeSeparators(path), this);
        button->setFlat(true);
        button->setCursor(Qt::PointingHandCursor);
        connect(button, &QPushButton::clicked, this, [this, path] { emit openRequested(path); });
        m_recent->addWidget(button, 0, Qt::AlignCenter);
    }
}

}  // namespace halftone::app
