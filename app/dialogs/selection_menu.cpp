// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/dialogs/selection_menu.h"

#include <QApplication>
#include <QCoreApplication>
#include <QMenu>

#include <algorithm>
#include <map>

#include "app/dialogs/extras_dialog.h"
#include "app/dialogs/method_dialog.h"
#include "app/language/core_text.h"
#include "app/session/session.h"
#include "app/widgets/format_combo.h"
#include "app/widgets/method_combo.h"

namespace halftone::app {
namespace {

struct Texts {
    Q_DECLARE_TR_FUNCTIONS(SelectionMenu)
};

/// What an edit would find in the selection: tensors that are quantized and not locked.
struct Editable {
    int count = 0;
    std::map<Format, int> formats;           ///< as they are
    std::map<Format, int> requested;         ///< as the recipe says
    std::map<MethodId, int> methods;         ///< as they are
    std::optional<MethodChoice> someMethod;  ///< of the first one
};

Editable editableSelection(Session& session) {
    Editable found;
    for (const int tensor : session.selection().tensors()) {
        const auto* entry = session.recipe().resolvedTensor(tensor);
        if (!entry || !entry->quantizable || entry->kept || session.recipe().isLocked(tensor)) continue;
        ++found.count;
        ++found.formats[entry->format];
        ++found.requested[entry->requested];
        ++found.methods[entry->method.id];
        if (!found.someMethod) found.someMethod = entry->method;
    }
    return found;
}

void addNothingToDo(QMenu& menu) {
    menu.addAction(Texts::tr("Every selected tensor stays as stored or is locked"))->setEnabled(false);
}

/// The name, and how many of the tensors it goes for unless it goes for all.
QString entryText(const QString& name, int fitting, int count) {
    return fitting == count || fitting == 0 ? name
                                            : Texts::tr("%1\t%2 of %n tensors", nullptr, count).arg(name).arg(fitting);
}

void addMethod(QMenu& menu, Session& session, const MethodDescription& method, const Editable& editable) {
    int fitting = 0;
    std::string obstacle;
    for (const auto& [format, count] : editable.formats) {
        const std::string why = methodObstacle(method.id, format);
        if (why.empty()) fitting += count;
        if (obstacle.empty()) obstacle = why;
    }
    const QString name = methodName(method);
    const MethodChoice choice{.id = method.id, .parameters = {}};
    auto* action = menu.addAction(entryText(name, fitting, editable.count), &session, [&session, choice] {
        session.recipe().setMethod(session.selection().tensors(), choice);
    });
    const auto sameMethod = editable.methods.find(method.id);
    action->setObjectName(QString::fromStdString(choice.name()));
    action->setCheckable(true);
    action->setChecked(sameMethod != editable.methods.end() && sameMethod->second == editable.count);
    action->setEnabled(fitting > 0);
    action->setToolTip(fitting > 0 ? methodMeaning(method) : coreText(obstacle));
    if (action->isChecked()) menu.setActiveAction(action);
}

void addParameters(QMenu& menu, Session& session, const Editable& editable) {
    auto* action = menu.addAction(Texts::tr("Parameters…"), &session, [&session, method = *editable.someMethod] {
        askForParameters(method, QApplication::activeWindow(), [&session](const MethodChoice& chosen) {
            session.recipe().setMethod(session.selection().tensors(), chosen);
        });
    });
    const bool hasParameters = !describeMethod(editable.someMethod->id).parameters.empty();
    action->setObjectName(QStringLiteral("methodParameters"));
    action->setEnabled(editable.methods.size() == 1 && hasParameters);
    action->setToolTip(editable.methods.size() > 1 ? Texts::tr("The selected tensors have several methods.")
                       : hasParameters             ? Texts::tr("Sets the numbers that the method works with")
                                                   : Texts::tr("This method has no parameters."));
}

void addGroupSize(QMenu& menu, Session& session, int size, const Editable& editable) {
    int fitting = 0, same = 0;
    QString obstacle;
    for (const auto& [format, count] : editable.requested) {
        auto changed = formatWithGroupSize(format, size);
        if (changed && obstacle.isEmpty()) obstacle = session.recipe().targetObstacleOf(*changed);
        if (changed && !session.recipe().targetObstacleOf(*changed).isEmpty()) changed.reset();
        if (changed) fitting += count;
        if (changed == format) same += count;
    }
    auto* action = menu.addAction(
        entryText(Texts::tr("Groups of %1").arg(size), fitting, editable.count), &session, [&session, size] {
            session.recipe().changeFormats(
                session.selection().tensors(), [&session, size](const ResolvedTensor& tensor) {
                    const auto changed = formatWithGroupSize(tensor.requested, size);
                    return changed && session.recipe().targetObstacleOf(*changed).isEmpty() ? changed : std::nullopt;
                });
        });
    action->setObjectName(QString::number(size));
    action->setCheckable(true);
    action->setChecked(same == editable.count);
    action->setEnabled(fitting > 0);
    action->setToolTip(fitting > 0 ? Texts::tr("Smaller groups follow the weights more closely and cost more scales.")
                       : !obstacle.isEmpty()
                           ? obstacle
                           : Texts::tr("None of the selected tensors has a format with groups of a chosen size."));
    if (action->isChecked()) menu.setActiveAction(action);
}

/// A menu in which nothing can be chosen says so in one line instead: tooltips of what is greyed are easily missed.
void sayWhyNot(QMenu& menu) {
    const auto actions = menu.actions();
    if (actions.isEmpty() || std::ranges::any_of(actions, &QAction::isEnabled)) return;
    const QString why = actions.first()->toolTip();
    menu.clear();
    menu.addAction(why)->setEnabled(false);
}

}  // namespace

void fillWithMethodsOfSelection(QMenu& menu, Session& session) {
    menu.setToolTipsVisible(true);
    const Editable editable = editableSelection(session);
    if (editable.count == 0) return addNothingToDo(menu);
    auto* asRules = menu.addAction(Texts::tr("As the rules say"), &session, [&session] {
        session.recipe().setMethod(session.selection().tensors(), std::nullopt);
    });
    asRules->setObjectName(QStringLiteral("methodOfRules"));
    menu.addSeparator();
    for (const auto& method : offeredMethods()) addMethod(menu, session, method, editable);
    menu.addSeparator();
    addParameters(menu, session, editable);
}

void fillWithGroupSizesOfSelection(QMenu& menu, Session& session) {
    menu.setToolTipsVisible(true);
    const Editable editable = editableSelection(session);
    if (editable.count == 0) return addNothingToDo(menu);
    for (const int size : groupSizes()) addGroupSize(menu, session, size, editable);
    sayWhyNot(menu);
}

void askForExtrasOfSelection(Session& session, QWidget* parent) {
    const QList<int> tensors = session.selection().tensors();
    const auto first = std::ranges::find_if(tensors, [&](int tensor) {
        const auto* entry = session.recipe().resolvedTensor(tensor);
        return entry && entry->quantizable && !session.recipe().isLocked(tensor);
    });
    if (first == tensors.end())
        return session.messages().note([] { return Texts::tr("Every selected tensor stays as stored or is locked"); });
    const auto* entry = session.recipe().resolvedTensor(*first);
    askForExtras(entry->requested, entry->rows, entry->cols, parent, [&session, tensors](const FormatExtras& extras) {
        session.recipe().changeFormats(tensors, [extras](const ResolvedTensor& tensor) {
            const bool fits = extrasObstacle(tensor.requested, extras).empty();
            return fits ? std::optional(tensor.requested.with(extras)) : std::nullopt;
        });
    });
}

void toggleLocksOfSelection(Session& session) {
    auto& editor = session.recipe();
    const QList<int>& tensors = session.selection().tensors();
    const bool areLocked = std::ranges::all_of(tensors, [&](int tensor) {
        const auto* entry = editor.resolvedTensor(tensor);
        return !entry || !entry->quantizable || editor.isLocked(tensor);
    });
    editor.setLocked(tensors, !areLocked);
}

}  // namespace halftone::app
