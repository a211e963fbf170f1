import { client, CommerceLayerStatic, connect, gift_cards, given, step } from './client.js'

async function kindOf(action) {
  try {
    await action()
  } catch (error) {
    return {
      isApiError: CommerceLayerStatic.isApiError(error) && client.isApiError(error),
      isSdkError: CommerceLayerStatic.isSdkError(error),
      name: error.name,
      type: error.type,
      code: error.code,
      status: error.status,
      errors: error.errors?.map(({ code, detail }) => ({ code, detail })),
    }
  }
}

await step('a refusal', () => kindOf(() => gift_cards.create({ balance_cents: -1, currency_code: 'EUR' })))
await step('several at once', () => kindOf(() => gift_cards.create({ balance_cents: 'x', single_use: 'perhaps' })))
await step('nothing there', () => kindOf(() => gift_cards.retrieve('nothing')))
await step('a mistake of our own', () => kindOf(() => gift_cards.retrieve('')))
await step('a bad token', () => kindOf(() => connect('wrong').resources.gift_cards.list()))

// The SDK refreshes a token on exactly INVALID_TOKEN, when it can read in the token that it has expired.
const expired = ['{}', '{"organization": {"slug": "acme"}, "exp": 1}', '{}'].map(btoa).join('.')
let refreshed = 0
const refreshToken = async () => {
  refreshed += 1
  return given.key
}
await step('an expired token is refreshed', async () => {
  const list = await connect(expired, refreshToken).resources.gift_cards.list()
  return { refreshed, records: list.recordCount }
})
const powerless = connect(given.key_without_scopes, refreshToken).resources
await step('denied', () => kindOf(() => powerless.gift_cards.list()))
await step('denied is not refreshed', () => refreshed)
