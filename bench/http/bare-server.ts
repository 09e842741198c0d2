/** node:http and nothing else: answers every request with the text it was given, once its body has come. */
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"

process.once("message", (text: string) => {
  const bytes = Buffer.from(text)
  const server = createServer((request, response) => {
    request.resume()
    request.on("end", () => response.writeHead(200, { "content-type": "application/json", "content-length": bytes.length }).end(bytes))
  })
  server.listen(0, "127.0.0.1", () => process.send!(`http://127.0.0.1:${(server.address() as AddressInfo).port}`))
})
