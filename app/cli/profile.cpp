// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/profile.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "app/cli/output.h"
#include "core/base/text_file.h"
#include "core/inference/op_trace.h"

namespace halftone::cli {
namespace {

using Json = nlohmann::ordered_json;

double rateOf(double amount, double seconds) {
    return seconds > 0 ? amount / seconds : 0;
}

std::string percent(double share) {
    return fmt::format("{:.1f} %", 100 * share);
}

// "0.0123 s", "4.56 ms".
std::string timeText(double seconds) {
    return seconds >= 1 ? numberText(seconds) + " s" : numberText(1e3 * seconds) + " ms";
}

// The lines that have taken time, longest first.
std::vector<ProfileLine> sortedLines(const OpProfile& profile) {
    std::vector<ProfileLine> lines;
    std::ranges::copy_if(profile.lines(), std::back_inserter(lines), [](const auto& line) { return line.calls > 0; });
    std::ranges::stable_sort(lines, std::greater<>(), &ProfileLine::seconds);
    return lines;
}

// Of the time inside forward(): where operations overlap the host's work, less than nothing counts as nothing.
double secondsBetween(const OpProfile& profile) {
    return std::max(0.0, profile.forwardSeconds() - profile.opSeconds());
}

}  // namespace

Status RunProfile::watch(Executable& executable, const std::string& part) {
    if (!isOn()) return {};
    const auto detail = m_choice.trace.empty() ? ProfileDetail::kSums : ProfileDetail::kEvents;
    m_parts.push_back({part, OpProfile(detail)});
    return executable.profileInto(&m_parts.back().profile);
}

Status RunProfile::measureLimits(Backend& backend, const JobContext& context) {
    if (!m_choice.table) return {};
    auto limits = backend.measureRates(context);
    if (limits) {
        m_limits = *limits;
    } else if (limits.error().code != ErrorCode::kUnsupported) {
        return tl::unexpected(limits.error());
    }
    return {};
}

Status RunProfile::writeTrace() const {
    if (m_choice.trace.empty()) return {};
    std::vector<TracedProfile> traced;
    for (const Part& part : m_parts) traced.push_back({part.name, &part.profile});
    return writeFileAtomically(m_choice.trace, chromeTrace(traced));
}

void RunProfile::print() const {
    for (const Part& part : m_parts) {
        if (m_choice.table) printPart(part);
        if (part.profile.eventsLeftOut() > 0) {
            fmt::print("note: The trace of {} holds the first {} events; {} more were left out.\n", part.name,
                       countText(OpProfile::kMostEvents), countText(part.profile.eventsLeftOut()));
        }
    }
}

void RunProfile::printPart(const Part& part) const {
    const OpProfile& profile = part.profile;
    const double total = profile.opSeconds() + secondsBetween(profile);
    fmt::print("\n{}: {} in {} call{}\n", part.name, timeText(total), countText(profile.forwardCalls()),
               profile.forwardCalls() == 1 ? "" : "s");
    std::vector<std::string> header{"operation", "shape", "format", "calls", "time", "share", "bytes/s"};
    if (m_limits) header.emplace_back("of copy");
    header.emplace_back("multiply-adds/s");
    if (m_limits) header.emplace_back("of peak");
    Table table(header, {Table::Align::kLeft, Table::Align::kLeft, Table::Align::kLeft});
    for (const ProfileLine& line : sortedLines(profile)) {
        const double bytes = rateOf(line.work.bytes, line.seconds), adds = rateOf(line.work.multiplyAdds, line.seconds);
        const auto known = [](double rate, std::string text) { return rate > 0 ? std::move(text) : std::string(); };
        std::vector<std::string> row{line.tensors.empty() ? line.op : line.op + " " + line.tensors,
                                     line.shape,
                                     line.format,
                                     countText(line.calls),
                                     timeText(line.seconds),
                                     percent(rateOf(line.seconds, total)),
                                     known(bytes, bytesText(bytes))};
        if (m_limits) row.push_back(known(bytes, percent(bytes / m_limits->copiedBytes)));
        row.push_back(known(adds, fmt::format("{:.3g} G", adds / 1e9)));
        if (m_limits) row.push_back(known(adds, percent(2 * adds / m_limits->peakOperations())));
        table.add(std::move(row));
    }
    table.add({"between operations", "", "", "", timeText(secondsBetween(profile)),
               percent(rateOf(secondsBetween(profile), total))});
    table.print();
}

Json RunProfile::partJson(const Part& part) const {
    const OpProfile& profile = part.profile;
    Json lines = Json::array();
    for (const ProfileLine& line : sortedLines(profile)) {
        lines.push_back({{"operation", line.op},
                         {"tensors", line.tensors},
                         {"shape", line.shape},
                         {"format", line.format},
                         {"calls", line.calls},
                         {"seconds", line.seconds},
                         {"bytes", line.work.bytes},
                         {"bytes_per_second", rateOf(line.work.bytes, line.seconds)},
                         {"multiply_adds", line.work.multiplyAdds},
                         {"multiply_adds_per_second", rateOf(line.work.multiplyAdds, line.seconds)}});
    }
    return {{"forward_calls", profile.forwardCalls()},
            {"forward_seconds", profile.forwardSeconds()},
            {"operation_seconds", profile.opSeconds()},
            {"operations", std::move(lines)}};
}

void RunProfile::addTo(Json& report) const {
    if (!m_choice.table) return;
    Json parts = Json::object();
    for (const Part& part : m_parts) parts[part.name] = partJson(part);
    report["profile"] = std::move(parts);
    if (!m_limits) return;
    report["copied_bytes_per_second"] = m_limits->copiedBytes;
    report["operations_per_second"] = m_limits->operations;
    report["matrix_operations_per_second"] = m_limits->matrixOperations;
}

}  // namespace halftone::cli
