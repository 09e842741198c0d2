/** Light or dark: as the reader's system is, until told otherwise. */
const root = document.documentElement
const style = getComputedStyle(root)
export const color = (name) => style.getPropertyValue(`--${name}`).trim()

export const theme = (changed) => {
  const set = (name) => {
    root.dataset.theme = name
    changed()
  }
  const wanted = window.matchMedia("(prefers-color-scheme: dark)")
  const flip = () => set(root.dataset.theme === "dark" ? "light" : "dark")
  document.getElementById("theme").addEventListener("click", flip)
  document.addEventListener("keydown", ({ key }) => {
    if (key === "t" || key === "T") flip()
  })
  wanted.addEventListener("change", () => set(wanted.matches ? "dark" : "light"))
  root.dataset.theme = wanted.matches ? "dark" : "light"
}
