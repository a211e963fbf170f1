// The two resources without an id in their address, which a login asks for.
import { application, organization, step } from './client.js'

await step('organization', () => organization.retrieve())
await step('its slug', () => organization.retrieve({ fields: { organizations: ['slug'] } }))
await step('application', () => application.retrieve())
