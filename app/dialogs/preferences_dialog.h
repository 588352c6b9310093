// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDialog>

#include "app/widgets/theme.h"

class QComboBox;
class QDoubleSpinBox;
class QFormLayout;
class QLabel;
class QSpinBox;

namespace halftone::app {

class Session;
struct DeviceEntry;

/// How the studio works on this machine: device, memory, threads, language, colours, copies in case of a crash. Every
/// choice applies at once, or says when it does; the dialog can stay open while everything else goes on.
class PreferencesDialog : public QDialog {
    Q_OBJECT

  public:
    explicit PreferencesDialog(Session& session, QWidget* parent = nullptr);

  signals:
    void themeChosen(halftone::app::ThemeChoice choice);
    void languageChosen(const QString& name);

  protected:
    /// Menus of the window choose the same things.
    void changeEvent(QEvent* event) override;

  private:
    void createComputing(QFormLayout& form);
    void createWindow(QFormLayout& form);
    void createKeeping(QFormLayout& form);
    QLabel* addNote(QFormLayout& form, const char* name);
    void takeSettings();
    void refresh();
    void fillDevices();
    void refreshMemory();
    void refreshWindow();

    Session& m_session;
    QComboBox *m_device = nullptr, *m_language = nullptr, *m_theme = nullptr;
    QLabel *m_deviceNote = nullptr, *m_memoryNote = nullptr;
    QDoubleSpinBox* m_memory = nullptr;
    QSpinBox *m_threads = nullptr, *m_autosave = nullptr;
};

}  // namespace halftone::app
