import { given, markets, price_lists, step } from './client.js'

await step('list', () => price_lists.list({ filters: { currency_code_in: 'EUR,CHF' }, sort: { name: 'desc' } }))
await step('retrieve', () => price_lists.retrieve(given.market))
await step('of a market', () => markets.price_list(given.market, { fields: ['currency_code'] }))
await step('with a market', async () => {
  const fields = { markets: ['name', 'price_list'], price_lists: ['currency_code'] }
  return (await markets.retrieve(given.market, { include: ['price_list'], fields })).price_list
})
await step('retrieve none', () => price_lists.retrieve('018f0000-0000-7000-8000-000000000000'))
await step('create', () => price_lists.create({ name: 'Sale', currency_code: 'EUR' }))
await step('update', () => price_lists.update({ id: given.market, name: 'Sale' }))
await step('delete', () => price_lists.delete(given.market))
