// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/models/candidate_model.h"

#include <QFont>

#include <algorithm>

#include "app/widgets/number_text.h"

namespace halftone::app {

namespace {

QVariant alignmentOf(int column) {
    const auto side = column == CandidateModel::FormatColumn ? Qt::AlignLeft : Qt::AlignRight;
    return QVariant::fromValue(Qt::Alignment(side | Qt::AlignVCenter));
}

QString textOf(const Candidate& candidate, int column) {
    switch (column) {
        case CandidateModel::FormatColumn:
            return QString::fromStdString(candidate.format.displayName());
        case CandidateModel::Bits:
            return numberText(candidate.bitsPerWeight);
        case CandidateModel::Size:
            return bytesText(double(candidate.bytes));
        case CandidateModel::RelativeError:
            return numberText(candidate.distortion.relativeMse());
        case CandidateModel::Sqnr:
            // What loses nothing has an infinite ratio.
            return candidate.distortion.sumSquaredError > 0
                       ? CandidateModel::tr("%1 dB").arg(fixedText(candidate.distortion.sqnrDb(), 1))
                       : CandidateModel::tr("exact");
        default:
            return {};
    }
}

}  // namespace

void CandidateModel::clear() {
    beginResetModel();
    m_candidates.clear();
    endResetModel();
}

void CandidateModel::add(const Candidate& candidate) {
    const auto place = std::upper_bound(m_candidates.begin(), m_candidates.end(), candidate,
                                        [](const auto& a, const auto& b) { return a.bytes < b.bytes; });
    const int row = int(place - m_candidates.begin());
    beginInsertRows({}, row, row);
    m_candidates.insert(place, candidate);
    endInsertRows();
}

void CandidateModel::setCurrent(const std::optional<Format>& format) {
    m_current = format;
    if (!m_candidates.empty()) emit dataChanged(index(0, 0), index(rowCount() - 1, ColumnCount - 1));
}

int CandidateModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : int(m_candidates.size());
}

int CandidateModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : int(ColumnCount);
}

QVariant CandidateModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid() || size_t(index.row()) >= m_candidates.size()) return {};
    const auto& candidate = m_candidates[size_t(index.row())];
    if (role == Qt::DisplayRole) return textOf(candidate, index.column());
    if (role == Qt::TextAlignmentRole) return alignmentOf(index.column());
    if (role == Qt::FontRole && m_current && candidate.format == *m_current) {
        QFont font;
        font.setBold(true);
        return font;
    }
    return {};
}

QVariant CandidateModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal) return {};
    if (role == Qt::TextAlignmentRole) return alignmentOf(section);
    if (role != Qt::DisplayRole) return {};
    switch (section) {
        case FormatColumn:
            return tr("format");
        case Bits:
            return tr("bits");
        case Size:
            return tr("size");
        case RelativeError:
            return tr("rel. error");
        case Sqnr:
            return tr("SQNR");
        default:
            return {};
    }
}

}  // namespace halftone::app
