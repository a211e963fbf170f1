// The story of `stories.py`, told with kitsu. It can't address relationships by `patch`; by `request` it can.
import Kitsu from 'kitsu'
import { address, given, stepping } from './steps.js'

const api = new Kitsu({
  baseURL: `${address}/api`,
  headers: { Authorization: `Bearer ${given.key}` },
  camelCaseTypes: false,
  resourceCase: 'none',
  pluralize: false,
})
const step = stepping({ refusal: (error) => error.errors && { refused: error.status, errors: error.errors } })

const brief = ({ data }) => ({ status: data.status, balance_cents: data.balance_cents, reference: data.reference })
const market = { data: { type: 'markets', id: given.berlin } }

const created = await api.create('gift_cards', {
  balance_cents: 15000,
  reference: 'web-1',
  recipient_email: 'ada@example.com',
  market,
})
const { id } = created.data
const linkage = (name) => ({ url: `gift_cards/${id}/relationships/${name}`, type: name === 'tags' ? name : 'markets' })

async function belongings() {
  const { data } = await api.get(`gift_cards/${id}`, { params: { include: 'market,gift_card_recipient,tags' } })
  return {
    market: data.market.data?.name ?? null,
    recipient: data.gift_card_recipient.data?.email ?? null,
    tags: data.tags.data.map(({ name }) => name),
  }
}

await step('create', () => brief(created))
await step('read with what belongs to it', belongings)
await step('find', async () => {
  const found = await api.get('gift_cards', {
    params: {
      include: 'market',
      filter: { q: { market_name_eq: 'Berlin', reference_start: 'web' } },
      sort: '-balance_cents',
      page: { size: 5 },
      fields: { markets: 'name' },
    },
  })
  return { cards: found.data.map((card) => [card.reference, card.market.data.name]), count: found.meta.record_count }
})
await step('update', async () => {
  const { data } = await api.update('gift_cards', { id, reference: 'web-2', metadata: { table: 4 } })
  return { reference: data.reference, metadata: data.metadata }
})
await step('put it into another market', async () => {
  await api.request({ method: 'PATCH', ...linkage('market'), body: { id: given.paris } })
  return (await belongings()).market
})
await step('take it out of its market', async () => {
  await api.request({ method: 'PATCH', ...linkage('market'), body: null })
  return (await belongings()).market
})
await step('put it back with an update', async () => {
  await api.update('gift_cards', { id, market })
  return (await belongings()).market
})
await step('tag it', async () => {
  await api.request({ method: 'POST', ...linkage('tags'), body: [{ id: given.vip }] })
  return (await belongings()).tags
})
await step('take the tag off', async () => {
  const data = [{ type: 'tags', id: given.vip }]
  await api.request({ method: 'DELETE', ...linkage('tags'), axiosOptions: { data: { data } } })
  return (await belongings()).tags
})
await step('two mistakes', () => api.update('gift_cards', { id, balance_cents: 'much', single_use: 'perhaps' }))
await step('delete the draft', async () => {
  await api.remove('gift_cards', id)
})
await step('read the deleted', () => api.get(`gift_cards/${id}`))
await step('purchase', async () => brief(await api.update('gift_cards', { id: given.other, _purchase: true })))
await step('delete the purchased', () => api.remove('gift_cards', given.other))
