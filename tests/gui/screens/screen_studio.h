// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <ostream>

#include <QImage>
#include <QSize>
#include <QString>

#include <memory>

#include "app/main_window.h"
#include "app/session/session.h"
#include "app/widgets/theme.h"

namespace halftone::app {

/// Language and theme of a picture.
struct Look {
    const char* language = "en";
    ThemeChoice theme = ThemeChoice::Light;
};
inline void PrintTo(const Look& look, std::ostream* out) {
    *out << look.language << (look.theme == ThemeChoice::Dark ? ", dark" : ", light");
}

/// One session on the bundled sample, in which everything was measured once, and a fresh window over it for each
/// picture: nothing that was done to one can show in another.
class ScreenStudio {
  public:
    static constexpr QSize kWindowSize{1440, 900};

    ScreenStudio();
    ~ScreenStudio();
    /// Empty, or the sentence that says why there is nothing to take pictures of.
    [[nodiscard]] const QString& problem() const { return m_problem; }

    /// Puts the session back into the state that pictures begin with, and opens a window that nobody has touched.
    void renew(const Look& look);
    /// The same over a session without a checkpoint.
    void renewEmpty(const Look& look);
    /// No window, so that another one can stand over the session.
    void close() { m_window.reset(); }
    Session& session() { return *m_session; }
    MainWindow& window() { return *m_window; }
    template <typename T>
    T* find(const char* name) {
        return window().findChild<T*>(QString::fromLatin1(name));
    }
    /// Brings a dock to the front.
    QWidget* raise(const char* dock);
    /// The tensor of this role in this block.
    [[nodiscard]] int tensorOf(TensorRole role, int block) const;
    bool await();
    /// The window, or the part of it or the dialog that `shown` is, when two pictures in a row are alike. What tells
    /// of this machine and of times is covered.
    [[nodiscard]] QImage picture(QWidget& shown);

  private:
    void measure();
    void open(Session& session, const Look& look);

    std::unique_ptr<Session> m_session, m_empty;
    std::unique_ptr<MainWindow> m_window;
    QString m_problem;
};

}  // namespace halftone::app
