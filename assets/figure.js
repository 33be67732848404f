// From what Python says of a chart, and how the reader has turned it, to what Plotly draws. Pure functions.
// Joined behind board.js and files.js and in front of chart.js.

const AXES = ["x", "y"];
const CLEAR = "rgba(0, 0, 0, 0)";
const MANY = { x: 3, y: 1.7 }; // powers of ten on a logarithmic axis: up to so many, 2 and 5 are written between them
const VAST = 6; // ... beyond so many, 10⁻⁹ stands for 1e-9, which Plotly writes beside 0.001
const PAD = 0.06; // of the height, above and below the part that is zoomed into

// view: {hidden: names, log: {x, y} where they were switched, zoom: {x, y} as Plotly's ranges, width, touch}
function figure(option, view, theme) {
  const known = hasPoints(option);
  const data = option.series.map((one, index) => ({ ...dressed(one, index, option, theme), visible: !view.hidden.has(one.behind ?? one.name) }));
  const layout = { ...option.layout, ...sized(option, view, theme), template: { layout: template(theme) }, uirevision: "constant" };
  for (const name of AXES) layout[`${name}axis`] = axis(option, view, name);
  if (view.zoom.x && !view.zoom.y) Object.assign(layout.yaxis, fitted(data, layout.xaxis, layout.yaxis));
  if (option.band) data.push(...band(option.band.map((index) => data[index])));
  for (const one of data.filter(({ low }) => low)) data.push(...band(["low", "high"].map((end) => ({ ...one, y: one[end] }))));
  if (known && option.line) layout.shapes = [level(option)].filter(({ y0 }) => y0 > 0 || layout.yaxis.type !== "log");
  return { data, layout };
}

const hasPoints = ({ series }) => series.some((one) => length(one) > 0);

const length = (one) => one.x?.length ?? one.dimensions?.length ?? 0;

const named = ({ series, layout }) => ((layout.showlegend ?? series.length > 1) ? series.filter(({ name, behind }) => name && !behind) : []);

// Its place in the palette, where several series are of one thing; else each has its own.
const ink = (one, index, { palette }) => one.line?.color ?? one.marker?.color ?? palette[(one.colour ?? index) % palette.length];

function dressed(one, index, option, theme) {
  const color = ink(one, index, theme);
  const drawn = { ...one, line: { width: 1.8, color, ...one.line }, marker: { color, size: 5, ...one.marker } };
  const words = told(one, index, option);
  if (words) Object.assign(drawn, { text: words, hovertemplate: "%{y}%{text}" });
  if (one.hollow?.length) {
    const at = new Set(one.hollow);
    drawn.marker = { ...drawn.marker, size: 7, symbol: one.x.map((_, i) => (at.has(i) ? "circle-open" : "circle")) };
  }
  return drawn;
}

// What stands behind a value where the pointer rests: the width of the band, and whether it is to be trusted.
function told({ x, y, hollow }, index, { series, band: ends, bandLabel, doubt }) {
  const under = ends?.[1] === index && series[ends[0]];
  if (!under && !hollow?.length) return null;
  const floor = new Map(under ? under.x.map((place, i) => [place, under.y[i]]) : []);
  return x.map((place, i) => {
    const low = floor.get(place);
    const gap = low == null || y[i] === null ? "" : ` (${bandLabel} ${Number((y[i] - low).toPrecision(5))})`;
    return (hollow.includes(i) ? ` (${doubt})` : "") + gap.replaceAll("-", "−");
  });
}

// The area between two lines as far as both go; none where one of them is hidden.
function band([one, other]) {
  if (!one.visible || !other.visible || !one.x.length || !other.x.length) return [];
  const [low, high] = [Math.max(one.x[0], other.x[0]), Math.min(one.x.at(-1), other.x.at(-1))];
  const points = ({ x, y }) => x.map((place, i) => [place, y[i]]).filter(([place, value]) => value !== null && place >= low && place <= high);
  const outline = [...points(one), ...points(other).reverse()];
  const look = { mode: "lines", line: { width: 0 }, fill: "toself", fillcolor: other.line.color, opacity: 0.17 };
  const [x, y] = [0, 1].map((i) => outline.map((point) => point[i]));
  return [{ type: "scatter", x, y, ...look, hoveron: "points", hoverinfo: "skip", showlegend: false }];
}

