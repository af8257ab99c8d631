import { type Command, Option } from "commander";
import { PRECISIONS } from "../backends/op-table.ts";
import { OPTIMIZERS } from "../training/optimizers.ts";
import { SCHEDULE_NAMES } from "../training/schedules.ts";
import { fractionBelowOne, numberFromZero } from "./flags.ts";

/** How rates go and what a step computes with, of every command that trains. @param warmup its default, for --help */
export function addStepFlags(command: Command, warmup: string): void {
  command
    .addOption(new Option("--schedule <name>", "how the rate goes (default: linear)").choices(SCHEDULE_NAMES))
    .option("--warmup <x>", `steps of warm-up; below 1 a share of all (default: ${warmup})`, numberFromZero)
    .addOption(new Option("--dtype <name>", "what products multiply (default: f32)").choices(PRECISIONS))
    .option("--recompute", "keep less for the gradients and compute it again: slower, less memory")
    .addOption(new Option("--optimizer <name>", "what makes steps of gradients (default: adamw)").choices(OPTIMIZERS));
}

/** What bounds and smooths the steps. */
export function addUpdateFlags(command: Command): void {
  command
    .option("--average-decay <x>", "keep the moving average of the weights, of which this stays", fractionBelowOne)
    .option("--weight-decay <x>", "pulls matrices towards 0 (default: 0.01)", numberFromZero)
    .option("--clip <x>", "most that the gradients' norm may be; 0: no limit (default: 1)", numberFromZero);
}
