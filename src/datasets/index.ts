/** Readers: files to rows. The `cloze/datasets` subpath. */
export type { GoldAnswer } from "./answer-rows.ts";
export type { ColumnRole, ColumnRoles, DataInput, DataTarget } from "./columns.ts";
export { type DataFormat, hashData } from "./data-file.ts";
export type { DataRow } from "./data-row.ts";
export { Dataset, type DatasetOptions } from "./dataset.ts";
export { LabelSet } from "./label-set.ts";
export { type CorpusText, type PlainTextOptions, readPlainText } from "./plain-text.ts";
export { type CorpusDocument, openRetrieval, type RetrievalData, type RetrievalOptions } from "./retrieval.ts";
