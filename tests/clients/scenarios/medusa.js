// Every gift-card call of Medusa's own client, which is told nothing but where we are and who asks.
import Medusa from '@medusajs/medusa-js'
import { address, given, stepping } from './steps.js'

const step = stepping({
  refusal: (error) => error.response && { refused: error.response.status, body: error.response.data },
  asJson: ({ response, ...body }) => body,
})

const medusa = new Medusa({
  baseUrl: address,
  maxRetries: 3,
  apiKey: given.key,
  publishableApiKey: given.publishable_key,
})
const { giftCards, regions } = medusa.admin

const { regions: found } = await step('regions', () => regions.list())
const region_id = found[0].id
await step('a region', () => regions.retrieve(region_id))
await step('regions of the store', () => medusa.regions.list())

const { products: sold } = await step('products', () => medusa.admin.products.list({ is_giftcard: true }))
await step('a product', () => medusa.admin.products.retrieve(sold[0].id))
await step('products of the store', () => medusa.products.list({ is_giftcard: true, region_id }))
await step('a product of the store', () => medusa.products.retrieve(sold[0].id))
await step('products that are no gift cards', () => medusa.products.list({ is_giftcard: false, limit: 5 }))

const { gift_card } = await step('create', () => giftCards.create({ region_id, value: 1000 }))
const { id, code } = gift_card
await step('create another', () =>
  giftCards.create({ region_id, value: 500, ends_at: new Date('2040-01-01'), is_disabled: true, metadata: { a: 1 } }),
)
await step('retrieve', () => giftCards.retrieve(id))
await step('list', () => giftCards.list())
await step('list a page', () => giftCards.list({ limit: 1, offset: 1 }))
await step('find', () => giftCards.list({ limit: 2, offset: 0, q: code.toLowerCase() }))
await step('find nothing', () => giftCards.list({ limit: 2, offset: 0, q: 'GC' }))
await step('update', () => giftCards.update(id, { balance: 10, metadata: { seen: 'yes' } }))
await step('too much', () => giftCards.update(id, { balance: 1001 }))
await step('unknown fields', () => giftCards.create({ region_id, value: 1, foo: 1, bar: 2 }))
await step('in the store', () => medusa.giftCards.retrieve(code))
await step('disable', () => giftCards.update(id, { is_disabled: true }))
await step('in the store, disabled', () => medusa.giftCards.retrieve(code))
await step('enable', () => giftCards.update(id, { is_disabled: false }))
await step('delete', () => giftCards.delete(id))
await step('delete again', () => giftCards.delete(id))
await step('retrieve the deleted', () => giftCards.retrieve(id))
await step('in the store, deleted', () => medusa.giftCards.retrieve(code))

const stranger = new Medusa({ baseUrl: address, maxRetries: 0 })
await step('without a key', () => stranger.admin.giftCards.list())

const { access_token } = await step('log in', () => stranger.admin.auth.getToken(given.person))
const headers = { Authorization: `Bearer ${access_token}` }
await step('live cards of the back office', () => stranger.admin.giftCards.list({}, headers))
await step('a wrong password', () => stranger.admin.auth.getToken({ ...given.person, password: 'guess' }))
