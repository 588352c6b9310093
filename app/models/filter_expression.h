// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

#include <functional>
#include <memory>
#include <optional>

namespace halftone::app {

/// What a filter asks of a row. Names are those of measures and text columns, in lower case.
class FilterSubject {
  public:
    virtual ~FilterSubject() = default;
    /// Number of that name, or nullopt where the row has none.
    [[nodiscard]] virtual std::optional<double> number(const QString& name) const = 0;
    [[nodiscard]] virtual QString text(const QString& name) const = 0;
    /// The rank-th largest number of that name over all rows, the least one where there are fewer; nullopt: none is
    /// known.
    [[nodiscard]] virtual std::optional<double> ranked(const QString& name, int rank) const = 0;
};

enum class FilterField { Unknown, Number, Text };

/// A condition on rows, written by a person:
///
///     ffn_down                      the name contains it
///     role=ffn_down && kurtosis>20
///     (block<4 || block>=20) !norm
///     kld>=#10                      one of the ten largest
///
/// Operators: = != < <= > >= and ~ (contains); && || ! and parentheses; terms side by side are joined by &&. Numbers
/// may end in k, M or G; #N is the N-th largest of that column. A row without the number fails the comparison.
/// Immutable, cheap to copy.
class FilterExpression {
  public:
    struct Problem {
        QString message;
        int position = 0;  ///< character where it was noticed
    };
    struct Node;
    using FieldLookup = std::function<FilterField(const QString& name)>;

    /// Matches everything.
    FilterExpression() = default;
    /// The problem says what is wrong and what is accepted.
    static FilterExpression parse(const QString& text, const FieldLookup& fields, std::optional<Problem>& problem);

    [[nodiscard]] bool matches(const FilterSubject& subject) const;
    [[nodiscard]] bool isEmpty() const { return !m_root; }
    /// Whether a row's answer depends on other rows.
    [[nodiscard]] bool usesRanks() const;

  private:
    std::shared_ptr<const Node> m_root;
};

}  // namespace halftone::app
