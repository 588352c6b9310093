// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/dialogs/preferences_dialog.h"

#include <QComboBox>
#include <QDialogButtonBox>
#include <QDoubleSpinBox>
#include <QEvent>
#include <QFormLayout>
#include <QLabel>
#include <QSettings>
#include <QSignalBlocker>
#include <QSpinBox>
#include <QStandardItemModel>
#include <QThread>

#include <algorithm>
#include <cmath>

#include "app/language/language.h"
#include "app/session/session.h"
#include "app/session/studio_settings.h"
#include "app/widgets/number_text.h"
#include "app/widgets/state_stack.h"

namespace halftone::app {

namespace {

constexpr double kGigabyte = 1e9;
constexpr int kFieldCharacters = 40, kAboveSection = 8;

QLabel* sectionLabel(const QString& text, QWidget* parent) {
    auto* label = new QLabel(text, parent);
    label->setProperty("role", "title");
    label->setContentsMargins(0, kAboveSection, 0, 0);
    return label;
}

QString textOf(const DeviceEntry& entry) {
    const QString detail = entry.usable ? entry.detail : entry.whyNot;
    return detail.isEmpty() ? entry.name : QStringLiteral("%1 — %2").arg(entry.name, detail);
}

/// The Vulkan device that a limit would hold for: the one that runs, else the first that could.
const DeviceEntry* limitedDevice(const DeviceService& devices) {
    const DeviceEntry* first = nullptr;
    for (const auto& entry : devices.entries()) {
        if (!entry.usable || !entry.id.startsWith(QLatin1String("vulkan"))) continue;
        if (entry.id == devices.decision().id) return &entry;
        if (!first) first = &entry;
    }
    return first;
}

}  // namespace

PreferencesDialog::PreferencesDialog(Session& session, QWidget* parent) : QDialog(parent), m_session(session) {
    setObjectName(QStringLiteral("preferencesDialog"));
    setWindowTitle(tr("Preferences"));
    setAttribute(Qt::WA_DeleteOnClose);
    auto* form = new QFormLayout(this);
    form->setContentsMargins(16, 12, 16, 12);
    form->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
    createComputing(*form);
    createWindow(*form);
    createKeeping(*form);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close, this);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::close);
    form->addRow(buttons);
    connect(&m_session.devices(), &DeviceService::changed, this, &PreferencesDialog::refresh);
    connect(&m_session, &Session::settingsChanged, this, &PreferencesDialog::refresh);
    refresh();
}

/// A sentence below a field, in its column.
QLabel* PreferencesDialog::addNote(QFormLayout& form, const char* name) {
    auto* note = mutedLabel({}, this);
    note->setObjectName(QString::fromLatin1(name));
    note->setAlignment(Qt::AlignTop | Qt::AlignLeft);
    // As wide as the fields: the room that is left for it is that of a narrower column otherwise.
    note->setMinimumWidth(m_device->sizeHint().width());
    form.addRow(QString(), note);
    return note;
}

void PreferencesDialog::createComputing(QFormLayout& form) {
    m_device = new QComboBox(this);
    m_device->setObjectName(QStringLiteral("preferredDevice"));
    m_device->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    m_device->setMinimumContentsLength(kFieldCharacters);
    m_memory = new QDoubleSpinBox(this);
    m_memory->setObjectName(QStringLiteral("memoryLimit"));
    m_memory->setRange(0, double(kMostMemoryLimitBytes) / kGigabyte);
    m_memory->setDecimals(2);
    m_memory->setSingleStep(0.25);
    m_memory->setSuffix(QStringLiteral("\u00a0GB"));
    m_memory->setSpecialValueText(tr("none: what is free"));
    m_memory->setKeyboardTracking(false);
    m_threads = new QSpinBox(this);
    m_threads->setObjectName(QStringLiteral("threads"));
    m_threads->setRange(0, QThread::idealThreadCount());
    m_threads->setSpecialValueText(tr("all (%n)", nullptr, QThread::idealThreadCount()));
    form.addRow(sectionLabel(tr("Computing"), this));
    form.addRow(tr("Run models on"), m_device);
    m_deviceNote = addNote(form, "deviceNote");
    form.addRow(tr("Limit of its memory"), m_memory);
    m_memoryNote = addNote(form, "memoryNote");
    form.addRow(tr("Threads"), m_threads);
    addNote(form, "threadsNote")->setText(tr("Of the processor. Jobs that run already keep theirs."));
    connect(m_device, &QComboBox::activated, this,
            [this] { m_session.devices().setChoice(m_device->currentData().toString()); });
    connect(m_memory, &QDoubleSpinBox::valueChanged, this, &PreferencesDialog::takeSettings);
    connect(m_threads, &QSpinBox::valueChanged, this, &PreferencesDialog::takeSettings);
}

