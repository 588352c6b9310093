// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/session/device_choice.h"

#include <QCoreApplication>
#include <QStringList>

#include <algorithm>
#include <vector>

#include "app/widgets/number_text.h"

namespace halftone::app {

namespace {

struct Texts {
    Q_DECLARE_TR_FUNCTIONS(Devices)
};

const DeviceEntry* findEntry(const QList<DeviceEntry>& entries, const QString& id) {
    const auto found = std::find_if(entries.begin(), entries.end(), [&](const auto& entry) { return entry.id == id; });
    return found == entries.end() ? nullptr : &*found;
}

DeviceDecision cpuBecause(const QList<DeviceEntry>& entries, const QString& reason) {
    const auto* cpu = findEntry(entries, QStringLiteral("cpu"));
    return {QStringLiteral("cpu"), cpu ? cpu->name : Texts::tr("CPU"), reason};
}

/// GPUs that may be taken, then the CPU.
QList<const DeviceEntry*> candidates(const QList<DeviceEntry>& entries, const QStringList& lost) {
    QList<const DeviceEntry*> list;
    for (const auto& entry : entries) {
        if (entry.isGpu() && !lost.contains(entry.id)) list.append(&entry);
    }
    if (const auto* cpu = findEntry(entries, QStringLiteral("cpu"))) list.append(cpu);
    return list;
}

/// `list` begins with a GPU.
DeviceDecision decideByTrial(const QList<const DeviceEntry*>& list) {
    std::vector<std::optional<DeviceTrial>> trials;
    for (const auto* entry : list) trials.push_back(entry->trial);
    const auto& first = *list.front();
    const auto fastest = fastestOf(trials);
    if (!fastest) return {first.id, first.name, Texts::tr("Chosen automatically: the first usable GPU.")};
    const auto& winner = *list[qsizetype(*fastest)];
    const auto& other = winner.isGpu() ? *list.back() : first;
    return {winner.id, winner.name,
            Texts::tr("Chosen automatically: measured %1 times as fast as %2.")
                .arg(numberText(timesAsFast(*winner.trial, *other.trial), 2), other.name)};
}

DeviceDecision decideAutomatically(const QList<DeviceEntry>& entries, const QStringList& lost) {
    const auto list = candidates(entries, lost);
    if (!list.isEmpty() && list.front()->isGpu()) return decideByTrial(list);
    bool hasSoftware = false, hasUnusable = false;
    for (const auto& entry : entries) {
        if (!entry.id.startsWith(QLatin1String("vulkan"))) continue;
        if (lost.contains(entry.id)) continue;
        hasSoftware |= entry.usable && entry.isSoftware;
        hasUnusable |= !entry.usable;
    }
    if (!lost.isEmpty()) return cpuBecause(entries, Texts::tr("The GPU stopped working, so the CPU took over."));
    if (hasSoftware)
        return cpuBecause(
            entries,
            Texts::tr("The only Vulkan device is a software one, which is slower than using the CPU directly."));
    if (hasUnusable)
        return cpuBecause(entries, Texts::tr("No Vulkan device of this machine has what the engine needs."));
    return cpuBecause(entries, Texts::tr("This machine has no Vulkan device."));
}

}  // namespace

DeviceDecision decideDevice(const QString& choice, const QList<DeviceEntry>& entries, const QStringList& lost) {
    if (choice.isEmpty() || choice == QLatin1String("auto")) return decideAutomatically(entries, lost);
    const auto* entry = findEntry(entries, choice);
    if (!entry) return cpuBecause(entries, Texts::tr("The device %1 is not there.").arg(choice));
    if (lost.contains(choice))
        return cpuBecause(entries, Texts::tr("%1 stopped working, so the CPU took over.").arg(entry->name));
    if (!entry->usable) return cpuBecause(entries, Texts::tr("%1 cannot be used: %2").arg(entry->name, entry->whyNot));
    return {entry->id, entry->name, Texts::tr("Chosen by you.")};
}

}  // namespace halftone::app
