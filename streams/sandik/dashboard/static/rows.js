// Rows by language and bucket, and what charts and figures need of them.

export const EVERY = "*";

/** The newest rows of one query. */
export class Rows {
  constructor(counts) {
    this.rollup_ms = counts.rollup_ms;
    this.byLanguage = new Map();
    this.add(counts);
  }

  /** Take in what has changed. Rows that have slid out of the span go; the one that it begins in comes anew. */
  add(counts) {
    this.watermark_ms = counts.watermark_ms;
    for (const rows of this.byLanguage.values()) {
      for (const start_ms of rows.keys()) if (start_ms < counts.from_ms) rows.delete(start_ms);
    }
    for (const row of counts.rows) {
      if (!this.byLanguage.has(row.language)) this.byLanguage.set(row.language, new Map());
      this.byLanguage.get(row.language).set(row.start_ms, row);
    }
  }

  /** All rows, newest first. */
  all() {
    return [...this.byLanguage.values()].flatMap((rows) => [...rows.values()])
      .sort((a, b) => b.start_ms - a.start_ms || (a.language < b.language ? -1 : 1));
  }

  /** All rows as a file has them, in the order of time. */
  told(tags) {
    return this.all().toReversed().map((row) => ({
      ...row, name: row.language === EVERY ? "all" : row.language, posts: Object.fromEntries(tags.map((tag) => [tag, total(row, tag)])), isFinal: this.isFinal(row, row.start_ms),
    }));
  }

  /** The bucket starts from the first to the last row, without holes. */
  starts() {
    let first = Infinity, last = -Infinity;
    for (const rows of this.byLanguage.values()) {
      for (const start_ms of rows.keys()) { first = Math.min(first, start_ms); last = Math.max(last, start_ms); }
    }
    const found = [];
    for (let start_ms = first; start_ms <= last; start_ms += this.rollup_ms) found.push(start_ms);
    return found;
  }

  row(language, start_ms) {
    return this.byLanguage.get(language)?.get(start_ms);
  }

  /** Whether nothing about the bucket is open; late posts may still correct it. */
  isFinal(row, start_ms) {
    const isPassed = this.watermark_ms !== null && start_ms + this.rollup_ms <= this.watermark_ms;
    return isPassed && (!row || Object.keys(row.current).length === 0);
  }

  /** What a chart shows of a language: a value for each of `starts`. */
  course(language, starts, pair) {
    const found = starts.map((start_ms) => this.row(language, start_ms));
    return {
      share: found.map((row) => row?.share ?? null),
      base: found.map((row) => total(row, pair.base)),
      part: found.map((row) => total(row, pair.name)),
      isFinal: found.map((row, place) => this.isFinal(row, starts[place])),
      marks: this.marks(language, starts, this.rollup_ms, pair),
    };
  }

  /** Where bursts and corrections lie on a chart with these buckets, which may be longer than those of the rows. */
  marks(language, starts, step_ms, pair) {
    const found = new Map();
    for (const row of this.byLanguage.get(language)?.values() ?? []) {
      const at = Math.floor((row.start_ms - starts[0]) / step_ms);
      if (row.bursts.includes(pair.name)) found.set(`burst ${at}`, { at, kind: "burst" });
      if (row.corrected[pair.name] || row.corrected[pair.base]) found.set(`corrected ${at}`, { at, kind: "corrected" });
    }
    return [...found.values()].filter(({ at }) => at >= 0 && at < starts.length).sort((a, b) => a.at - b.at);
  }
}

/** Posts of the row with the tag, final or not. */
export const total = (row, tag) => (row ? (row.counts[tag] ?? 0) + (row.current[tag] ?? 0) : 0);
