// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDialog>

#include <optional>
#include <vector>

#include "core/evaluation/evaluation_result.h"
#include "core/recipe/recipe.h"

class QComboBox;
class QLabel;
class QLayout;
class QTableView;

namespace halftone::app {

class RecipeDiffModel;
class Session;

/// Two recipes side by side: those in work, of measured runs, or of a file; which tensors they store differently, what
/// that saves or costs, and what both were measured to lose.
class RecipeDiffDialog : public QDialog {
    Q_OBJECT

  public:
    explicit RecipeDiffDialog(Session& session, QWidget* parent = nullptr);

    /// Compares a run (an index of EvaluationService::runs()) with the recipe in work.
    void compareRun(int run);
    /// Adds the recipe of a file to both choices and takes it as the second; a failure becomes a sentence.
    void addFile(const QString& path);

  private:
    struct Source {
        QString name;
        Recipe recipe;
        std::optional<Estimate> kld;  ///< measured as a whole
        int run = -1;                 ///< -1: none
        bool isInWork = false;
    };
    QComboBox* createChoice(const QString& name, const QString& meaning);
    [[nodiscard]] QLayout* createTop();
    void createTable();
    void createLayout();
    void collectSources();
    void fillChoices();
    void openFile();
    void swap();
    void refresh();
    void jumpTo(int row);
    [[nodiscard]] QString summaryOf(const Source& source, const ResolvedRecipe& resolved) const;

    Session& m_session;
    RecipeDiffModel* m_model;
    std::vector<Source> m_sources;
    std::vector<Source> m_files;
    QComboBox *m_before = nullptr, *m_after = nullptr;
    QLabel* m_summary = nullptr;
    QTableView* m_table = nullptr;
};

}  // namespace halftone::app
