/**
 * What is wrong with the page that is open, for people who do not see it well or at all: evaluated in the browser, yields
 * sentences. Contrast after WCAG 2.2, 1.4.3; names after 4.1.2; headings and landmarks after 1.3.1; width after 1.4.10.
 */
;(() => {
  const wrong = []
  const isShown = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true })
  const told = (element) =>
    `<${element.tagName.toLowerCase()}${element.id === "" ? "" : ` #${element.id}`}${element.className?.baseVal === undefined && element.className !== "" ? ` .${element.className}` : ""}> ${element.textContent.trim().slice(0, 40)}`

  // contrast
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true })
  const painted = (layers) => {
    canvas.clearRect(0, 0, 1, 1)
    for (const layer of layers) {
      canvas.fillStyle = layer
      canvas.fillRect(0, 0, 1, 1)
    }
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3)
  }
  const luminance = (color) => {
    const [r, g, b] = color.map((channel) => (channel / 255 <= 0.04045 ? channel / 255 / 12.92 : ((channel / 255 + 0.055) / 1.055) ** 2.4))
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const contrast = (a, b) => {
    const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x)
    return (light + 0.05) / (dark + 0.05)
  }
  const backgrounds = (element) => {
    const layers = []
    for (let at = element; at !== null; at = at.parentElement) layers.unshift(getComputedStyle(at).backgroundColor)
    return layers
  }
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  const seen = new Set()
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement
    if (seen.has(element) || walker.currentNode.textContent.trim() === "" || !isShown(element)) continue
    if (element.closest(".hidden, .skip, noscript, title, option, .uplot") !== null) continue
    seen.add(element)
    const style = getComputedStyle(element)
    const isSvg = element instanceof SVGElement
    const under =
      isSvg && element.closest(".self") !== null
        ? [getComputedStyle(element.parentElement.querySelector("circle")).fill]
        : backgrounds(element)
    const ratio = contrast(painted([...under, isSvg ? style.fill : style.color]), painted(under))
    const isLarge = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && Number(style.fontWeight) >= 700)
    if (ratio < (isLarge ? 3 : 4.5)) wrong.push(`contrast ${ratio.toFixed(2)}: ${told(element)}`)
  }

  // names
  const nameOf = (element) =>
    (
      element.getAttribute("aria-label") ??
      document.getElementById(element.getAttribute("aria-labelledby") ?? "")?.textContent ??
      ([...(element.labels ?? [])].map((label) => label.textContent).join(" ") || element.textContent)
    ).trim()
  for (const element of document.querySelectorAll(
    "a[href], button, input, select, textarea, [role=img], [role=region], [role=group], nav, [tabindex='0']",
  ))
    if (isShown(element) && nameOf(element) === "" && element.querySelector("img[alt]:not([alt=''])") === null)
      wrong.push(`no name: ${told(element)}`)
  for (const image of document.querySelectorAll("img:not([alt])")) wrong.push(`no alternative: ${told(image)}`)
  for (const table of document.querySelectorAll("table")) {
    if (table.caption === null) wrong.push(`no caption: ${told(table)}`)
    for (const head of table.querySelectorAll("th")) if (!head.hasAttribute("scope")) wrong.push(`no scope: ${told(head)}`)
  }
  const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id)
  for (const id of new Set(ids)) if (ids.filter((other) => other === id).length > 1) wrong.push(`twice: #${id}`)

  // structure
  if (document.documentElement.lang === "") wrong.push("no language")
  for (const landmark of ["main", "header", "nav", "footer"])
    if (document.querySelectorAll(landmark).length !== 1) wrong.push(`not one ${landmark}`)
  const levels = [...document.querySelectorAll("h1, h2, h3, h4")].filter(isShown).map(({ tagName }) => Number(tagName[1]))
  if (levels.filter((level) => level === 1).length !== 1)
    wrong.push(`${levels.filter((level) => level === 1).length} headings of the first level`)
  levels.forEach((level, i) => {
    if (level > (levels[i - 1] ?? 0) + 1) wrong.push(`a heading of level ${level} after ${levels[i - 1] ?? "none"}`)
  })
  for (const element of document.querySelectorAll("[tabindex]"))
    if (element.tabIndex > 0) wrong.push(`an order of its own: ${told(element)}`)
  if (
    document.querySelector("[style]:not(.uplot, .uplot *, [style^='--'])") !== null &&
    document.querySelector("[onclick], [onload]") !== null
  )
    wrong.push("an inline handler")

  // width
  if (document.documentElement.scrollWidth > window.innerWidth) wrong.push(`${document.documentElement.scrollWidth} px wide`)
  return wrong
})()
