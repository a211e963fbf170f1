import { gift_cards, markets, step } from './client.js'

const { id } = await step('create', () => markets.create({ name: 'Lisbon', code: 'pt', metadata: { floor: 2 } }))
await step('a code twice', () => markets.create({ name: 'Porto', code: 'pt' }))
await step('without a name', () => markets.create({ code: 'es' }))
await step('retrieve', () => markets.retrieve(id))
await step('update', () => markets.update({ id, name: 'Lisboa', metadata: {} }))
await step('disable', () => markets._disable(id))
await step('enable', () => markets._enable(id))
await step('list', () => markets.list({ filters: { code_eq: 'pt' }, sort: ['-number'] }))

const card = await gift_cards.create({ balance_cents: 100, market: markets.relationship(id) })
await step('delete while in use', () => markets.delete(id))
await gift_cards.delete(card.id)
await step('delete', () => markets.delete(id))
await step('retrieve the deleted', () => markets.retrieve(id))
