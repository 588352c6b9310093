// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/formats/packed_layout.h"

#include "core/base/checked.h"
#include "core/base/error.h"

namespace halftone {

PackedLayout PackedLayout::of(const Format& format, int64_t cols) {
    HT_CHECK(format.fitsRow(cols));
    PackedLayout layout;
    layout.format = format;
    layout.cols = cols;
    if (!format.isInteger()) {
        const DTypeInfo& info = dtypeInfo(format.storage());
        layout.groupSize = info.blockElements;
        layout.rowBytes = ceilDiv(cols / info.blockElements * info.blockBits, 8);
        return layout;
    }
    const IntegerFormat& integer = format.integer();
    layout.groupSize = integer.granularity == Granularity::kGroup ? integer.groupSize : cols;
    layout.groupsPerRow = ceilDiv(cols, layout.groupSize);
    layout.scaleOffset = roundUp(ceilDiv(cols * integer.bits, 8), 4);
    layout.rowBytes = layout.scaleOffset + roundUp(2 * layout.groupsPerRow, 4);
    if (!integer.symmetric) {
        layout.zeroOffset = layout.rowBytes;
        layout.rowBytes += roundUp(layout.groupsPerRow, 4);
    }
    return layout;
}

}  // namespace halftone
