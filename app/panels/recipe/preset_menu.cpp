// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/panels/recipe/preset_menu.h"

#include <algorithm>
#include <functional>

#include <QCoreApplication>
#include <QDir>
#include <QMenu>

#include "app/language/core_text.h"
#include "app/session/resources.h"
#include "app/session/session.h"
#include "app/widgets/number_text.h"
#include "core/recipe/hardware_target.h"
#include "core/recipe/stock_mix.h"

namespace halftone::app {
namespace {

struct Preset {
    QString name;
    Recipe recipe;
};

// A line of the menu and what it stands for with the open checkpoint.
struct Entry {
    QAction* action = nullptr;
    QString name;
    std::function<Recipe()> recipe;
    QString meaning{};
};

struct Texts {
    Q_DECLARE_TR_FUNCTIONS(PresetMenu)
};

QString fromView(std::string_view text) {
    return QString::fromUtf8(text.data(), qsizetype(text.size()));
}

QList<Preset> presets() {
    QList<Preset> list;
    const QDir folder(resourcePath(QStringLiteral("presets")));
    for (const auto& file : folder.entryInfoList({QStringLiteral("*.recipe")}, QDir::Files, QDir::Name)) {
        auto recipe = Recipe::load(file.filePath().toStdString());
        if (!recipe) continue;
        const QString name = recipe->name.empty() ? file.completeBaseName() : coreText(recipe->name);
        list.append({name, std::move(*recipe)});
    }
    const auto bits = [](const Preset& preset) {
        return preset.recipe.defaultFormat ? preset.recipe.defaultFormat->bitsPerWeight() : 0;
    };
    std::ranges::stable_sort(list, {}, bits);
    return list;
}

void take(Session& session, Recipe recipe) {
    const auto name = [of = recipe.name] { return Texts::tr("Load the recipe “%1”").arg(coreText(of)); };
    session.recipe().apply(std::move(recipe), name);
}

Recipe recipeOf(const Session& session, const StockMix& mix) {
    return stockMixRecipe(mix, session.checkpoint()->tensors(), session.usesImportance());
}

// Why the target cannot take one of the recipe's formats; empty: it takes all.
QString obstacleOf(const Recipe& recipe, Session& session) {
    QString obstacle;
    if (recipe.defaultFormat) obstacle = session.recipe().targetObstacleOf(*recipe.defaultFormat);
    for (const RecipeRule& rule : recipe.rules)
        if (obstacle.isEmpty()) obstacle = session.recipe().targetObstacleOf(rule.format);
    return obstacle;
}

// The recipe that a target suggests, at the top of the menu while there is a target.
void addSuggestion(QMenu& menu, Session& session) {
    auto* action = menu.addAction(QString(), &session, [&session] {
        const auto* target = session.recipe().target();
        if (!target || !session.checkpoint()) return;
        Recipe recipe = Recipe::pure(*Format::parse(target->suggested));
        recipe.name = recipe.defaultFormat->displayName();
        take(session, std::move(recipe));
    });
    action->setObjectName(QStringLiteral("suggestedByTarget"));
    action->setVisible(false);
    QObject::connect(&menu, &QMenu::aboutToShow, &session, [action, &session] {
        const auto* target = session.recipe().target();
        action->setVisible(target != nullptr);
        if (!target) return;
        const QString format = QString::fromStdString(Format::parse(target->suggested)->displayName());
        action->setText(Texts::tr("%1, for the target %2").arg(format, coreText(target->name)));
        action->setToolTip(coreText(target->sentence));
    });
}

// What each recipe comes to for the open checkpoint, where menus show shortcuts.
void showSizes(const QList<Entry>& entries, Session& session) {
    if (!session.checkpoint()) return;
    const auto tensors = session.checkpoint()->tensors();
    for (const Entry& entry : entries) {
        const Recipe recipe = entry.recipe();
        const QString obstacle = obstacleOf(recipe, session);
        entry.action->setEnabled(obstacle.isEmpty());
        entry.action->setToolTip(obstacle.isEmpty() ? entry.meaning : obstacle);
        const RecipeTotals totals = resolve(recipe, tensors).totals;
        entry.action->setText(Texts::tr("%1\t%2 bits  %3")
                                  .arg(entry.name)
                                  .arg(totals.bitsPerWeight(), 0, 'f', 2)
                                  .arg(bytesText(double(totals.bytes))));
    }
}

Entry addEntry(QMenu& menu, Session& session, const QString& name, const std::function<Recipe()>& recipe) {
    auto* action = menu.addAction(name, &session, [&session, recipe] {
        if (session.checkpoint()) take(session, recipe());
    });
    return {action, name, recipe, {}};
}

void fillWithMixes(QMenu& menu, Session& session) {
    menu.setToolTipsVisible(true);
    QList<Entry> entries;
    for (const StockMix& mix : stockMixes()) {
        entries.append(
            addEntry(menu, session, fromView(mix.displayName), [&session, &mix] { return recipeOf(session, mix); }));
        entries.back().action->setObjectName(fromView(mix.name));
        entries.back().meaning = coreText(mix.sentence);
        entries.back().action->setToolTip(entries.back().meaning);
    }
    QObject::connect(&menu, &QMenu::aboutToShow, &session, [entries, &session] { showSizes(entries, session); });
}

}  // namespace

void fillWithPresets(QMenu& menu, Session& session) {
    menu.setToolTipsVisible(true);
    addSuggestion(menu, session);
    fillWithMixes(*menu.addMenu(Texts::tr("Known mixtures, as llama-quantize makes them")), session);
    menu.addSeparator();
    QList<Entry> entries;
    for (const Preset& preset : presets())
        entries.append(addEntry(menu, session, preset.name, [recipe = preset.recipe] { return recipe; }));
    QObject::connect(&menu, &QMenu::aboutToShow, &session, [entries, &session] { showSizes(entries, session); });
}

void loadPreset(Session& session, const QString& path) {
    auto recipe = Recipe::load(path.toStdString());
    if (!recipe) return session.messages().fail([] { return Texts::tr("Recipe"); }, recipe.error());
    take(session, std::move(*recipe));
}

}  // namespace halftone::app
