// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QStringList>

namespace halftone {
class Checkpoint;
class Tokenizer;
}  // namespace halftone

namespace halftone::app {

/// The prompts that a checkpoint is offered: those of the bundled sample for the sample, else bundled ones in a
/// language that its vocabulary is made for, and of those such as it can spell. Where it is made for several, and where
/// nothing is known of it (null), in the language of the window. GUI thread.
[[nodiscard]] QStringList defaultPrompts(const Checkpoint* checkpoint, const Tokenizer* tokenizer);

}  // namespace halftone::app
