/** Lines of byte offsets, from 1. */
export class LineTable {
  readonly #starts: Int32Array;

  constructor(bytes: Uint8Array) {
    const starts = [0];
    for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) starts.push(at + 1);
    this.#starts = Int32Array.from(starts);
  }

  lineOf(offset: number): number {
    let low = 0;
    let high = this.#starts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#starts[middle] as number) <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
