// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/formats/packed_layout.h"

#include "core/base/checked.h"
#include "core/base/error.h"
#include "core/quant/formats/group_scale.h"

namespace halftone {

PackedLayout PackedLayout::of(const Format& format, int64_t cols) {
    HT_CHECK(format.fitsRow(cols));
    PackedLayout layout;
    layout.format = format.base();
    layout.cols = cols;
    if (format.isStorage()) {
        const DTypeInfo& info = dtypeInfo(format.storage());
        layout.groupSize = info.blockElements;
        layout.rowBytes = ceilDiv(cols / info.blockElements * info.blockBits, 8);
        return layout;
    }
    layout.groupSize = format.groupSize() > 0 ? format.groupSize() : cols;
    layout.groupsPerRow = ceilDiv(cols, layout.groupSize);
    layout.scaleOffset = roundUp(ceilDiv(cols * format.codeBits(), 8), 4);
    if (format.isCodebook()) {
        layout.rowBytes = layout.scaleOffset + (int64_t{2} << format.codebook().bits);
        return layout;
    }
    const int64_t scaleSection = scaleSectionBytes(format.scaleType(), layout.groupsPerRow);
    layout.rowBytes = layout.scaleOffset + scaleSection;
    if (format.isInteger() && !format.integer().symmetric) {
        layout.zeroOffset = layout.rowBytes;
        layout.rowBytes += format.integer().floatZero ? scaleSection : roundUp(layout.groupsPerRow, 4);
    }
    return layout;
}

}  // namespace halftone
