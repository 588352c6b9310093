// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

#include "core/base/error.h"

namespace halftone::app {

class Session;

/// The whole state of the session as one page to pass on: model card, recipe, totals, what was measured, charts, what
/// every tensor becomes, and the words that the recipe hurts most. Self-contained: no scripts, no links, no outside
/// resources; light or dark as the reader's system. Well-formed, so that other programs can read it. Precondition: a
/// checkpoint is open. GUI thread.
[[nodiscard]] QString reportHtml(Session& session);

/// Writes it, whole or not at all.
Status writeReport(Session& session, const QString& path);

}  // namespace halftone::app
