import { gift_cards, given, markets, step } from './client.js'

const { id } = await step('create', () =>
  gift_cards.create(
    {
      balance_cents: 15000,
      recipient_email: 'ada@example.com',
      reference: 'order-7',
      market: markets.relationship(given.market),
    },
    { include: ['market', 'gift_card_recipient'] },
  ),
)

await step('purchase', () => gift_cards._purchase(id))
await step('activate', () => gift_cards._activate(id))
await step('debit', () => gift_cards._balance_change_cents(id, -4000))
await step('recharge', () => gift_cards._balance_change_cents(id, 1500))
await step('overdraft', () => gift_cards._balance_change_cents(id, -12501))
await step('deactivate', () => gift_cards._deactivate(id))
await step('debit while inactive', () => gift_cards._balance_change_cents(id, -1))

const draft = await step('create a draft', () => gift_cards.create({ balance_cents: 500, currency_code: 'EUR' }))

await step('list', () =>
  gift_cards.list({
    filters: { market_id_eq: given.market, balance_cents_gteq: 12500, status_in: ['inactive', 'active'].join(',') },
    sort: { balance_cents: 'desc', created_at: 'asc' },
    pageSize: 1,
  }),
)
await step('retrieve', () =>
  gift_cards.retrieve(id, {
    include: ['market'],
    fields: { gift_cards: ['status', 'balance_cents', 'market'], markets: ['name'] },
  }),
)
await step('update metadata', () => gift_cards.update({ id, metadata: { table: 4, wrapped: true } }))

await step('delete the draft', () => gift_cards.delete(draft.id))
await step('retrieve the deleted draft', () => gift_cards.retrieve(draft.id))
await step('delete the purchased card', () => gift_cards.delete(id))
await step('retrieve it still', () => gift_cards.retrieve(id, { fields: ['status', 'balance_cents', 'metadata'] }))
