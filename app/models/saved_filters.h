// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractListModel>
#include <QList>
#include <QString>

namespace halftone::app {

/// A filter of the tensor table under a name.
struct SavedFilter {
    QString name;
    QString expression;
    bool isBuiltIn = false;  ///< comes with the program and cannot be deleted
    bool operator==(const SavedFilter&) const = default;
};

/// The filters that come with the program, then those of the person by name. Their own are kept in the settings as soon
/// as they change.
class SavedFilters : public QAbstractListModel {
    Q_OBJECT

  public:
    enum Role { ExpressionRole = Qt::UserRole + 1, BuiltInRole };

    explicit SavedFilters(QObject* parent = nullptr);

    [[nodiscard]] const QList<SavedFilter>& filters() const { return m_filters; }
    /// Under the name of one of the person's filters it takes that one's place. False, and nothing is kept, where the
    /// name or the expression is empty or the name is one of the program's.
    bool add(const QString& name, const QString& expression);
    /// False for a row that cannot be deleted.
    bool remove(int row);

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;

  private:
    void load();
    void save() const;

    QList<SavedFilter> m_filters;
};

}  // namespace halftone::app