// Its name stands among those of the curves, which would run through it in the plot.
function level({ line: { value } }) {
  return { type: "line", xref: "x domain", x0: 0, x1: 1, y0: value, y1: value, line: { dash: "dot" } };
}

// A finger scrolls the page: only where a chart is zoomed into, it moves that instead.
function sized({ layout, height }, { width, touch, zoom }, { size }) {
  const margin = { l: 4 * size, r: size, t: 8, b: Math.round(3.2 * size), ...layout.margin };
  return { width, height, margin, showlegend: false, dragmode: !touch ? "zoom" : zoom.x ? "pan" : false };
}

function template({ text, line, back, font, size, palette }) {
  const axes = { gridcolor: line, linecolor: line, zeroline: false, tickfont: { size }, title: { standoff: 6, font: { size } } };
  const spike = { showspikes: true, spikemode: "across", spikesnap: "data", spikethickness: 1, spikedash: "solid", spikecolor: text };
  return {
    font: { family: font, size, color: text },
    colorway: palette,
    shapedefaults: { line: { color: text, width: 1.2 } },
    paper_bgcolor: CLEAR,
    plot_bgcolor: back, // the line under the pointer stands out against it
    hoverdistance: -1, // the nearest point, however far: a curve zoomed into may have few
    hoverlabel: { bgcolor: back, bordercolor: line, font: { size: size + 1, color: text } },
    xaxis: { ...axes, ...spike, showgrid: false, showline: true, ticks: "outside", ticklen: 4, tickcolor: line, hoverformat: ".7~g" },
    yaxis: { ...axes, hoverformat: ".5~g", automargin: true },
  };
}

// An axis at the part that was zoomed into, else as Python said, and as a logarithm where that was switched.
function axis(option, { log, zoom }, name) {
  const said = option.layout[`${name}axis`] ?? {};
  const drawn = { ...said, visible: hasPoints(option) && said.visible !== false, uirevision: performance.now() };
  if (name === "y") drawn.title = { text: "" }; // it stands above the chart
  if (log[name] !== undefined) Object.assign(drawn, { type: log[name] ? "log" : "linear", range: undefined });
  if (drawn.type === "log" && !drawn.tickvals) {
    const powers = decades(option, name);
    Object.assign(drawn, powers < MANY[name] ? { dtick: "D2", tickformat: ".3~g" } : powers > VAST ? { exponentformat: "power" } : {});
  }
  if (zoom[name]) Object.assign(drawn, { range: [...zoom[name]], autorange: undefined });
  return drawn;
}

// How many powers of ten lie between the smallest and the largest positive value.
function decades({ series }, name) {
  const powers = series.flatMap((one) => one[name] ?? []).filter((value) => value > 0).map(Math.log10);
  return powers.reduce((a, b) => Math.max(a, b), -Infinity) - powers.reduce((a, b) => Math.min(a, b), Infinity);
}

const isLog = ({ layout }, { log }, name) => log[name] ?? layout[`${name}axis`]?.type === "log";

// Whether an axis can be switched to a logarithm: it holds numbers, and some of them are above zero.
function canLog({ series, layout }, name) {
  const values = series.flatMap((one) => one[name] ?? []);
  const numbers = values.every((value) => value === null || typeof value === "number");
  return numbers && layout[`${name}axis`]?.type !== "category" && values.every((value) => value === null || value >= 0) && values.some((value) => value > 0);
}

// The height of what is between the ends of x, for lines and dots: Plotly itself keeps that of all.
function fitted(data, { range, type }, { type: kind }) {
  if (!data.every((one) => one.type === "scatter")) return {};
  const [low, high] = range.map((end) => (end === null ? Infinity : type === "log" ? 10 ** end : end));
  const scale = kind === "log" ? Math.log10 : (value) => value;
  const seen = data.filter(({ visible }) => visible).flatMap((one) => inside(one, low, high)).map(scale).filter(Number.isFinite);
  if (!seen.length) return {};
  const [bottom, top] = [seen.reduce((a, b) => Math.min(a, b)), seen.reduce((a, b) => Math.max(a, b))];
  const pad = (top - bottom) * PAD || Math.abs(top) * PAD || 1;
  return { range: [bottom - pad, top + pad], autorange: undefined };
}

