// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/session/device_remarks.h"

#include <gtest/gtest.h>

#include <QApplication>

#include "app/language/language.h"
#include "app/session/message_log.h"

namespace halftone::app {
namespace {

const std::vector<std::string> kRemarks{
    "GeForce does not give the processor's bytes in Q4_0; the processor quantizes it.",
    "GeForce does not give the processor's bytes in Q8_0; the processor quantizes it."};

TEST(DeviceRemarks, EachIsToldOnce) {
    MessageLog messages;
    tellDeviceRemarks(messages, {kRemarks[0]});
    tellDeviceRemarks(messages, kRemarks);
    tellDeviceRemarks(messages, {});
    ASSERT_EQ(messages.messages().size(), 2);
    EXPECT_EQ(messages.messages()[0].severity, MessageSeverity::Warning);
    EXPECT_EQ(messages.messages()[0].text.toStdString(), kRemarks[0]);
    EXPECT_EQ(messages.messages()[1].text.toStdString(), kRemarks[1]);
}

TEST(DeviceRemarks, TheySpeakTheLanguageOfTheWindow) {
    applyLanguage(*qApp, QStringLiteral("zh_CN"));
    MessageLog messages;
    tellDeviceRemarks(messages, {kRemarks[0]});
    applyLanguage(*qApp, QStringLiteral("en"));
    ASSERT_EQ(messages.messages().size(), 1);
    const QString text = messages.messages()[0].text;
    EXPECT_NE(text.toStdString(), kRemarks[0]);
    EXPECT_TRUE(text.contains(QStringLiteral("GeForce")) && text.contains(QStringLiteral("Q4_0")));
}

}  // namespace
}  // namespace halftone::app
