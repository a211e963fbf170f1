// What the vendor's dashboard does with gift cards, in the order of `dashboard.py`, where each request is recorded.
import { gift_card_recipients, gift_cards, given, markets, step, tags } from './client.js'

await step('the table of cards', () =>
  gift_cards.list({
    fields: {
      gift_cards: [
        'id',
        'code',
        'status',
        'currency_code',
        'formatted_balance',
        'formatted_initial_balance',
        'created_at',
        'updated_at',
        'gift_card_recipient',
      ],
    },
    include: ['gift_card_recipient'],
    filters: {
      status_in: 'inactive,active,redeemed',
      market_id_in: given.berlin,
      gift_card_recipient_email_or_code_cont: 'ada',
    },
    sort: { created_at: 'desc' },
    pageSize: 25,
  }),
)
await step('the page of a card', () =>
  gift_cards.retrieve(given.card, { include: ['market', 'gift_card_recipient', 'attachments'] }),
)

const form = { currency_code: 'USD', balance_max_cents: null, recipient_email: null, single_use: false }
const created = await step('a new card', () =>
  gift_cards.create({
    ...form,
    code: null,
    image_url: '',
    balance_cents: 10000,
    rechargeable: true,
    market: markets.relationship(given.berlin),
  }),
)
await step('purchase it', () => gift_cards.update({ id: created.id, _purchase: true }))

await step('take the recipient off', () =>
  gift_cards.update({
    id: given.sent,
    recipient_email: '',
    gift_card_recipient: gift_card_recipients.relationship(null),
  }),
)

const read = {
  id: given.edited,
  currency_code: 'USD',
  balance_cents: 10000,
  balance_max_cents: 50000,
  recipient_email: 'cleo@example.com',
  image_url: 'https://shop.example/card.png',
  expires_at: '2031-05-04T10:30:00.123Z',
  single_use: false,
  rechargeable: true,
  distribute_discount: true,
  market: markets.relationship(given.berlin),
}
await step('the edit form unchanged', () => gift_cards.update(read))
await step('a debit meanwhile', () => gift_cards._balance_change_cents(given.edited, -2500))
await step('the stale edit form', () => gift_cards.update(read))

await step('tags to choose from', () => tags.list({ filters: { name_i_cont: 'VI' } }))
await step('markets to choose from', () =>
  markets.list({
    include: ['price_list'],
    fields: { markets: ['id', 'name', 'price_list'], price_lists: ['currency_code'] },
    filters: { disabled_at_null: true },
    sort: { name: 'asc' },
  }),
)
