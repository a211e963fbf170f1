import { gift_card_recipients, gift_cards, step } from './client.js'

const { id } = await step('create', () =>
  gift_card_recipients.create({ email: 'grace@example.com', first_name: 'Grace', last_name: 'Hopper' }),
)
await step('the same address in capitals', () => gift_card_recipients.create({ email: 'GRACE@example.com' }))
await step('an address that is none', () => gift_card_recipients.create({ email: 'grace' }))
await step('update', () => gift_card_recipients.update({ id, first_name: null, reference: 'crm-1' }))
await step('list', () =>
  gift_card_recipients.list({ filters: { email_start: 'grace@' }, sort: { email: 'asc' }, pageSize: 25 }),
)

const card = await gift_cards.create({
  balance_cents: 100,
  currency_code: 'EUR',
  gift_card_recipient: gift_card_recipients.relationship(id),
})
await step('delete while in use', () => gift_card_recipients.delete(id))
await gift_cards.delete(card.id)
await step('delete', () => gift_card_recipients.delete(id))
await step('retrieve the deleted', () => gift_card_recipients.retrieve(id))
