// Asks before something that cannot be undone.
export interface Question {
  title: string;
  /** What exactly will go. */
  text: string;
  /** The word on the button that does it. */
  action: string;
  /** The word on the button that does nothing, where "Cancel" would be unclear. */
  keep?: string;
  danger?: boolean;
}

class Confirming {
  question = $state<Question | null>(null);
  #answer: ((yes: boolean) => void) | null = null;

  ask(question: Question): Promise<boolean> {
    this.#answer?.(false);
    this.question = question;
    return new Promise((resolve) => (this.#answer = resolve));
  }
  answer(yes: boolean): void {
    this.#answer?.(yes);
    this.#answer = null;
    this.question = null;
  }
}

export const confirming = new Confirming();
export const confirm = (question: Question): Promise<boolean> => confirming.ask(question);
