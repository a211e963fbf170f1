import { gift_card_recipients, gift_cards, given, step } from './client.js'

await step('market', () => gift_cards.market(given.card, { fields: ['name', 'currency_code'] }))
await step('recipient', () => gift_cards.gift_card_recipient(given.card))
await step('market of a card without one', () => gift_cards.market(given.bare_card))
await step('market of no card', () => gift_cards.market('018f0000-0000-7000-8000-000000000000'))

await step('count', () => gift_cards.count({ filters: { reference_eq: 'batch' } }))
const batch = { filters: { reference_eq: 'batch' }, sort: ['balance_cents'], pageSize: 2 }
const first = await step('first page', () => gift_cards.list({ ...batch, pageNumber: 1 }))
await step('middle page', () => gift_cards.list({ ...batch, pageNumber: 2 }))
const last = await step('last page', () => gift_cards.list({ ...batch, pageNumber: 3 }))
await step('beyond', () => gift_cards.list({ ...batch, pageNumber: 4 }))
await step('helpers', () => ({
  first: first.first().balance_cents,
  last: last.last().balance_cents,
  records: last.getRecordCount(),
  pages: last.getPageCount(),
}))
await step('nothing found', () => gift_card_recipients.list({ filters: { email_eq: 'nobody@example.com' } }))
await step('a page that is too large', () => gift_cards.list({ pageSize: 26 }))
await step('an unknown filter', () => gift_cards.list({ filters: { colour_eq: 'red' } }))
await step('metadata that contains', () => gift_cards.list({ filters: { metadata_jcont: { table: 4 } } }))
await step('by the recipient', () =>
  gift_cards.list({ filters: { gift_card_recipient_email_or_reference_eq: 'ada@example.com' }, fields: ['reference'] }),
)
