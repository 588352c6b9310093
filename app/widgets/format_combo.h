// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

#include <optional>
#include <span>

#include "core/quant/formats/format.h"

class QComboBox;
class QMenu;

namespace halftone {
struct HardwareTarget;
}

namespace halftone::app {

/// Adds the offered formats, their names as data, with their bits per weight; families are set apart.
void fillWithFormats(QComboBox& combo);
/// The same as submenus; actions carry the format's name as data.
void fillWithFormats(QMenu& menu);
/// Chooses the entry of a format; one that is not offered gets an entry of its own, above the others. Empty: the entry
/// without a format, where there is one.
void chooseFormat(QComboBox& combo, const QString& name);
/// Greys out what the target does not take, with the sentence as tooltip; null: nothing. Menus and combo boxes that
/// fillWithFormats() filled.
void markFormats(QComboBox& combo, const HardwareTarget* target);
void markFormats(QMenu& menu, const HardwareTarget* target);
/// "Q4_K  4.50 bits".
[[nodiscard]] QString formatMenuText(const Format& format);
/// The format of about so many bits that is closest in kind to `current`: the integer family keeps its granularity, all
/// others take the GGUF block type (or, where there is none of that width, asymmetric integers in groups of 64).
[[nodiscard]] Format formatWithBits(const Format& current, int bits);
/// The same among the formats that the target takes (null: any machine) and that rows of `cols` values can have, of about
/// so many bits; nullopt where the target has none. Rows that nothing fits get what formatWithBits() says.
[[nodiscard]] std::optional<Format> formatWithBits(const Format& current, int bits, const HardwareTarget* target,
                                                   int64_t cols);
/// The same format with groups of another size; nullopt where it has no groups, or none of that size.
[[nodiscard]] std::optional<Format> formatWithGroupSize(const Format& current, int size);
/// The sizes that formats with groups can have.
[[nodiscard]] std::span<const int> groupSizes();

}  // namespace halftone::app
