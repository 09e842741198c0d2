/**
 * Prices as both dialects can say them: the five members that deployed clients know, of their types; the deployed dialect does
 * not tell an empty one from none.
 */
import type { Json, JsonObject } from "../identity/canonical-json.ts"
import { isObject } from "./plain-json.ts"

export interface Pricing {
  readonly model: string
  readonly base_price_usd: number
  readonly currency: string
  readonly payment_methods?: ReadonlyArray<string>
  readonly rates?: Readonly<Record<string, number>>
}

/** What is common ground in a price list: what else it says, or says of another type, is left out. */
export const pricingOf = ({ base_price_usd, currency, model, payment_methods, rates }: JsonObject): Pricing => ({
  model: isText(model) ? model : "",
  base_price_usd: isNumber(base_price_usd) ? base_price_usd + 0 : 0,
  currency: isText(currency) ? currency : "",
  ...(isTexts(payment_methods) && { payment_methods }),
  ...(isObject(rates) && Object.keys(rates).length > 0 && Object.values(rates).every(isNumber) && { rates: withoutSigns(rates) }),
})

/** The same as a content id covers it, `null` for none. */
export const pricingContent = (pricing: JsonObject | undefined): Json => {
  if (pricing === undefined) return null
  const said = pricingOf(pricing)
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== "" && value !== 0))
}

/** Zero has no sign: a store would forget it, and a signature would not hold any more. */
const withoutSigns = (rates: JsonObject): Record<string, number> =>
  Object.fromEntries(Object.entries(rates).map(([name, rate]) => [name, (rate as number) + 0]))

const isText = (value: Json | undefined): value is string => typeof value === "string"
const isNumber = (value: Json | undefined): value is number => typeof value === "number" && Number.isFinite(value)
const isTexts = (value: Json | undefined): value is ReadonlyArray<string> => Array.isArray(value) && value.every(isText)
