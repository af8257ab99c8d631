/**
 * Each input beside its result, for a `run` that takes inputs as they come and gives results in their order. Only the
 * inputs under way are held.
 */
export async function* pairResults<Input, Result>(
  inputs: AsyncIterable<Input> | Iterable<Input>,
  run: (inputs: AsyncIterable<Input>) => AsyncIterable<Result>,
): AsyncGenerator<[input: Input, result: Result]> {
  const underWay: Input[] = [];
  const noted = async function* () {
    for await (const input of inputs) {
      underWay.push(input);
      yield input;
    }
  };
  for await (const result of run(noted())) yield [underWay.shift()!, result];
}
