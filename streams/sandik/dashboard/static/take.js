// Take a chart away: as CSV, SVG or PNG. Nothing leaves this machine.

const PAINT = ["fill", "stroke", "stroke-width", "stroke-dasharray", "font-size", "font-weight", "opacity"];
const MARGIN_PX = 16, TITLE_PX = 44, PNG_SCALE = 2;

/** Return the chart as a drawing of its own, with what it says above, and in the colours of now. */
function drawing(chart, lines) {
  const width = chart.width.baseVal.value + 2 * MARGIN_PX, height = chart.height.baseVal.value + TITLE_PX + 2 * MARGIN_PX;
  const make = (name, attributes, text) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    if (text) element.textContent = text;
    return element;
  };
  const style = getComputedStyle(document.body);
  const root = make("svg", { width, height, viewBox: `0 0 ${width} ${height}`, "font-family": "system-ui, sans-serif" });
  root.append(make("rect", { width, height, fill: style.backgroundColor }));
  lines.forEach((line, place) => root.append(make("text", { x: MARGIN_PX, y: MARGIN_PX + 14 + place * 20, fill: style.color, "font-size": place ? "12px" : "15px", "font-weight": place ? 400 : 600 }, line)));
  const group = make("g", { transform: `translate(${MARGIN_PX},${MARGIN_PX + TITLE_PX})` });
  for (const original of chart.children) {
    if (original.getAttribute("visibility") === "hidden") continue;
    const copy = original.cloneNode(true), painted = getComputedStyle(original);
    copy.removeAttribute("class");
    for (const name of PAINT) copy.setAttribute(name, painted.getPropertyValue(name));
    group.append(copy);
  }
  root.append(group);
  return root;
}

export function takeSvg(chart, lines, name) {
  const text = new XMLSerializer().serializeToString(drawing(chart, lines));
  save(new Blob([text], { type: "image/svg+xml" }), `${name}.svg`);
}

/** An image of an SVG would need a looser policy of the page, so its few kinds of shapes are painted here. */
export function takePng(chart, lines, name) {
  const root = drawing(chart, lines), canvas = document.createElement("canvas");
  canvas.width = root.getAttribute("width") * PNG_SCALE;
  canvas.height = root.getAttribute("height") * PNG_SCALE;
  const context = canvas.getContext("2d");
  context.scale(PNG_SCALE, PNG_SCALE);
  const [group] = root.querySelectorAll("g");
  for (const shape of [...root.children].filter((one) => one !== group)) paint(context, shape);
  context.translate(MARGIN_PX, MARGIN_PX + TITLE_PX);
  for (const shape of group.children) paint(context, shape);
  canvas.toBlob((blob) => save(blob, `${name}.png`));
}

export const takeCsv = (text, name) => save(new Blob([text], { type: "text/csv" }), `${name}.csv`);

/** Return rows as CSV: { start_ms, end_ms, name, posts, share, isFinal }; `kind` is what names are of, `posts` by tag. */
export function asCsv(kind, tags, rows) {
  const line = (values) => values.map((value) => (/[",\n\r]/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : value)).join(",");
  // A spreadsheet would run what begins so.
  const safe = (name) => (/^[=+\-@\t]/.test(name) ? `'${name}` : name);
  const instant = (ms) => new Date(ms).toISOString();
  const head = ["start", "end", kind, ...tags.map(safe), "share", "share_low", "share_high", "is_final"];
  const body = rows.map(({ start_ms, end_ms, name, posts, share, isFinal }) => line([
    instant(start_ms), instant(end_ms), safe(name), ...tags.map((tag) => posts[tag] ?? 0), share?.value ?? "", share?.low ?? "", share?.high ?? "", isFinal,
  ]));
  return `${[line(head), ...body].join("\r\n")}\r\n`;
}

function paint(context, shape) {
  const value = (name) => Number(shape.getAttribute(name) ?? 0), paints = (name) => (shape.getAttribute(name) ?? "none") !== "none";
  context.globalAlpha = Number(shape.getAttribute("opacity") || 1);
  if (shape.tagName === "text") {
    context.font = `${shape.getAttribute("font-weight") ?? 400} ${shape.getAttribute("font-size")} system-ui, sans-serif`;
    context.textAlign = { middle: "center", end: "right" }[shape.getAttribute("text-anchor")] ?? "left";
    context.fillStyle = shape.getAttribute("fill");
    context.fillText(shape.textContent, value("x"), value("y"));
    return;
  }
  const path = new Path2D(shape.tagName === "path" ? shape.getAttribute("d") : "");
  if (shape.tagName === "rect") path.rect(value("x"), value("y"), value("width"), value("height"));
  if (shape.tagName === "circle") path.arc(value("cx"), value("cy"), value("r"), 0, 2 * Math.PI);
  if (shape.tagName === "line") { path.moveTo(value("x1"), value("y1")); path.lineTo(value("x2"), value("y2")); }
  if (paints("fill")) { context.fillStyle = shape.getAttribute("fill"); context.fill(path); }
  if (paints("stroke")) {
    context.strokeStyle = shape.getAttribute("stroke");
    context.lineWidth = parseFloat(shape.getAttribute("stroke-width")) || 1;
    context.setLineDash((shape.getAttribute("stroke-dasharray") ?? "none") === "none" ? [] : shape.getAttribute("stroke-dasharray").split(/[ ,]+/).map(parseFloat));
    context.stroke(path);
  }
}

export function save(blob, name) {
  const address = URL.createObjectURL(blob), link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 1_000);
}
