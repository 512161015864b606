// What the page does when it is touched. Bokeh draws; this script says what, and describes it in
// words beside. It needs no network and makes no code out of text.
"use strict";
(() => {
  const INK = { light: "#1b1b1b", dark: "#ececea" };
  const FAINT = { light: "#8a8a8a", dark: "#8a8f96" };
  const FADED = { light: "#cfcfcf", dark: "#666d75" };
  const CARD = { light: "#ffffff", dark: "#1e2125" };
  const MOST_LINES = 10;
  const REACH = 12; // pixels by which a press may miss its point
  const content = JSON.parse(document.getElementById("data").textContent);
  const { explorer, sheets } = content;
  const byId = (id) => document.getElementById(id);

  /** What Bokeh calls by a name, in the pictures that are drawn by now; nothing if it is not. */
  function model(name) {
    for (const picture of Bokeh.documents) {
      const found = picture.get_model_by_name(name);
      if (found) return found;
    }
    return null;
  }

  // --- words ---------------------------------------------------------------------------------

  const percent = (share) => `${(100 * share).toFixed(1)}\u00a0%`;
  const make = (tag, text, properties = {}) => {
    const element = Object.assign(document.createElement(tag), properties);
    if (text) element.textContent = text;
    return element;
  };
  const className = (label) => explorer.classes[label];

  /** The largest of some shares with their classes, those that would be written as zero left out. */
  const largest = (shares, most = 3) =>
    shares.map((share, label) => [share, label])
      .filter(([share]) => share >= 5e-4)
      .sort((a, b) => b[0] - a[0]).slice(0, most);

  const sharesText = (shares) =>
    largest(shares).map(([share, label]) => `${className(label)}: ${percent(share)}`).join(", ");

  // --- pictures of single rows ---------------------------------------------------------------

  function thumb(side, place, size, words, element = make("span")) {
    const sheet = sheets[side];
    if (!sheet) return null;
    element.className = `thumb ${side}`;
    const scale = size / Math.max(sheet.width, sheet.height);
    const [width, height] = [sheet.width * scale, sheet.height * scale];
    const [column, row] = [place % sheet.columns, Math.floor(place / sheet.columns)];
    Object.assign(element.style, {
      width: `${width}px`,
      height: `${height}px`,
      backgroundSize: `${sheet.columns * width}px ${sheet.rows * height}px`,
      backgroundPosition: `${-column * width}px ${-row * height}px`,
    });
    element.setAttribute("role", "img");
    element.setAttribute("aria-label", words);
    return element;
  }

  // --- themes --------------------------------------------------------------------------------

  const CLOUDS = ["before-source", "before-target", "after-source", "after-target"];
  const EXPLORER = ["explorer-source", "explorer-target", "receivers"];
  const dark = () => document.documentElement.dataset.theme === "dark";

  // Of more classes than there are colours, those that are looked at have one each, the others none.
  const few = explorer && explorer.few;
  const picked = { clouds: [], explorer: [] };

  function coloursOf(where, theme = dark() ? "dark" : "light") {
    const some = picked[where];
    if (!few || !some.length) return explorer.palettes[theme];
    return explorer.classes.map((_, k) =>
      (some.includes(k) ? few[theme][some.indexOf(k) % few[theme].length] : FADED[theme]));
  }

  function colourPoints(theme, where = ["clouds", "explorer"]) {
    if (!explorer) return;
    for (const part of where) {
      const palette = coloursOf(part, theme);
      for (const name of part === "clouds" ? CLOUDS : EXPLORER) {
        const data = model(name);
        if (data) data.data = { ...data.data, colour: Array.from(data.data.label, (k) => palette[k]) };
      }
    }
  }

  const set = (thing, names, value) => {
    for (const name of names) if (name in thing.properties) thing[name] = value;
  };

  /** Give a picture the theme's colours. */
  function colourPlot(picture, theme) {
    const [ink, faint, card] = [INK[theme], FAINT[theme], CARD[theme]];
    for (const root of picture.roots()) {
      for (const thing of root.references()) {
        set(thing, ["axis_label_text_color", "major_label_text_color", "title_text_color"], ink);
        set(thing, ["axis_line_color", "major_tick_line_color", "grid_line_color"], faint);
        if ("toolbar" in thing.properties) set(thing, ["background_fill_color", "border_fill_color"], card);
        if (thing.name === "ink" && thing.glyph) {
          set(thing.glyph, ["text_color", "line_color"], { value: ink });
          set(thing.glyph, ["background_fill_color"], { value: card });
        }
      }
    }
  }

  function setTheme(theme) {
    document.documentElement.dataset.theme = theme;
    byId("theme").textContent = theme === "dark" ? "☀ Light" : "☾ Dark";
    byId("theme").setAttribute("aria-label", `Change to the ${theme === "dark" ? "light" : "dark"} theme`);
    for (const picture of Bokeh.documents) colourPlot(picture, theme);
    colourPoints(theme);
    drawLegend();
  }

  // --- classes to hide or show ---------------------------------------------------------------

  const hidden = new Set();
  const SHAPES = {
    circle: '<circle cx="8" cy="8" r="5.5"/>',
    square: '<rect x="3" y="3" width="10" height="10"/>',
    triangle: '<path d="M8 2.5 14 13H2Z"/>',
    diamond: '<path d="M8 1.5 13 8 8 14.5 3 8Z"/>',
    inverted_triangle: '<path d="M8 13.5 14 3H2Z"/>',
    star: '<path d="M8 1l2 4.9 5.2.4-4 3.4 1.3 5.1L8 12l-4.5 2.8 1.3-5.1-4-3.400L6 5.900Z"/>',
    hex: '<path d="M4.5 2h7L15 8l-3.5 6h-7L1 8Z"/>',
    plus: '<path d="M6 2h4v4h4v4h-4v4H6v-4H2V6h4Z"/>',
    cross: '<path d="M8 2v12M2 8h12" fill="none" stroke-width="2.5"/>',
    asterisk: '<path d="M8 2v12M2 8h12M3.5 3.500l9 9M12.5 3.500l-9 9" fill="none" stroke-width="1.5"/>',
  };

  function drawLegend() {
    const list = byId("legend");
    if (!list || !explorer) return;
    const palette = coloursOf("clouds");
    if (!list.childElementCount) {
      explorer.classes.forEach((name, label) => {
        const button = make("button", "", { type: "button" });
        button.setAttribute("aria-pressed", String(!few));
        button.addEventListener("click", () => (few ? pick(label) : toggle(label, button)));
        button.append(symbol(label, palette[label]), make("span", name));
        const item = make("li");
        item.append(button);
        list.append(item);
      });
      oneStop([...list.querySelectorAll("button")]);
    }
    list.querySelectorAll("svg").forEach((shape, label) => paint(shape, palette[label]));
  }

  /** The mark of a class, as the pictures have it. */
  function symbol(label, colour) {
    const place = make("span", "", { className: "symbol" });
    place.innerHTML = `<svg viewBox="0 0 16 16" aria-hidden="true">${SHAPES[explorer.markers[label]]}</svg>`;
    paint(place.firstChild, colour);
    return place.firstChild;
  }

  function paint(shape, colour) {
    shape.setAttribute("fill", colour);
    shape.setAttribute("stroke", colour);
  }

  /** Make of some buttons one stop of the Tab key; the arrow keys go from one to the next. */
  function oneStop(buttons) {
    const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
    buttons.forEach((button, k) => {
      button.tabIndex = k ? -1 : 0;
      button.addEventListener("focus", () => buttons.forEach((other) => { other.tabIndex = other === button ? 0 : -1; }));
      button.addEventListener("keydown", (event) => {
        if (!steps[event.key]) return;
        event.preventDefault();
        event.stopPropagation();
        buttons[(k + steps[event.key] + buttons.length) % buttons.length].focus();
      });
    });
  }

  /** Colour a class in the clouds, or let it go; of more than there are colours the first one goes. */
  function pick(label) {
    const some = picked.clouds;
    const at = some.indexOf(label);
    if (at >= 0) some.splice(at, 1);
    else some.push(label);
    if (some.length > few.light.length) some.shift();
    byId("legend").querySelectorAll("button").forEach((button, k) =>
      button.setAttribute("aria-pressed", String(some.includes(k))));
    colourPoints(dark() ? "dark" : "light", ["clouds"]);
    drawLegend();
  }

  function toggle(label, button) {
    if (!hidden.delete(label)) hidden.add(label);
    button.setAttribute("aria-pressed", String(!hidden.has(label)));
    const seen = new Set();
    for (const name of ["before", "after"]) for (const thing of model(name).references()) seen.add(thing);
    for (const thing of seen) {
      if (!thing.tags.includes("hidden")) continue;
      const labels = model(thing.tags[1]).data.label;
      thing.booleans = Array.from(labels, (k) => !hidden.has(k));
    }
  }

  // --- the explorer --------------------------------------------------------------------------

  const members = new Map(); // of each class, places of its source points
  let chosen = null; // a place of a source point

  /** Show target points, with lines that are thicker for more; `lines` are [x0, y0, x1, y1, share]. */
  function drawFlow({ lines, receivers, image, at, label }) {
    picked.explorer = [...new Set([label, ...receivers.map((r) => r.label)])].slice(0, few ? few.light.length : 0);
    if (few) colourPoints(dark() ? "dark" : "light", ["explorer"]);
    const palette = coloursOf("explorer");
    const most = Math.max(...lines.map((line) => line[4]), 1e-9);
    const column = (k) => lines.map((line) => line[k]);
    model("lines").data = {
      x0: column(0), y0: column(1), x1: column(2), y1: column(3),
      width: lines.map((line) => 0.6 + 4 * (line[4] / most)),
    };
    model("receivers").data = {
      x: receivers.map((r) => r.x), y: receivers.map((r) => r.y), text: receivers.map(() => ""),
      size: receivers.map((r) => 8 + 12 * Math.sqrt(r.share / most)),
      label: receivers.map((r) => r.label),
      colour: receivers.map((r) => palette[r.label]),
      marker: receivers.map((r) => explorer.markers[r.label]),
    };
    model("image").data = { x: image ? [image[0]] : [], y: image ? [image[1]] : [] };
    model("chosen").data = { x: at ? [at[0]] : [], y: at ? [at[1]] : [] };
  }

  function receiversOf(place) {
    const { sent, target } = explorer;
    return sent.receivers[place].map((to, k) => ({ to, share: sent.shares[place][k] }))
      .filter(({ to, share }) => to >= 0 && share > 0)
      .map((part) => ({ ...part, row: target.row[part.to], label: target.label[part.to],
        truth: target.truth && target.truth[part.to], x: target.x[part.to], y: target.y[part.to] }));
  }

  function select(place) {
    const { source, sent } = explorer;
    chosen = place;
    const label = source.label[place];
    const mates = members.get(label);
    byId("class").value = String(label);
    byId("point").max = mates.length;
    // What is being typed stays as it is: "07" is 7 already.
    if (Number(byId("point").value) !== mates.indexOf(place) + 1) byId("point").value = mates.indexOf(place) + 1;
    tell("");
    byId("of").textContent = `of ${mates.length}`;
    const receivers = receiversOf(place);
    const at = [source.x[place], source.y[place]];
    drawFlow({
      at, receivers, label, image: receivers.length ? sent.image[place] : null,
      lines: receivers.slice(0, MOST_LINES).map((r) => [...at, r.x, r.y, r.share]),
    });
    describePoint(place, receivers);
  }

  function describePoint(place, receivers) {
    const { source, sent } = explorer;
    const label = source.label[place];
    const panel = byId("panel");
    panel.dataset.place = place;
    const who = make("div", "", { className: "who" });
    const picture = thumb("source", place, 88, `picture of source row ${source.row[place]}`);
    if (picture) who.append(picture);
    const words = make("div");
    words.append(make("h3", `Source row ${source.row[place]}, class ${className(label)}`));
    who.append(words);
    panel.replaceChildren(who);
    if (!receivers.length) {
      words.append(make("p", "This point sends no mass: the transport leaves it behind."));
      return;
    }
    const own = sent.classShare[place][label];
    const spread = sent.perplexity[place];
    const sure = own >= 0.9 ? "Sure" : own >= 0.7 ? "Fairly sure" : "Not sure";
    words.append(make("p",
      `${sure}: ${percent(own)} of its mass goes to points given its own class.`, { className: "finding" }));
    words.append(make("p", "How far the plan agrees with the classes that the transport itself gives: " +
      "not how often these are right.", { className: "soft small" }));
    const total = receivers.reduce((sum, r) => sum + r.share, 0);
    const word = (text, anchor) => make("a", text, { className: "word", href: `#word-${anchor}` });
    const how = make("p", `It feeds about ${spread.toFixed(1)} target points in effect (`);
    how.append(word("perplexity", "perplexity"), `; entropy ${Math.log(Math.max(spread, 1)).toFixed(2)} `,
      word("nats", "entropy-in-nats"), `). By class: ${sharesText(sent.classShare[place])}. ` +
      `The ${receivers.length} that are listed receive ${percent(total)} of its mass.`);
    panel.append(how);
    const list = make("ol", "", { className: "receivers" });
    for (const r of receivers) {
      const item = make("li");
      item.dataset.row = r.row;
      item.dataset.share = r.share;
      item.append(thumb("target", r.to, 34, `picture of target row ${r.row}`) || make("span"));
      const truth = r.truth === null || r.truth === r.label ? "" : `, in truth ${className(r.truth)}`;
      const middle = make("span", `Target row ${r.row}, given ${className(r.label)}${truth}`, { className: "words" });
      if (few) middle.prepend(symbol(r.label, coloursOf("explorer")[r.label]), " ");
      middle.append(bar(r.share / receivers[0].share));
      item.append(middle, make("span", percent(r.share), { className: "number" }));
      list.append(item);
    }
    panel.append(list);
  }

  function bar(share) {
    const track = make("span", "", { className: "track" });
    const filled = make("i");
    filled.style.width = `${100 * share}%`;
    track.append(filled);
    return track;
  }

  /** The mean place of the points of each class. */
  function centres({ x, y, label }, count = label.length) {
    const sums = explorer.classes.map(() => [0, 0, 0]);
    for (let k = 0; k < count; k += 1) {
      const sum = sums[label[k]];
      sum[0] += x[k]; sum[1] += y[k]; sum[2] += 1;
    }
    return sums.map(([a, b, n]) => (n ? [a / n, b / n] : null));
  }

  function showFlows(label) {
    const { mass, target, source } = explorer;
    const whole = mass[label].reduce((a, b) => a + b, 0);
    const shares = mass[label].map((part) => (whole ? part / whole : 0));
    const from = centres(source)[label];
    const targets = centres({ ...target, label: target.truth || target.label }, target.shown);
    const flows = largest(shares, explorer.classes.length).filter(([, to]) => targets[to]);
    const receivers = flows.map(([share, to]) =>
      ({ share, label: to, x: targets[to][0], y: targets[to][1] }));
    chosen = null;
    byId("point").max = (members.get(label) || []).length;
    byId("of").textContent = `of ${(members.get(label) || []).length}`;
    tell("");
    drawFlow({
      at: from, image: null, receivers, label,
      lines: from ? receivers.map((r) => [...from, r.x, r.y, r.share]) : [],
    });
    const panel = byId("panel");
    delete panel.dataset.place;
    panel.replaceChildren(make("h3", `All of class ${className(label)}`));
    if (!whole) {
      panel.append(make("p", "The plan has no source rows of this class."));
      return;
    }
    panel.append(make("p", `${percent(whole)} of all mass comes from this class; ` +
      `${percent(shares[label])} of that stays in it. Lines lead from the middle of the class to ` +
      `the middle of the target's classes${target.truth ? ", which here are the true ones" : ""}.`));
    const list = make("ol", "", { className: "receivers" });
    for (const [share, to] of largest(shares, explorer.classes.length)) {
      const item = make("li");
      item.dataset.share = share;
      const middle = make("span", `to class ${className(to)}`, { className: "words" });
      middle.append(bar(share));
      item.append(make("span"), middle, make("span", percent(share), { className: "number" }));
      list.append(item);
    }
    panel.append(list);
  }

  /** The nearest point in a direction, within a quarter turn of it. */
  function neighbour(place, dx, dy) {
    const { x, y } = explorer.source;
    const plot = model("explorer");
    const [width, height] = [plot.x_range.end - plot.x_range.start, plot.y_range.end - plot.y_range.start];
    let [best, least] = [null, Infinity];
    for (let k = 0; k < x.length; k += 1) {
      const [right, up] = [(x[k] - x[place]) / width, (y[k] - y[place]) / height];
      const along = right * dx + up * dy;
      const aside = Math.abs(right * dy - up * dx);
      const distance = along + 2 * aside;
      if (k !== place && along > 1e-9 && aside <= along && distance < least) [best, least] = [k, distance];
    }
    return best;
  }

  /** The source point nearest to a place of the picture, if a press there can mean one. */
  function nearest(at) {
    const { x, y } = explorer.source;
    const plot = model("explorer");
    const wide = plot.inner_width / (plot.x_range.end - plot.x_range.start);
    const tall = plot.inner_height / (plot.y_range.end - plot.y_range.start);
    let [best, least] = [null, REACH];
    for (let k = 0; k < x.length; k += 1) {
      const distance = Math.hypot((x[k] - at.x) * wide, (y[k] - at.y) * tall);
      if (distance <= least) [best, least] = [k, distance];
    }
    return best;
  }

  /** Say what is wrong with the number of a point; nothing where all is well. */
  function tell(words) {
    byId("told").textContent = words;
    byId("told").hidden = !words;
    byId("point").setAttribute("aria-invalid", String(Boolean(words)));
  }

  /** Go to the point whose number stands in the box, or say why there is none. */
  function choosePoint(typing) {
    if (typing) return;
    const mates = members.get(Number(byId("class").value));
    const wanted = Number(byId("point").value);
    if (byId("point").value !== "" && Number.isInteger(wanted) && wanted >= 1 && wanted <= mates.length) {
      if (mates[wanted - 1] !== chosen) select(mates[wanted - 1]);
      else tell("");
      return;
    }
    const drawn = explorer.source.row.length;
    const whole = explorer.borders ? explorer.borders.shape[0] : drawn;
    const some = whole > drawn
      ? ` The numbers count the ${drawn.toLocaleString("en")} source rows that were drawn of ` +
        `${whole.toLocaleString("en")}; a row that was not drawn cannot be looked at here.`
      : "";
    const range = mates.length === 1 ? "the number 1" : `a whole number from 1 to ${mates.length}`;
    tell(`Of class ${className(Number(byId("class").value))} this page has ${mates.length} ` +
      `point${mates.length === 1 ? "" : "s"}: type ${range}.${some}`);
  }

  function step(by) {
    const mates = members.get(Number(byId("class").value));
    const at = chosen === null ? -1 : mates.indexOf(chosen);
    const next = chosen === null ? 0 : (at + by + mates.length) % mates.length;
    select(mates[next]);
  }

  function startExplorer() {
    const { source } = explorer;
    source.label.forEach((label, place) => {
      if (!members.has(label)) members.set(label, []);
      members.get(label).push(place);
    });
    for (const label of [...members.keys()].sort((a, b) => a - b)) {
      byId("class").append(make("option", className(label), { value: String(label) }));
    }
    byId("class").addEventListener("change", () => showFlows(Number(byId("class").value)));
    byId("point").addEventListener("input", () => choosePoint(byId("point").value === ""));
    byId("point").addEventListener("change", () => choosePoint(false));
    byId("previous").addEventListener("click", () => step(-1));
    byId("next").addEventListener("click", () => step(1));
    byId("flows").addEventListener("click", () => showFlows(Number(byId("class").value)));
    const directions = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    byId("explorer-keys").addEventListener("keydown", (event) => {
      const direction = directions[event.key];
      if (!direction) return;
      event.preventDefault();
      const next = chosen === null ? members.get(Number(byId("class").value))[0] : neighbour(chosen, ...direction);
      if (next !== null) select(next);
    });
    // Bokeh calls the second of two quick presses another thing than the first: both choose.
    const press = (event) => {
      const place = event.origin === model("explorer") ? nearest(event) : null;
      if (place !== null) select(place);
    };
    for (const kind of ["tap", "doubletap"]) model("explorer").document.on_event(kind, (_, event) => press(event));
    select(0);
  }

  // --- the whole plan ------------------------------------------------------------------------

  function startPlan() {
    const button = byId("sort");
    const plot = model("plan");
    const [image, borders] = [model("plan-image"), model("plan-borders")];
    const axes = [...plot.left, ...plot.below].filter((thing) => thing.type === "LinearAxis");
    const kept = axes.map((axis) => [axis.axis_label, axis.major_label_overrides, axis.ticker.ticks]);
    const { rows, columns, shape } = explorer.borders;
    const ends = [rows[rows.length - 1], columns[columns.length - 1]];
    button.addEventListener("click", () => {
      const sorted = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(sorted));
      button.textContent = sorted
        ? "Sorted by class: press for random order"
        : "In random order: press to sort by class";
      const data = image.data_source;
      data.data = { image: data.data.other, other: data.data.image };
      borders.visible = sorted;
      byId("zoom").disabled = !sorted;
      axes.forEach((axis, side) => {
        const [label, overrides, ticks] = kept[side];
        const last = side === 0 ? ends[0] : ends[1];
        axis.axis_label = sorted ? label : ["source rows in random order", "target rows in random order"][side];
        axis.ticker.ticks = sorted ? ticks : [0, last / 2, last];
        axis.major_label_overrides = sorted ? overrides : new Map(
          [[0, "0"], [last / 2, String(Math.round(shape[side] / 2))], [last, String(shape[side])]]);
      });
      frame(0, ends[0], 0, ends[1]);
      byId("zoom").value = "";
    });
    const frame = (top, bottom, left, right) => {
      plot.y_range.setv({ start: bottom, end: top });
      plot.x_range.setv({ start: left, end: right });
    };
    const zoom = byId("zoom");
    zoom.append(make("option", "all", { value: "" }));
    explorer.classes.forEach((name, label) => {
      if (rows[label + 1] > rows[label]) zoom.append(make("option", name, { value: String(label) }));
    });
    zoom.addEventListener("change", () => {
      const label = Number(zoom.value);
      if (zoom.value === "") frame(0, ends[0], 0, ends[1]);
      else frame(rows[label], rows[label + 1], 0, ends[1]);
    });
  }

  // --- the list of points at risk ------------------------------------------------------------

  function startRisks() {
    const table = byId("risks");
    if (!table) return;
    table.querySelectorAll("[data-place]").forEach((element) =>
      thumb("target", Number(element.dataset.place), 40, element.getAttribute("aria-label"), element));
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      const button = head.querySelector("button");
      if (!button) return;
      button.addEventListener("click", () => {
        const numeric = column !== 0 && head.classList.contains("number");
        const before = head.getAttribute("aria-sort");
        const down = before === "none" ? numeric : before === "ascending";
        heads.forEach((other) => other.hasAttribute("aria-sort") && other.setAttribute("aria-sort", "none"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const compare = (a, b) => a.localeCompare(b, undefined, { numeric: true });
        const rows = [...table.tBodies[0].rows].sort((a, b) =>
          compare(a.cells[column].textContent, b.cells[column].textContent) * (down ? -1 : 1));
        table.tBodies[0].append(...rows);
      });
    });
  }

  // --- beginning -----------------------------------------------------------------------------

  /** Let both clouds show the same part of the plane, whichever is moved. */
  function moveTogether(one, other) {
    for (const name of ["x_range", "y_range"]) {
      for (const [from, to] of [[one[name], other[name]], [other[name], one[name]]]) {
        const follow = () => {
          if (to.start !== from.start || to.end !== from.end) to.setv({ start: from.start, end: from.end });
        };
        from.properties.start.change.connect(follow);
        from.properties.end.change.connect(follow);
      }
    }
  }

  const begin = {
    after: () => { moveTogether(model("before"), model("after")); drawLegend(); },
    explorer: startExplorer,
    plan: startPlan,
  };

  /** All elements of a picture, also those that Bokeh keeps in shadow trees. */
  const within = (node) => [...node.children].flatMap((element) =>
    [element, ...within(element), ...(element.shadowRoot ? within(element.shadowRoot) : [])]);

  /** Make of a picture one stop of the Tab key: its tools. */
  function fewerStops(place) {
    const stops = within(place).filter((element) => element.getAttribute("tabindex") === "0");
    for (const stop of stops) stop.tabIndex = -1;
    const tools = stops.filter((stop) => stop.title);
    for (const tool of tools) {
      tool.setAttribute("role", "button");
      tool.setAttribute("aria-label", tool.title);
    }
    oneStop(tools);
  }

  async function draw(name) {
    await Bokeh.embed.embed_item(JSON.parse(byId(`plot-${name}`).textContent), `place-${name}`);
    const picture = Bokeh.documents[Bokeh.documents.length - 1];
    if (dark()) colourPlot(picture, "dark");
    fewerStops(byId(`place-${name}`));
    if (begin[name]) begin[name]();
    if (dark()) colourPoints("dark");
  }

  /** Draw the first picture at once, the others one by one while nothing else is to be done. */
  async function start() {
    const theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
    byId("theme").hidden = false;
    byId("theme").addEventListener("click", () => setTheme(dark() ? "light" : "dark"));
    setTheme(theme);
    startRisks();
    const names = [...document.querySelectorAll("[data-plot]")].map((place) => place.dataset.plot);
    const pause = window.requestIdleCallback
      ? () => new Promise((go) => requestIdleCallback(go, { timeout: 100 }))
      : () => new Promise((go) => setTimeout(go, 10));
    for (const name of names) {
      await draw(name);
      document.documentElement.dataset.ready = name;
      await pause();
    }
    document.documentElement.dataset.complete = "yes";
  }

  document.addEventListener("DOMContentLoaded", start);
})();
