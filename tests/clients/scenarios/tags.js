import { gift_cards, given, step, tags } from './client.js'

const vip = await step('create', () => tags.create({ name: 'vip', metadata: { colour: 'gold' } }))
const staff = await step('create another', () => tags.create({ name: 'staff', reference: 'crm-2' }))
await step('a name twice', () => tags.create({ name: 'vip' }))
await step('a name with a comma', () => tags.create({ name: 'vip,staff' }))
await step('retrieve', () => tags.retrieve(vip.id))
await step('list', () => tags.list({ filters: { name_i_cont: 'V' }, sort: { name: 'asc' }, fields: ['name', 'reference', 'metadata'] }))
await step('update', () => tags.update({ id: staff.id, name: 'colleagues', metadata: { floor: 2 } }))

const names = { include: ['tags'], fields: { gift_cards: ['tags'], tags: ['name'] } }
const { id } = await gift_cards.create({ balance_cents: 500, currency_code: 'EUR', tags: [tags.relationship(vip.id)] })
const of = async (action) => (await action).tags.map(({ name }) => name).sort()
await step('tagged when created', () => of(gift_cards.retrieve(id, names)))
await step('add by name', () => of(gift_cards._add_tags(id, 'colleagues, nobody', names)))
await step('remove by name', () => of(gift_cards._remove_tags(id, 'vip', names)))
await step('replace', () => of(gift_cards.update({ id, tags: tags.relationshipToMany(vip.id, staff.id) }, names)))
await step('related', () => gift_cards.tags(id, { sort: { name: 'asc' } }))
await step('clear', () => of(gift_cards.update({ id, tags: [] }, names)))
await step('more than ten', () => gift_cards._add_tags(id, given.eleven.join(',')))
await step('none was added', () => of(gift_cards.retrieve(id, names)))

await gift_cards._add_tags(id, 'vip')
await step('delete while carried', () => tags.delete(vip.id))
await step('taken off', () => of(gift_cards.retrieve(id, names)))
await step('retrieve the deleted', () => tags.retrieve(vip.id))
