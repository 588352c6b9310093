// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/widgets/recovery_bar.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>

namespace halftone::app {

RecoveryBar::RecoveryBar(const QString& checkpointName, const QString& when, QWidget* parent) : QFrame(parent) {
    setObjectName(QStringLiteral("recoveryBar"));
    auto* sentence = new QLabel(
        tr("Halftone ended unexpectedly. The work on %1 was kept until %2.").arg(checkpointName, when), this);
    sentence->setTextFormat(Qt::PlainText);
    auto* restore = new QPushButton(tr("Restore"), this);
    restore->setObjectName(QStringLiteral("restoreSession"));
    auto* discard = new QPushButton(tr("Discard"), this);
    discard->setObjectName(QStringLiteral("discardSession"));
    connect(restore, &QPushButton::clicked, this, &RecoveryBar::restoreRequested);
    connect(discard, &QPushButton::clicked, this, &RecoveryBar::discardRequested);
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(8, 4, 8, 4);
    layout->addWidget(sentence, 1);
    layout->addWidget(restore);
    layout->addWidget(discard);
}

}  // namespace halftone::app
