"""Write a small llama-architecture model with random weights and a real vocabulary: nonsense, but the real server's.

Runs in the throw-away environment of `build.py`, which has `gguf` and numpy.
Usage: tiny_model.py VOCABULARY.gguf OUTPUT.gguf CONTEXT_TOKENS
"""

from __future__ import annotations

import sys

import numpy as np
from gguf import GGMLQuantizationType, GGUFReader, GGUFValueType, GGUFWriter

WIDTH, FEED_FORWARD, LAYERS, HEADS = 64, 128, 2, 4
SEED = 7
CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def copy_tokenizer(reader: GGUFReader, writer: GGUFWriter) -> int:
    """Take over every `tokenizer.` field but the chat template.

    Returns:
        How many tokens the vocabulary has.
    """
    size = 0
    for name, field in reader.fields.items():
        if not name.startswith("tokenizer.") or name == "tokenizer.chat_template":
            continue
        kind = field.types[0]
        value = field.contents()
        if name == "tokenizer.ggml.tokens":
            size = len(value)
        element = field.types[-1] if kind == GGUFValueType.ARRAY else None
        writer.add_key_value(name, value, kind, element)
    return size


def main(vocabulary: str, output: str, context_tokens: int) -> None:
    """The whole model in one go; the same bytes every time."""
    writer = GGUFWriter(output, "llama")
    writer.add_name("tiny")
    tokens = copy_tokenizer(GGUFReader(vocabulary), writer)
    writer.add_chat_template(CHATML)
    writer.add_vocab_size(tokens)
    writer.add_context_length(context_tokens)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(FEED_FORWARD)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    rng = np.random.default_rng(SEED)

    def matrix(name: str, rows: int, columns: int) -> None:
        weights = rng.standard_normal((rows, columns), dtype=np.float32) / np.sqrt(columns)
        writer.add_tensor(f"{name}.weight", weights.astype(np.float16), raw_dtype=GGMLQuantizationType.F16)

    def ones(name: str) -> None:
        writer.add_tensor(f"{name}.weight", np.ones(WIDTH, dtype=np.float32))

    matrix("token_embd", tokens, WIDTH)
    for layer in range(LAYERS):
        ones(f"blk.{layer}.attn_norm")
        for part in ("attn_q", "attn_k", "attn_v", "attn_output"):
            matrix(f"blk.{layer}.{part}", WIDTH, WIDTH)
        ones(f"blk.{layer}.ffn_norm")
        matrix(f"blk.{layer}.ffn_gate", FEED_FORWARD, WIDTH)
        matrix(f"blk.{layer}.ffn_up", FEED_FORWARD, WIDTH)
        matrix(f"blk.{layer}.ffn_down", WIDTH, FEED_FORWARD)
    ones("output_norm")
    matrix("output", tokens, WIDTH)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
