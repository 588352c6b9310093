// SPDX-License-Identifier: GPL-3.0-or-later
// What the reductions over a row of logits leave behind; the host makes figures of it in binary64.
struct RowSummary {
    float largest;
    uint top;           // index of the largest logit, the first of equals
    float targetLogit;
    uint before;        // logits above the target's, and equal ones of smaller index
    float mass;         // of e^(logit - largest), summed; with what the sum lost
    float massRest;
    float weighted;     // of e^(logit - largest) (logit - largest)
    float weightedRest;
    float cross;        // of the other row's mass times the difference of both rows (row_divergence.glsl)
    float crossRest;
    float otherMass;    // of the other row
    float otherMassRest;
    uint nonFinite;     // logits that are NaN or infinite
    uint unused;
};
