// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/widgets/format_combo.h"

#include <QComboBox>
#include <QCoreApplication>
#include <QMap>
#include <QMenu>
#include <QStandardItemModel>

#include <algorithm>
#include <array>

#include "app/language/core_text.h"
#include "app/widgets/number_text.h"
#include "core/recipe/hardware_target.h"

namespace halftone::app {

namespace {

QString displayName(const Format& format) {
    return QString::fromStdString(format.displayName());
}

/// Plain types, GGUF block types, parametric families: menus draw a line between them.
int kindOf(const Format& format) {
    return format.isPlain() ? -1 : int(format.family());
}

/// The submenu that holds a format of a parametric family.
QString submenuTitle(const Format& format) {
    if (format.isInteger()) return QCoreApplication::translate("Formats", "INT%1").arg(format.integer().bits);
    if (format.isCodebook()) return QCoreApplication::translate("Formats", "K-means");
    const LevelTableInfo& table = levelTable(format.level().table);
    if (table.fields.mantissaBits > 0) return QCoreApplication::translate("Formats", "FP%1").arg(table.bits);
    return table.rule == ScaleRule::kMeanMagnitude ? QCoreApplication::translate("Formats", "Ternary and binary")
                                                   : QCoreApplication::translate("Formats", "Uneven levels");
}

/// Marks the entry of a format that is not offered.
constexpr int kUnlistedRole = Qt::UserRole + 1;

/// `format` with the extras of `from`, where they go with it.
Format withExtrasOf(const Format& format, const Format& from) {
    return extrasObstacle(format, from.extras()).empty() ? format.with(from.extras()) : format;
}

}  // namespace

void chooseFormat(QComboBox& combo, const QString& name) {
    for (int i = combo.count() - 1; i >= 0; --i) {
        if (combo.itemData(i, kUnlistedRole).toBool()) combo.removeItem(i);
    }
    int index = combo.findData(name);
    const auto format = Format::parse(name.toStdString());
    if (index < 0 && format) {
        index = combo.itemData(0).toString().isEmpty() ? 1 : 0;
        combo.insertItem(index, displayName(*format), name);
        combo.setItemData(index, true, kUnlistedRole);
        combo.setItemData(index, formatMenuText(*format), Qt::ToolTipRole);
    }
    combo.setCurrentIndex(index);
}

QString formatMenuText(const Format& format) {
    return QCoreApplication::translate("Formats", "%1   %2 bits")
        .arg(displayName(format), numberText(format.bitsPerWeight()));
}

void fillWithFormats(QComboBox& combo) {
    int kind = kindOf(offeredFormats().front());
    for (const auto& format : offeredFormats()) {
        if (kindOf(format) != kind) combo.insertSeparator(combo.count());
        kind = kindOf(format);
        combo.addItem(displayName(format), QString::fromStdString(format.name()));
        combo.setItemData(combo.count() - 1, formatMenuText(format), Qt::ToolTipRole);
    }
    combo.setMaxVisibleItems(24);
}

void fillWithFormats(QMenu& menu) {
    QMap<QString, QMenu*> submenus;
    int kind = kindOf(offeredFormats().front());
    for (const auto& format : offeredFormats()) {
        if (kindOf(format) != kind) menu.addSeparator();
        kind = kindOf(format);
        QMenu* target = &menu;
        if (!format.isStorage()) {
            QMenu*& submenu = submenus[submenuTitle(format)];
            if (!submenu) submenu = menu.addMenu(submenuTitle(format));
            target = submenu;
        }
        target->addAction(formatMenuText(format))->setData(QString::fromStdString(format.name()));
    }
}

namespace {

/// The tooltip of a format's entry; `isTaken` is whether it can be chosen.
QString entryToolTip(const Format& format, const HardwareTarget* target, bool& isTaken) {
    const std::string obstacle = target ? targetObstacle(*target, format) : std::string();
    isTaken = obstacle.empty();
    return isTaken ? formatMenuText(format) : coreText(obstacle);
}

}  // namespace

void markFormats(QComboBox& combo, const HardwareTarget* target) {
    auto* items = qobject_cast<QStandardItemModel*>(combo.model());
    for (int i = 0; items && i < combo.count(); ++i) {
        const auto format = Format::parse(combo.itemData(i).toString().toStdString());
        if (!format) continue;
        bool isTaken = true;
        combo.setItemData(i, entryToolTip(*format, target, isTaken), Qt::ToolTipRole);
        items->item(i)->setEnabled(isTaken);
    }
}

void markFormats(QMenu& menu, const HardwareTarget* target) {
    menu.setToolTipsVisible(true);
    for (auto* action : menu.actions()) {
        if (action->menu()) {
            markFormats(*action->menu(), target);
            continue;
        }
        const auto format = Format::parse(action->data().toString().toStdString());
        if (action->isSeparator() || !format) continue;
        bool isTaken = true;
        const QString tip = entryToolTip(*format, target, isTaken);
        action->setToolTip(isTaken ? QString() : tip);
        action->setEnabled(isTaken);
    }
}

std::optional<Format> formatWithBits(const Format& current, int bits, const HardwareTarget* target, int64_t cols) {
    const auto isTaken = [&](const Format& format) {
        return format.fitsRow(cols) && (!target || targetObstacle(*target, format).empty());
    };
    const Format usual = formatWithBits(current, bits);
    if (isTaken(usual)) return usual;
    // Rows that blocks of 256 do not fill have blocks of 32 of the same width.
    for (const DType narrow : {DType::kIQ4_NL, DType::kQ4_0, DType::kQ5_0}) {
        const Format format = Format::of(narrow);
        if (usual.isStorage() && int(format.bitsPerWeight()) == bits && isTaken(format))
            return withExtrasOf(format, current);
    }
    const auto fits = [&](const Format& format) {
        const int codes = format.isStorage() ? int(format.bitsPerWeight()) : format.codeBits();
        return codes == bits && isTaken(format);
    };
    const auto found = std::ranges::find_if(offeredFormats(), fits);
    if (found != offeredFormats().end()) return *found;
    return target ? std::nullopt : std::optional(usual);
}

Format formatWithBits(const Format& current, int bits) {
    if (current.isInteger()) {
        IntegerFormat integer = current.integer();
        integer.bits = uint8_t(std::clamp(bits, 2, 8));
        return withExtrasOf(Format::of(integer), current);
    }
    switch (bits) {
        case 4:
            return withExtrasOf(Format::of(DType::kQ4_K), current);
        case 5:
            return withExtrasOf(Format::of(DType::kQ5_K), current);
        case 6:
            return withExtrasOf(Format::of(DType::kQ6_K), current);
        case 8:
            return withExtrasOf(Format::of(DType::kQ8_0), current);
        default:
            break;
    }
    return withExtrasOf(Format::of(IntegerFormat{uint8_t(std::clamp(bits, 2, 8)), false, Granularity::kGroup, 64}),
                        current);
}

std::optional<Format> formatWithGroupSize(const Format& current, int size) {
    if (current.isStorage() || current.isCodebook() || current.granularity() != Granularity::kGroup)
        return std::nullopt;
    if (current.isInteger()) {
        IntegerFormat integer = current.integer();
        integer.groupSize = uint16_t(size);
        return withExtrasOf(Format::of(integer), current);
    }
    LevelFormat level = current.level();
    level.groupSize = uint16_t(size);
    return isLegal(level) ? std::optional(withExtrasOf(Format::of(level), current)) : std::nullopt;
}

std::span<const int> groupSizes() {
    static constexpr std::array kSizes{16, 32, 64, 128, 256};
    return kSizes;
}

}  // namespace halftone::app
