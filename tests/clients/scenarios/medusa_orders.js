// Medusa's own client reads the orders that a shop has told us.
import Medusa from '@medusajs/medusa-js'
import { address, given, stepping } from './steps.js'

const step = stepping({
  refusal: (error) => error.response && { refused: error.response.status, body: error.response.data },
  asJson: ({ response, ...body }) => body,
})
const { orders, giftCards } = new Medusa({ baseUrl: address, maxRetries: 3, apiKey: given.key }).admin

await step('list', () => orders.list())
await step('list a page', () => orders.list({ limit: 2, offset: 1 }))
await step('find', () => orders.list({ q: '1009' }))
await step('retrieve', () => orders.retrieve(given.order))
await step('its cards', () => giftCards.list({ q: '1009' }))
await step('none', () => orders.retrieve('00000000-0000-7000-8000-000000000000'))
