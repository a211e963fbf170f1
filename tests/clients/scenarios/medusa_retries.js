// Medusa's client, beyond a relay that loses the first answer to each of its POSTs. It asks again by itself.
import Medusa from '@medusajs/medusa-js'
import { address, given, stepping } from './steps.js'

const step = stepping({ refusal: () => undefined, asJson: ({ gift_card }) => gift_card })
const { giftCards } = new Medusa({ baseUrl: address, maxRetries: 3, apiKey: given.key }).admin

const { gift_card } = await step('create', () => giftCards.create({ region_id: given.region, value: 1000 }))
await step('update', () => giftCards.update(gift_card.id, { balance: 10 }))
await step('disable', () => giftCards.update(gift_card.id, { is_disabled: true }))
