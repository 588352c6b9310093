// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

#include <functional>

class QWidget;

namespace halftone::app {

class Session;

/// The ways out of a session.
enum class Leaving {
    Window,      ///< the window closes
    Checkpoint,  ///< the checkpoint closes, the window stays
    ForAnother,  ///< another checkpoint or session takes its place
};

/// What leaving now would lose, as sentences; empty: nothing. Work that nobody asked for and that starts again by
/// itself is no loss.
[[nodiscard]] QString whatLeavingLoses(Session& session);

/// Asks once, whatever there is to lose, and not at all where there is nothing. `save` keeps the session in its file
/// and says whether that worked. False: stay.
[[nodiscard]] bool mayLeave(Session& session, Leaving leaving, QWidget& window, const std::function<bool()>& save);

}  // namespace halftone::app
