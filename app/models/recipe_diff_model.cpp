// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/models/recipe_diff_model.h"

#include <algorithm>
#include <cstdlib>

#include "app/language/core_text.h"
#include "app/widgets/number_text.h"

namespace halftone::app {

namespace {

QString storageText(const Format& format, const MethodChoice& method) {
    const QString name = QString::fromStdString(format.displayName());
    return method.isDefault() ? name : QStringLiteral("%1 · %2").arg(name, methodName(method));
}

QString kldText(const std::optional<Estimate>& kld) {
    return kld ? numberText(kld->mean) : noValue();
}

}  // namespace

QString addedBytesText(int64_t bytes) {
    if (bytes == 0) return bytesText(0);
    return (bytes > 0 ? QStringLiteral("+") : QStringLiteral("−")) + bytesText(double(std::llabs(bytes)));
}

void RecipeDiffModel::setDifferences(std::vector<RecipeDifference> differences) {
    beginResetModel();
    m_differences = std::move(differences);
    std::stable_sort(m_differences.begin(), m_differences.end(), [](const auto& a, const auto& b) {
        return std::llabs(a.addedBytes()) > std::llabs(b.addedBytes());
    });
    endResetModel();
}

QString RecipeDiffModel::cell(int row, int column) const {
    const auto& difference = m_differences[size_t(row)];
    const auto& change = difference.change;
    switch (column) {
        case Name:
            return QString::fromStdString(change.tensor);
        case Before:
            return storageText(change.before, change.methodBefore);
        case After:
            return storageText(change.after, change.methodAfter);
        case BytesBefore:
            return bytesText(double(difference.bytesBefore));
        case BytesAfter:
            return bytesText(double(difference.bytesAfter));
        case Added:
            return addedBytesText(difference.addedBytes());
        case KldBefore:
            return kldText(difference.kldBefore);
        case KldAfter:
            return kldText(difference.kldAfter);
        default:
            return {};
    }
}

QString RecipeDiffModel::title(int column) const {
    switch (column) {
        case Name:
            return tr("name");
        case Before:
            return tr("from");
        case After:
            return tr("to");
        case BytesBefore:
            return tr("size from");
        case BytesAfter:
            return tr("size to");
        case Added:
            return tr("difference");
        case KldBefore:
            return tr("KLD alone from");
        case KldAfter:
            return tr("KLD alone to");
        default:
            return {};
    }
}

QString RecipeDiffModel::meaning(int column) const {
    if (column == KldBefore || column == KldAfter)
        return tr(
            "Divergence from the original when this tensor alone is stored so; known where Run > Measure "
            "sensitivity has tried it");
    return {};
}

}  // namespace halftone::app
