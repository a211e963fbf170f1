// The unmodified SDK with a token and nothing else: whose API it is, and where, it reads from that.
import { authenticate } from '@commercelayer/js-auth'
import { given, stepping } from './steps.js'

const sdk = await import(process.env.GIFTCARDS_SDK)
const { clientId, clientSecret, domain } = given

const login = async () => (await authenticate('client_credentials', { clientId, clientSecret, domain })).accessToken
const accessToken = await login()
const client = sdk.CommerceLayer({ accessToken, refreshToken: async () => login() })
const { gift_cards, organization } = sdk.gift_cards ? sdk : client

const step = stepping({
  refusal: (error) => client.isApiError(error) && { refused: error.status, error: error.first() },
})

await step('whose it is by its token', () => client.currentOrganization)
await step('whose it says it is', async () => (await organization.retrieve()).slug)
const { id } = await step('create', () => gift_cards.create({ balance_cents: 5000, currency_code: 'EUR' }))
await step('purchase', () => gift_cards.update({ id, _purchase: true }))
await step('list', async () => (await gift_cards.list()).map((card) => card.status))
await step('delete', () => gift_cards.delete(id))
