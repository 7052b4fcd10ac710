// How well a model tells companies apart, read from its card: the API has it nowhere else. Of a card that is written
// differently nothing is found.
import { lexer, type Tokens } from "marked";

export interface Discrimination {
  period: string;
  auc: string;
  ks: string;
  brier: string;
}

/** The figures of the model as a whole by period, in the card's order. */
export function discrimination(card: string): Discrimination[] {
  for (const token of lexer(card)) {
    if (token.type !== "table") continue;
    const { header, rows } = token as Tokens.Table;
    const column = (name: string) => header.findIndex((cell) => cell.text.toLowerCase().startsWith(name));
    const [auc, period, model] = [column("auc"), column("period"), column("model")];
    if (auc < 0 || period < 0) continue;
    const text = (row: Tokens.TableCell[], at: number) => row[at]?.text ?? "";
    const whole = rows.filter((row) => model < 0 || text(row, model) === "ensemble");
    return (whole.length > 0 ? whole : rows).map((row) => ({
      period: text(row, period),
      auc: text(row, auc),
      ks: text(row, column("ks")),
      brier: text(row, column("brier")),
    }));
  }
  return [];
}
