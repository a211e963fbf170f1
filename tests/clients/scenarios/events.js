import { events, gift_cards, given, step } from './client.js'

const none = '018f0000-0000-7000-8000-000000000000'

await step('of a card', () => gift_cards.events(given.card, { sort: { created_at: 'asc' } }))
const [created] = await step('list', () =>
  events.list({ filters: { resource_id_eq: given.card, name_end: 'create' }, sort: ['created_at'], pageSize: 2 }),
)
await step('retrieve', () => events.retrieve(created.id, { fields: ['name', 'actor_name', 'resource_id'] }))
await step('of a card that never was', () => gift_cards.events(none))
await step('retrieve none', () => events.retrieve(none))
await step('trigger', () => events._trigger(created.id))
