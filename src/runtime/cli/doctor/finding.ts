/** What the doctor found about one thing: well, worth a look, or broken, and then what to do. */
export interface Finding {
  readonly about: string
  readonly grade: "ok" | "note" | "broken"
  readonly says: string
  /** What the operator can do; where there is something. */
  readonly advice?: string
}

export const ok = (about: string, says: string): Finding => ({ about, grade: "ok", says })
export const note = (about: string, says: string, advice: string): Finding => ({ about, grade: "note", says, advice })
export const broken = (about: string, says: string, advice: string): Finding => ({ about, grade: "broken", says, advice })
