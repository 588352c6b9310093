// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/widgets/run_format_button.h"

#include <QActionGroup>
#include <QMenu>

#include "app/language/core_text.h"
#include "app/session/run_choice.h"
#include "app/widgets/menu_button.h"

namespace halftone::app {

namespace {

const QString kStaticRounding = QStringLiteral("int8-static");

}  // namespace

RunFormatButton::RunFormatButton(RunChoice& choice, QWidget* parent)
    : QToolButton(parent), m_choice(choice), m_cache(new QActionGroup(this)), m_activations(new QActionGroup(this)) {
    setObjectName(QStringLiteral("runFormat"));
    setToolTip(
        tr("How the recipe is run: attention cache and activations as production rounds them. The original keeps "
           "all of both, so that the divergence is that of everything together."));
    // The memory panel may choose a pair of types that has no line here.
    m_cache->setExclusionPolicy(QActionGroup::ExclusionPolicy::ExclusiveOptional);
    createMenu();
    connect(&m_choice, &RunChoice::changed, this, &RunFormatButton::refresh);
    refresh();
}

void RunFormatButton::createMenu() {
    auto* menu = new QMenu(this);
    menu->setToolTipsVisible(true);
    const auto add = [menu](QActionGroup* group, const QString& text, const QString& name, const QString& tip) {
        auto* action = menu->addAction(text);
        action->setObjectName(name);
        action->setData(name);
        action->setCheckable(true);
        action->setToolTip(tip);
        group->addAction(action);
    };
    const QString smaller = tr("Keys and values are rounded as llama.cpp rounds them");
    menu->addSection(tr("Attention cache"));
    add(m_cache, tr("F32: all of it"), QStringLiteral("f32"), tr("Nothing is rounded"));
    add(m_cache, QStringLiteral("F16"), QStringLiteral("f16"), smaller);
    add(m_cache, QStringLiteral("Q8_0"), QStringLiteral("q8_0"), smaller);
    add(m_cache, tr("K Q8_0, V Q4_0"), QStringLiteral("k=q8_0,v=q4_0"), smaller);
    add(m_cache, QStringLiteral("Q4_0"), QStringLiteral("q4_0"), smaller);
    menu->addSection(tr("Activations"));
    add(m_activations, tr("as they are"), QStringLiteral("none"), tr("Nothing is rounded"));
    add(m_activations, tr("INT8, a scale for each token"), QStringLiteral("int8"),
        tr("W8A8 and W4A8 runtimes: the largest magnitude of a token is 127"));
    add(m_activations, tr("INT8, one scale for each layer"), kStaticRounding,
        tr("The largest magnitude that the calibration saw is 127; larger ones are clipped"));
    add(m_activations, tr("FP8 E4M3, a scale for each token"), QStringLiteral("fp8"),
        tr("The largest magnitude of a token is 448"));
    for (auto* group : {m_cache, m_activations}) {
        for (auto* action : group->actions()) action->setProperty("meaning", action->toolTip());
    }
    connect(menu, &QMenu::triggered, this, [this](const QAction* action) { take(*action); });
    openMenuWith(*this, menu);
}

void RunFormatButton::take(const QAction& action) {
    RunFormat format = m_choice.format();
    const std::string name = action.data().toString().toStdString();
    if (action.actionGroup() == m_cache) {
        format.cache = CacheFormat::parse(name).value_or(CacheFormat{});
    } else {
        format.activations = ActivationFormat::parse(name).value_or(ActivationFormat{});
    }
    m_choice.setFormat(format);
    refresh();  // the line that was chosen stays checked when it is chosen again
}

void RunFormatButton::setConditions(const std::optional<ModelConfig>& model, bool hasCalibration) {
    const auto allow = [](QAction& action, const QString& obstacle) {
        action.setEnabled(obstacle.isEmpty());
        action.setToolTip(obstacle.isEmpty() ? action.property("meaning").toString() : obstacle);
    };
    for (auto* action : m_cache->actions()) {
        const auto cache = CacheFormat::parse(action->data().toString().toStdString());
        const Status fits = model && cache ? checkCacheFormat(*model, *cache) : Status{};
        allow(*action, fits ? QString() : errorText(fits.error()));
    }
    for (auto* action : m_activations->actions()) {
        const bool fits = action->data().toString() != kStaticRounding || hasCalibration;
        allow(*action,
              fits ? QString() : tr("Needs a calibration run, which finds the largest inputs of every layer."));
    }
    RunFormat format = m_choice.format();
    if (model && !checkCacheFormat(*model, format.cache)) format.cache = {};
    if (format.activations.rounding == ActivationRounding::kInt8Static && !hasCalibration) format.activations = {};
    m_choice.setFormat(format);
}

void RunFormatButton::refresh() {
    const RunFormat& chosen = m_choice.format();
    const auto check = [](const QActionGroup& group, const QString& name) {
        for (auto* action : group.actions()) action->setChecked(action->data().toString() == name);
    };
    const auto rounding = chosen.activations.name();
    const QString roundingName = QString::fromUtf8(rounding.data(), qsizetype(rounding.size()));
    check(*m_cache, QString::fromStdString(chosen.cache.name()));
    check(*m_activations, roundingName);
    QStringList parts;
    if (!chosen.cache.isFull()) parts << tr("cache %1").arg(QString::fromStdString(chosen.cache.name()).toUpper());
    if (!chosen.activations.isFull()) parts << tr("activations %1").arg(roundingName.toUpper());
    setText(parts.isEmpty() ? tr("all kept") : parts.join(QStringLiteral(" · ")));
    setAccessibleName(tr("How the recipe is run: %1").arg(text()));
}

}  // namespace halftone::app
