// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/widgets/device_button.h"

#include <QActionGroup>
#include <QMenu>
#include <QPainter>
#include <QStringList>

#include "app/session/device_service.h"
#include "app/widgets/menu_button.h"
#include "app/widgets/number_text.h"
#include "app/widgets/theme.h"

namespace halftone::app {

namespace {

QIcon dot(const QColor& color, qreal ratio) {
    QPixmap pixmap(QSize(12, 12) * ratio);
    pixmap.setDevicePixelRatio(ratio);
    pixmap.fill(Qt::transparent);
    QPainter painter(&pixmap);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(color);
    painter.drawEllipse(QPointF(6, 6), 4, 4);
    return QIcon(pixmap);
}

}  // namespace

DeviceButton::DeviceButton(DeviceService& devices, QWidget* parent) : QToolButton(parent), m_devices(devices) {
    setObjectName(QStringLiteral("deviceButton"));
    setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    openMenuWith(*this, new QMenu(this));
    connect(menu(), &QMenu::aboutToShow, this, &DeviceButton::fillMenu);
    connect(&m_devices, &DeviceService::changed, this, &DeviceButton::refresh);
    refresh();
}

void DeviceButton::refresh() {
    const auto& decision = m_devices.decision();
    const bool asWished = m_devices.choice() == QLatin1String("auto") || m_devices.choice() == decision.id;
    const auto colors = themeColors(palette());
    setIcon(dot(asWished ? colors.ok : colors.stale, devicePixelRatioF()));
    QStringList shown{decision.name};
    QStringList sentences{tr("Models run on %1 (%2). %3").arg(decision.name, decision.id, decision.reason)};
    if (const int64_t limit = m_devices.effectiveMemoryLimit(); limit > 0) {
        shown << tr("≤ %1").arg(bytesText(double(limit)));
        sentences << tr("At most %1 of its memory are taken.").arg(bytesText(double(limit)));
    }
    const bool isVulkan = decision.id.startsWith(QLatin1String("vulkan"));
    if (const int64_t streamed = m_devices.streamedBytes(); isVulkan && streamed > 0) {
        shown << tr("streams");
        sentences << tr("In the last run %1 of weights did not fit and came from RAM block by block.")
                         .arg(bytesText(double(streamed)));
    }
    setText(shown.join(QStringLiteral(" · ")));
    setToolTip(sentences.join(QLatin1Char(' ')));
    setAccessibleName(tr("Device: %1").arg(text()));
}

void DeviceButton::fillMenu() {
    menu()->clear();
    auto* group = new QActionGroup(menu());
    const auto add = [&](const QString& text, const QString& id, bool usable) {
        auto* action = menu()->addAction(text);
        action->setCheckable(true);
        action->setChecked(m_devices.choice() == id);
        action->setEnabled(usable);
        group->addAction(action);
        connect(action, &QAction::triggered, this, [this, id] { m_devices.setChoice(id); });
        return action;
    };
    add(tr("Automatic"), QStringLiteral("auto"), true);
    menu()->addSeparator();
    for (const auto& entry : m_devices.entries()) {
        const QString detail = entry.usable ? entry.detail : entry.whyNot;
        add(detail.isEmpty() ? entry.name : QStringLiteral("%1 — %2").arg(entry.name, detail), entry.id, entry.usable);
    }
    menu()->addSeparator();
    menu()->addAction(tr("Look for devices again"), &m_devices, &DeviceService::refresh);
}

}  // namespace halftone::app