void PreferencesDialog::createWindow(QFormLayout& form) {
    m_theme = new QComboBox(this);
    m_theme->setObjectName(QStringLiteral("preferredTheme"));
    m_theme->addItem(tr("As the system"), int(ThemeChoice::System));
    m_theme->addItem(tr("Light"), int(ThemeChoice::Light));
    m_theme->addItem(tr("Dark"), int(ThemeChoice::Dark));
    m_language = new QComboBox(this);
    m_language->setObjectName(QStringLiteral("preferredLanguage"));
    for (const auto& [name, title] : offeredLanguages()) m_language->addItem(title, name);
    form.addRow(sectionLabel(tr("Window"), this));
    form.addRow(tr("Colours"), m_theme);
    form.addRow(tr("Language"), m_language);
    connect(m_theme, &QComboBox::activated, this,
            [this] { emit themeChosen(ThemeChoice(m_theme->currentData().toInt())); });
    connect(m_language, &QComboBox::activated, this, [this] {
        emit languageChosen(m_language->currentData().toString());
        refreshWindow();
    });
}

void PreferencesDialog::createKeeping(QFormLayout& form) {
    m_autosave = new QSpinBox(this);
    m_autosave->setObjectName(QStringLiteral("autosaveSeconds"));
    m_autosave->setRange(0, kLongestAutosaveSeconds);
    m_autosave->setSuffix(QStringLiteral("\u00a0s"));
    m_autosave->setSpecialValueText(tr("off"));
    form.addRow(sectionLabel(tr("In case of a crash"), this));
    form.addRow(tr("Keep changes after"), m_autosave);
    addNote(form, "autosaveNote")
        ->setText(tr("A copy of the session, offered at the next start if this one does not end in the normal way."));
    connect(m_autosave, &QSpinBox::valueChanged, this, &PreferencesDialog::takeSettings);
}

void PreferencesDialog::takeSettings() {
    StudioSettings settings = m_session.settings();
    settings.memoryLimitBytes = std::llround(m_memory->value() * kGigabyte);
    settings.threads = m_threads->value();
    settings.autosaveSeconds = m_autosave->value();
    settings.save();
    m_session.setSettings(settings);
}

void PreferencesDialog::changeEvent(QEvent* event) {
    QDialog::changeEvent(event);
    const bool mayDiffer = event->type() == QEvent::ActivationChange || event->type() == QEvent::PaletteChange;
    if (mayDiffer && m_language) refreshWindow();
}

void PreferencesDialog::refresh() {
    fillDevices();
    refreshMemory();
    refreshWindow();
    const auto& settings = m_session.settings();
    const QSignalBlocker quietThreads(m_threads), quietAutosave(m_autosave);
    m_threads->setValue(settings.threads);
    m_autosave->setValue(settings.autosaveSeconds);
}

void PreferencesDialog::fillDevices() {
    const auto& devices = m_session.devices();
    m_device->clear();
    m_device->addItem(tr("Automatic"), QStringLiteral("auto"));
    auto* items = qobject_cast<QStandardItemModel*>(m_device->model());
    for (const auto& entry : devices.entries()) {
        m_device->addItem(textOf(entry), entry.id);
        m_device->setItemData(m_device->count() - 1, textOf(entry), Qt::ToolTipRole);
        if (items) items->item(m_device->count() - 1)->setEnabled(entry.usable);
    }
    // A device that is not there any more stays the choice: it may come back.
    if (m_device->findData(devices.choice()) < 0) m_device->addItem(devices.choice(), devices.choice());
    m_device->setCurrentIndex(m_device->findData(devices.choice()));
    m_deviceNote->setText(tr("%1. %2").arg(devices.decision().name, devices.decision().reason));
}

void PreferencesDialog::refreshMemory() {
    const auto& devices = m_session.devices();
    const auto* device = limitedDevice(devices);
    const QSignalBlocker quiet(m_memory);
    m_memory->setValue(double(m_session.settings().memoryLimitBytes) / kGigabyte);
    m_memory->setEnabled(device != nullptr);
    if (!device) return m_memoryNote->setText(tr("For Vulkan devices; this machine has none that can be used."));
    QStringList sentences;
    if (device->id != devices.decision().id)
        sentences << tr("Holds when %1 runs; the CPU takes what it needs.").arg(device->name);
    const int64_t limit = m_session.settings().memoryLimitBytes;
    if (device->memoryBytes > 0 && limit > device->memoryBytes)
        sentences << tr("It has %1, so this limits nothing.").arg(bytesText(double(device->memoryBytes)));
    sentences << tr(
        "Weights beyond it come from RAM block by block whenever the model runs: slower, with the same "
        "figures.");
    if (devices.streamedBytes() > 0 && device->id == devices.decision().id)
        sentences << tr("In the last run %1 of them did.").arg(bytesText(double(devices.streamedBytes())));
    m_memoryNote->setText(sentences.join(QLatin1Char(' ')));
}

void PreferencesDialog::refreshWindow() {
    const QSettings settings;
    const QString language = languageFromName(settings.value(QStringLiteral("language")).toString());
    const auto theme = themeFromName(settings.value(QStringLiteral("theme")).toString());
    m_language->setCurrentIndex(m_language->findData(language));
    m_theme->setCurrentIndex(m_theme->findData(int(theme)));
}

}  // namespace halftone::app
