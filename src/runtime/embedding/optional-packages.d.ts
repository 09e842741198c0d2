/**
 * As much of USearch's types as is used here. The package is optional, and npm leaves it out where its own Node is older than
 * 22; the sources shall be checked all the same.
 */
declare module "usearch" {
  export const MetricKind: { readonly IP: string }
  export const ScalarKind: { readonly F32: string }
  export class Index {
    constructor(settings: {
      readonly dimensions: number
      readonly metric: string
      readonly quantization: string
      readonly connectivity: number
      readonly expansion_add: number
      readonly expansion_search: number
      readonly multi: boolean
    })
    add(key: bigint, vector: Float32Array): void
    remove(key: bigint): void
    size(): number
    search(vector: Float32Array, count: number, threads: number): { readonly keys: BigUint64Array; readonly distances: Float32Array }
  }
}
