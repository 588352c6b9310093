// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/panels/recipe/preset_menu.h"

#include <algorithm>

#include <QCoreApplication>
#include <QDir>
#include <QMenu>

#include "app/session/resources.h"
#include "app/session/session.h"
#include "core/recipe/stock_mix.h"

namespace halftone::app {
namespace {

struct Preset {
    QString name, path;
    double bits = 0;
};

QString tr(const char* text) {
    return QCoreApplication::translate("PresetMenu", text);
}

QString fromView(std::string_view text) {
    return QString::fromUtf8(text.data(), qsizetype(text.size()));
}

QList<Preset> presets() {
    QList<Preset> list;
    const QDir folder(resourcePath(QStringLiteral("presets")));
    for (const auto& file : folder.entryInfoList({QStringLiteral("*.recipe")}, QDir::Files, QDir::Name)) {
        const auto recipe = Recipe::load(file.filePath().toStdString());
        if (!recipe) continue;
        list.append({recipe->name.empty() ? file.completeBaseName() : QString::fromStdString(recipe->name),
                     file.filePath(), recipe->defaultFormat ? recipe->defaultFormat->bitsPerWeight() : 0});
    }
    std::ranges::stable_sort(list, {}, &Preset::bits);
    return list;
}

void take(Session& session, Recipe recipe) {
    const QString name = tr("Load the recipe “%1”").arg(QString::fromStdString(recipe.name));
    session.recipe().apply(std::move(recipe), name);
}

void takeMix(Session& session, const StockMix& mix) {
    if (!session.checkpoint()) return;
    const bool withImportance = session.usesCalibration() && session.calibration().hasData();
    take(session, stockMixRecipe(mix, session.checkpoint()->tensors(), withImportance));
}

}  // namespace

void fillWithPresets(QMenu& menu, Session& session) {
    menu.setToolTipsVisible(true);
    auto* mixes = menu.addMenu(tr("Known mixtures, as llama-quantize makes them"));
    mixes->setToolTipsVisible(true);
    for (const StockMix& mix : stockMixes()) {
        auto* action =
            mixes->addAction(fromView(mix.displayName), &session, [&session, mix] { takeMix(session, mix); });
        action->setObjectName(fromView(mix.name));
        action->setToolTip(fromView(mix.sentence));
    }
    menu.addSeparator();
    for (const Preset& preset : presets()) {
        menu.addAction(preset.name, &session, [&session, path = preset.path] { loadPreset(session, path); });
    }
}

void loadPreset(Session& session, const QString& path) {
    auto recipe = Recipe::load(path.toStdString());
    if (!recipe) return session.messages().fail(tr("Recipe"), recipe.error());
    take(session, std::move(*recipe));
}

}  // namespace halftone::app
