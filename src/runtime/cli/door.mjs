// The door in front of both programs, in words that every Node understands: an older one would stop at the first type it reads.
import module from "node:module"

const needed = 24

/** Lets a program in, or says which Node it needs. `load` imports it. */
export const enter = async (name, load) => {
  if (Number(process.versions.node.split(".")[0]) < needed) {
    process.stderr.write(
      `${name}: Node ${needed} or newer is needed and this is ${process.versions.node}; ` +
        `on Linux and Windows \`npm install\` brings it along for \`npm start\` and \`npx ${name}\`, on macOS get it from https://nodejs.org\n`,
    )
    process.exitCode = 69
    return
  }
  // What was compiled once need not be compiled at the next start.
  module.enableCompileCache()
  await load()
}
