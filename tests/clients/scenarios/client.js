// The unmodified SDK, in the version that the test asks for. Its documented `fetch` option is all that leads it
// to our server instead of the vendor's.
import { address, given, stepping } from './steps.js'

export { given }

const sdk = await import(process.env.GIFTCARDS_SDK)

export const { CommerceLayer, CommerceLayerStatic } = sdk

/** A client with a token, and its resources: version 7 exports those, version 6 has them in the client. */
export function connect(accessToken, refreshToken) {
  const client = CommerceLayer({
    organization: 'acme',
    accessToken,
    refreshToken,
    fetch: (input, init) => {
      const url = new URL(input.url ?? input)
      return fetch(address + url.pathname + url.search, init)
    },
  })
  return { client, resources: sdk.gift_cards ? sdk : client }
}

export const { client, resources } = connect(given.key)

export const {
  application,
  attachments,
  events,
  gift_card_recipients,
  gift_cards,
  markets,
  organization,
  price_lists,
  tags,
} = resources

export const step = stepping({
  refusal: (error) => client.isApiError(error) && { refused: error.status, error: error.first() },
  asJson: (answer) =>
    Array.isArray(answer) && answer.meta
      ? { items: [...answer], meta: answer.meta, next: answer.hasNextPage(), prev: answer.hasPrevPage() }
      : answer,
})
