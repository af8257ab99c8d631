/** A repository in the Sentence Transformers layout, with files that nobody needs; its contents are made up. */
export const SMALL_REPOSITORY: { readonly [name: string]: string } = {
  ".gitattributes": "*.safetensors filter=lfs\n",
  "README.md": "# tiny\n",
  "config.json": '{"model_type":"bert"}',
  "tokenizer.json": '{"version":"1.0"}',
  "tokenizer_config.json": "{}",
  "vocab.txt": "[PAD]\n[UNK]\n",
  "modules.json": JSON.stringify([
    { idx: 0, name: "0", path: "", type: "sentence_transformers.models.Transformer" },
    { idx: 1, name: "1", path: "1_Pooling", type: "sentence_transformers.models.Pooling" },
    { idx: 2, name: "2", path: "2_Normalize", type: "sentence_transformers.models.Normalize" },
  ]),
  "1_Pooling/config.json": '{"word_embedding_dimension":24}',
  "model.safetensors": "weights ".repeat(5000),
  "pytorch_model.bin": "the same in another format",
  "tf_model.h5": "and another",
  "flax_model.msgpack": "and another",
  "onnx/model.onnx": "and another",
  "onnx/config.json": "{}",
};

/** The files of it that are pulled. */
export const NEEDED = [
  "1_Pooling/config.json",
  "config.json",
  "model.safetensors",
  "modules.json",
  "tokenizer.json",
  "tokenizer_config.json",
  "vocab.txt",
];

/** The files that are looked for and are not in it. */
export const ABSENT = [
  "added_tokens.json",
  "config_sentence_transformers.json",
  "sentence_bert_config.json",
  "special_tokens_map.json",
];
