// SPDX-License-Identifier: GPL-3.0-or-later
// Source: "Trace Event Format" (Chromium), the object form with complete ("X") and metadata ("M") events.
#include "core/inference/op_trace.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

namespace halftone {
namespace {

constexpr double kMicroseconds = 1e6;

/// Names of tensors come from files.
std::string quoted(const std::string& text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7F) {
            out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
        } else {
            out += c;
        }
    }
    return out + '"';
}

double firstBegin(std::span<const TracedProfile> profiles) {
    bool isFound = false;
    double first = 0;
    for (const TracedProfile& traced : profiles) {
        for (const ProfileEvent& event : traced.profile->events()) {
            first = isFound ? std::min(first, event.begin) : event.begin;
            isFound = true;
        }
    }
    return first;
}

class TraceWriter {
  public:
    explicit TraceWriter(double origin) : m_origin(origin) {}

    void addProfile(size_t process, const TracedProfile& traced) {
        addName("process_name", process, 0, traced.name);
        const auto& lanes = traced.profile->lanes();
        for (size_t lane = 0; lane < lanes.size(); ++lane) addName("thread_name", process, lane, lanes[lane]);
        std::vector<std::string> names;  // of the lines, ready to be written
        for (const ProfileLine& line : traced.profile->lines())
            names.push_back(quoted(line.tensors.empty() ? line.op : line.op + " " + line.tensors));
        for (const ProfileEvent& event : traced.profile->events()) {
            beginEvent();
            fmt::format_to(out(), R"({{"ph":"X","pid":{},"tid":{},"ts":{:.3f},"dur":{:.3f},"name":{})", process,
                           event.lane, (event.begin - m_origin) * kMicroseconds, event.seconds * kMicroseconds,
                           event.line < 0 ? "\"forward\"" : names[static_cast<size_t>(event.line)]);
            fmt::format_to(out(), R"(,"args":{{"tokens":{})", event.tokens);
            if (event.line >= 0) addLine(traced.profile->lines()[static_cast<size_t>(event.line)], event.block);
            m_text += "}}";
        }
    }
    std::string finish() && { return m_text + "\n]}\n"; }

  private:
    std::back_insert_iterator<std::string> out() { return std::back_inserter(m_text); }
    void beginEvent() {
        m_text += m_isEmpty ? "\n" : ",\n";
        m_isEmpty = false;
    }
    void addName(const char* what, size_t process, size_t thread, const std::string& name) {
        beginEvent();
        fmt::format_to(out(), R"({{"ph":"M","pid":{},"tid":{},"name":"{}","args":{{"name":{}}}}})", process, thread,
                       what, quoted(name));
    }
    void addLine(const ProfileLine& line, int block) {
        if (block >= 0) fmt::format_to(out(), R"(,"block":{})", block);
        if (!line.shape.empty()) fmt::format_to(out(), R"(,"shape":{})", quoted(line.shape));
        if (!line.format.empty()) fmt::format_to(out(), R"(,"format":{})", quoted(line.format));
    }

    double m_origin;
    bool m_isEmpty = true;
    std::string m_text = R"({"displayTimeUnit":"ms","traceEvents":[)";
};

}  // namespace

std::string chromeTrace(std::span<const TracedProfile> profiles) {
    TraceWriter writer(firstBegin(profiles));
    for (size_t index = 0; index < profiles.size(); ++index) writer.addProfile(index + 1, profiles[index]);
    return std::move(writer).finish();
}

}  // namespace halftone
