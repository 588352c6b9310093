// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/leaving.h"

#include <QCoreApplication>
#include <QMessageBox>
#include <QPushButton>
#include <QStringList>

#include "app/session/session.h"

namespace halftone::app {

namespace {

/// The words of the question, which differ with the way out.
struct Words {
    QString title, leave, leaveUnsaved;
};

class LeavingText {
    Q_DECLARE_TR_FUNCTIONS(Leaving)

  public:
    static Words wordsOf(Leaving leaving) {
        switch (leaving) {
            case Leaving::Window:
                return {tr("Close Halftone"), tr("Close"), tr("Close without saving")};
            case Leaving::Checkpoint:
                return {tr("Close the checkpoint"), tr("Close"), tr("Close without saving")};
            case Leaving::ForAnother:
                break;
        }
        return {tr("Open something else"), tr("Open"), tr("Open without saving")};
    }
    static QString losses(Session& session) {
        QStringList sentences;
        if (session.exporter().isRunning())
            sentences << tr("A file is being exported; its target stays as it was.");
        else if (session.jobs().askedForCount() > 0)
            sentences << tr("Work is in progress; what it has found so far is lost.");
        if (session.hasUnsavedRecipe()) sentences << tr("The recipe has changes that no session file has.");
        if (session.hasUnsavedFindings()) sentences << tr("Runs or votes are new since the session was saved.");
        return sentences.join(QLatin1Char(' '));
    }
};

}  // namespace

QString whatLeavingLoses(Session& session) {
    return LeavingText::losses(session);
}

bool mayLeave(Session& session, Leaving leaving, QWidget& window, const std::function<bool()>& save) {
    const QString question = whatLeavingLoses(session);
    if (question.isEmpty()) return true;
    const auto words = LeavingText::wordsOf(leaving);
    const bool canSave = session.hasUnsavedWork();
    QMessageBox box(QMessageBox::Question, words.title, question, QMessageBox::Cancel, &window);
    box.setObjectName(QStringLiteral("closingQuestion"));
    if (canSave) box.addButton(QMessageBox::Save);
    auto* leave = box.addButton(canSave ? words.leaveUnsaved : words.leave, QMessageBox::DestructiveRole);
    leave->setObjectName(QStringLiteral("closeAnyway"));
    box.setDefaultButton(canSave ? QMessageBox::Save : QMessageBox::Cancel);
    const int answer = box.exec();
    if (box.clickedButton() == leave) return true;
    return answer == QMessageBox::Save && save();
}

}  // namespace halftone::app
