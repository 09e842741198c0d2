/** Spans sent to the operator's OpenTelemetry collector: OTLP over HTTP, in batches, what is left at the end within three seconds. */
import { Layer, Redacted } from "effect"
import { FetchHttpClient } from "effect/http"
import { OtlpSerialization, OtlpTracer } from "effect/observability"

export interface Collector {
  /** As OTEL_EXPORTER_OTLP_ENDPOINT has it: `/v1/traces` is added. */
  readonly endpoint: string
  /** `name=value,…`, as OTEL_EXPORTER_OTLP_HEADERS has them. */
  readonly headers: Redacted.Redacted | undefined
  readonly serviceName: string
  readonly version: string
}

export const otlp = ({ endpoint, headers, serviceName, version }: Collector): Layer.Layer<never> =>
  OtlpTracer.layer({
    url: `${endpoint.replace(/\/+$/, "")}/v1/traces`,
    resource: { serviceName, serviceVersion: version },
    headers: headersIn(headers === undefined ? "" : Redacted.value(headers)),
  }).pipe(Layer.provide(Layer.mergeAll(OtlpSerialization.layerJson, FetchHttpClient.layer)))

const headersIn = (text: string): Record<string, string> =>
  Object.fromEntries(
    text.split(",").flatMap((pair) => {
      const [name = "", ...value] = pair.split("=")
      return name.trim() === "" ? [] : [[name.trim(), decodeURIComponent(value.join("=").trim())]]
    }),
  )
