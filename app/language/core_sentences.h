// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QtGlobal>

namespace halftone::app {

/// The sentences of core that have translations, word for word as core writes them; %1, %2 and so on stand, in this
/// order, where core fills something in. The first that fits a text is taken: the longer of two alike stands before the
/// shorter. Tests ask core itself for its descriptions and problems and fail where one is missing here.
inline constexpr const char* kCoreSentences[] = {
    // Methods: names, explanations, sources, parameters.
    QT_TRANSLATE_NOOP("Core", "Nearest"),
    QT_TRANSLATE_NOOP("Core", "Percentile clipping"),
    QT_TRANSLATE_NOOP("Core", "MSE clipping"),
    QT_TRANSLATE_NOOP(
        "Core",
        "Takes the nearest value that the format has; block types search their scales as the reference library does."),
    QT_TRANSLATE_NOOP(
        "Core",
        "Cuts the range at a percentile of the magnitudes, so that a few outliers do not coarsen all other values."),
    QT_TRANSLATE_NOOP("Core",
                      "Tries smaller ranges for every group and keeps the one with the least error, weighted by "
                      "importance if known."),
    QT_TRANSLATE_NOOP("Core",
                      "Moves the zero point of every group until most errors are small and few are large; needs no "
                      "calibration text."),
    QT_TRANSLATE_NOOP(
        "Core",
        "Rounds column by column and lets the columns that are left make up for the error on the calibration inputs."),
    QT_TRANSLATE_NOOP(
        "Core",
        "Scales up the channels that meet large inputs before rounding, folds the scales back, and clips the ranges."),
    QT_TRANSLATE_NOOP("Core",
                      "Moves outliers of the inputs into the weights, for runs that round the inputs too; seldom helps "
                      "weights alone."),
    QT_TRANSLATE_NOOP("Core",
                      "Leaves out the elements of each row whose magnitude times the size of their inputs is least, "
                      "rounds the others to nearest."),
    QT_TRANSLATE_NOOP(
        "Core", "Leaves out and rounds column by column, and lets the columns that are left make up for the error."),
    QT_TRANSLATE_NOOP("Core", "Passes over the codes afterwards; each code moves to where the output error is least."),
    QT_TRANSLATE_NOOP("Core", "ggml; round-to-nearest"),
    QT_TRANSLATE_NOOP("Core", "classical"),
    QT_TRANSLATE_NOOP("Core", "the mse option of GPTQ"),
    QT_TRANSLATE_NOOP("Core", "Badri and Shaji 2023"),
    QT_TRANSLATE_NOOP("Core", "Share of the magnitudes that stays inside the range; the rest is clipped."),
    QT_TRANSLATE_NOOP("Core", "Smallest range that is tried, as a share of the full one."),
    QT_TRANSLATE_NOOP("Core", "Ranges that are tried between the full and the smallest one."),
    QT_TRANSLATE_NOOP("Core", "Power p of the error norm; below 1 it lets few large errors stand."),
    QT_TRANSLATE_NOOP("Core", "Strength of the coupling; larger values trust the rounded weights more."),
    QT_TRANSLATE_NOOP("Core", "Steps at most."),
    QT_TRANSLATE_NOOP("Core",
                      "Ranges that are tried, the one of least squared error is kept; 1 is the method as published."),
    QT_TRANSLATE_NOOP("Core", "Share of the mean diagonal that is added to the Hessian's diagonal."),
    QT_TRANSLATE_NOOP("Core", "Columns with large inputs go first: inside their group, and such groups first."),
    QT_TRANSLATE_NOOP("Core", "Scales are fitted to the original weights; act_order then sorts across groups."),
    QT_TRANSLATE_NOOP("Core", "Ranges are searched for the least squared error instead of taken from the extremes."),
    QT_TRANSLATE_NOOP("Core", "Exponents that are tried for the channel scales."),
    QT_TRANSLATE_NOOP("Core", "Divides by the magnitude of the weights too."),
    QT_TRANSLATE_NOOP("Core", "Searches the ranges after scaling."),
    QT_TRANSLATE_NOOP("Core", "Scales channels where the graph can undo it."),
    QT_TRANSLATE_NOOP(
        "Core", "How much of the outliers goes over: 0.5 shares them, 0.75 and more for models with extreme ones."),
    // Why a method does not go with a format.
    QT_TRANSLATE_NOOP("Core", "%1 fits the scales of the integer and level families; %2 has a search of its own."),
    QT_TRANSLATE_NOOP("Core", "%1 fits one codebook per row; %2 has a single one for the whole tensor."),
    QT_TRANSLATE_NOOP("Core", "%1 fits one scale per row or group; %2 has a single one for the whole tensor."),
    QT_TRANSLATE_NOOP("Core", "%1 fits one scale per row or group; %2 has one for 128 rows at a time."),
    QT_TRANSLATE_NOOP("Core", "%1 chooses a range, which %2 does not have: k-means finds its levels itself."),
    QT_TRANSLATE_NOOP("Core",
                      "Percentile clipping cuts the range of the values, but %1 takes its scale from their mean."),
    QT_TRANSLATE_NOOP("Core", "HQQ moves the zero point, which %1 does not have; choose an asymmetric format."),
    QT_TRANSLATE_NOOP("Core", "GPTQ needs a format with evenly spaced levels per group, which %1 does not have."),
    QT_TRANSLATE_NOOP("Core", "%1 stores every value on its own, so there is nothing for %2 to choose."),
    QT_TRANSLATE_NOOP("Core", "SparseGPT needs a format with evenly spaced levels per group, which %1 does not have."),
    QT_TRANSLATE_NOOP("Core",
                      "GPTQ rounds all elements, but %1 leaves some out: choose SparseGPT, which does both at once."),
    QT_TRANSLATE_NOOP("Core",
                      "%1 chooses which elements are left out, and %2 keeps them all: choose a sparse format, such as "
                      "%3."),
    // Why zeros and corrections do not go with a format.
    QT_TRANSLATE_NOOP("Core", "%1 does not store a zero as exactly zero, so that elements cannot be left out of it."),
    QT_TRANSLATE_NOOP("Core", "%1 stores every value on its own, so that nothing is left to correct."),
    // Why a model cannot be rotated.
    QT_TRANSLATE_NOOP("Core",
                      "%1 models cannot be rotated: their norms take off the mean, which a rotation does not keep "
                      "(LayerNorm)."),
    // Problems of a recipe.
    QT_TRANSLATE_NOOP("Core", "%1 is no weight matrix: it stays F32 although the recipe names it."),
    QT_TRANSLATE_NOOP("Core", "%1 has rows of %2 values, which %3 cannot hold: it takes %4 instead."),
    QT_TRANSLATE_NOOP("Core", "%1 has rows of %2 values, which %3's blocks of %4 do not divide: it takes %5 instead."),
    QT_TRANSLATE_NOOP("Core", "%1. %2 tensors (the first is %3) are rounded to the nearest value instead."),
    QT_TRANSLATE_NOOP("Core", "%1. %2 is rounded to the nearest value instead."),
    QT_TRANSLATE_NOOP("Core", "%1 is stored as %2, which this program does not decode: it keeps that type."),
    QT_TRANSLATE_NOOP("Core", "%1 holds %2 values, not weights: it keeps that type."),
    QT_TRANSLATE_NOOP("Core", "%1 is of a kind that is never quantized (%2): it keeps that type."),
    QT_TRANSLATE_NOOP("Core", "Rule %1: %2."),
    QT_TRANSLATE_NOOP("Core", "Rule %1 matches no tensor of this checkpoint."),
    QT_TRANSLATE_NOOP("Core", "Rule %1 matches only tensors that take no format (norms, biases)."),
    QT_TRANSLATE_NOOP("Core", "Rule %1 decides nothing: what stands after it wins for all its tensors."),
    QT_TRANSLATE_NOOP("Core", "The recipe names %1, which this checkpoint does not have."),
    QT_TRANSLATE_NOOP("Core", "%1 is a type that this program does not write; choose another format."),
    QT_TRANSLATE_NOOP("Core",
                      "The inputs of %1 are not scaled: %2 of the layers that read them are not quantized by %3 with "
                      "the same settings."),
    QT_TRANSLATE_NOOP("Core", "%1 of %2 needs to know the inputs of the layer: calibrate on a text first."),
    QT_TRANSLATE_NOOP("Core",
                      "%1 of %2 needs the second moments of its inputs: calibrate on a text first (an importance file "
                      "alone does not hold them)."),
    QT_TRANSLATE_NOOP("Core",
                      "%1 of %2 needs to know the size of its inputs: calibrate on a text, or give an importance file, "
                      "first."),
    QT_TRANSLATE_NOOP("Core",
                      "SmoothQuant needs the largest input of every channel: calibrate on a text first (an importance "
                      "file alone does not hold them)."),
    QT_TRANSLATE_NOOP("Core", "The Hessian of %1 was damped by %2 instead of %3 to be positive definite."),
    QT_TRANSLATE_NOOP("Core", "%1 of the %2 input channels of %3 were never active in the calibration."),
    QT_TRANSLATE_NOOP("Core", "The recipe's method for %1 needs a model that runs here; take the default method."),
    // What an export tells.
    QT_TRANSLATE_NOOP("Core", "This checkpoint cannot be written as GGUF: %1"),
    QT_TRANSLATE_NOOP("Core", "The head is tied to the embedding and is not written a second time."),
    QT_TRANSLATE_NOOP("Core",
                      "The head is tied to the embedding; GGUF's gpt2 keeps it apart, so the embedding is written a "
                      "second time as output.weight."),
    QT_TRANSLATE_NOOP("Core",
                      "The head is tied to the embedding, but comes to differ from it: it is written apart, as "
                      "output.weight."),
    QT_TRANSLATE_NOOP("Core", "%1 has no name in GGUF's %2 architecture and is left out."),
    QT_TRANSLATE_NOOP("Core", "%1 has %2 dimensions; GGUF allows %3."),
    QT_TRANSLATE_NOOP("Core", "%1 is stored as %2, which GGUF has no type for and this program does not decode."),
    QT_TRANSLATE_NOOP("Core", "%1 is stored as %2, which GGUF has no type for: it is written as %3."),
    QT_TRANSLATE_NOOP("Core",
                      "%1: GGUF has no %2; its values go into %3, value for value. They take %4 bits a weight there "
                      "instead of %5; for a small file choose a GGUF type such as %6."),
    QT_TRANSLATE_NOOP("Core",
                      "%1: GGUF has no %2; its values go into %3, rounded to 16-bit floats. They take %4 bits a weight "
                      "there instead of %5; for a small file choose a GGUF type such as %6."),
    QT_TRANSLATE_NOOP(
        "Core",
        "%1: GGUF has no %2; its values go into %3, with the offset of each group rounded to a 16-bit float. They take "
        "%4 bits a weight there instead of %5; for a small file choose a GGUF type such as %6."),
    QT_TRANSLATE_NOOP("Core", "%1: GGUF has no %2; its values go into %3, value for value."),
    QT_TRANSLATE_NOOP("Core", "%1: GGUF has no %2; its values go into %3, rounded to 16-bit floats."),
    QT_TRANSLATE_NOOP(
        "Core", "%1: GGUF has no %2; its values go into %3, with the offset of each group rounded to a 16-bit float."),
    QT_TRANSLATE_NOOP("Core", "The name %1 has %2 bytes; GGUF allows %3."),
    QT_TRANSLATE_NOOP("Core", "Two tensors would be called %1."),
    QT_TRANSLATE_NOOP("Core",
                      "The model uses GELU by the error function; GGUF runtimes compute gpt2's GELU by tanh, so their "
                      "logits differ slightly from this model's."),
    QT_TRANSLATE_NOOP("Core",
                      "The model attends to the last %1 tokens; runtimes of GGUF's llama architecture attend to all of "
                      "them, so longer prompts give other results there."),
    QT_TRANSLATE_NOOP("Core", "The file gets no tokenizer, so runtimes cannot turn text into tokens: %1"),
    QT_TRANSLATE_NOOP("Core", "%1 holds no tensors: there is nothing to export."),
    QT_TRANSLATE_NOOP("Core", "%1 is not a file name."),
    QT_TRANSLATE_NOOP("Core", "The folder %1 does not exist."),
    QT_TRANSLATE_NOOP("Core", "%1 is the model being read; write the export to another file."),
    QT_TRANSLATE_NOOP("Core", "The export takes %1 MB, but the disk of %2 has only %3 MB free."),
    QT_TRANSLATE_NOOP("Core",
                      "Cannot write %1: it needs %2 bytes, and the disk has no room for them; free some space or "
                      "choose another disk."),
    QT_TRANSLATE_NOOP("Core", "Cannot write %1: it is a folder; give a file name."),
    // Descriptions of the known mixtures.
    QT_TRANSLATE_NOOP("Core",
                      "Two bits; with few key-value heads four for the values, and for the first down projections"),
    QT_TRANSLATE_NOOP("Core", "Two bits; three or four for values, three for down and attention output projections"),
    QT_TRANSLATE_NOOP("Core", "Three bits throughout, six for the head"),
    QT_TRANSLATE_NOOP("Core",
                      "Three bits; four, at the beginning five, for values, down and attention output projections"),
    QT_TRANSLATE_NOOP("Core", "Three bits; five for values, down and attention output projections"),
    QT_TRANSLATE_NOOP("Core", "Four bits on a curved scale in super-blocks; five for the first down projections"),
    QT_TRANSLATE_NOOP("Core", "Four bits on a curved scale; five for the first down projections"),
    QT_TRANSLATE_NOOP("Core", "Four bits in simple blocks, fast everywhere; six for the head"),
    QT_TRANSLATE_NOOP("Core", "Four bits; five for the first values and down projections"),
    QT_TRANSLATE_NOOP("Core", "Four bits; six for half of the values and down projections. The usual choice"),
    QT_TRANSLATE_NOOP("Core", "Four bits with an offset in simple blocks; six for the head"),
    QT_TRANSLATE_NOOP("Core", "Five bits in simple blocks; six for the head"),
    QT_TRANSLATE_NOOP("Core", "Five bits throughout, six for the head"),
    QT_TRANSLATE_NOOP("Core", "Five bits; six for half of the values and down projections"),
    QT_TRANSLATE_NOOP("Core", "Five bits with an offset in simple blocks; six for the head"),
    QT_TRANSLATE_NOOP("Core", "Six bits throughout"),
    QT_TRANSLATE_NOOP("Core", "Eight bits throughout"),
    // Names of the presets that come with the program (resources/presets).
    QT_TRANSLATE_NOOP("Core", "F16, the original in half precision"),
    QT_TRANSLATE_NOOP("Core", "3-bit integers, a trial"),
    QT_TRANSLATE_NOOP("Core", "4-bit integers, groups of 128, symmetric"),
    QT_TRANSLATE_NOOP("Core", "4-bit integers, groups of 32, asymmetric"),
    QT_TRANSLATE_NOOP("Core", "8-bit integers, one scale per channel"),
    QT_TRANSLATE_NOOP("Core", "4 bits, simple blocks for speed"),
    QT_TRANSLATE_NOOP("Core", "4 bits, balanced"),
    QT_TRANSLATE_NOOP("Core", "4 bits, small"),
    QT_TRANSLATE_NOOP("Core", "5 bits, balanced"),
    QT_TRANSLATE_NOOP("Core", "6 bits, close to the original"),
    QT_TRANSLATE_NOOP("Core", "8 bits, hardly told apart from the original"),
    QT_TRANSLATE_NOOP("Core", "Smallest that still reads"),
    QT_TRANSLATE_NOOP("Core", "allocated, %1 bits"),
    // Stages of jobs and what they count.
    QT_TRANSLATE_NOOP("Core", "Evaluating"),
    QT_TRANSLATE_NOOP("Core", "Evaluating the original"),
    QT_TRANSLATE_NOOP("Core", "Comparing predictions"),
    QT_TRANSLATE_NOOP("Core", "Collecting activations"),
    QT_TRANSLATE_NOOP("Core", "Measuring speed"),
    QT_TRANSLATE_NOOP("Core", "Trying tensors"),
    QT_TRANSLATE_NOOP("Core", "Trying formats"),
    QT_TRANSLATE_NOOP("Core", "Trying layers"),
    QT_TRANSLATE_NOOP("Core", "Quantizing %1"),
    QT_TRANSLATE_NOOP("Core", "Writing %1"),
    QT_TRANSLATE_NOOP("Core", "Checking the file"),
    QT_TRANSLATE_NOOP("Core", "Quantizing"),
    QT_TRANSLATE_NOOP("Core", "quantizing"),
    QT_TRANSLATE_NOOP("Core", "Searching scales"),
    QT_TRANSLATE_NOOP("Core", "Calibrating"),
    QT_TRANSLATE_NOOP("Core", "Writing"),
    QT_TRANSLATE_NOOP("Core", "Generating text"),
    QT_TRANSLATE_NOOP("Core", "generating"),
    QT_TRANSLATE_NOOP("Core", "Saving the calibration"),
    QT_TRANSLATE_NOOP("Core", "uploading weights"),
    QT_TRANSLATE_NOOP("Core", "statistics"),
    QT_TRANSLATE_NOOP("Core", "tokens"),
    QT_TRANSLATE_NOOP("Core", "rows"),
    QT_TRANSLATE_NOOP("Core", "tensors"),
    QT_TRANSLATE_NOOP("Core", "places"),
    QT_TRANSLATE_NOOP("Core", "layers"),
    // Devices.
    QT_TRANSLATE_NOOP("Core", "scalar reference, one thread"),
    QT_TRANSLATE_NOOP("Core", "%1, %2 threads"),
    QT_TRANSLATE_NOOP("Core", "%1 cannot be used: %2"),
    QT_TRANSLATE_NOOP("Core", "its driver offers Vulkan %1, and 1.2 is needed; a newer driver may help."),
    QT_TRANSLATE_NOOP("Core", "its driver has no timeline semaphores; a newer driver may help."),
    QT_TRANSLATE_NOOP("Core",
                      "its driver has no subgroup arithmetic and shuffle in compute shaders; a newer driver may help."),
    QT_TRANSLATE_NOOP("Core", "its subgroups are %1 invocations wide, and 4 are needed."),
    QT_TRANSLATE_NOOP("Core", "a storage binding holds only %1 KiB, and 1 MiB is needed."),
    QT_TRANSLATE_NOOP("Core", "a shader may bind fewer than 4 storage buffers."),
    QT_TRANSLATE_NOOP("Core", "it has fewer than 64 bytes of push constants."),
    QT_TRANSLATE_NOOP("Core", "a workgroup shares only %1 bytes, and 16384 are needed."),
    QT_TRANSLATE_NOOP("Core", "a workgroup has at most %1 invocations, and 128 are needed."),
    QT_TRANSLATE_NOOP("Core", "it reports no memory of its own."),
    QT_TRANSLATE_NOOP("Core", "it has only %1 MiB of memory, and 256 MiB are needed."),
    QT_TRANSLATE_NOOP("Core", "it has no memory that the processor can write."),
    QT_TRANSLATE_NOOP("Core", "it has no queue for compute work."),
    QT_TRANSLATE_NOOP("Core", "This build has no Vulkan engine; take the CPU."),
    QT_TRANSLATE_NOOP("Core", "This machine has no Vulkan device; a GPU driver may be missing."),
    QT_TRANSLATE_NOOP("Core", "This machine has no Vulkan loader; install libvulkan and a GPU driver."),
    QT_TRANSLATE_NOOP("Core", "There is no Vulkan device %1; this machine has %2."),
    QT_TRANSLATE_NOOP("Core", "The GPU stopped responding and could not %1; the processor can take over."),
    QT_TRANSLATE_NOOP("Core",
                      "%1 has no room for %2 (%3 MiB): %4 of %5 MiB are in use. A smaller model, fewer bits or a "
                      "shorter context would fit, or the processor can run it."),
    // What a checkpoint warns of, and why a model does not run.
    QT_TRANSLATE_NOOP("Core", "config.json does not state model_type, so the model cannot be run."),
    QT_TRANSLATE_NOOP("Core", "The metadata do not state general.architecture, so the model cannot be run."),
    QT_TRANSLATE_NOOP("Core",
                      "The folder has no config.json, so the model cannot be run; its weights can be inspected."),
    QT_TRANSLATE_NOOP("Core", "model.safetensors.index.json is missing; the shards were put together by their names."),
    QT_TRANSLATE_NOOP("Core", "Tensor %1 lies in %2 but the index does not list it there; it is left out."),
    QT_TRANSLATE_NOOP("Core", "%1 buffers that are not weights (attention masks, rotation tables) are left out."),
    QT_TRANSLATE_NOOP("Core", "%1 ends with %2 bytes that belong to no tensor."),
    QT_TRANSLATE_NOOP("Core", "Tensors %1 and %2 would both be called %3; the second keeps its own name."),
    QT_TRANSLATE_NOOP("Core",
                      "This is a bare tensor file without config.json, so it cannot be run; open the model's whole "
                      "folder to run it. Its weights can still be browsed and quantized."),
    QT_TRANSLATE_NOOP("Core", "This folder holds only a tokenizer; there is no model in it to run."),
    QT_TRANSLATE_NOOP("Core",
                      "The architecture '%1' does not run here: %2. Its weights can still be browsed and quantized."),
    QT_TRANSLATE_NOOP("Core", "llama, mistral, qwen2, qwen3 and gpt2 do"),
    QT_TRANSLATE_NOOP("Core", "it is a mixture of experts"),
    QT_TRANSLATE_NOOP("Core", "its attention is not causal"),
    QT_TRANSLATE_NOOP("Core",
                      "The weights of this folder are already quantized in a way that does not run here "
                      "(quantization_config in config.json); they can still be browsed."),
    QT_TRANSLATE_NOOP("Core", "The checkpoint has no token embedding ('token_embd.weight'); the model cannot be run."),
    QT_TRANSLATE_NOOP("Core", "The checkpoint has no tensor '%1', which the model needs; a part of it may be missing."),
    QT_TRANSLATE_NOOP("Core",
                      "The tokenizer of %1 has %2 tokens, but the model knows only %3; they do not belong together."),
    QT_TRANSLATE_NOOP("Core", "%1 holds only a tokenizer: there is no model to run."),
    // Everyday errors.
    QT_TRANSLATE_NOOP("Core", "The job was cancelled."),
    QT_TRANSLATE_NOOP("Core", "There is not enough memory for this job; close other programs or take a smaller part."),
    QT_TRANSLATE_NOOP("Core", "Cannot open %1: %2."),
    QT_TRANSLATE_NOOP("Core", "No such file or directory"),
    QT_TRANSLATE_NOOP("Core", "Permission denied"),
    QT_TRANSLATE_NOOP("Core", "%1 is not a regular file."),
    QT_TRANSLATE_NOOP("Core",
                      "%1 is not a checkpoint; open a Hugging Face folder, a .gguf file or a .safetensors file."),
    QT_TRANSLATE_NOOP("Core",
                      "%1 holds no checkpoint: there is no model.safetensors, no model.safetensors.index.json, no "
                      ".gguf file and no tokenizer."),
    QT_TRANSLATE_NOOP("Core",
                      "%1 holds its weights as PyTorch pickle files, which are not read because they can run code; "
                      "convert them to safetensors."),
    QT_TRANSLATE_NOOP("Core", "%1 holds %2 GGUF files; open one of them, for example %3."),
    QT_TRANSLATE_NOOP("Core",
                      "A shard of the model is missing: %1 is listed in %2 (for tensor %3) but does not exist."),
    QT_TRANSLATE_NOOP("Core", "Split %1 of %2 of the model is missing: %3 does not exist."),
    QT_TRANSLATE_NOOP("Core", "%1 is not a saved session."),
    QT_TRANSLATE_NOOP(
        "Core", "%1 was saved by a newer version of this program (session version %2, this program reads up to %3)."),
    QT_TRANSLATE_NOOP("Core", "The recipe in %1 is broken: %2"),
    QT_TRANSLATE_NOOP("Core", "No text is chosen; choose a text file first."),
    QT_TRANSLATE_NOOP("Core", "The text %1 cannot be read: %2."),
    QT_TRANSLATE_NOOP("Core", "The text %1 is larger than 1 GiB; take a part of it."),
    QT_TRANSLATE_NOOP("Core", "The text %1 is empty; choose one with words in it."),
    QT_TRANSLATE_NOOP(
        "Core", "The text has %1 tokens, but protocol %2 needs at least %3; take a longer text or a smaller context."),
    QT_TRANSLATE_NOOP("Core", "The text is empty: there is nothing to evaluate."),
    QT_TRANSLATE_NOOP("Core", "The calibration text is empty: there is nothing to collect activations from."),
    QT_TRANSLATE_NOOP(
        "Core",
        "Protocol bos-window needs a begin-of-sequence token, which this tokenizer does not have; use plain-window."),
    QT_TRANSLATE_NOOP("Core",
                      "The model has %1 positions; windows of %2 tokens do not fit. Set a context of at most %3."),
    QT_TRANSLATE_NOOP("Core",
                      "The windows of %1 tokens are longer than the %2 the model was made for; the figures are likely "
                      "worse for that."),
    QT_TRANSLATE_NOOP("Core",
                      "A perplexity above the number of tokens in the vocabulary (%1) is worse than guessing: the "
                      "model was not made for texts like this one."),
    QT_TRANSLATE_NOOP("Core",
                      "The vocabulary of %1 lacks %2 % of this text's characters, so its figures say little; choose a "
                      "text of the kind that the model was made for."),
    QT_TRANSLATE_NOOP("Core",
                      "Keeping the original's distributions of %1 positions takes %2 MB, but %3 MB are allowed; "
                      "evaluate fewer windows."),
    QT_TRANSLATE_NOOP("Core",
                      "The model's logits at position %1 are not finite: the weights or their format are broken."),
    QT_TRANSLATE_NOOP(
        "Core", "The prompt is empty, and this model has no token that begins a text; write at least one character."),
    QT_TRANSLATE_NOOP("Core", "The prompt has %1 tokens, but the model's context holds %2; shorten it."),
    QT_TRANSLATE_NOOP("Core", "The text has %1 tokens, but the model's context holds %2; shorten it."),
    QT_TRANSLATE_NOOP("Core", "There is no format to choose from."),
    QT_TRANSLATE_NOOP("Core",
                      "No choice of these formats is so small: the smallest comes to %1 MB, and %2 MB were asked for."),
    QT_TRANSLATE_NOOP("Core",
                      "Tensor %1 holds %2 at row %3, column %4, which no quantized format can store. Repair the "
                      "checkpoint, or choose to map such values to zero."),
    QT_TRANSLATE_NOOP(
        "Core",
        "Tensor %1 has values too large for %2 in rows %3 to %4. Choose a format with a wider range, such as BF16."),
};

/// The parts that descriptions of an edit are put together from (core/recipe/recipe_diff.cpp).
inline constexpr const char* kCoreChanges[] = {
    QT_TRANSLATE_NOOP("Change", "%1; %2"),
    QT_TRANSLATE_NOOP("Change", "%1 of block %2: %3"),
    QT_TRANSLATE_NOOP("Change", "%1 of blocks %2: %3"),
    QT_TRANSLATE_NOOP("Change", "%1 tensors: %2"),
    QT_TRANSLATE_NOOP("Change", "%1 tensors to %2"),
    QT_TRANSLATE_NOOP("Change", "%1 more tensors"),
    QT_TRANSLATE_NOOP("Change", "%1: %2"),
    QT_TRANSLATE_NOOP("Change", "%1 → %2"),
    QT_TRANSLATE_NOOP("Change", "%1 by %2"),
    QT_TRANSLATE_NOOP("Change", "no change"),
};

}  // namespace halftone::app
