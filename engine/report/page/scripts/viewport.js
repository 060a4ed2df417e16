// Moves and zooms the drawings of graphs, each in its frame. Only the transform of a drawing changes, which is not painted
// again before the movement has ended: so hundreds of boxes stay smooth.

(() => {
  /** @typedef {{ x: number, y: number, scale: number }} Look */

  const SMALLEST = 0.05;
  const LARGEST = 3;
  const FAR = 0.42;
  const READABLE = 0.6;
  const MARGIN = 12;
  const STILL_MS = 150;

  /** Where each drawing is looked at, by the id of its frame. @type {Map<string, Look>} */
  const looks = new Map();
  /** How wide each frame was when it was last looked at. @type {Map<string, number>} */
  const widths = new Map();
  /** The frames in which somebody has moved the drawing. @type {Set<string>} */
  const moved = new Set();
  /** What ends a movement, by the id of the frame. @type {Map<string, ReturnType<typeof setTimeout>>} */
  const still = new Map();

  /** @param {HTMLElement} view */
  function svgOf(view) {
    const svg = view.querySelector('svg');
    return svg instanceof SVGSVGElement ? svg : null;
  }

  /** @param {SVGSVGElement} svg */
  const sizeOf = (svg) => ({ width: Number(svg.getAttribute('width')), height: Number(svg.getAttribute('height')) });

  /** @param {HTMLElement} view */
  function show(view) {
    const svg = svgOf(view);
    const look = looks.get(view.id);
    if (!svg || !look) return;
    svg.style.transform = `translate(${-look.x * look.scale}px, ${-look.y * look.scale}px) scale(${look.scale})`;
    widths.set(view.id, view.clientWidth);
    svg.classList.toggle('far', look.scale < FAR);
    svg.classList.add('moving');
    clearTimeout(still.get(view.id));
    still.set(view.id, setTimeout(() => { svg.classList.remove('moving'); }, STILL_MS));
  }

  /**
   * The scale at which all of it fits, at most its natural size.
   * @param {HTMLElement} view
   * @param {SVGSVGElement} svg
   */
  function fittingScale(view, svg) {
    const { width, height } = sizeOf(svg);
    return Math.min(1, (view.clientWidth - 2 * MARGIN) / width, (view.clientHeight - 2 * MARGIN) / height);
  }

  /** @param {HTMLElement} view */
  function fit(view) {
    const svg = svgOf(view);
    if (!svg) return;
    const { width, height } = sizeOf(svg);
    const scale = Math.max(SMALLEST, fittingScale(view, svg));
    looks.set(view.id, {
      x: (width - view.clientWidth / scale) / 2,
      y: (height - view.clientHeight / scale) / 2,
      scale,
    });
    show(view);
  }

  /** The first look: all of it, unless that is too small to read; then its start. @param {HTMLElement} view */
  function begin(view) {
    const svg = svgOf(view);
    if (!svg) return;
    const { width, height } = sizeOf(svg);
    const room = innerHeight * 0.72;
    const across = Math.max(READABLE, Math.min(1, (view.clientWidth - 2 * MARGIN) / width));
    view.classList.add('moves');
    view.style.height = `${Math.ceil(Math.max(120, Math.min(room, height * across + 2 * MARGIN)))}px`;
    fit(view);
    const look = looks.get(view.id);
    if (!look || look.scale >= READABLE) return;
    const box = view.querySelector('.box.failed, .box.running') ?? view.querySelector('.box');
    looks.set(view.id, { ...look, scale: READABLE });
    if (box) centre(view, box);
  }

  /**
   * Zooms so that the point at (x, y) of the view stays where it is.
   * @param {HTMLElement} view
   * @param {number} factor
   * @param {number} x
   * @param {number} y
   */
  function zoom(view, factor, x = view.clientWidth / 2, y = view.clientHeight / 2) {
    const look = looks.get(view.id);
    if (!look) return;
    moved.add(view.id);
    const scale = Math.min(LARGEST, Math.max(SMALLEST, look.scale * factor));
    looks.set(view.id, {
      x: look.x + x / look.scale - x / scale,
      y: look.y + y / look.scale - y / scale,
      scale,
    });
    show(view);
  }

  /**
   * @param {HTMLElement} view
   * @param {number} right
   * @param {number} down
   */
  function pan(view, right, down) {
    const look = looks.get(view.id);
    if (!look) return;
    moved.add(view.id);
    looks.set(view.id, { ...look, x: look.x + right / look.scale, y: look.y + down / look.scale });
    show(view);
  }

  /**
   * @param {HTMLElement} view
   * @param {Element} box
   */
  function centre(view, box) {
    const look = looks.get(view.id);
    const place = placeOf(box);
    if (!look || !place) return;
    const svg = svgOf(view);
    const size = svg ? sizeOf(svg) : { width: 0, height: 0 };
    looks.set(view.id, {
      ...look,
      x: within(place.x, view.clientWidth / look.scale, size.width, MARGIN / look.scale),
      y: within(place.y, view.clientHeight / look.scale, size.height, MARGIN / look.scale),
    });
    show(view);
  }

  /**
   * Where a frame begins that has `middle` in its middle, as far as it shows nothing beyond the drawing.
   * @param {number} middle
   * @param {number} frame
   * @param {number} drawing
   * @param {number} margin
   */
  function within(middle, frame, drawing, margin) {
    if (drawing <= frame) return (drawing - frame) / 2;
    return Math.min(Math.max(middle - frame / 2, -margin), drawing - frame + margin);
  }

  /**
   * Moves the drawing as far as needed for a box to be in view.
   * @param {HTMLElement} view
   * @param {Element} box
   */
  function reveal(view, box) {
    const frame = view.getBoundingClientRect();
    const card = box.getBoundingClientRect();
    const right = Math.max(0, card.right - frame.right + MARGIN) + Math.min(0, card.left - frame.left - MARGIN);
    const down = Math.max(0, card.bottom - frame.bottom + MARGIN) + Math.min(0, card.top - frame.top - MARGIN);
    if (right || down) pan(view, right, down);
  }

  /** The middle of a box in the coordinates of its drawing. @param {Element} box */
  function placeOf(box) {
    const svg = box.closest('svg');
    const card = box.querySelector('.card');
    if (!(svg instanceof SVGSVGElement) || !(card instanceof SVGGraphicsElement)) return null;
    const from = card.getScreenCTM();
    const to = svg.getScreenCTM();
    if (!from || !to) return null;
    const around = card.getBBox();
    const point = new DOMPoint(around.x + around.width / 2, around.y + around.height / 2);
    return point.matrixTransform(from).matrixTransform(to.inverse());
  }

  /** Looks at a drawing as before; at one that was not looked at yet, or was replaced, from the start. @param {HTMLElement} view */
  function keep(view) {
    const look = looks.get(view.id);
    if (look && view.classList.contains('moves')) return;
    begin(view);
    if (look) looks.set(view.id, look);
    show(view);
  }

  /** Shows a box in the middle, large enough to read. @param {HTMLElement} view @param {Element} box */
  function goTo(view, box) {
    keep(view);
    moved.add(view.id);
    const look = looks.get(view.id);
    if (look && look.scale < READABLE) looks.set(view.id, { ...look, scale: READABLE });
    centre(view, box);
  }

  /** After a change of its width: looks from the start, or at the same middle if somebody has moved it. @param {HTMLElement} view */
  function resized(view) {
    const look = looks.get(view.id);
    if (!look || !view.clientWidth) {
      looks.delete(view.id);
    } else if (moved.has(view.id)) {
      const narrower = (widths.get(view.id) ?? view.clientWidth) - view.clientWidth;
      looks.set(view.id, { ...look, x: look.x + narrower / 2 / look.scale });
      show(view);
    } else {
      begin(view);
    }
  }

  window.oePage.viewport = { keep, resized, fit, zoom, pan, reveal, goTo, placeOf };
})();
