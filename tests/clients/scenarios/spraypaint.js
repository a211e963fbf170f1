// The story of `stories.py`, told with spraypaint. What is not in its tongue is left out: it can neither empty
// a relationship nor take a member off; Graphiti's own words for that are no JSON:API.
import spraypaint from 'spraypaint'
import { address, given, stepping } from './steps.js'

const { attr, belongsTo, hasMany, SpraypaintBase } = spraypaint
const Record = SpraypaintBase.extend({
  static: { baseUrl: address, apiNamespace: '/api', generateAuthHeader: (key) => `Bearer ${key}` },
})
Record.jwt = given.key
const Market = Record.extend({ static: { jsonapiType: 'markets' }, attrs: { name: attr() } })
const Recipient = Record.extend({ static: { jsonapiType: 'gift_card_recipients' }, attrs: { email: attr() } })
const Tag = Record.extend({ static: { jsonapiType: 'tags' }, attrs: { name: attr() } })
const GiftCard = Record.extend({
  static: { jsonapiType: 'gift_cards' },
  attrs: {
    status: attr({ persist: false }),
    balanceCents: attr(),
    singleUse: attr(),
    reference: attr(),
    metadata: attr(),
    recipientEmail: attr(),
    _purchase: attr(),
    market: belongsTo({ type: Market }),
    giftCardRecipient: belongsTo({ type: Recipient }),
    tags: hasMany({ type: Tag }),
  },
})

/** What 422 is with spraypaint: `save` says no, and the card has the errors. */
class Invalid extends Error {
  constructor(errors) {
    super()
    this.errors = Object.values(errors).map(({ rawPayload }) => rawPayload)
  }
}
const step = stepping({
  refusal: async (error) => {
    if (error instanceof Invalid) return { refused: 422, errors: error.errors }
    return error.response && { refused: error.response.status, errors: (await error.response.json()).errors }
  },
})

const brief = (card) => ({ status: card.status, balance_cents: card.balanceCents, reference: card.reference })
const [berlin, paris] = [(await Market.find(given.berlin)).data, (await Market.find(given.paris)).data]

const card = new GiftCard({ balanceCents: 15000, reference: 'web-1', recipientEmail: 'ada@example.com', market: berlin })
const saved = await card.save({ with: 'market.id' })

async function belongings() {
  const { data } = await GiftCard.includes(['market', 'giftCardRecipient', 'tags']).find(card.id)
  return {
    market: data.market?.name ?? null,
    recipient: data.giftCardRecipient?.email ?? null,
    tags: data.tags.map(({ name }) => name),
  }
}

await step('create', () => saved && brief(card))
await step('read with what belongs to it', belongings)
await step('find', async () => {
  const found = await GiftCard.includes('market')
    .where({ q: { market_name_eq: 'Berlin', reference_start: 'web' } })
    .order({ balanceCents: 'desc' })
    .select({ markets: ['name'] })
    .page(1)
    .per(5)
    .all()
  return { cards: found.data.map(({ reference, market }) => [reference, market.name]), count: found.meta.record_count }
})
await step('update', async () => {
  card.assignAttributes({ reference: 'web-2', metadata: { table: 4 } })
  return (await card.save()) && { reference: card.reference, metadata: card.metadata }
})
await step('put it into another market', async () => {
  card.market = paris
  return (await card.save({ with: 'market.id' })) && (await belongings()).market
})
await step('put it back with an update', async () => {
  card.market = berlin
  return (await card.save({ with: 'market.id' })) && (await belongings()).market
})
await step('tag it', async () => {
  card.tags = [(await Tag.find(given.vip)).data]
  return (await card.save({ with: 'tags.id' })) && (await belongings()).tags
})
await step('two mistakes', async () => {
  card.assignAttributes({ balanceCents: 'much', singleUse: 'perhaps' })
  if (!(await card.save())) throw new Invalid(card.errors)
})
await step('what the form shows', () =>
  Object.fromEntries(Object.entries(card.errors).map(([name, { attribute, message }]) => [name, { attribute, message }])),
)
await step('delete the draft', async () => {
  await card.destroy()
})
await step('read the deleted', () => GiftCard.find(card.id))
await step('purchase', async () => {
  const other = (await GiftCard.select({ gift_cards: ['status', 'balance_cents', 'reference'] }).find(given.other)).data
  other._purchase = true
  return (await other.save()) && brief(other)
})
await step('delete the purchased', async () => {
  await (await GiftCard.find(given.other)).data.destroy()
})
