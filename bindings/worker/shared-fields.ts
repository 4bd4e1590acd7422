/**
 * The columns of a producer's events. All producers of a stream share the kinds of columns: the first value that one of
 * them pushes settles the kind of its column for all.
 */

import { OrielError, show } from '../base/errors';
import { EventFields, type Kinds } from '../input/event-fields';
import { KeyColumn, type KeyKind } from '../input/keys';
import { TextColumn, type TextKind, type TextMeasure } from '../input/measures';
import { KEY_KINDS, type Layout, settledKinds, TEXT_KINDS } from './ring-layout';

export class SharedFields extends EventFields {
  /** @param words the kinds that are settled: see `ProducerHandle.kinds` */
  constructor(
    layout: Layout,
    readonly words: Int32Array,
  ) {
    const texts = layout.texts.map(({ name, accepted, literals, form, seed }) => {
      return { column: new TextColumn(name, accepted, literals, false, seed), form };
    });
    const keys = layout.keys.map((name) => new KeyColumn(name));
    super({ ...layout, texts }, keys, layout.gaps, () => Date.now());
  }

  /** Whether all columns have a kind. */
  get #isSettled(): boolean {
    for (let c = 0; c < this.keys.length; c++) if (this.keys[c]?.kind === undefined) return false;
    for (let i = 0; i < this.texts.length; i++) if (this.texts[i]?.column.kind === undefined) return false;
    return true;
  }

  /** Adopts the kinds that other producers have settled. Call it before each check. */
  adopt(): void {
    if (!this.#isSettled) super.settle(settledKinds(this.words, this));
  }

  /**
   * Sets the kind of every column that has none yet, for all producers.
   * @throws {OrielError} ERR_ORIEL_COLUMN if another producer has settled another kind
   */
  override settle({ keys, texts }: Partial<Kinds>): void {
    keys?.forEach((kind, c) => {
      this.#share(this.keys[c] as KeyColumn, c, 1 + KEY_KINDS.indexOf(kind as KeyKind));
    });
    texts?.forEach((kind, i) => {
      const { column } = this.texts[i] as TextMeasure;
      this.#share(column, this.keys.length + i, 1 + TEXT_KINDS.indexOf(kind as TextKind));
    });
    this.adopt();
  }

  /** @param code the kind as a word; 0 if there is none to settle */
  #share({ name, kind }: KeyColumn | TextColumn, word: number, code: number): void {
    if (kind !== undefined || code === 0) return;
    const before = Atomics.compareExchange(this.words, word, 0, code);
    if (before === 0 || before === code) return;
    this.adopt();
    const problem = 'another producer has settled that it holds other values';
    throw new OrielError('ERR_ORIEL_COLUMN', `column ${show(name)}: ${problem}`);
  }
}
