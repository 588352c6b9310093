// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/plots/picture_menu.h"

#include <QApplication>
#include <QBuffer>
#include <QClipboard>
#include <QFileDialog>
#include <QMenu>
#include <QMessageBox>
#include <QMimeData>
#include <QPainter>
#include <QSaveFile>
#include <QSvgGenerator>

#include "app/plots/plot_base.h"

namespace halftone::app {

namespace {

constexpr double kSavedRatio = 2;

void copySvg(const QByteArray& svg) {
    auto* data = new QMimeData;
    data->setData(QStringLiteral("image/svg+xml"), svg);
    data->setText(QString::fromUtf8(svg));
    QApplication::clipboard()->setMimeData(data);
}

void askAndSave(const PictureSource& source) {
    const QString path =
        QFileDialog::getSaveFileName(source.widget, PlotBase::tr("Save the plot"), QStringLiteral("plot.png"),
                                     PlotBase::tr("Images and figures (*.png *.svg *.csv)"));
    if (path.isEmpty()) return;
    const QString problem = savePicture(source, path);
    if (!problem.isEmpty()) QMessageBox::warning(source.widget, PlotBase::tr("Save the plot"), problem);
}

QByteArray pngOf(const PictureSource& source) {
    QByteArray bytes;
    QBuffer buffer(&bytes);
    buffer.open(QIODevice::WriteOnly);
    source.picture(kSavedRatio).save(&buffer, "PNG");
    return bytes;
}

}  // namespace

QByteArray drawnSvg(QSize size, const QString& title, const std::function<void(QSvgGenerator&)>& draw) {
    QByteArray bytes;
    QBuffer buffer(&bytes);
    QSvgGenerator generator;
    generator.setOutputDevice(&buffer);
    generator.setSize(size);
    generator.setViewBox(QRect(QPoint(0, 0), size));
    generator.setTitle(title);
    draw(generator);
    return bytes;
}

PictureSource pictureOf(QWidget& widget, std::function<QString()> csv) {
    const auto picture = [&widget](double ratio) {
        QPixmap pixmap(widget.size() * ratio);
        pixmap.setDevicePixelRatio(ratio);
        widget.render(&pixmap);
        return pixmap;
    };
    const auto svg = [&widget] {
        return drawnSvg(widget.size(), widget.accessibleName(), [&widget](QSvgGenerator& generator) {
            QPainter painter(&generator);
            widget.render(&painter);
        });
    };
    return {&widget, picture, svg, std::move(csv)};
}

void fillPictureMenu(QMenu& menu, const PictureSource& source) {
    menu.addAction(
            PlotBase::tr("Copy as image"), source.widget,
            [source] { QApplication::clipboard()->setPixmap(source.picture(source.widget->devicePixelRatioF())); })
        ->setObjectName(QStringLiteral("copyImage"));
    menu.addAction(PlotBase::tr("Copy as SVG"), source.widget, [source] { copySvg(source.svg()); })
        ->setObjectName(QStringLiteral("copySvg"));
    auto* csv = menu.addAction(PlotBase::tr("Copy as CSV"), source.widget,
                               [source] { QApplication::clipboard()->setText(source.csv()); });
    csv->setObjectName(QStringLiteral("copyCsv"));
    csv->setEnabled(!source.csv().isEmpty());
    menu.addAction(PlotBase::tr("Save as PNG, SVG or CSV…"), source.widget, [source] { askAndSave(source); });
}

QString savePicture(const PictureSource& source, const QString& path) {
    QByteArray bytes;
    if (path.endsWith(QLatin1String(".svg"), Qt::CaseInsensitive)) {
        bytes = source.svg();
    } else if (path.endsWith(QLatin1String(".csv"), Qt::CaseInsensitive)) {
        bytes = source.csv().toUtf8();
    } else {
        bytes = pngOf(source);
    }
    QSaveFile file(path);
    const bool written = file.open(QIODevice::WriteOnly) && file.write(bytes) == bytes.size() && file.commit();
    return written ? QString() : PlotBase::tr("%1 cannot be written: %2.").arg(path, file.errorString());
}

}  // namespace halftone::app
