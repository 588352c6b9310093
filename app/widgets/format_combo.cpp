// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/widgets/format_combo.h"

#include <QComboBox>
#include <QCoreApplication>
#include <QMenu>

#include <algorithm>

#include "app/widgets/number_text.h"

namespace halftone::app {

namespace {

QString displayName(const Format& format) {
    return QString::fromStdString(format.displayName());
}

/// Plain types, GGUF block types, integers: menus draw a line between them.
int familyOf(const Format& format) {
    if (format.isInteger()) return 2;
    return dtypeInfo(format.storage()).isBlock() ? 1 : 0;
}

}  // namespace

QString formatMenuText(const Format& format) {
    return QCoreApplication::translate("Formats", "%1   %2 bits")
        .arg(displayName(format), numberText(format.bitsPerWeight()));
}

void fillWithFormats(QComboBox& combo) {
    int family = -1;
    for (const auto& format : offeredFormats()) {
        if (family >= 0 && familyOf(format) != family) combo.insertSeparator(combo.count());
        family = familyOf(format);
        combo.addItem(displayName(format), QString::fromStdString(format.name()));
        combo.setItemData(combo.count() - 1, formatMenuText(format), Qt::ToolTipRole);
    }
    combo.setMaxVisibleItems(24);
}

void fillWithFormats(QMenu& menu) {
    QMenu* integers[9] = {};
    int family = -1;
    for (const auto& format : offeredFormats()) {
        QMenu* target = &menu;
        if (format.isInteger()) {
            auto*& sub = integers[std::min<int>(format.integer().bits, 8)];
            if (!sub) {
                if (family != 2) menu.addSeparator();
                sub = menu.addMenu(QCoreApplication::translate("Formats", "INT%1").arg(format.integer().bits));
            }
            target = sub;
        } else if (family >= 0 && familyOf(format) != family) {
            menu.addSeparator();
        }
        family = familyOf(format);
        target->addAction(formatMenuText(format))->setData(QString::fromStdString(format.name()));
    }
}

Format formatWithBits(const Format& current, int bits) {
    if (current.isInteger()) {
        IntegerFormat integer = current.integer();
        integer.bits = uint8_t(std::clamp(bits, 2, 8));
        return Format::of(integer);
    }
    switch (bits) {
        case 4:
            return Format::of(DType::kQ4_K);
        case 5:
            return Format::of(DType::kQ5_K);
        case 6:
            return Format::of(DType::kQ6_K);
        case 8:
            return Format::of(DType::kQ8_0);
        default:
            break;
    }
    return Format::of(IntegerFormat{uint8_t(std::clamp(bits, 2, 8)), false, Granularity::kGroup, 64});
}

}  // namespace halftone::app
