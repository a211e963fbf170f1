// What every scenario is made of: what it is given, and steps whose outcomes the test looks at.

export const address = process.env.GIFTCARDS_ADDRESS

/** What the test tells the scenario: ids that exist already, keys, names. */
export const given = JSON.parse(process.env.GIFTCARDS_GIVEN)

const outcomes = {}

/**
 * Returns a function that does one thing and keeps what came of it. A refusal is an outcome, a bug is not:
 * `refusal` tells them apart, by what it makes of an error, or nothing.
 */
export function stepping({ refusal, asJson = (answer) => answer }) {
  return async function step(name, action) {
    try {
      const answer = await action()
      outcomes[name] = { answer: asJson(answer) ?? null }
      return answer
    } catch (error) {
      const outcome = await refusal(error)
      if (!outcome) throw error
      outcomes[name] = outcome
    }
  }
}

process.on('beforeExit', () => {
  process.stdout.write(JSON.stringify(outcomes))
  process.exit()
})
