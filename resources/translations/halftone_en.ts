<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="en" sourcelanguage="en">
<context>
    <name>Devices</name>
    <message numerus="yes">
        <source>vectorized, %n threads</source>
        <translation>
            <numerusform>vectorized, %n thread</numerusform>
            <numerusform>vectorized, %n threads</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>SelectionMenu</name>
    <message numerus="yes">
        <source>%1	%2 of %n tensors</source>
        <translation>
            <numerusform>%1	%2 of %n tensor</numerusform>
            <numerusform>%1	%2 of %n tensors</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>halftone::app::CalibrationPanel</name>
    <message numerus="yes">
        <source>%1 tokens of %2. The channels with the largest activations:</source>
        <translation>
            <numerusform>%1 token of %2. The channels with the largest activations:</numerusform>
            <numerusform>%1 tokens of %2. The channels with the largest activations:</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>halftone::app::ChannelMapPanel</name>
    <message numerus="yes">
        <source>%n more</source>
        <translation>
            <numerusform>%n more</numerusform>
            <numerusform>%n more</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n selected</source>
        <translation>
            <numerusform>%n selected</numerusform>
            <numerusform>%n selected</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>halftone::app::ComparePanel</name>
    <message numerus="yes">
        <source>%1 of %n words: another one is likeliest</source>
        <translation>
            <numerusform>%1 of %n word: another one is likeliest</numerusform>
            <numerusform>%1 of %n words: another one is likeliest</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>halftone::app::DamagePanel</name>
    <message numerus="yes">
        <source>%1 words scored</source>
        <translation>
            <numerusform>%1 word scored</numerusform>
            <numerusform>%1 words scored</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>halftone::app::DistributionPanel</name>
    <message numerus="yes">
        <source>worst group: row %1, columns %2–%3, error %4, %n levels</source>
        <translation>
            <numerusform>worst group: row %1, columns %2–%3, error %4, %n level</numerusform>
            <numerusform>worst group: row %1, columns %2–%3, error %4, %n levels</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n selected channels</source>
        <translation>
            <numerusform>%n selected channel</numerusform>
            <numerusform>%n selected channels</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>halftone::app::EvaluationService</name>
    <message numerus="yes">
        <source>BLEU %1, ROUGE-L %2 over %n prompts.</source>
        <translation>
            <numerusform>BLEU %1, ROUGE-L %2 over %n prompt.</numerusform>
            <numerusform>BLEU %1, ROUGE-L %2 over %n prompts.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>halftone::app::ExportDialog</name>
    <message numerus="yes">
        <source>Written in %1: %2, %n tensors; %3 read back from the file and found to decode to what was meant.</source>
        <translation>
            <numerusform>Written in %1: %2, %n tensor; %3 read back from the file and found to decode to what was meant.</numerusform>
            <numerusform>Written in %1: %2, %n tensors; %3 read back from the file and found to decode to what was meant.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n tensors of %1, vocabulary and other metadata of %2: %3 in all</source>
        <translation>
            <numerusform>%n tensor of %1, vocabulary and other metadata of %2: %3 in all</numerusform>
            <numerusform>%n tensors of %1, vocabulary and other metadata of %2: %3 in all</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>halftone::app::ExportService</name>
    <message numerus="yes">
        <source>Exported %1, %2; %n tensors verified.</source>
        <translation>
            <numerusform>Exported %1, %2; %n tensor verified.</numerusform>
            <numerusform>Exported %1, %2; %n tensors verified.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>halftone::app::GroupPanel</name>
    <message numerus="yes">
        <source>%n columns are selected channels</source>
        <translation>
            <numerusform>%n column is a selected channel</numerusform>
            <numerusform>%n columns are selected channels</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>halftone::app::LayerMatrix</name>
    <message numerus="yes">
        <source>%1 and %n more</source>
        <translation>
            <numerusform>%1 and %n more</numerusform>
            <numerusform>%1 and %n more</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>halftone::app::MatrixPanel</name>
    <message numerus="yes">
        <source>Tries %n tensors alone, each in the format that the recipe gives it.</source>
        <translation>
            <numerusform>Tries %n tensor alone, in the format that the recipe gives it.</numerusform>
            <numerusform>Tries %n tensors alone, each in the format that the recipe gives it.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>halftone::app::ModelPanel</name>
    <message numerus="yes">
        <source>%1 tokens</source>
        <translation>
            <numerusform>%1 token</numerusform>
            <numerusform>%1 tokens</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%1, %2 tokens</source>
        <translation>
            <numerusform>%1, %2 token</numerusform>
            <numerusform>%1, %2 tokens</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>halftone::app::PreferencesDialog</name>
    <message numerus="yes">
        <source>all (%n)</source>
        <translation>
            <numerusform>all (%n)</numerusform>
            <numerusform>all (%n)</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>halftone::app::ProblemModel</name>
    <message numerus="yes">
        <source>%1 (and %n more)</source>
        <translation>
            <numerusform>%1 (and %n more)</numerusform>
            <numerusform>%1 (and %n more)</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>halftone::app::RangePanel</name>
    <message numerus="yes">
        <source>%n selected channels</source>
        <translation>
            <numerusform>%n selected channel</numerusform>
            <numerusform>%n selected channels</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>halftone::app::RecipeDiffDialog</name>
    <message numerus="yes">
        <source>%n tensors are stored differently: %1.</source>
        <translation>
            <numerusform>%n tensor is stored differently: %1.</numerusform>
            <numerusform>%n tensors are stored differently: %1.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>halftone::app::RecipeEditor</name>
    <message numerus="yes">
        <source>Lock %n tensors</source>
        <translation>
            <numerusform>Lock %n tensor</numerusform>
            <numerusform>Lock %n tensors</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Unlock %n tensors</source>
        <translation>
            <numerusform>Unlock %n tensor</numerusform>
            <numerusform>Unlock %n tensors</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>halftone::app::RecipePanel</name>
    <message numerus="yes">
        <source>%n tensors set by hand</source>
        <translation>
            <numerusform>%n tensor set by hand</numerusform>
            <numerusform>%n tensors set by hand</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>halftone::app::RotateDialog</name>
    <message numerus="yes">
        <source>Written in %1: %2, %n tensors, read back and checked.</source>
        <translation>
            <numerusform>Written in %1: %2, %n tensor, read back and checked.</numerusform>
            <numerusform>Written in %1: %2, %n tensors, read back and checked.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>halftone::app::RuleDialog</name>
    <message numerus="yes">
        <source>Matches %n tensors.</source>
        <translation>
            <numerusform>Matches %n tensor.</numerusform>
            <numerusform>Matches %n tensors.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>halftone::app::RunTableModel</name>
    <message numerus="yes">
        <source>Over %n prompts</source>
        <translation>
            <numerusform>Over %n prompt</numerusform>
            <numerusform>Over %n prompts</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>halftone::app::SensitivityService</name>
    <message numerus="yes">
        <source>Trying %n tensors alone</source>
        <translation>
            <numerusform>Trying %n tensor alone</numerusform>
            <numerusform>Trying %n tensors alone</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>halftone::app::Session</name>
    <message numerus="yes">
        <source>%n locked tensors were left as they are.</source>
        <translation>
            <numerusform>%n locked tensor was left as it is.</numerusform>
            <numerusform>%n locked tensors were left as they are.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>halftone::app::TensorPanel</name>
    <message numerus="yes">
        <source>%n tensors</source>
        <translation>
            <numerusform>%n tensor</numerusform>
            <numerusform>%n tensors</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n selected</source>
        <translation>
            <numerusform>%n selected</numerusform>
            <numerusform>%n selected</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n of the selected not shown</source>
        <translation>
            <numerusform>%n of the selected not shown</numerusform>
            <numerusform>%n of the selected not shown</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>halftone::app::TextColumn</name>
    <message numerus="yes">
        <source>%n tokens</source>
        <translation>
            <numerusform>%n token</numerusform>
            <numerusform>%n tokens</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>halftone::app::TradeoffPanel</name>
    <message numerus="yes">
        <source>Stop (%n left)</source>
        <translation>
            <numerusform>Stop (%n left)</numerusform>
            <numerusform>Stop (%n left)</numerusform>
        </translation>
    </message>
</context>
</TS>
