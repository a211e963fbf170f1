// The unmodified SDK. Its documented `fetch` option is all that leads it to our server instead of the vendor's.
import CommerceLayer from '@commercelayer/sdk'

const address = process.env.GIFTCARDS_ADDRESS

/** What the test tells the scenario: ids that exist already, keys, names. */
export const given = JSON.parse(process.env.GIFTCARDS_GIVEN)

export const client = CommerceLayer({
  organization: 'acme',
  accessToken: given.key,
  fetch: (input, init) => {
    const url = new URL(input.url ?? input)
    return fetch(address + url.pathname + url.search, init)
  },
})

const outcomes = {}

/** Does one thing and keeps what came of it, for the test to look at. A refusal is an outcome, a bug is not. */
export async function step(name, action) {
  try {
    const answer = await action()
    outcomes[name] = { answer: asJson(answer) }
    return answer
  } catch (error) {
    if (!client.isApiError(error)) throw error
    outcomes[name] = { refused: error.status, error: error.first() }
  }
}

function asJson(answer) {
  if (answer === undefined) return null
  if (!Array.isArray(answer) || !answer.meta) return answer
  return { items: [...answer], meta: answer.meta, next: answer.hasNextPage(), prev: answer.hasPrevPage() }
}

process.on('beforeExit', () => {
  process.stdout.write(JSON.stringify(outcomes))
  process.exit()
})
