// What the vendor's dashboard and command line send, besides what a careful program would.
import { gift_card_recipients, gift_cards, given, markets, step } from './client.js'

const { id } = await step('empty fields of the form', () =>
  gift_cards.create({
    balance_cents: 5000,
    balance_max_cents: null,
    code: null,
    image_url: '',
    expires_at: null,
    recipient_email: 'ada@example.com',
    market: markets.relationship(given.market),
  }),
)
await step('clear the recipient in both ways', () =>
  gift_cards.update(
    { id, recipient_email: '', gift_card_recipient: gift_card_recipients.relationship(null) },
    { include: ['gift_card_recipient'] },
  ),
)
await step('clear the market as an attribute', () => gift_cards.update({ id, market: null }, { include: ['market'] }))

const cli = await step('every attribute a string', () =>
  gift_cards.create({ balance_cents: '15000', currency_code: 'EUR', rechargeable: 'false', single_use: 'true' }),
)
await step('a trigger as a string', () => gift_cards.update({ id: cli.id, _purchase: 'true' }))
await step('a trigger that is not pulled', () => gift_cards.update({ id: cli.id, _activate: 'false' }))
await step('activate', () => gift_cards.update({ id: cli.id, _activate: 'true' }))
await step('an amount as a string', () => gift_cards.update({ id: cli.id, _balance_change_cents: '-5000' }))
for (const text of ['1e3', '15000.0', ' 5', '']) {
  await step(`"${text}" as an amount`, () => gift_cards.create({ balance_cents: text, currency_code: 'EUR' }))
}
