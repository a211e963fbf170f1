// The story of `stories.py`, told with devour-client. Of errors it keeps titles only, unless it is told otherwise.
import JsonApi from 'devour-client'
import { address, given, stepping } from './steps.js'

const api = new JsonApi({
  apiUrl: `${address}/api`,
  bearer: given.key,
  pluralize: false,
  logger: false,
  errorBuilder: (error) => error,
})
api.define('markets', { name: '' })
api.define('gift_card_recipients', { email: '' })
api.define('tags', { name: '' })
api.define(
  'gift_cards',
  {
    status: '',
    balance_cents: '',
    single_use: '',
    reference: '',
    metadata: {},
    recipient_email: '',
    _purchase: '',
    market: { jsonApi: 'hasOne', type: 'markets' },
    gift_card_recipient: { jsonApi: 'hasOne', type: 'gift_card_recipients' },
    tags: { jsonApi: 'hasMany', type: 'tags' },
  },
  { readOnly: ['status'] },
)
const step = stepping({
  refusal: (errors) =>
    !(errors instanceof Error) && { refused: Number(Object.values(errors)[0].status), errors: Object.values(errors) },
})

const brief = ({ data }) => ({ status: data.status, balance_cents: data.balance_cents, reference: data.reference })
const market = { id: given.berlin }

const created = await api.create('gift_cards', {
  balance_cents: 15000,
  reference: 'web-1',
  recipient_email: 'ada@example.com',
  market,
})
const { id } = created.data
const linkage = (name) => api.one('gift_cards', id).relationships(name)

async function belongings() {
  const { data } = await api.find('gift_cards', id, { include: 'market,gift_card_recipient,tags' })
  return {
    market: data.market?.name ?? null,
    recipient: data.gift_card_recipient?.email ?? null,
    tags: data.tags.map(({ name }) => name),
  }
}

await step('create', () => brief(created))
await step('read with what belongs to it', belongings)
await step('find', async () => {
  const found = await api.findAll('gift_cards', {
    include: 'market',
    filter: { q: { market_name_eq: 'Berlin', reference_start: 'web' } },
    sort: '-balance_cents',
    page: { size: 5 },
    fields: { markets: 'name' },
  })
  return { cards: found.data.map((card) => [card.reference, card.market.name]), count: found.meta.record_count }
})
await step('update', async () => {
  const { data } = await api.update('gift_cards', { id, reference: 'web-2', metadata: { table: 4 } })
  return { reference: data.reference, metadata: data.metadata }
})
await step('put it into another market', async () => {
  await linkage('market').patch({ id: given.paris })
  return (await belongings()).market
})
await step('take it out of its market', async () => {
  await linkage('market').patch(null)
  return (await belongings()).market
})
await step('put it back with an update', async () => {
  await api.update('gift_cards', { id, market })
  return (await belongings()).market
})
await step('tag it', async () => {
  await linkage('tags').post([{ id: given.vip }])
  return (await belongings()).tags
})
await step('take the tag off', async () => {
  await linkage('tags').destroy([{ type: 'tags', id: given.vip }])
  return (await belongings()).tags
})
await step('two mistakes', () => api.update('gift_cards', { id, balance_cents: 'much', single_use: 'perhaps' }))
await step('delete the draft', async () => {
  await api.destroy('gift_cards', id)
})
await step('read the deleted', () => api.find('gift_cards', id))
await step('purchase', async () => brief(await api.update('gift_cards', { id: given.other, _purchase: true })))
await step('delete the purchased', () => api.destroy('gift_cards', given.other))
