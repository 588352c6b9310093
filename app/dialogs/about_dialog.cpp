// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/dialogs/about_dialog.h"

#include <qcustomplot.h>
#include <QCoreApplication>
#include <QMessageBox>
#include <QWidget>

#include "app/session/device_service.h"

namespace halftone::app {

namespace {
struct Texts {
    Q_DECLARE_TR_FUNCTIONS(About)
};
}  // namespace

void showAbout(const DeviceService& devices, QWidget* parent) {
    QString list;
    for (const auto& entry : devices.entries()) {
        list += QStringLiteral("<li>%1: %2 %3</li>")
                    .arg(entry.id, entry.name.toHtmlEscaped(),
                         (entry.usable ? entry.detail : entry.whyNot).toHtmlEscaped());
    }
    auto* box = new QMessageBox(parent);
    box->setAttribute(Qt::WA_DeleteOnClose);
    box->setWindowTitle(Texts::tr("About Halftone"));
    box->setIconPixmap(QIcon(QStringLiteral(":/icons/halftone.svg")).pixmap(64, 64));
    box->setText(QStringLiteral("<h3>Halftone %1</h3><p>%2</p><p>%3</p><ul>%4</ul><p>Qt %5 · QCustomPlot %6</p>")
                     .arg(QStringLiteral(HT_VERSION), Texts::tr("A studio for quantizing language models."),
                          Texts::tr("Devices:"), list, QString::fromLatin1(qVersion()),
                          QStringLiteral(QCUSTOMPLOT_VERSION_STR)));
    box->setInformativeText(Texts::tr(
        "Free software under the GNU General Public License, version 3 or later. It comes without any warranty."));
    box->open();
}

}  // namespace halftone::app
