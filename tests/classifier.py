"""Builds a sequence classifier as Hugging Face writes them: a BERT of two layers with random weights."""

from __future__ import annotations

from pathlib import Path

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "a", "of", "tide", "boat", "sea", "lights", "harbour"]
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def write_classifier(
    folder: Path,
    *,
    labels: tuple[str, ...],
    problem_type: str | None = None,
    headless: bool = False,
    base: bool = False,
    seed: int = 0,
) -> str:
    """Write config.json, model.safetensors and the tokenizer into `folder`; reads 64 tokens. `headless`: without the
    layer that classifies. `base`: of the size of bert-base, 512 tokens."""
    from omnicorpus import operators

    operators.mend()
    import torch
    import transformers

    transformers.utils.logging.disable_progress_bar()
    vocabulary = [*WORDS, *LETTERS, *(f"##{letter}" for letter in LETTERS)]
    tokenizer = transformers.BertTokenizerFast(
        vocab={word: index for index, word in enumerate(vocabulary)}, model_max_length=512 if base else 64
    )
    torch.manual_seed(seed)
    config = transformers.BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=768 if base else 32,
        num_hidden_layers=12 if base else 2,
        num_attention_heads=12 if base else 2,
        intermediate_size=3_072 if base else 64,
        max_position_embeddings=512 if base else 64,
        initializer_range=0.5,  # far from zero, so that texts differ
        id2label=dict(enumerate(labels)),
        label2id={label: index for index, label in enumerate(labels)},
        problem_type=problem_type,  # type: ignore[arg-type]
    )
    kind = transformers.BertModel if headless else transformers.BertForSequenceClassification
    kind(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)
