/** Light or dark: as the reader's system is, until told otherwise. Runs before the first paint, so that nothing flashes. */
{
  const root = document.documentElement
  const system = window.matchMedia("(prefers-color-scheme: dark)")
  const kept = () => {
    try {
      return localStorage.getItem("theme")
    } catch {
      return null // a browser that keeps nothing
    }
  }
  const isDark = () => (root.dataset["theme"] ?? (system.matches ? "dark" : "light")) === "dark"
  const label = () => {
    const button = document.getElementById("theme")
    if (button === null) return
    button.textContent = isDark() ? "Light" : "Dark"
    button.setAttribute("aria-label", isDark() ? "Use light colours" : "Use dark colours")
  }
  const wanted = kept()
  if (wanted === "dark" || wanted === "light") root.dataset["theme"] = wanted
  document.addEventListener("DOMContentLoaded", () => {
    label()
    document.getElementById("theme")?.addEventListener("click", () => {
      const theme = isDark() ? "light" : "dark"
      root.dataset["theme"] = theme
      try {
        localStorage.setItem("theme", theme)
      } catch {
        // it holds until the page is closed
      }
      label()
      document.dispatchEvent(new Event("themechange"))
    })
  })
  system.addEventListener("change", () => {
    label()
    document.dispatchEvent(new Event("themechange"))
  })
}
