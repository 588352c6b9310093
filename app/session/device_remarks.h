// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

namespace halftone::app {

class MessageLog;

/// Warns of what a device that encodes says it cannot do (EncodeDevice::remarks()), each sentence once, as long as the
/// log keeps it: the processor does that work, and somebody who chose the device should know. GUI thread.
void tellDeviceRemarks(MessageLog& messages, const std::vector<std::string>& remarks);

}  // namespace halftone::app
