// What the browser shows of some elements, as a PNG: canvases, SVG, boxes and words, each where it stands. No picture of a page
// can be had from the browser itself, and one of its HTML within SVG is refused by some.

const SHARP = 2; // pixels of the file for one of the screen
const PENS = [
  ...["fill", "fill-opacity", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray", "opacity", "display"],
  ...["font-family", "font-size", "font-style", "font-weight", "text-anchor"], // "font" is empty where digits are tabular
];
const PASSED = ".files, .tip, .label, .ring, .cursor, [hidden]";
globalThis.boltzmannPortrait = portrait;

async function portrait(parts) {
  const boxes = parts.map((one) => one.getBoundingClientRect()).filter(({ width, height }) => width && height);
  const [left, top] = [Math.min(...boxes.map((box) => box.left)) - 8, Math.min(...boxes.map((box) => box.top)) - 8];
  const [right, bottom] = [Math.max(...boxes.map((box) => box.right)) + 8, Math.max(...boxes.map((box) => box.bottom)) + 8];
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [(right - left) * SHARP, (bottom - top) * SHARP].map(Math.ceil);
  const context = canvas.getContext("2d");
  context.scale(SHARP, SHARP);
  context.translate(-left, -top);
  context.fillStyle = getComputedStyle(parts[0]).getPropertyValue("--st-background-color");
  context.fillRect(left, top, right - left, bottom - top);
  for (const one of parts) await paint(context, one, boxes[0].width / (parts[0].offsetWidth || boxes[0].width));
  return new Promise((done) => canvas.toBlob(done, "image/png"));
}

// ``zoom``: how much larger it stands on the screen than it is, as where one picture fills it.
async function paint(context, node, zoom) {
  const style = getComputedStyle(node);
  const place = node.getBoundingClientRect();
  if (node.matches(PASSED) || style.display === "none" || !place.width) return;
  context.save();
  context.globalAlpha *= Number(style.opacity);
  if (node.localName === "canvas") {
    context.imageSmoothingEnabled = style.imageRendering !== "pixelated";
    context.drawImage(node, place.left, place.top, place.width, place.height);
  } else if (node.localName === "svg") context.drawImage(await still(node, place), place.left, place.top, place.width, place.height);
  else {
    box(context, style, place);
    for (const child of node.childNodes) {
      if (child.nodeType === Node.TEXT_NODE) write(context, child, style, zoom);
      else if (child.nodeType === Node.ELEMENT_NODE) await paint(context, child, zoom);
    }
  }
  context.restore();
}

function box(context, style, { left, top, width, height }) {
  const radius = style.borderRadius.endsWith("%") ? width / 2 : parseFloat(style.borderRadius) || 0;
  const line = style.borderTopStyle === "solid" ? parseFloat(style.borderTopWidth) : 0;
  const frame = style.boxShadow.match(/^(.*\)) 0px 0px 0px (\d+)px inset$/); // as of the best cell
  context.beginPath();
  context.roundRect(left + line / 2, top + line / 2, Math.max(0, width - line), Math.max(0, height - line), radius);
  context.fillStyle = ground(context, style, left, width);
  context.fill();
  for (const [colour, wide] of [[style.borderTopColor, line], frame ? [frame[1], Number(frame[2])] : ["", 0]]) {
    Object.assign(context, { strokeStyle: colour, lineWidth: wide });
    if (wide) context.stroke();
  }
}

// A colour, or a row of colours from left to right.
function ground(context, { backgroundImage, backgroundColor }, left, width) {
  const colours = backgroundImage.match(/rgba?\([^)]*\)/g);
  if (!colours) return backgroundColor;
  const row = context.createLinearGradient(left, 0, left + width, 0);
  colours.forEach((colour, i) => row.addColorStop(colours.length > 1 ? i / (colours.length - 1) : 0, colour));
  return row;
}

function write(context, text, style, zoom) {
  const range = document.createRange();
  Object.assign(context, { fillStyle: style.color, textBaseline: "middle" });
  context.font = `${style.fontStyle} ${style.fontWeight} ${parseFloat(style.fontSize) * zoom}px ${style.fontFamily}`;
  for (const { index, 0: word } of text.data.matchAll(/\S+/g)) {
    range.setStart(text, index);
    range.setEnd(text, index + word.length);
    const place = range.getBoundingClientRect();
    if (place.width) context.fillText(word, place.left, place.top + place.height / 2);
  }
}

// A drawing that carries its styles along, which in a file of its own no sheet gives it.
async function still(drawing, { width, height }) {
  const copy = drawing.cloneNode(true);
  const [from, to] = [drawing, copy].map((one) => [one, ...one.querySelectorAll("*")]);
  from.forEach((one, i) => {
    const style = getComputedStyle(one);
    to[i].style.cssText = PENS.map((name) => `${name}: ${style.getPropertyValue(name)}`).join("; ");
  });
  if (!copy.hasAttribute("viewBox")) copy.setAttribute("viewBox", `0 0 ${drawing.clientWidth} ${drawing.clientHeight}`);
  for (const [name, value] of [["xmlns", "http://www.w3.org/2000/svg"], ["width", width], ["height", height]]) copy.setAttribute(name, value);
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(copy))}`;
  await image.decode();
  return image;
}
