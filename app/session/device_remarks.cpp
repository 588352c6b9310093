// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/session/device_remarks.h"

#include <algorithm>

#include "app/language/core_text.h"
#include "app/session/message_log.h"

namespace halftone::app {

void tellDeviceRemarks(MessageLog& messages, const std::vector<std::string>& remarks) {
    for (const auto& remark : remarks) {
        const QString text = coreText(remark);
        const auto isTold = [&](const Message& message) { return message.text == text; };
        if (!std::ranges::any_of(messages.messages(), isTold)) messages.warn([remark] { return coreText(remark); });
    }
}

}  // namespace halftone::app
