/** A label that looks like a mistake. */
export interface OddLabel {
  readonly label: string;
  readonly reason: string;
}

/**
 * Labels that look like mistakes: with white space around them, differing from another only in case, seen once in training,
 * or, of tags, inside an entity whose beginning never occurs.
 *
 * @param counts how often each label occurs
 */
export function findOddLabels(
  counts: ReadonlyMap<string, number>,
  { isTag, isTraining }: { readonly isTag: boolean; readonly isTraining: boolean },
): OddLabel[] {
  const odd: OddLabel[] = [];
  const spellings = new Map<string, string>();
  for (const [label, count] of counts) {
    const plain = label.trim().toLowerCase();
    const other = spellings.get(plain);
    if (label !== label.trim()) odd.push({ label, reason: "has white space around it" });
    else if (other !== undefined) odd.push({ label, reason: `differs from "${other}" only in its spelling` });
    else if (count === 1 && isTraining && !isTag) odd.push({ label, reason: "occurs once" });
    spellings.set(plain, other ?? label);
    if (isTag) odd.push(...oddTag(label, counts));
  }
  return odd;
}

function oddTag(tag: string, counts: ReadonlyMap<string, number>): OddLabel[] {
  const type = /^[IE]-(.+)$/su.exec(tag)?.[1];
  if (type === undefined || counts.has(`B-${type}`) || ![...counts.keys()].some((each) => each.startsWith("B-")))
    return [];
  return [{ label: tag, reason: `goes on with an entity, but "B-${type}" never occurs` }];
}
