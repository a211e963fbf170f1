// The vendor's own library for logging in, unmodified: `domain` is all that leads it to our server.
import {
  authenticate,
  getCoreApiBaseEndpoint,
  jwtDecode,
  jwtIsIntegration,
  jwtVerify,
  makeIntegration,
  revoke,
} from '@commercelayer/js-auth'
import { given, stepping } from './steps.js'

const { clientId, clientSecret, domain } = given
const credentials = { clientId, clientSecret, domain }

const requests = []
const send = globalThis.fetch
globalThis.fetch = (input, init) => {
  requests.push(new URL(input.url ?? input).pathname)
  return send(input, init)
}

const step = stepping({ refusal: (error) => ({ refused: error.name, message: error.message }) })

/** What the service says to whoever comes with this token. */
async function reading(token) {
  const response = await send(`${getCoreApiBaseEndpoint(token)}/api/gift_cards`, {
    headers: { Accept: 'application/vnd.api+json', Authorization: `Bearer ${token}` },
  })
  const { data, errors } = await response.json()
  return { status: response.status, cards: data?.length, code: errors?.[0].code }
}

const { accessToken } = await step('log in', () => authenticate('client_credentials', credentials))
await step('log in for a market', () =>
  authenticate('client_credentials', { ...credentials, scope: 'market:code:eu' }),
)
await step('with a wrong secret', () =>
  authenticate('client_credentials', { ...credentials, clientSecret: 'guess' }),
)
await step('for a market that there is not', () =>
  authenticate('client_credentials', { ...credentials, scope: 'market:code:nowhere' }),
)
await step('as a person', () => authenticate('password', { ...credentials, username: 'ada', password: 'x' }))

await step('decode', () => {
  const { header, payload } = jwtDecode(accessToken)
  return { header, payload, isIntegration: jwtIsIntegration(payload) }
})
await step('verify', async () => (await jwtVerify(accessToken)).payload.scope)
await step('verify again', async () => (await jwtVerify(accessToken)).payload.scope)
await step('asked for keys', () => requests.filter((path) => path === '/.well-known/jwks.json').length)
await step('verify what was changed', () => {
  const [header, payload, signature] = accessToken.split('.')
  const changed = btoa(JSON.stringify({ ...JSON.parse(atob(payload)), test: false })).replaceAll('=', '')
  return jwtVerify(`${header}.${changed}.${signature}`)
})
await step('where the API is', () => getCoreApiBaseEndpoint(accessToken))
await step('read', () => reading(accessToken))

await step('revoke', () => revoke({ clientId, clientSecret, token: accessToken }))
await step('read after that', () => reading(accessToken))
await step('revoke with a wrong secret', () => revoke({ clientId, clientSecret: 'guess', token: accessToken }))

// What a web server does: one token for many requests, kept where its other processes find it.
const kept = new Map()
const storage = {
  getItem: async (key) => kept.get(key) ?? null,
  setItem: async (key, value) => void kept.set(key, value),
  removeItem: async (key) => void kept.delete(key),
}
for (const [name, scope] of [
  ['', undefined],
  [' of a market', 'market:code:eu'],
]) {
  const integration = () => makeIntegration({ ...credentials, scope }, { storage })
  const before = requests.length
  const first = await step(`authorization${name}`, () => integration().getAuthorization())
  await step(`the same authorization${name}`, async () => {
    const second = await integration().getAuthorization()
    return { same: second.accessToken === first.accessToken, logins: requests.length - before }
  })
  await step(`revoke the authorization${name}`, () => integration().revokeAuthorization())
  await step(`read with it${name}`, () => reading(first.accessToken))
  await step(`another authorization${name}`, async () => {
    const third = await integration().getAuthorization()
    return { same: third.accessToken === first.accessToken, read: (await reading(third.accessToken)).status }
  })
}
