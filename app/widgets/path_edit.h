// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

class QLineEdit;

namespace halftone::app {

/// A file's path: typed, chosen by dialog, or dropped.
class PathEdit : public QWidget {
    Q_OBJECT

  public:
    enum class Purpose { Open, Save };
    PathEdit(const QString& caption, const QString& filter, QWidget* parent = nullptr, Purpose purpose = Purpose::Open);
    [[nodiscard]] QString path() const;
    void setPath(const QString& path);

  signals:
    void pathChanged();

  protected:
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dropEvent(QDropEvent* event) override;

  private:
    QLineEdit* m_edit;
};

}  // namespace halftone::app
