// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/widgets/missing_checkpoint_bar.h"

#include <QHBoxLayout>
#include <QPushButton>

#include "app/widgets/elided_label.h"

namespace halftone::app {

MissingCheckpointBar::MissingCheckpointBar(const QString& checkpointPath, QWidget* parent) : QFrame(parent) {
    setObjectName(QStringLiteral("missingCheckpointBar"));
    auto* sentence = new ElidedLabel(this);
    sentence->setFullText(
        tr("The checkpoint of this session is no longer at %1. Where is it now?").arg(checkpointPath));
    const auto button = [this](const QString& text, const char* name, auto signal) {
        auto* made = new QPushButton(text, this);
        made->setObjectName(QString::fromLatin1(name));
        connect(made, &QPushButton::clicked, this, signal);
        return made;
    };
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(8, 4, 8, 4);
    layout->addWidget(sentence, 1);
    layout->addWidget(button(tr("Choose a file…"), "missingFile", &MissingCheckpointBar::fileWanted));
    layout->addWidget(button(tr("Choose a folder…"), "missingFolder", &MissingCheckpointBar::folderWanted));
    layout->addWidget(button(tr("Close"), "missingClose", &MissingCheckpointBar::dismissed));
}

}  // namespace halftone::app
