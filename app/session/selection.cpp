// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/session/selection.h"

#include <algorithm>

namespace halftone::app {

bool Selection::contains(int tensor) const {
    return std::binary_search(m_tensors.begin(), m_tensors.end(), tensor);
}

void Selection::select(QList<int> tensors, int current) {
    std::sort(tensors.begin(), tensors.end());
    tensors.erase(std::unique(tensors.begin(), tensors.end()), tensors.end());
    if (!tensors.contains(current)) current = tensors.isEmpty() ? -1 : tensors.first();
    if (tensors == m_tensors && current == m_current) return;
    m_tensors = std::move(tensors);
    m_current = current;
    emit changed();
}

void Selection::setHovered(int tensor) {
    if (tensor == m_hovered) return;
    m_hovered = tensor;
    emit hoveredChanged(tensor);
}

void Selection::selectChannels(QList<int> channels) {
    std::sort(channels.begin(), channels.end());
    channels.erase(std::unique(channels.begin(), channels.end()), channels.end());
    if (channels == m_channels) return;
    m_channels = std::move(channels);
    emit channelsChanged();
}

void Selection::clear() {
    setHovered(-1);
    select({});
    selectChannels({});
}

}  // namespace halftone::app
