// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

#include <concepts>
#include <functional>
#include <utility>

namespace halftone::app {

/// A text that outlives the language it was made in: what says it can be asked to say it again. A plain QString says
/// the same in every language (names, paths). What the maker needs it holds by value. GUI thread.
class SpokenText {
  public:
    SpokenText() = default;
    SpokenText(QString text) : m_text(std::move(text)) {}  // NOLINT(google-explicit-constructor)
    template <std::invocable Maker>
    SpokenText(Maker maker)  // NOLINT(google-explicit-constructor)
        : m_maker(std::move(maker)), m_text(m_maker()) {}
    /// What `maker` would say is known already.
    SpokenText(QString text, std::function<QString()> maker) : m_maker(std::move(maker)), m_text(std::move(text)) {}

    /// In the language that was spoken when it was made, or made again.
    [[nodiscard]] const QString& text() const { return m_text; }
    /// In the language that is spoken now.
    [[nodiscard]] QString spokenNow() const { return m_maker ? m_maker() : m_text; }
    [[nodiscard]] bool isEmpty() const { return m_text.isEmpty(); }
    void retranslate() { m_text = spokenNow(); }

  private:
    std::function<QString()> m_maker;
    QString m_text;
};

}  // namespace halftone::app
