// Rows by language and bucket, and what charts and figures need of them.

export const EVERY = "*";
const Z = 1.959963984540054; // two-sided 95 %, as streams/sandik/figures/interval.py

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

  /** Posts with the tag over all buckets. */
  sum(language, tag) {
    let posts = 0;
    for (const row of this.byLanguage.get(language)?.values() ?? []) posts += total(row, tag);
    return posts;
  }

  /** What a chart shows of a language: a value for each of `starts`. */
  course(language, starts, pair) {
    const found = starts.map((start_ms) => this.row(language, start_ms));
    return {
      share: found.map((row) => row?.share ?? null),
      base: found.map((row) => total(row, pair.base)),
      part: found.map((row) => total(row, pair.name)),
      isFinal: found.map((row, place) => this.isFinal(row, starts[place])),
      marks: found.flatMap((row, place) => [
        ...(row?.bursts.includes(pair.name) ? [{ at: place, kind: "burst" }] : []),
        ...(row?.corrected[pair.name] || row?.corrected[pair.base] ? [{ at: place, kind: "corrected" }] : []),
      ]),
    };
  }
}

/** Posts of the row with the tag, final or not. */
export const total = (row, tag) => (row ? (row.counts[tag] ?? 0) + (row.current[tag] ?? 0) : 0);

/** The 95 % Wilson interval of part / base, or null without any of the base. */
export function wilson(part, base) {
  if (!base) return null;
  const value = part / base, spread = (Z * Z) / base;
  const centre = (value + spread / 2) / (1 + spread);
  const margin = (Z * Math.sqrt((value * (1 - value)) / base + spread / (4 * base))) / (1 + spread);
  return { value, low: part ? centre - margin : 0, high: part === base ? 1 : centre + margin };
}

/** The same course in steps of so many buckets: for charts that are small, or of few posts. */
export function folded(course, buckets) {
  if (buckets === 1) return course;
  const pieces = (values) => Array.from({ length: Math.ceil(values.length / buckets) }, (_, place) => values.slice(place * buckets, (place + 1) * buckets));
  const sums = (values) => pieces(values).map((some) => some.reduce((sum, one) => sum + one, 0));
  const base = sums(course.base), part = sums(course.part);
  return {
    base, part,
    share: base.map((posts, place) => wilson(Math.min(part[place], posts), posts)),
    isFinal: pieces(course.isFinal).map((some) => some.every(Boolean)),
    marks: [],
  };
}
