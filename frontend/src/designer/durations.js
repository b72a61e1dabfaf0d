// ISO durations in words, so that people see what they wrote.
import { isChinese, translate } from "./language.js";

const DURATION = /^P(?:(\d+)Y)?(?:(\d+)M)?(?:([\d.]+)W)?(?:([\d.]+)D)?(?:T(?:([\d.]+)H)?(?:([\d.]+)M)?(?:([\d.]+)S)?)?$/;
const UNITS = ["years", "months", "weeks", "days", "hours", "minutes", "seconds"];

/** "3 days 4 hours", or an empty text when it is no duration. */
export function durationInWords(text) {
  const found = String(text).trim().match(DURATION);
  const parts = (found ?? []).slice(1).flatMap((number, index) => (number ? [`${number} ${translate(UNITS[index])}`] : []));
  return parts.join(isChinese() ? " " : ", ");
}
