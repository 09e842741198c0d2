/** What a node of a role is called, and what it means for who looks at it. */
export const roleNames = /** @type {Readonly<Record<string, string>>} */ ({ full: "full node", light: "light node" })

export const roleWords = /** @type {Readonly<Record<string, string>>} */ ({
  light: "A light node: it holds the records that its operator chose, and asks others for the rest.",
  gateway: "A gateway: it holds no records and asks others for each search.",
  bootnode: "A bootnode: it introduces nodes to each other and passes gossip on. It holds no records; search at another node.",
})

/** @param {string} role */
export const holdsRecords = (role) => role === "full" || role === "light"
