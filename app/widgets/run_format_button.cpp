// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/widgets/run_format_button.h"

#include <QActionGroup>
#include <QMenu>

#include "app/language/core_text.h"

namespace halftone::app {

namespace {

const QString kStaticRounding = QStringLiteral("int8-static");

}  // namespace

RunFormatButton::RunFormatButton(QWidget* parent)
    : QToolButton(parent), m_cache(new QActionGroup(this)), m_activations(new QActionGroup(this)) {
    setObjectName(QStringLiteral("runFormat"));
    setPopupMode(QToolButton::InstantPopup);
    setToolTip(
        tr("How the recipe is run: attention cache and activations as production rounds them. The original keeps "
           "all of both, so that the divergence is that of everything together."));
    createMenu();
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
        group->actions().constFirst()->setChecked(true);
        for (auto* action : group->actions()) action->setProperty("meaning", action->toolTip());
        connect(group, &QActionGroup::triggered, this, [this] {
            refresh();
            emit changed();
        });
    }
    setMenu(menu);
}

RunFormat RunFormatButton::format() const {
    const auto name = [](const QActionGroup& group) { return group.checkedAction()->data().toString().toStdString(); };
    RunFormat format;
    format.cache = CacheFormat::parse(name(*m_cache)).value_or(CacheFormat{});
    format.activations = ActivationFormat::parse(name(*m_activations)).value_or(ActivationFormat{});
    return format;
}

void RunFormatButton::setFormat(const RunFormat& format) {
    check(*m_cache, QString::fromStdString(format.cache.name()));
    const auto rounding = format.activations.name();
    check(*m_activations, QString::fromUtf8(rounding.data(), qsizetype(rounding.size())));
    refresh();
}

void RunFormatButton::check(QActionGroup& group, const QString& name) {
    for (auto* action : group.actions()) {
        if (action->data().toString() == name) return action->setChecked(true);
    }
    group.actions().constFirst()->setChecked(true);
}

void RunFormatButton::setConditions(const std::optional<ModelConfig>& model, bool hasCalibration) {
    const RunFormat before = format();
    const auto allow = [](QAction& action, const QString& obstacle) {
        action.setEnabled(obstacle.isEmpty());
        action.setToolTip(obstacle.isEmpty() ? action.property("meaning").toString() : obstacle);
    };
    for (auto* action : m_cache->actions()) {
        const auto cache = CacheFormat::parse(action->data().toString().toStdString());
        const Status fits = model && cache ? checkCacheFormat(*model, *cache) : Status{};
        allow(*action, fits ? QString() : errorText(fits.error()));
        if (!fits && action->isChecked()) check(*m_cache, QString());
    }
    for (auto* action : m_activations->actions()) {
        const bool fits = action->data().toString() != kStaticRounding || hasCalibration;
        allow(*action,
              fits ? QString() : tr("Needs a calibration run, which finds the largest inputs of every layer."));
        if (!fits && action->isChecked()) check(*m_activations, QString());
    }
    refresh();
    if (format().name() != before.name()) emit changed();
}

void RunFormatButton::refresh() {
    const RunFormat chosen = format();
    QStringList parts;
    if (!chosen.cache.isFull()) parts << tr("cache %1").arg(QString::fromStdString(chosen.cache.name()).toUpper());
    if (!chosen.activations.isFull()) {
        const auto rounding = chosen.activations.name();
        parts << tr("activations %1").arg(QString::fromUtf8(rounding.data(), qsizetype(rounding.size())).toUpper());
    }
    setText(parts.isEmpty() ? tr("all kept") : parts.join(QStringLiteral(" · ")));
    setAccessibleName(tr("How the recipe is run: %1").arg(text()));
}

}  // namespace halftone::app