// The values from low to high, and those where the line between two of them crosses these ends.
function inside({ x, y, mode }, low, high) {
  const found = y.filter((value, i) => value !== null && x[i] >= low && x[i] <= high);
  for (let i = 1; i < x.length && mode !== "markers"; i++)
    for (const end of [low, high])
      if (x[i - 1] < end && end < x[i] && y[i - 1] !== null && y[i] !== null)
        found.push(y[i - 1] + ((y[i] - y[i - 1]) * (end - x[i - 1])) / (x[i] - x[i - 1]));
  return found;
}

// All x of the series that are shown, ascending where they are numbers.
function places(series) {
  const found = [...new Set(series.flatMap(({ x, dimensions }) => x ?? dimensions[0].values.map((_, i) => i)))];
  return found.every((place) => typeof place === "number") ? found.sort((a, b) => a - b) : found;
}

// The chart as rows of values: a column for x and one a series, and the ends of the error bars that it has.
function values({ series, layout }, { hidden }) {
  const shown = series.filter(({ name }) => !hidden.has(name));
  const columns = shown.flatMap((one) => columnsOf(one, one.name || layout.yaxis?.title?.text || ""));
  const rows = places(shown).map((place) => [place, ...columns.map(({ at }) => at.get(place) ?? "")]);
  const head = [layout.xaxis?.title?.text ?? _("number"), ...columns.map(({ name }) => name)];
  return [head, ...rows];
}

function columnsOf({ x, y, low, high, dimensions, error_y: error }, name) {
  if (dimensions) return dimensions.map(({ label, values }) => column(label, values.map((_, i) => i), values));
  const found = [column(name, x, y)];
  if (low) found.push(column(_("{name}, low", { name }), x, low), column(_("{name}, high", { name }), x, high));
  if (error?.array) found.push(column(`${name} +`, x, error.array), column(`${name} -`, x, error.arrayminus ?? error.array));
  return found;
}

const column = (name, x, y) => ({ name, at: new Map(x.map((place, i) => [place, y[i]])) });

// The chart in words: its name, and of each series that is shown its newest value, or of bars and dots where they lie.
function spoken(option, { hidden }) {
  const { series, layout, alt, empty } = option;
  if (!hasPoints(option)) return empty ? `${alt}: ${empty}` : alt;
  const shown = series.filter((one) => length(one) && !one.behind && one.mode !== "text" && one.hoverinfo !== "skip" && !hidden.has(one.name));
  const across = layout.xaxis?.title?.text ?? "";
  const said = new Map(); // where it is -> what is there
  for (const one of shown) {
    const [where, what] = one.dimensions ? ["", _("{n} lines", { n: one.dimensions[0].values.length })] : reading(one);
    const place = where === "" ? "" : `${across} ${typeof where === "number" ? brief(where, 4) : where}: `;
    said.set(place, [...(said.get(place) ?? []), one.name ? `${one.name} ${what}` : what]);
  }
  return `${alt}: ${[...said].map(([place, words]) => place + words.join(", ")).join("; ")}`;
}

const FEW = 4; // values that are told one by one

// Where a series is read, or "" where everywhere, and what is there.
function reading({ type, mode, x, y }) {
  const known = x.map((place, i) => [place, y[i]]).filter(([, value]) => value !== null && value !== undefined);
  const [last, heights] = [known.at(-1), known.map(([, value]) => value)];
  if (!last) return ["", "–"];
  const [low, high] = [heights.reduce((a, b) => Math.min(a, b)), heights.reduce((a, b) => Math.max(a, b))];
  const told = ([place, value]) => `${typeof place === "number" ? brief(place) : place}: ${brief(value)}`;
  if (type === "bar" && known.length <= FEW) return ["", known.map(told).join(", ")];
  if (type === "bar") return ["", _("highest at {bar}", { bar: told(known.find(([, value]) => value === high)) })];
  const range = brief(low) !== brief(high) ? ` (${_("{low} to {high}", { low: brief(low), high: brief(high) })})` : "";
  if (mode === "markers" && known.length > 1) return ["", _("{n} points", { n: known.length }) + range];
  return [last[0], brief(last[1]) + range];
}
