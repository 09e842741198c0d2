import { Option } from "effect"
import { HttpServerRequest } from "effect/http"
import { expect, it } from "vitest"
import { clientAddressOf } from "../../../src/runtime/http/client-address.ts"

const from = (remote: string, forwarded?: string) =>
  HttpServerRequest.fromWeb(
    new Request("http://node.example", { headers: forwarded === undefined ? {} : { "x-forwarded-for": forwarded } }),
  ).modify({
    remoteAddress: Option.some(remote),
  })
const behind = clientAddressOf(["10.0.0.0/8", "2001:db8::1"])
const alone = clientAddressOf([])

it.each<readonly [string, string, string | undefined, string, string]>([
  ["a direct client", "192.0.2.1", undefined, "192.0.2.1", "192.0.2.1"],
  ["a direct client that claims to be another", "192.0.2.1", "198.51.100.1", "192.0.2.1", "192.0.2.1"],
  ["a client behind a proxy", "10.1.2.3", "198.51.100.1", "10.1.2.3", "198.51.100.1"],
  ["a client behind two, that claims to be another", "10.1.2.3", "203.0.113.9, 198.51.100.1, 10.9.9.9", "10.1.2.3", "198.51.100.1"],
  ["a proxy that says nothing readable", "10.1.2.3", "unknown", "10.1.2.3", "10.1.2.3"],
  ["a proxy on its own behalf", "10.1.2.3", "10.4.5.6", "10.1.2.3", "10.1.2.3"],
  ["IPv4 on a dual-stack socket", "::ffff:192.0.2.1", undefined, "192.0.2.1", "192.0.2.1"],
  ["a proxy on a dual-stack socket", "::ffff:10.0.0.1", "198.51.100.1", "10.0.0.1", "198.51.100.1"],
  ["IPv6, by its first half", "2001:db8:1:2:3:4:5:6", undefined, "2001:db8:1:2::/64", "2001:db8:1:2::/64"],
  ["IPv6, however it is shortened", "2001:db8:1::6", undefined, "2001:db8:1:0::/64", "2001:db8:1:0::/64"],
  ["IPv6 behind a proxy", "2001:db8::1", "2001:0DB8:00aa::7", "2001:db8:0:0::/64", "2001:db8:aa:0::/64"],
  ["this machine", "::1", undefined, "0:0:0:0::/64", "0:0:0:0::/64"],
])("%s", (_, remote, forwarded, believingNobody, believingProxies) => {
  expect(alone(from(remote, forwarded))).toBe(believingNobody)
  expect(behind(from(remote, forwarded))).toBe(believingProxies)
})
