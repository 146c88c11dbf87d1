// Pictures of cells that can be chosen: with the pointer, or with Tab, the arrow keys and Enter.

/**
 * @param {Element} picture its cells have `data-cell`, `data-row` and `data-column`
 * @param {{choose: (cell: string) => void, look?: (cell: string) => void, first?: string}} react `look` is called for
 *   the cell under
 *   the pointer or with the focus; `first` is the one that Tab goes to
 */
export function makeGrid(picture, {choose, look = () => {}, first}) {
  const cells = [...picture.querySelectorAll("[data-cell]")];
  const nameOf = (cell) => cell.getAttribute("data-cell") ?? "";
  const cellOf = (event) => event.target.closest?.("[data-cell]");
  for (const cell of cells) cell.setAttribute("tabindex", "-1");
  const start = cells.find((cell) => nameOf(cell) === first) ?? cells[0];
  start?.setAttribute("tabindex", "0");
  picture.setAttribute("tabindex", "-1"); // Chromium lets Tab stop at a picture that listens for the focus of its cells
  picture.addEventListener("click", (event) => {
    const cell = cellOf(event);
    if (cell) choose(nameOf(cell));
  });
  picture.addEventListener("pointerover", (event) => {
    const cell = cellOf(event);
    if (cell) look(nameOf(cell));
  });
  picture.addEventListener("focusin", (event) => {
    const cell = cellOf(event);
    if (!cell) return;
    for (const other of cells) if (other.getAttribute("tabindex") === "0") other.setAttribute("tabindex", "-1");
    cell.setAttribute("tabindex", "0");
    look(nameOf(cell));
  });
  picture.addEventListener("keydown", (event) => {
    const cell = cellOf(event);
    if (!cell) return;
    if (event.key === "Enter" || event.key === " ") choose(nameOf(cell));
    else if (!move(cells, cell, event.key)) return;
    event.preventDefault();
  });
}

/** The focus goes to the next cell in the direction of an arrow key. */
function move(cells, cell, key) {
  const places = cells.map((each) => ({each, ...placeOf(each)}));
  const to = neighbour(places, placeOf(cell), key);
  to?.each.focus();
  return key.startsWith("Arrow");
}

function placeOf(cell) {
  return {row: Number(cell.getAttribute("data-row")), column: Number(cell.getAttribute("data-column"))};
}

/**
 * The place that an arrow key leads to: in the same column, or in the next one the nearest row.
 *
 * @template {{row: number, column: number}} Place
 * @param {Place[]} places
 * @param {{row: number, column: number}} from
 * @param {string} key
 * @returns {Place | undefined}
 */
export function neighbour(places, from, key) {
  const [across, down] = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]}[key] ?? [0, 0];
  if (!across && !down) return undefined;
  const ahead = places.filter(({row, column}) =>
    across ? Math.sign(column - from.column) === across : column === from.column && Math.sign(row - from.row) === down,
  );
  const distance = ({row, column}) =>
    across ? 1000 * Math.abs(column - from.column) + Math.abs(row - from.row) : Math.abs(row - from.row);
  return ahead.sort((one, other) => distance(one) - distance(other))[0];
}
