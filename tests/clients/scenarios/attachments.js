import { attachments, gift_cards, given, step } from './client.js'

// As the dashboard keeps its notes.
const note = await step('create a note', () =>
  attachments.create({
    name: 'Ada Lovelace',
    description: 'Lost her card, has a new one.',
    reference_origin: 'app-gift-cards--note',
    attachable: gift_cards.relationship(given.card),
  }),
)
await step('create an address', () =>
  attachments.create(
    { name: 'Invoice', url: 'https://shop.example/7.pdf', attachable: { type: 'gift_cards', id: given.card } },
    { include: ['attachable'], fields: { gift_cards: ['status'] } },
  ),
)
await step('of no card', () => attachments.create({ name: 'Nothing' }))
await step('of a card that never was', () => attachments.create({ name: 'Nothing', attachable: gift_cards.relationship('none') }))
await step('retrieve', () => attachments.retrieve(note.id))
await step('list', () =>
  attachments.list({ filters: { reference_origin_eq: 'app-gift-cards--note' }, sort: { name: 'desc' } }),
)
await step('update', () => attachments.update({ id: note.id, description: null, metadata: { seen: true } }))
await step('related', () => gift_cards.attachments(given.card, { sort: { name: 'asc' } }))
await step('with the card', async () => {
  const card = await gift_cards.retrieve(given.card, { include: ['attachments'] })
  return card.attachments.map(({ name }) => name).sort()
})
await step('delete', () => attachments.delete(note.id))
await step('retrieve the deleted', () => attachments.retrieve(note.id))
await step('what is left', () => gift_cards.attachments(given.card))
