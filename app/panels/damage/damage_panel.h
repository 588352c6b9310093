// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

#include <memory>
#include <vector>

#include "app/plots/token_scale.h"
#include "core/evaluation/evaluation_result.h"

class QComboBox;
class QLabel;
class QPushButton;
class QTableView;
class QToolButton;

namespace halftone::app {

class HeatStrip;
class LayerDamageModel;
class Session;
class StateStack;
class TokenDetails;
class TokenLegend;
class TokenView;
class WorstTokenModel;

/// The evaluation text, every word coloured by what the recipe does to it: as a strip of the whole, as a page to read,
/// as a list of the worst; and for one word what both models expected there and which layers matter for it.
class DamagePanel : public QWidget {
    Q_OBJECT

  public:
    explicit DamagePanel(Session& session, QWidget* parent = nullptr);
    /// Shows this scored token in the strip, the page and the list.
    void goTo(int scored);
    [[nodiscard]] int current() const { return m_current; }

  signals:
    /// The recipe in work should be run on the evaluation text.
    void runWanted();

  protected:
    void showEvent(QShowEvent* event) override;

  private:
    /// A part of a window that is read at a time.
    struct Page {
        int window = -1;
        int first = 0, last = 0;  ///< tokens of the window
        bool operator==(const Page&) const = default;
    };
    void createStrip();
    void createLists();
    void createLayout();
    void connectSession();
    void showRun();
    void showNothing();
    void updateRun();
    void showPage(const Page& page);
    void recolor();
    void showToken(int scored, bool isPinned);
    void onHovered(int token);
    void refresh();
    void refreshStudy();
    void turnPage(int direction);
    void showWorstMenu(const QPoint& position);
    [[nodiscard]] Page pageOf(int scored) const;
    [[nodiscard]] int scoredOnPage(int token) const;
    [[nodiscard]] double valueOf(int scored) const;
    [[nodiscard]] TokenScale fitScale() const;
    [[nodiscard]] TokenMeasure measure() const;

    Session& m_session;
    StateStack* m_stack = nullptr;
    QWidget* m_content = nullptr;
    QComboBox* m_measure = nullptr;
    TokenLegend* m_legend = nullptr;
    QLabel* m_caption = nullptr;
    QToolButton *m_previous = nullptr, *m_next = nullptr;
    HeatStrip* m_strip = nullptr;
    TokenView* m_text = nullptr;
    WorstTokenModel* m_worstModel = nullptr;
    QTableView* m_worst = nullptr;
    TokenDetails* m_details = nullptr;
    QPushButton* m_tryLayers = nullptr;
    LayerDamageModel* m_layerModel = nullptr;
    QTableView* m_layers = nullptr;
    std::shared_ptr<const std::vector<EvaluationWindow>> m_windows;  ///< of the run that is shown
    Page m_page;
    int m_current = -1;
    bool m_isOutdated = true;  ///< nobody has seen the latest run yet
};

}  // namespace halftone::app
