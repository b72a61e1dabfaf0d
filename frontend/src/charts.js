// <figure data-chart="bar|line|stack|pareto|heat" data-table="#id">: a picture of the table beside it.
//
// What is drawn stands in the table: the header cells of a row name what is counted, `th[data-series]` in the head are
// the columns drawn (data-series="percent": on an axis of its own, in percent; "heat" draws every such column as a
// column of cells). A click on a bar follows the link of its cell. Without scripts the table is all there is.
import { BarChart, HeatmapChart, LineChart } from "echarts/charts";
import { GridComponent, LegendComponent, MarkLineComponent, TooltipComponent, VisualMapComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";

use([BarChart, HeatmapChart, LineChart, GridComponent, LegendComponent, MarkLineComponent, TooltipComponent]);
use([VisualMapComponent, SVGRenderer]);

const LIGHT = ["#066fd1", "#f59f00", "#2fb344", "#ae3ec9", "#d63939", "#17a2b8", "#667382"];
const DARK = ["#4299e1", "#f7b731", "#51cf66", "#cc5de8", "#ff6b6b", "#3bc9db", "#adb5bd"];
const HEAT = { light: ["#ffffff", "#8dbcf0"], dark: ["#262626", "#1c5f9f"] };
const NARROW = 480;
const MANY = 12; // of so many bars those without a length are left out
const MOST = 24;
const LABEL_WIDTH = 24; // in Latin letters; a Chinese one is as wide as two
const VITAL = 80;
const drawn = new Map();

const text = (element) => (element?.textContent ?? "").replace(/\s+/g, " ").trim();

function number(cell) {
  const found = text(cell).replace(/[,\s]/g, "").match(/-?\d+(\.\d+)?/);
  return found ? Number(found[0]) : 0;
}

/** What a table says: names of its rows, and for every drawn column its name, kind, numbers and links. */
function read(table) {
  const heads = [...table.tHead.rows[0].cells];
  let rows = [...table.tBodies[0].rows].filter((row) => row.cells.length >= heads.length);
  if (table.hasAttribute("data-latest-first")) {
    rows = rows.reverse();
  }
  const series = heads
    .map((head, index) => ({ head, index }))
    .filter(({ head }) => head.hasAttribute("data-series"))
    .map(({ head, index }) => ({
      name: text(head),
      kind: head.dataset.series,
      values: rows.map((row) => number(row.cells[index])),
      links: rows.map((row) => row.cells[index].querySelector("a")?.href),
    }));
  return { names: rows.map((row) => text(row.cells[0])), series };
}

/** What of a table fits a picture of lying bars. */
function shown({ names, series }) {
  let rows = names.map((_, row) => row);
  if (rows.length > MANY) {
    rows = rows.filter((row) => series.some((one) => one.values[row])).slice(0, MOST);
  }
  const kept = (list) => rows.map((row) => list[row]);
  return {
    names: kept(names),
    series: series.map((one) => ({ ...one, values: kept(one.values), links: kept(one.links) })),
  };
}

function colours() {
  const dark = document.documentElement.getAttribute("data-bs-theme") === "dark";
  return {
    palette: dark ? DARK : LIGHT,
    heat: dark ? HEAT.dark : HEAT.light,
    words: dark ? "#dce1e7" : "#182433",
    quiet: dark ? "#a8b1bb" : "#5b6673",
    line: dark ? "#454545" : "#dadfe5",
    surface: dark ? "#303030" : "#ffffff",
  };
}

function shortened(name) {
  let width = 0;
  let kept = "";
  for (const letter of name) {
    width += letter.codePointAt(0) > 0x2e7f ? 2 : 1;
    if (width > LABEL_WIDTH) {
      return `${kept}…`;
    }
    kept += letter;
  }
  return kept;
}

function frame(look, figure) {
  const words = { color: look.words, fontFamily: getComputedStyle(document.body).fontFamily };
  return {
    animation: false,
    color: look.palette,
    textStyle: words,
    backgroundColor: "transparent",
    grid: { left: 8, right: 16, top: 36, bottom: 8, containLabel: true },
    legend: { type: "scroll", top: 0, textStyle: words, pageTextStyle: words, pageIconColor: look.quiet },
    tooltip: {
      renderMode: "richText", // names are drawn as letters, never read as HTML
      trigger: "axis",
      confine: true,
      axisPointer: { type: figure.dataset.chart === "line" ? "line" : "shadow" },
      backgroundColor: look.surface,
      borderColor: look.line,
      textStyle: { ...words, fontSize: 12 },
    },
  };
}

function axes(look) {
  const label = { color: look.quiet, fontSize: 11 };
  return {
    names: (found) => ({
      type: "category",
      data: found,
      axisLabel: { ...label, formatter: shortened, hideOverlap: true },
      axisLine: { lineStyle: { color: look.line } },
      axisTick: { show: false },
    }),
    counts: (more = {}) => ({
      type: "value",
      minInterval: 1,
      axisLabel: label,
      splitLine: { lineStyle: { color: look.line } },
      ...more,
    }),
  };
}

/** Lying bars: names may be long, and telephones are narrow. */
function bars(table, look, option) {
  const axis = axes(look);
  const series = table.series.map((one) => ({
    name: one.name,
    type: "bar",
    data: one.values,
    barMaxWidth: 22,
    label: { show: table.series.length === 1, position: "right", color: look.quiet, fontSize: 11 },
  }));
  option.grid.top = series.length > 1 ? 36 : 8;
  option.legend.show = series.length > 1;
  option.grid.right = 40;
  return { ...option, yAxis: { ...axis.names(table.names), inverse: true }, xAxis: axis.counts(), series };
}

function overTime(table, look, option, kind) {
  const axis = axes(look);
  const series = table.series.map((one) => ({
    name: one.name,
    type: kind === "line" ? "line" : "bar",
    stack: kind === "stack" ? "all" : undefined,
    data: one.values,
    symbolSize: 5,
    barMaxWidth: 28,
  }));
  option.legend.show = series.length > 1;
  option.grid.top = series.length > 1 ? 36 : 12;
  return { ...option, xAxis: axis.names(table.names), yAxis: axis.counts(), series };
}

/** Slanting, so that none of the names below a picture is left out. */
function every(axis, rotate) {
  return { ...axis.names([]).axisLabel, rotate, interval: 0, hideOverlap: false };
}

function pareto(table, look, option) {
  const axis = axes(look);
  const mark = {
    silent: true,
    symbol: "none",
    data: [{ yAxis: VITAL }],
    lineStyle: { color: look.palette[4], type: "dashed" },
    label: { formatter: `${VITAL} %`, color: look.quiet, position: "insideStartTop" },
  };
  const series = table.series.map((one) =>
    one.kind === "percent"
      ? { name: one.name, type: "line", yAxisIndex: 1, data: one.values, symbolSize: 6, markLine: mark }
      : { name: one.name, type: "bar", data: one.values, barCategoryGap: "20%" },
  );
  const percent = { min: 0, max: 100, splitLine: { show: false } };
  const labels = { ...axis.counts().axisLabel, formatter: "{value} %" };
  return {
    ...option,
    xAxis: { ...axis.names(table.names), axisLabel: every(axis, 30) },
    yAxis: [axis.counts(), { ...axis.counts(percent), axisLabel: labels }],
    series,
  };
}

function heat(table, look, option) {
  const axis = axes(look);
  const cells = table.series.flatMap((one, x) => one.values.map((value, y) => [x, y, value]));
  const most = Math.max(1, ...cells.map((cell) => cell[2]));
  return {
    ...option,
    legend: { show: false },
    grid: { ...option.grid, top: 8 },
    tooltip: { ...option.tooltip, trigger: "item" },
    visualMap: { show: false, min: 0, max: most, inRange: { color: look.heat } },
    xAxis: { ...axis.names(table.series.map((one) => one.name)), axisLabel: every(axis, 45) },
    yAxis: { ...axis.names(table.names), inverse: true },
    series: [{ type: "heatmap", data: cells, label: { show: true, color: look.words, formatter: ({ data }) => data[2] || "" }, itemStyle: { borderColor: look.line } }],
  };
}

function optionOf(figure, table) {
  const look = colours();
  const option = frame(look, figure);
  const kind = figure.dataset.chart;
  if (kind === "pareto") {
    return pareto(table, look, option);
  }
  if (kind === "heat") {
    return heat(table, look, option);
  }
  return kind === "bar" ? bars(table, look, option) : overTime(table, look, option, kind);
}

function heightOf(figure, table) {
  if (figure.dataset.chart === "bar" || figure.dataset.chart === "heat") {
    const each = figure.dataset.chart === "bar" ? 12 + 16 * table.series.length : 34;
    return Math.max(96, 48 + each * table.names.length);
  }
  return figure.clientWidth < NARROW ? 240 : 300;
}

function draw(figure) {
  const source = document.querySelector(figure.dataset.table);
  const all = source?.tHead && read(source);
  const table = all && figure.dataset.chart === "bar" ? shown(all) : all;
  if (!table || !table.names.length || !table.series.length) {
    figure.hidden = true;
    return;
  }
  figure.style.height = `${heightOf(figure, table)}px`;
  const locale = document.documentElement.lang.toLowerCase().startsWith("zh") ? "ZH" : "EN";
  const chart = init(figure, null, { renderer: "svg", locale });
  chart.setOption(optionOf(figure, table));
  chart.on("click", ({ seriesIndex, dataIndex, data }) => {
    const heated = figure.dataset.chart === "heat";
    const link = heated ? table.series[data[0]].links[data[1]] : table.series[seriesIndex].links[dataIndex];
    if (link) {
      window.location.assign(link);
    }
  });
  drawn.set(figure, { chart, table });
  figure.dataset.ready = "yes";
}

const resized = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    drawn.get(target)?.chart.resize();
  }
});

for (const figure of document.querySelectorAll("figure[data-chart]")) {
  draw(figure);
  resized.observe(figure);
}

// The theme is an attribute of the page; a chart has its colours in itself.
new MutationObserver(() => {
  for (const [figure, { chart, table }] of drawn) {
    chart.setOption(optionOf(figure, table), true);
  }
}).observe(document.documentElement, { attributes: true, attributeFilter: ["data-bs-theme"] });
