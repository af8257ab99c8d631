import { choice, positive } from "../checkpoints/config-fields.ts";

/**
 * The base of rotary frequencies in both spellings of configs (`rope_theta`; `rope_parameters` since transformers 5),
 * and the kind of scaling, of which only none is supported.
 */
export function rotaryFields(theta: number, ...aliases: readonly string[]) {
  return {
    theta: positive(["rope_parameters.rope_theta", "rope_theta", ...aliases], theta),
    ropeType: choice(
      ["rope_parameters.rope_type", "rope_scaling.type", "rope_scaling.rope_type"],
      ["default"],
      "default",
    ),
  } as const;
}
